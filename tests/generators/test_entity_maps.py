"""Questions about the entities of a text, and texts written from what says them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest

from factory.draw import Draw
from factory.generators import RECORD_MAPS, Derived, Record
from factory.sources.view import RowRejectedError

#: Nine texts of ten have a brand, one of ten a bed size.
TYPES = ("Brand", "Color", "Bed size")
SHARES = {"Brand": 9, "Color": 5, "Bed size": 1}
FREQUENCIES = [90, 50, 10]


def record(number: int) -> Record:
    """Return a text with each type as often as :data:`SHARES` says, of ten."""
    found = [kind for kind in TYPES if Draw(5, "t", str(number)).below(10, kind) < SHARES[kind]]
    row = {
        "entities": [{"type": kind, "value": f"a {kind}"} for kind in found],
        "types": list(TYPES),
        "frequencies": FREQUENCIES,
    }
    return Record(str(number), "us", str(number), (), row, "Title: x", (), [], "")


def made(name: str, of: Record, **given: object) -> Derived | None:
    """Return the row of a text; None of one that has nothing to ask about."""
    if not of.row["entities"]:
        return None
    each = RECORD_MAPS["simplify", name]
    options = each.options.model_validate({"frequencies": "frequencies", **given})
    with suppress(RowRejectedError):
        return next(iter(each.rows([of], Draw(7, "task", of.key), options)))
    return None


def asked(name: str, **given: object) -> list[Derived]:
    rows = [made(name, record(number), **given) for number in range(3000)]
    return [row for row in rows if row is not None]


def test_rare_types_are_asked_for_nearly_as_often_as_frequent_ones() -> None:
    evened, plain = (
        Counter(row.columns["labels"] for row in asked("entity_typing", frequencies=column))
        for column in ("frequencies", None)
    )
    assert evened["Bed size"] / evened["Brand"] > 2 * plain["Bed size"] / plain["Brand"]


@pytest.mark.parametrize(("kind", "more"), [("Brand", False), ("Bed size", True)])
def test_that_a_type_is_asked_about_says_less_of_whether_it_occurs(kind: str, more: bool) -> None:
    shares = []
    for column in ("frequencies", None):
        rows = asked("type_presence", frequencies=column)
        said = [row.columns["answer"] for row in rows if row.columns["asked_type"] == kind]
        shares.append(said.count("yes") / len(said))
    assert (shares[0] > shares[1]) is more


def test_half_of_the_candidates_occur_at_most() -> None:
    for row in asked("types_present", asked=2):
        labels, candidates = row.columns["labels"], row.columns["candidate_labels"]
        assert len(labels) == 1
        assert len(candidates) <= 2
        assert set(labels) <= set(candidates)


@pytest.mark.parametrize(("beside", "made_of_it"), [(None, False), ("facts", True)])
def test_what_a_text_is_written_from_must_say_most_of_it(
    beside: str | None, made_of_it: bool
) -> None:
    swap = RECORD_MAPS["reverse", "swap"]
    form = {"wanted": "title", "support": 0.9, "beside": beside}
    row = {"title": "red steel mug", "facts": ["of steel"]}
    of = Record("k", "us", "k", (), row, "", (), "a red mug", "a red mug")
    options = swap.options.model_validate(form)
    if not made_of_it:
        with pytest.raises(RowRejectedError):
            list(swap.rows([of], Draw(7, "task", "k"), options))
        return
    [made_row] = swap.rows([of], Draw(7, "task", "k"), options)
    assert made_row.columns == {"given": "a red mug\nof steel", "target": "red steel mug"}


@pytest.mark.parametrize(
    ("text", "given", "kept"),
    [
        ("Brand lamp, 9W", {"figures": True}, False),
        ("Brand lamp, 9W", {}, True),
        ("Brand lamp", {"figures": True, "least_covered": 0.9}, True),
        ("Brand lamp, an ideal present for birthdays", {"least_covered": 0.65}, False),
    ],
)
def test_phrases_are_all_that_a_text_states(text: str, given: dict[str, object], kept: bool):
    entities = [{"type": "Brand", "value": "Brand"}, {"type": "Product type", "value": "lamp"}]
    row = {"entities": entities, "types": ["Brand", "Product type"]}
    of = Record("1", "us", "1", (), row, f"Title: {text}", (), [], "")
    each = RECORD_MAPS["simplify", "span_detection"]
    options = each.options.model_validate(given)
    if kept:
        (derived,) = each.rows([of], Draw(7, "task", "1"), options)
        assert derived.columns["phrases"] == ["Brand", "lamp"]
    else:
        with pytest.raises(RowRejectedError):
            list(each.rows([of], Draw(7, "task", "1"), options))


def test_a_type_that_a_phrase_may_be_given_alike_is_no_wrong_type_of_it() -> None:
    alike = {"Color": "Brand", "Brand": "Color"}
    checked: dict[bool, int] = {}
    for given in ({}, {"kin": [["Brand", "Color"]]}):
        rows = [row.columns for row in asked("type_check", **given)]
        wrong = [row for row in rows if row["answer"] == "no"]
        assert wrong
        checked[bool(given)] = sum(
            alike.get(row["span"].removeprefix("a ")) == row["asked_type"] for row in wrong
        )
    assert checked[False]
    assert not checked[True]
