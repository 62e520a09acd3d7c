from __future__ import annotations

from collections.abc import Callable
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.filters import OptionsFilter
from factory.filters.options import gold_options
from factory.sample import Sample

from .samples import GOOD, TITLES, choice, sample, written


def plain(option: str) -> str:
    """Return an option as rule G4 compares it."""
    return " ".join(normalize("NFKC", option).casefold().split())


def wide(option: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in option)


def spaced(option: str) -> str:
    return f" {option}\u3000".replace(" ", "  ")


LONG = "Insulated Water Bottle Wide Mouth with Straw Lid and Handle Blue"
NEAR = "Insulated Water Bottle Wide Mouth with Straw Lid and Handle Red"

WORDS = st.lists(
    st.sampled_from(["red", "Blue", "mug", "水筒", "ボトル", "500ml", "1.5", "é", "-", "!", "big"]),
    max_size=6,
)
OPTIONS = st.lists(WORDS.map(" ".join), min_size=2, max_size=5)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Water Bottle", "water  bottle"),
        ("Water Bottle!", "Water Bottle"),
        ("ﾎﾞﾄﾙ 500ml", "ボトル ５００ｍｌ"),
        ("STRASSE", "straße"),
    ],
)
def test_options_that_read_the_same_are_rejected_whatever_is_gold(left: str, right: str) -> None:
    verdict = OptionsFilter().judge(choice(("other", left, right), gold=0))
    assert (verdict.keep, verdict.reason) == (False, "options-equal")
    assert repr(left) in verdict.detail
    assert repr(right) in verdict.detail


def test_numbers_that_differ_in_a_point_or_a_sign_are_different_options() -> None:
    assert OptionsFilter().judge(choice(("1.5", "15", "-15", "150%", "150"))).keep


def test_a_wrong_title_that_is_nearly_the_right_one_is_rejected() -> None:
    verdict = OptionsFilter().judge(choice((LONG, NEAR, "Mug")))
    assert (verdict.reason, verdict.score) == ("options-near-equal", 0.8333)
    assert repr(NEAR) in verdict.detail


def test_two_wrong_titles_may_be_alike() -> None:
    assert OptionsFilter().judge(choice((LONG, NEAR, "Mug"), gold=2)).keep


@pytest.mark.parametrize("max_similarity", [None, 0.9])
def test_how_alike_options_may_be_is_the_recipes_to_say(max_similarity: float | None) -> None:
    assert OptionsFilter(max_similarity=max_similarity).judge(choice((LONG, NEAR))).keep


def test_without_a_limit_options_of_the_same_words_are_kept_unless_equal() -> None:
    judge = OptionsFilter(max_similarity=None).judge
    assert judge(choice(("A narrows B", "B narrows A"))).keep
    assert not OptionsFilter().judge(choice(("A narrows B", "B narrows A"))).keep
    assert judge(choice(("A narrows B", "a narrows b"))).reason == "options-equal"


def test_alike_titles_of_the_same_worth_are_kept_in_a_ranking() -> None:
    options = (LONG, NEAR, "Mug", "Cup")
    assert OptionsFilter().judge(sample(options=options, gold=[1.0, 1.0, 0.1, 0.0])).keep
    verdict = OptionsFilter().judge(sample(options=options, gold=[1.0, 0.1, 1.0, 0.0]))
    assert verdict.reason == "options-near-equal"


def test_retrieval_compares_the_numbers_chosen_with_the_others() -> None:
    row = sample(task_type="retrieval", options=(LONG, "Mug", NEAR), gold=[1, 2])
    assert OptionsFilter().judge(row).reason == "options-near-equal"
    assert OptionsFilter().judge(sample(task_type="retrieval", options=row.options, gold=[2])).keep


def test_japanese_titles_are_compared_by_characters() -> None:
    left = "ステンレスボトル水筒真空断熱保温保冷直飲み青"
    right = "ステンレスボトル水筒真空断熱保温保冷直飲み赤"
    assert OptionsFilter().judge(choice((left, right))).reason == "options-near-equal"
    assert OptionsFilter().judge(choice((left, "子供用傘軽量折りたたみ"))).keep


def test_latin_words_beside_japanese_ones_are_compared_whole() -> None:
    options = ("水筒ブルー 500ml TPE", "水筒レッド 500ml TPE")
    # Of nine words and pairs, both have 水筒, 500ml and tpe; a word is read alike each time.
    for _ in range(2):
        assert OptionsFilter().judge(choice(options)).score == round(3 / 9, 4)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GOOD, {0}),
        (choice(TITLES, gold=3), {3}),
        (choice(TITLES, gold=7), set()),
        (sample(task_type="retrieval", gold=[2, 5]), {1, 4}),
        (sample(gold=[1.0]), set()),
        (written("a b c d"), set()),
        (sample(task_type="named_entity_recognition", gold=["a"], options=()), set()),
    ],
)
def test_worth_follows_from_the_gold(row: Sample, expected: set[int]) -> None:
    assert gold_options(row) == expected


@settings(max_examples=150)
@given(OPTIONS, st.data())
def test_the_verdict_does_not_depend_on_the_display_order(
    options: list[str], data: st.DataObject
) -> None:
    gold = data.draw(st.integers(0, len(options) - 1))
    order = data.draw(st.permutations(range(len(options))))
    one = OptionsFilter().judge(choice(tuple(options), gold))
    shown = tuple(options[place] for place in order)
    other = OptionsFilter().judge(choice(shown, order.index(gold)))
    assert (one.keep, one.reason, one.score) == (other.keep, other.reason, other.score)


@settings(max_examples=100)
@given(st.text(max_size=20), st.sampled_from([str.upper, str.title, wide, spaced]))
def test_options_equal_by_the_rule_of_the_catalogue_never_pass(
    option: str, change: Callable[[str], str]
) -> None:
    other = change(option)
    if plain(option) == plain(other):
        assert OptionsFilter().judge(choice((option, "else", other))).reason == "options-equal"


def test_a_limit_outside_the_unit_interval_is_refused() -> None:
    with pytest.raises(ValidationError):
        OptionsFilter(max_similarity=1.2)
