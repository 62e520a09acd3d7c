"""The tasks over products, pairs of products and queries: gold, the maps over labelled pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

import factory
from factory.draw import Draw
from factory.generators import RECORD_MAPS, Derived, Record
from factory.line import RunResult
from factory.sample import Sample
from factory.sources.rows.related_products import RELATIONS
from factory.sources.stated_attributes import askable, places, stated
from factory.sources.view import RowRejectedError
from factory.tasktypes import TASK_TYPES
from tests.catalogue import PROJECT, catalogue

Made = Callable[[str], RunResult]

TABLES = PROJECT / "factory" / "sources" / "samples" / "tables"
CROSS = RECORD_MAPS["recombine", "cross_fields"]
OTHER = RECORD_MAPS["reverse", "other_side"]

words = st.text("abcdefghijklmnop", min_size=1, max_size=8)
sides = st.lists(words, min_size=3, max_size=6, unique=True).map(" ".join)


def record(key: str = "k", *, label: str = "yes", **row: Any) -> Record:
    return Record(
        key=key,
        locale="us",
        group=key,
        source_ids=(f"product:us:{key}",),
        row=row,
        input="",
        options=("yes", "no"),
        gold=[label],
        output=label,
    )


def made_of(
    name: tuple[str, str], records: Sequence[Record], *, draw: str = "1", **options: Any
) -> Derived:
    each = RECORD_MAPS[name]
    rows = list(each.rows(records, Draw(7, "task", draw), each.options(**options)))
    assert len(rows) == 1
    return rows[0]


def samples(run: RunResult) -> list[Sample]:
    return list(factory.read_samples(run.folder, "train"))


def parent_record(sample: Sample) -> Record:
    return Record(
        key=sample.id,
        locale=sample.locale,
        group=sample.split_group,
        source_ids=sample.provenance.source_ids,
        row=sample.slots,
        input=sample.input,
        options=sample.options,
        gold=sample.gold,
        output=sample.output_field,
    )


@cache
def relations() -> dict[str, str]:
    """Return the relation of every pair of the bundled shop, by the id that a sample names."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT 'pair:' || locale || ':' || pair_id, relation FROM '{TABLES}/pairs.parquet'"
        ).fetchall()
    return dict(found)


@cache
def types() -> dict[str, str]:
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT 'product:' || locale || ':' || product_id, category[-1] "
            f"FROM '{TABLES}/products.parquet'"
        ).fetchall()
    return dict(found)


@cache
def types_of_title() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT locale, title, category[-1] FROM '{TABLES}/products.parquet'"
        ).fetchall()
    for locale, title, kind in rows:
        found.setdefault((locale, title), set()).add(kind)
    return found


def pair_of(sample: Sample) -> str:
    return next(each for each in sample.provenance.source_ids if each.startswith("pair:"))


@given(sides, sides, st.sampled_from(["yes", "no"]))
def test_crossed_fields_keep_the_label_of_the_pair(left: str, right: str, label: str) -> None:
    row = made_of(
        ("recombine", "cross_fields"),
        [record(label=label, title=left, attributes=[right, left])],
        left="title",
        right="attributes",
    )
    assert row.columns["labels"] == row.columns["answer"] == label
    assert row.columns["left"] == left
    assert row.columns["right"] == f"{right}\n{left}"


@given(sides, sides)
def test_the_other_side_of_the_other_side_is_the_first_one(left: str, right: str) -> None:
    once = made_of(("reverse", "other_side"), [record(a=left, b=right)], left="a", right="b")
    back = record(label=once.columns["label"], a=once.columns["target"], b=once.columns["given"])
    twice = made_of(("reverse", "other_side"), [back], left="a", right="b")
    assert (once.columns["given"], once.columns["target"]) == (left, right)
    assert (twice.columns["target"], twice.columns["given"]) == (left, right)
    assert once.columns["label"] == twice.columns["label"] == "yes"


