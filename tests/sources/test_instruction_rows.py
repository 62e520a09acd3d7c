"""The row mappers of instruction data: what stays as it was written, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.sources.as_written import as_written
from factory.sources.rows import (
    category_match,
    category_options,
    category_titles,
    instruction_answer,
    question_choices,
)
from factory.sources.view import RowRejectedError
from factory.tasktypes.multiple_choice import MultipleChoice, MultipleChoiceOptions


def question(choices: list[str], place: int = 0, key: str = "k/0") -> dict[str, Any]:
    return {
        "key": key,
        "locale": "us",
        "topic": "",
        "question": b"Which?",
        "choices": [choice.encode() for choice in choices],
        "place": place,
        "source_ids": ["instruction:k"],
    }


@given(st.integers(0, 10_000))
def test_choices_come_out_in_the_order_of_their_author(number: int) -> None:
    # The view's key ends in a number whose draw is the place of the answer; so does this one.
    draw = Draw(7, "t", f"k/{number}")
    place = draw.below(4, "position")
    choices = ["one", "two", "three", "all of the above"]
    (row,) = question_choices.rows(question(choices, place), draw)
    shown = MultipleChoice().arrange(row, draw, MultipleChoiceOptions())
    assert (list(shown.candidates), shown.gold) == (choices, place)


@pytest.mark.parametrize(
    "choice",
    ["both A and B", "A and C only", "(A), (B), and (C)", "Neither A nor B", "Options A and B",
     "B and C", "both A and D are correct."],
)  # fmt: skip
def test_a_choice_that_names_a_letter_is_left_out(choice: str) -> None:
    with pytest.raises(RowRejectedError, match="choice-names-a-letter"):
        list(question_choices.rows(question(["x", "y", "z", choice]), Draw(1, "t", "k")))


@pytest.mark.parametrize(
    "choice", ["A", "B cells", "All of the above", "A dog and a cat", "C, Ruby", "None"]
)
def test_a_choice_that_only_looks_so_stays(choice: str) -> None:
    assert list(question_choices.rows(question(["x", "y", "z", choice]), Draw(1, "t", "k")))


def test_choices_that_number_lost_statements_are_refused() -> None:
    lost = question(["1,2,3", "1,2,4", "1, 3, 4", "2,3,4"])
    with pytest.raises(RowRejectedError, match="statements-lost"):
        list(question_choices.rows(lost, Draw(1, "t", "k")))
    told = lost | {"question": b"Which hold? 1) One. 2) Two. 3) Three. 4) Four."}
    assert list(question_choices.rows(told, Draw(1, "t", "k")))


def test_texts_keep_their_lines_and_indentation() -> None:
    text = "def f(x):\r\n\treturn x  # two  blanks \n\n\u200b\u00a0end\u0000"
    assert as_written(text.encode()) == "def f(x):\n    return x  # two  blanks\n\n end"


@given(st.text())
def test_a_text_that_was_read_once_stays_as_it_is(text: str) -> None:
    once = as_written(text.encode(errors="replace"))
    assert as_written(once.encode()) == once
    assert not once.startswith((" ", "\n"))
    assert " \n" not in once


def test_a_lost_character_rejects_an_instruction() -> None:
    facts = {"key": "k", "locale": "us", "instruction": b"Do.", "input": b"", "source_ids": []}
    with pytest.raises(RowRejectedError, match="character-lost"):
        list(instruction_answer.rows(facts | {"target": "a\ufffd".encode()}, Draw(1, "t", "k")))


def other(*path: str, part: str = "near", **values: str) -> dict[str, Any]:
    return {"part": part, "path": list(path)} | values


def product(*others: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "key": "us:1",
        "locale": "us",
        "product_id": "1",
        "title": "Lumo Blue Mug with Lid",
        "path": ["Home", "Kitchen", "Mugs"],
        "others": list(others),
        "source_ids": ["product:us:1"],
    } | values


def test_parents_children_and_supported_categories_are_no_options() -> None:
    facts = product(
        other("Home", "Kitchen"),
        other("Home", "Kitchen", "Mugs", "Travel Mugs"),
        other("Home", "Kitchen", "Lid"),
        other("Home", "Kitchen", "Pans"),
        other("Home", "Kitchen", "Pans", "Woks"),
        other("Home", "Bath", "Towels", part="same"),
        other("Garden", "Hoses", part="far"),
    )
    (row,) = category_options.rows(facts, Draw(1, "t", "us:1"))
    assert row["positive"] == "Mugs"
    assert row["negatives"] == ["Pans", "Towels", "Hoses"]


def test_a_category_with_a_word_of_the_title_comes_first_unless_the_title_has_them_all() -> None:
    facts = product(
        other("Home", "Kitchen", "Pans"),
        other("Home", "Bath", "Towels", part="same"),
        other("Home", "Bath", "Lids", part="word"),
        other("Pets", "Blue Collars", part="word"),
    )
    (row,) = category_options.rows(facts, Draw(1, "t", "us:1"))
    assert row["negatives"] == ["Blue Collars", "Pans", "Towels"]


def test_too_few_other_categories_reject_the_row() -> None:
    with pytest.raises(RowRejectedError, match="too-few-categories"):
        list(category_options.rows(product(other("Home", "Pans")), Draw(1, "t", "us:1")))


@pytest.mark.parametrize(("matches", "category"), [("yes", "Mugs"), ("no", "Pans")])
def test_a_match_is_the_own_category_and_no_match_a_sibling(matches: str, category: str) -> None:
    facts = product(
        other("Home", "Kitchen"), other("Home", "Kitchen", "Pans"), matches=matches
    )  # fmt: skip
    (row,) = category_match.rows(facts, Draw(1, "t", "us:1"))
    assert (row["category"], row["target"]) == (category, matches.capitalize())


def test_titles_that_name_the_category_are_no_negatives() -> None:
    facts = product(
        other("Home", "Kitchen", "Sets", title="Six Mugs and a Tray", id="2"),
        other("Home", "Kitchen", "Pans", title="Iron Pan", id="3"),
        other("Home", "Bath", "Towels", part="same", title="Soft Towel", id="4"),
        other("Garden", "Hoses", part="far", title="Green Hose", id="5"),
    )
    (row,) = category_titles.rows(facts, Draw(1, "t", "us:1"))
    assert row["negatives"] == ["Iron Pan", "Soft Towel", "Green Hose"]
    assert row["source_ids"] == [f"product:us:{name}" for name in "1345"]
