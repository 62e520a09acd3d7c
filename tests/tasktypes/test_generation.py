from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factory.draw import Draw
from factory.errors import MissingExtraError, RecipeError
from factory.tasktypes import TASK_TYPES, ArrangementError, metrics
from factory.tasktypes.generation import tokenize_13a

from .strategies import long_texts, sentences, texts

TYPE: Any = TASK_TYPES["generation"]
NONE = TYPE.options()
COSINES = ["sent-transformer", "multilingual-sent-transformer"]

needs_scorers = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("rouge_score", "sacrebleu", "MeCab")),
    reason="the extra 'eval' is not installed",
)
needs_encoders = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None,
    reason="the extra 'embed' is not installed",
)


def full_marks(text: str, gold: str, metric: str) -> bool:
    return bool(TYPE.score(TYPE.parse(text), gold, metric) >= 1 - 1e-6)


@pytest.fixture(scope="module", autouse=True)
def _loaded_scorers() -> None:
    # Loading takes a second, which hypothesis would take for a slow example.
    for metric in ("rougel", "bleu", "jp-bleu"):
        if importlib.util.find_spec("sacrebleu") and importlib.util.find_spec("rouge_score"):
            TYPE.score("warm", "up", metric)


@needs_scorers
@pytest.mark.parametrize("metric", ["rougel", "bleu", "jp-bleu"])
@given(texts)
@example("")
@example("...!?")
@example("red usb cable")
@example("a red usb cable")
@example("a b c <SKIPPED>")
@example("a b c &amp;")
@example("K")
@example("İ")
@example("保温保冷ができる")
@example("水")
@example("a\x00 b c d")
@example("a\u3000b\u3000c\u3000d")
@example("１２３４")
@example("éèêë")
@example("1,000.5-2")
def test_the_identity_check_says_what_the_scorer_says(metric: str, gold: str) -> None:
    text = TYPE.render(gold)
    passes = TYPE.check(text, gold, metric) is None
    full = full_marks(text, gold, metric)
    if "\n" in text and metric != "rougel":
        # The scorer reads the first line only: what follows may count for nothing, and is refused.
        assert not passes
    else:
        assert passes == full


@needs_scorers
@pytest.mark.parametrize("metric", ["rougel", "bleu", "jp-bleu"])
@settings(deadline=None, max_examples=20)
@given(long_texts)
def test_what_passes_the_check_survives_the_cut_of_long_answers(metric: str, gold: str) -> None:
    text = TYPE.render(gold)
    if TYPE.check(text, gold, metric) is None:
        assert len(text) <= 5000
        assert full_marks(text, gold, metric)
    elif len(text) <= 5000:
        assert not full_marks(text, gold, metric)


@needs_scorers
@given(texts)
def test_four_tokens_are_counted_as_sacrebleu_counts_them(text: str) -> None:
    tokenizer = metrics._bleu_scorer(japanese=False).tokenizer
    line = " ".join(text.split("\n"))
    assert tokenize_13a(line).split() == tokenizer(line).split()


@needs_scorers
@pytest.mark.parametrize(
    ("metric", "gold"),
    [
        ("rougel", "soft but runs small"),
        ("rougel", "Café au lait, 500 ml"),
        ("rougel", "first line\nsecond line"),
        ("bleu", "Botella térmica de acero, 750 ml"),
        ("bleu", "Kabel, 3.5 mm"),
        ("bleu", "PS5 (2 pack)"),
        ("jp-bleu", "ステンレスボトル 保温保冷 500ml"),
        ("jp-bleu", "USB 充電器 20W 急速充電 白"),
        ("jp-bleu", "保温保冷ができる水筒"),
    ],
)
def test_ordinary_answers_pass(metric: str, gold: str) -> None:
    assert TYPE.check(gold, gold, metric) is None
    assert full_marks(gold, gold, metric)