def test_the_other_side_is_asked_for_with_the_labels_that_were_named_only() -> None:
    options = OTHER.options(left="a", right="b", labels=("no",))
    with pytest.raises(RowRejectedError, match="another-label"):
        list(OTHER.rows([record(a="x", b="y")], Draw(7, "task", "1"), options))


@given(st.integers(0, 200))
def test_partners_of_a_kind_stand_beside_what_is_ruled_out_and_other_groups(seed: int) -> None:
    def pair(key: str, label: str, b: str, kinds: tuple[str, str], group: str) -> Record:
        return record(key, label=label, a="x", b=b, left=kinds[0], right=kinds[1], group=group)

    own = record(
        "own", a="blue bath towel", b="white towel", left="towel", right="towel", group="bath"
    )
    others = [
        pair("mat", "with", "word0 bath mat", ("towel", "mat"), "bath"),
        pair("twin", "instead", "word1 towel", ("towel", "towel"), "bath"),
        pair("robe", "instead", "word2 robe", ("robe", "robe"), "bath"),
        *(
            pair(f"{n}", "instead", f"word{n} lamp{n}", ("lamp", "lamp"), "light")
            for n in range(3, 6)
        ),
        pair("blue", "with", "word6 blue lamp", ("desk", "lamp"), "light"),
    ]
    row = made_of(
        ("recombine", "partner_of_kind"),
        [own, *others],
        draw=str(seed),
        left="a",
        right="b",
        kind="right",
        left_kind="left",
        group="group",
        label="yes",
        ruled_out="with",
    )
    shown = row.columns["negatives"]
    assert row.columns["positive"] == "white towel"
    assert len(set(shown)) == 3
    # What is used with it, and what is of other groups; never what may replace it.
    assert not {"word1 towel", "word2 robe"} & set(shown)
    assert [each.row["b"] for each in row.of[1:]] == shown


@given(st.integers(0, 200))
def test_partners_of_a_value_stand_beside_near_misses_with_another_one(seed: int) -> None:
    own = record("own", a="blue bath towel", b="bath towel blue", kind="towel", value="blue")
    others = [
        record("alike", a="x", b="blue towel for the bath", kind="towel", value="blue"),
        record("near", a="x", b="white bath towel", kind="towel", value="white"),
        *(record(f"{n}", a="x", b=f"cup{n} word{n}", kind="cup", value=f"{n}") for n in range(3)),
    ]
    row = made_of(
        ("recombine", "partner_of_value"),
        [own, *others],
        draw=str(seed),
        left="a",
        right="b",
        kind="kind",
        label="yes",
        unlike="value",
    )
    shown = row.columns["negatives"]
    assert "blue towel for the bath" not in shown
    assert len(set(shown)) == 3


def test_a_pair_with_another_label_is_not_asked_about() -> None:
    of_value = RECORD_MAPS["recombine", "partner_of_value"]
    options = of_value.options(left="a", right="b", kind="k", label="yes", unlike="b")
    with pytest.raises(RowRejectedError, match="another-label"):
        list(of_value.rows([record(label="no", a="", b="", k="")], Draw(7, "t", "1"), options))


def test_two_listings_are_of_one_product_where_the_shop_says_so(made: Made) -> None:
    for task in ("compare_listings", "match_listing_attributes"):
        told = [
            (sample.output_field, relations()[pair_of(sample)]) for sample in samples(made(task))
        ]
        assert set(told) == {("yes", "same"), ("no", "different")}


def test_products_relate_as_the_shop_says(made: Made) -> None:
    for sample in samples(made("relate_products")):
        assert sample.output_field == RELATIONS[relations()[pair_of(sample)]]
    for sample in samples(made("write_related_product")):
        assert sample.slots["label"] == RELATIONS[relations()[pair_of(sample)]]


def test_only_one_of_four_products_could_replace_another(made: Made) -> None:
    for sample in samples(made("find_alternative")):
        assert relations()[pair_of(sample)] == "substitute"
        own = types()[sample.provenance.source_ids[0]]
        wrong = [text for place, text in enumerate(sample.options) if place != sample.gold]
        assert all(own not in types_of_title()[sample.locale, text] for text in wrong)


