from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import RecipeError
from factory.filters import (
    CharactersFilter,
    EmptyFilter,
    GrammarFilter,
    LengthFilter,
    TitleFilter,
    WhitespaceFilter,
    clean,
)
from factory.filters.rules import estimate_tokens
from factory.sample import Sample, Verdict

from .samples import GOOD, TITLES, choice, sample, written


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("broken \ufffd mark", "illegal-character"),
        ("a\x00b", "illegal-character"),
        ("tab\there", "illegal-character"),
        ("price \u202e99", "illegal-character"),
        ("\ue000", "illegal-character"),
        ("half \ud83d", "illegal-character"),
        ("zero\u200bwidth", "illegal-character"),
        ("one<br>two", "html-left"),
        ("<script>alert(1)</script>", "html-left"),
        ("Salt &amp; Pepper", "html-left"),
        ("caf\u00c3\u00a9", "mojibake"),
        ("Gr\u00c3\u0178e", "mojibake"),
        ("it\u00e2\u20ac\u2122s", "mojibake"),
        ("20\u00c2\u00b0C", "mojibake"),
        ("voil\u00c3 !", "mojibake"),
        ("繝懊ヨ繝ｫ", "mojibake"),
    ],
)
@pytest.mark.parametrize("where", ["input_field", "output_field"])
def test_broken_text_is_rejected_with_its_place(text: str, reason: str, where: str) -> None:
    verdict = CharactersFilter().judge(sample(**{where: text}))
    assert (verdict.keep, verdict.reason) == (False, reason)
    assert where in verdict.detail


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "AT&T, R&D; Q&A",
        "5 < 6 > 4, <3",
        "MAÇÃ e PÃO",
        "château à Âge",
        "家族 👨\u200d👩\u200d👧\u200d👦 マグ",
        "Film <Blu-ray>",
    ],
)
def test_unusual_but_right_text_is_kept(text: str) -> None:
    assert CharactersFilter().judge(sample(input_field=text)) == Verdict("characters", True)


@given(st.text(max_size=60))
def test_text_that_was_cleaned_never_has_an_illegal_control(text: str) -> None:
    verdict = CharactersFilter().judge(sample(input_field=clean(text)))
    if verdict.reason == "illegal-character":
        found = chr(int(verdict.detail.removeprefix("U+").split()[0], 16))
        assert found == "\ufffd" or category(found) == "Co"  # what the source itself had


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"output_field": " \n"}, "empty-output"),
        ({"input_field": ""}, "empty-input"),
        ({"options": ("a", "\u3000")}, "empty-option"),
    ],
)
def test_a_row_without_text_is_rejected(changes: dict[str, object], reason: str) -> None:
    assert EmptyFilter().judge(sample(**changes)).reason == reason


def test_a_row_longer_than_the_model_reads_is_dropped_not_cut() -> None:
    text = "word " * 2000
    verdict = LengthFilter().judge(sample(input_field=text))
    assert verdict.reason == "too-many-tokens"
    assert verdict.score == estimate_tokens(text + GOOD.output_field)
    assert LengthFilter(max_tokens=4096).judge(sample(input_field=text)).keep


def test_a_title_of_five_thousand_characters_is_dropped_by_characters_too() -> None:
    row = sample(input_field="x" * 5000)
    assert LengthFilter(max_characters=4000).judge(row).reason == "too-many-characters"
    assert LengthFilter().judge(row).keep


def test_a_generated_target_shorter_than_asked_is_dropped() -> None:
    assert LengthFilter().judge(written("x")).reason == "output-short"
    assert LengthFilter(min_output=0).judge(written("x")).keep
    assert LengthFilter().judge(choice(("a", "b"))).keep


@given(st.text(max_size=200), st.integers(1, 300))
def test_a_row_within_the_limit_in_bytes_is_never_dropped_for_tokens(text: str, limit: int) -> None:
    verdict = LengthFilter(max_tokens=limit).judge(written(text, input_field=""))
    within = len(text.encode("utf-8", "surrogatepass")) <= limit
    assert verdict.reason != "too-many-tokens" or not within


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("a" * 33, 10), ("a" * 34, 11), ("2024", 4), ("水筒", 2), ("né", 2), ("👍", 3)],
)
def test_tokens_are_estimated_in_a_closed_form(text: str, expected: int) -> None:
    assert estimate_tokens(text) == expected


def test_the_space_before_a_line_feed_in_shopbench_prompts_is_kept() -> None:
    assert WhitespaceFilter().judge(GOOD).keep


@pytest.mark.parametrize("stray", [" a", "a ", "a  b", "a\tb", "a\u00a0b", "a\u3000b"])
def test_stray_white_space_is_rejected_where_a_source_wrote_it(stray: str) -> None:
    judge = WhitespaceFilter().judge
    assert judge(choice((stray, "b"))).reason == "whitespace-option"
    assert judge(written(stray)).reason == "whitespace-output"
    assert judge(sample(slots={"items": [{"title": stray}]})).reason == "whitespace-slot"


def test_a_line_feed_may_stand_in_an_answer_and_not_in_an_option() -> None:
    judge = WhitespaceFilter().judge
    assert judge(written("- one\n- two")).keep
    assert judge(choice(("one\ntwo", "three"))).reason == "whitespace-option"


@given(st.lists(st.text(max_size=30).map(clean), min_size=1))
def test_cleaned_options_never_have_stray_white_space(options: list[str]) -> None:
    assert WhitespaceFilter().judge(choice(tuple(options))).keep


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        (TITLES[0], ""),
        ("Water Bottle", "title-short"),
        ("水筒 500", "title-short"),
        ("保温ボトル 水筒", ""),
        ("12 x 34 56-78/90 ab", "title-noise"),
        ("", "title-short"),
    ],
)
def test_a_title_that_names_no_product_is_rejected(title: str, reason: str) -> None:
    assert TitleFilter().judge(sample(options=(title,))).reason == reason
    verdict = TitleFilter(fields=("name",)).judge(sample(slots={"name": title}))
    assert verdict.reason == reason


def test_a_field_that_is_no_slot_is_a_fault_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match=r"filters.title.fields: task 'task12' has no slot 'nam'"):
        TitleFilter(fields=("nam",)).judge(GOOD)


def test_an_answer_that_scores_full_marks_is_kept() -> None:
    assert GrammarFilter().judge(GOOD) == Verdict("grammar", True)


@pytest.mark.parametrize(
    "row",
    [
        sample(output_field="2,1,3,4,5"),
        sample(output_field="5>4>3>2>1"),
        written("a b c d "),
    ],
)
def test_an_answer_short_of_full_marks_is_rejected_with_the_code(row: Sample) -> None:
    verdict = GrammarFilter().judge(row)
    assert not verdict.keep
    assert verdict.reason.startswith("grammar:")
    assert verdict.detail


def test_a_task_type_that_nobody_knows_names_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"'essay'; use one of: .*ranking"):
        GrammarFilter().judge(sample(task_type="essay"))