@pytest.mark.parametrize(
    ("metric", "text", "gold", "reason"),
    [
        ("rougel", "保温保冷", "保温保冷", "no-ascii-word"),
        ("rougel", "...", "...", "no-ascii-word"),
        ("bleu", "red usb cable", "red usb cable", "fewer-than-four-tokens"),
        ("bleu", "ステンレスボトル", "ステンレスボトル", "fewer-than-four-tokens"),
        ("bleu", "a b c d\ne", "a b c d\ne", "more-than-one-line"),
        ("jp-bleu", "a b c d\ne", "a b c d\ne", "more-than-one-line"),
        ("rougel", "", "", "empty"),
        ("rougel", "red ", "red", "stray-space"),
        ("rougel", "Red", "red", "wrong-answer"),
        ("rougel", "a" * 5001, "a" * 5001, "too-long"),
        ("rougel", "a\ud800", "a\ud800", "not-unicode"),
        ("rougel", "red", ["red"], "gold-not-text"),
        ("sent-transformer", "", "", "empty"),
        ("sent-transformer", "red", "blue", "wrong-answer"),
        ("multilingual-sent-transformer", "赤", "青", "wrong-answer"),
    ],
)
def test_answers_that_a_metric_cannot_credit_are_refused(
    metric: str, text: str, gold: Any, reason: str
) -> None:
    assert TYPE.check(text, gold, metric) == reason


@pytest.mark.parametrize("metric", COSINES)
@given(sentences)
def test_under_a_cosine_an_answer_passes_when_it_is_its_gold(metric: str, gold: str) -> None:
    text = TYPE.render(gold)
    assert (TYPE.check(text, gold, metric) is None) == bool(text)


@needs_encoders
@pytest.mark.parametrize("metric", COSINES)
def test_identical_texts_have_a_cosine_of_one(metric: str) -> None:
    gold = "A kettle is a vessel for boiling water."
    assert TYPE.score(gold, gold, metric) == pytest.approx(1.0, abs=1e-6)


@needs_scorers
def test_the_japanese_check_needs_its_tokenizer_only_without_spaces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "MeCab", None)
    metrics._bleu_scorer.cache_clear()
    try:
        assert TYPE.check("USB 充電器 20W 白", "USB 充電器 20W 白", "jp-bleu") is None
        with pytest.raises(MissingExtraError, match=r"eshop-factory\[eval\]"):
            TYPE.check("保温保冷水筒", "保温保冷水筒", "jp-bleu")
    finally:
        metrics._bleu_scorer.cache_clear()


@given(st.text() | texts)
def test_parsing_strips_and_never_raises(text: str) -> None:
    assert TYPE.parse(text) == text[:5000].strip()


def test_the_cut_comes_before_the_strip() -> None:
    assert TYPE.parse(" " * 4999 + "ab") == "a"


@needs_scorers
def test_a_broken_character_in_an_answer_costs_marks_and_not_the_evaluation() -> None:
    gold = "保温保冷ができる水筒"
    assert 0 < TYPE.score(gold + "\ud800", gold, "jp-bleu") < 1


@needs_scorers
def test_the_score_of_a_task_is_the_mean_over_rows() -> None:
    gold = "a red usb cable"
    assert TYPE.aggregate([gold, "nothing"], [gold, gold], "bleu") == 0.5


def test_a_metric_of_another_type_is_a_fault_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match="'rougel'"):
        TYPE.check("a", "a", "accuracy")
    with pytest.raises(RecipeError, match="'rougel'"):
        TYPE.score("a", "a", "accuracy")


def test_the_target_is_stripped_and_nothing_is_shown() -> None:
    shown = TYPE.arrange({"target": " red\n"}, Draw(7, "t", "k"), NONE)
    assert shown.gold == "red"
    assert shown.candidates == shown.order == ()


@pytest.mark.parametrize("target", [None, "", " \n"])
def test_a_row_without_a_target_says_so(target: str | None) -> None:
    with pytest.raises(ArrangementError) as caught:
        TYPE.arrange({"target": target}, Draw(7, "t", "k"), NONE)
    assert caught.value.reason == "no-target"