@pytest.mark.parametrize("task", ["recognize_query_entities", "recognize_description_attributes"])
def test_entities_stand_in_their_text_in_order(made: Made, task: str) -> None:
    for sample in samples(made(task)):
        text, entities = sample.slots["text"], sample.slots["entities"]
        found = [text.index(entity["value"]) for entity in entities]
        assert len(entities) >= 2
        assert {entity["type"] for entity in entities} <= set(sample.slots["types"])
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("task", ["recognize_query_entities", "recognize_description_attributes"])
def test_the_simplified_questions_put_together_are_the_parent_again(made: Made, task: str) -> None:
    lines = TASK_TYPES["entity_lines"]
    for sample in samples(made(task))[:8]:
        found = parent_record(sample)
        spans = made_of(("simplify", "span_detection"), [found]).columns["phrases"]
        answers: dict[str, list[str]] = {}
        typed: dict[str, str] = {}
        for number in range(150):
            single = made_of(("simplify", "single_type"), [found], draw=str(number)).columns
            answers[single["asked_type"]] = single["phrases"]
            typing = made_of(("simplify", "entity_typing"), [found], draw=str(number)).columns
            typed[typing["span"]] = typing["labels"]
        assert [typed[span] for span in spans] == [e["type"] for e in found.row["entities"]]
        gold = [f"{kind}: {', '.join(answers.get(kind) or ['None'])}" for kind in sample.options]
        assert lines.render(gold) == sample.output_field


@pytest.mark.parametrize(
    "task", ["check_title_type", "check_query_type", "check_description_annotation"]
)
def test_yes_is_said_as_often_as_no(made: Made, task: str) -> None:
    derive = catalogue().tasks[task].derive
    assert derive is not None
    found = [parent_record(sample) for sample in samples(made(derive.from_))][:4]
    said = [
        made_of((derive.operator, derive.map), [each], draw=str(number)).columns["labels"]
        for each in found
        for number in range(100)
    ]
    assert 0.4 < said.count("yes") / len(said) < 0.6


def test_a_label_that_is_checked_is_the_type_of_the_product(made: Made) -> None:
    for sample in samples(made("check_title_type")):
        own = types()[sample.provenance.source_ids[0]]
        assert (sample.slots["option"] == own) == (sample.output_field == "yes")


@given(st.lists(words, min_size=1, max_size=5, unique=True), st.data())
def test_what_is_stated_is_read_off_the_text(values: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(values))
    text = " , ".join(order)
    found = sorted(stated(text, [(f"name {value}", value) for value in values]))
    assert [(text[start:end], name) for start, end, name in found] == [
        (value, f"name {value}") for value in order
    ]


def test_a_word_within_a_word_and_a_figure_within_a_figure_are_not_stated() -> None:
    assert not places("Women", "Women's socks")
    assert not places("5 cm", "1.5 cm")
    assert places("5 cm", "5 cm, blue") == [(0, 4)]
    assert [text for text in ["木製 本棚", "木 本棚"] if places("木", text)] != []
    start, end = places("ステンレス", "ステンレス製の水筒")[0]
    assert "ステンレス製の水筒"[start:end] == "ステンレス製"
    long, short = ("Color", "dark gray"), ("Style", "gray")
    assert [name for *_, name in stated("dark gray, all dark gray", [short, long])] == ["Color"]
    assert [name for *_, name in stated("a dark gray cup", [short, long])] == ["Color"]


def test_nothing_is_asked_for_in_vain_that_the_text_may_state() -> None:
    known = [
        {"name": "Color", "known_values": ["Blue", "Red"]},
        {"name": "Power", "known_values": ["65W"]},
        {"name": "Material", "known_values": ["Wool"]},
        {"name": "Made for", "known_values": ["Kids"]},
    ]
    text = "Red cable that carries 100 watts, made for cars"
    found = list(stated(text, [("Brand", "Velqor")]))
    assert askable(text, "us", found, ["Size"], known) == ["Material"]
    assert askable("A cable", "us", [], ["Material"], known) == ["Color", "Power", "Intended user"]
