from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import MissingExtraError, RecipeError
from factory.filters import (
    LANGUAGE_NAMES,
    LOCALE_LANGUAGES,
    FilterOptions,
    LanguageFilter,
    LanguageGuess,
    build_filters,
    identify,
)
from factory.filters.language import Detector

from .samples import GOOD, sample

BULLETS = {
    "en": "Keeps drinks cold for a whole day and does not leak when it is thrown into a bag.",
    "es": "Mantiene las bebidas frías todo el día y no gotea cuando se guarda en la mochila.",
    "ja": "一日中冷たさを保ち、かばんに入れても漏れません。食洗機でも洗えて、お手入れは簡単です。",
    "zh": "全天保冷，放进包里也不会漏水。可以用洗碗机清洗，打理起来非常方便，适合上班族使用。",
    "de": "Hält Getränke den ganzen Tag kühl und läuft nicht aus, wenn man sie in Taschen wirft.",
    "fr": "Garde les boissons au frais toute la journée et ne fuit pas dans un sac à dos.",
    "it": "Mantiene le bevande fresche per tutto il giorno e non perde dentro allo zaino.",
}
DETECTORS: tuple[Detector, ...] = ("script", "langdetect", "lingua")
STATISTICAL: tuple[Detector, ...] = ("langdetect", "lingua")


@pytest.mark.parametrize("detector", STATISTICAL)
@pytest.mark.parametrize("language", sorted(BULLETS))
def test_a_bullet_point_is_told_from_every_other_language(
    detector: Detector, language: str
) -> None:
    assert identify(BULLETS[language], language, detector).language == language
    for other in BULLETS:
        guess = identify(BULLETS[language], other, detector)
        assert guess.contradicts(other) == (other != language)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize(
    "text",
    ["", "   ", "4K 60Hz", "32 oz", "12345-678", "👨\u200d👩\u200d👧 !!!", "\x00\u202e", "・ー"],
)
@pytest.mark.parametrize("expected", ["en", "ja", "zh"])
def test_names_and_numbers_alone_contradict_no_locale(
    detector: Detector, text: str, expected: str
) -> None:
    guess = identify(text, expected, detector)
    assert guess.language is None
    assert not guess.contradicts(expected)


@pytest.mark.parametrize(
    ("text", "expected", "contradicts"),
    [
        ("水筒 ステンレス 500ml", "ja", False),
        ("水筒 ステンレス 500ml", "en", True),
        ("水筒 ステンレス 500ml", "zh", True),
        ("収納箱 大容量 軽量", "zh", True),
        ("收纳箱 大容量 轻便", "ja", True),
        ("收纳箱 大容量 轻便", "zh", False),
        ("新品 大容量 白色", "ja", False),
        ("新品 大容量 白色", "zh", False),
        ("Anker PowerCore", "ja", False),
        ("Insulated Steel Water Bottle with Lid", "ja", True),
        ("SONY Wireless Noise Canceling Headphones ブラック", "ja", False),
        ("Kimono Robe for Women with Floral Print 着物", "en", False),
        ("물병 스테인리스 보온", "en", True),
        ("물병 스테인리스 보온", "ko", False),
        ("Бутылка для воды", "de", True),
        ("Бутылка для воды", "ru", False),
        ("Botella de agua de acero inoxidable", "en", False),
    ],
)
def test_the_script_alone_decides_what_it_can(text: str, expected: str, contradicts: bool) -> None:
    assert identify(text, expected, "script").contradicts(expected) is contradicts


def test_the_expected_language_never_decides_which_one_is_named() -> None:
    for language, text in BULLETS.items():
        for detector in STATISTICAL:
            named = {identify(text, other, detector).language for other in BULLETS}
            assert named == {language}


@settings(max_examples=40)
@given(st.text(max_size=80), st.sampled_from(DETECTORS), st.sampled_from(sorted(BULLETS)))
def test_a_text_gets_the_same_guess_every_time(
    text: str, detector: Detector, expected: str
) -> None:
    guesses = {identify(text, expected, detector) for _ in range(3)}
    assert len(guesses) == 1
    assert 0 <= guesses.pop().confidence <= 1


def test_a_detector_below_the_asked_confidence_abstains() -> None:
    title = "Coque Nordika A54 5G silicone noir"
    assert identify(title, "fr", "lingua", min_confidence=0.0).language is not None
    assert identify(title, "fr", "lingua", min_confidence=1.0).language is None


def test_a_language_beyond_the_shops_own_is_known_when_it_is_expected() -> None:
    text = "Houdt drankjes de hele dag koud en lekt niet wanneer hij in de tas wordt gegooid."
    for detector in STATISTICAL:
        assert identify(text, "nl", detector).language == "nl"


@pytest.mark.parametrize("detector", STATISTICAL)
def test_a_language_that_a_detector_does_not_know_names_the_way_out(detector: Detector) -> None:
    with pytest.raises(RecipeError, match=r"'xx'; use detector: script"):
        identify(BULLETS["en"], "xx", detector)


def test_a_bullet_point_in_another_language_is_rejected_with_both_languages() -> None:
    judge = LanguageFilter(detector="lingua", fields=("bullets",)).judge
    slots = {"bullets": [BULLETS["en"], BULLETS["en"]]}
    verdict = judge(sample(slots=slots, lang="de", locale="de"))
    assert (verdict.keep, verdict.reason) == (False, "language-mismatch")
    assert verdict.detail == f"expected de, read en ({verdict.score:.2f})"
    assert judge(sample(slots=slots)).keep


def test_a_short_title_trusts_its_locale_and_is_tested_for_script_only() -> None:
    judge = LanguageFilter(detector="langdetect", fields=("title",)).judge
    assert judge(sample(slots={"title": "Herren Hose schmal"}, lang="en")).keep
    assert not judge(sample(slots={"title": "メンズ チノパン"}, lang="en")).keep
    longer = LanguageFilter(detector="langdetect", fields=("title",), min_chars=10)
    title = "Herren Hose mit schmaler Passform"
    assert judge(sample(slots={"title": title}, lang="en")).keep
    assert not longer.judge(sample(slots={"title": title}, lang="en")).keep


def test_a_field_without_text_is_kept() -> None:
    for detector in DETECTORS:
        judge = LanguageFilter(detector=detector, fields=("bullets",)).judge
        assert judge(sample(slots={"bullets": None})).keep


def test_a_field_that_is_no_slot_is_a_fault_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match=r"language.fields: .* no slot 'bulets'.*items, query"):
        LanguageFilter(fields=("bulets",)).judge(GOOD)


@pytest.mark.parametrize(
    ("detector", "package"),
    [("langdetect", "langdetect"), ("lingua", "lingua-language-detector")],
)
def test_a_detector_that_is_not_installed_is_named_and_never_replaced(
    monkeypatch: pytest.MonkeyPatch, detector: Detector, package: str
) -> None:
    find = importlib.util.find_spec
    missing = package.partition("-")[0]

    def without(name: str, *rest: Any) -> Any:
        return None if name == missing else find(name, *rest)

    monkeypatch.setattr("factory.filters.detectors.find_spec", without)
    options = FilterOptions(language=LanguageFilter(detector=detector))
    with pytest.raises(MissingExtraError, match=rf"'{detector}' needs the package '{package}'"):
        build_filters(options)
    with pytest.raises(MissingExtraError):
        identify(BULLETS["en"], "en", detector)
    assert identify(BULLETS["ja"], "en", "script") == LanguageGuess("ja", 1.0, "Jpan")


def test_every_locale_has_a_language_with_a_name() -> None:
    assert set(LOCALE_LANGUAGES.values()) == set(LANGUAGE_NAMES)


def test_no_detector_gives_a_false_alarm_on_more_than_one_title_in_fifty() -> None:
    benchmarks = Path(__file__).parents[2] / "benchmarks" / "language.py"
    spec = importlib.util.spec_from_file_location("language_benchmark", benchmarks)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path
    pairs = [(title, language) for language, titles in module.TITLES.items() for title in titles]
    assert len(set(pairs)) == 140
    for detector in DETECTORS:
        alarms = sum(identify(*pair, detector).contradicts(pair[1]) for pair in pairs)
        assert alarms <= len(pairs) / 50
