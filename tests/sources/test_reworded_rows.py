"""The rows of NVIDIA's sets 14, 15 and 21 to 25: what stands beside the right option."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.draw import Draw
from factory.sources import SOURCES
from factory.sources.rows import (
    best_match,
    next_purchase_choice,
    query_of_bullets,
    query_of_description,
    query_of_title,
    title_of_bullets,
    title_of_description,
)
from factory.sources.rows.text_of_product import thin_out_told
from factory.sources.view import RowRejectedError, load_view, prepare
from tests.sources.esci_files import judgement, product, write_upstream

TITLE = "Lumo Aurora Brass Desk Lamp with Dimmer"
DESCRIPTION = (
    f"{TITLE}. The Lumo Aurora is made of brass and lights a whole table. "
    "A wheel at its foot makes it as dark as you like."
)


def rows_of(module: Any, facts: dict[str, Any], keys: int = 40) -> list[dict[str, Any]]:
    """Return the rows that ``facts`` give under so many keys: some are thinned out."""
    made = []
    for number in range(keys):
        key = f"k{number}"
        try:
            made += module.rows({**facts, "key": key}, Draw(7, "task", key))
        except RowRejectedError as error:
            if error.reason != "known-by-its-words":
                raise
    return made


def rejected(module: Any, facts: dict[str, Any]) -> str:
    with pytest.raises(RowRejectedError) as error:
        list(module.rows({"key": "k", **facts}, Draw(7, "task", "k")))
    return error.value.reason


def queries(**labels: str) -> list[dict[str, str]]:
    return [
        {"query": query.replace("_", " "), "id": f"{number}", "label": label}
        for number, (query, label) in enumerate(labels.items())
    ]


def facts_of_product(**changes: Any) -> dict[str, Any]:
    return {
        "locale": "us",
        "product_id": "B1",
        "title": TITLE,
        "description": DESCRIPTION,
        "bullets": ["Brass: it will outlive you, as brass does.", "Dimmer: a wheel at the foot."],
        "brand": "Lumo",
        "color": None,
        "queries": queries(
            light_for_reading_at_night="E", brass_table_lamp_with_clock="S", lumo_lamp_bulb="C"
        ),
        "near": [{"query": "brass door knob", "id": "9"}],
        "others_shown": 3,
        "source_ids": ["product:us:B1"],
        **changes,
    }


@pytest.mark.parametrize("module", [query_of_description, query_of_bullets, query_of_title])
def test_one_query_is_right_and_the_others_were_judged_otherwise_or_ask_for_more(
    module: Any,
) -> None:
    made = rows_of(module, facts_of_product())

    assert made
    for row in made:
        assert row["positive"] == "light for reading at night"
        assert set(row["negatives"]) == {
            "brass table lamp with clock",
            "lumo lamp bulb",
            "brass door knob",
        }
        assert set(row["source_ids"]) == {
            "judgement:0:us:B1",
            "judgement:1:us:B1",
            "judgement:2:us:B1",
            "query:us:9",
        }


def test_a_text_does_not_say_the_title_once_more() -> None:
    [row, *_] = rows_of(query_of_description, facts_of_product())

    assert TITLE not in row["description"]
    assert row["description"].startswith("The Lumo Aurora is made of brass")
    assert rejected(query_of_description, facts_of_product(description=TITLE)) == "text-missing"
    assert rejected(query_of_bullets, facts_of_product(bullets=None)) == "text-missing"
    assert rejected(query_of_title, facts_of_product(title=None)) == "value-missing"


@pytest.mark.parametrize(
    "changes",
    [
        # Nobody judged it, and all that it asks for is on the page.
        {"near": [{"query": "lamp with wheel", "id": "9"}]},
        # It asks for less than a query that the product answers.
        {"near": [{"query": "light for reading", "id": "9"}]},
        # Another script would stand out.
        {"near": [{"query": "台灯", "id": "9"}]},
    ],
)
def test_a_query_that_the_product_may_answer_is_no_wrong_one(changes: dict[str, Any]) -> None:
    assert rejected(query_of_description, facts_of_product(**changes)) == "too-few-negatives"


def test_what_people_saw_elsewhere_on_the_page_is_not_asked() -> None:
    """A count that only the title states cannot be read off a description."""
    asked = queries(lamps_2_pack="E", brass_lamp_with_clock="S", lamp_bulb="C")
    assert rejected(query_of_description, facts_of_product(queries=asked)) == "too-few-positives"


def test_a_query_beside_one_of_its_kind_is_borne_out_by_the_text() -> None:
    asked = queries(night_reader_lamp="E", brass_lamp_with_clock="S", brass_lamp_and_bulb="S")
    assert rejected(query_of_description, facts_of_product(queries=asked)) == "query-unsupported"


def listed(label: str, name: str, title: str, **texts: Any) -> dict[str, Any]:
    return {"label": label, "id": name, "title": title, "brand": None, **texts}


def facts_of_query(*products: dict[str, Any]) -> dict[str, Any]:
    return {
        "locale": "us",
        "query_id": "7",
        "others_shown": 3,
        "products": list(products),
        "source_ids": ["query:us:7"],
    }


RIVALS = (
    listed("S", "B2", "You take the wheel at a foot: a brass clamp, steel arm, 5 Watt, white"),
    listed("C", "B3", "Bulb E27 of 60 Watt for lamps"),
    listed("I", "B4", "Garden hose of 50 feet, kink free"),
    listed("S", "B5", "Clamp light in white with long arm"),
)


@pytest.mark.parametrize("module", [title_of_description, title_of_bullets])
def test_the_brand_is_left_out_of_the_text_and_said_to_be(module: Any) -> None:
    bullets = ["Brass: the Lumo Aurora will outlive you.", "Dimmer: a wheel at the LUMO's foot."]
    own = listed("E", "B1", TITLE, description=DESCRIPTION, bullets=bullets) | {"brand": "Lumo"}
    made = rows_of(module, facts_of_query(own, *RIVALS))

    assert made
    for row in made:
        assert row["positive"] == TITLE
        assert row["masked"]
        assert "lumo" not in json.dumps(row.get("description") or row["bullets"]).casefold()
        assert row["source_ids"][0] == "judgement:7:us:B1"


def test_a_product_of_the_same_line_is_no_wrong_title() -> None:
    """The text says nothing of what tells two phones of one line apart."""
    text = (
        "Take pictures with the Pixie Nova and send them. Charge the Pixie Nova at a foot you take."
    )
    own = listed("E", "B1", "Pixie Nova Smartphone 64GB", description=text) | {"brand": "Pixie"}
    same = listed("S", "B6", "Smartphone of 256GB by Pixie, Nova, black") | {"brand": "pixie"}
    made = rows_of(title_of_description, facts_of_query(own, same, *RIVALS), keys=200)

    assert made
    assert all(same["title"] not in row["negatives"] for row in made)


def test_rows_that_counting_words_solves_are_thinned_out() -> None:
    text = "a brass lamp for the table"
    told = ("brass table lamp", "garden hose", "steel lamp of 5 watt", "a rug")

    def kept(options: tuple[str, ...]) -> int:
        count = 0
        for number in range(400):
            try:
                thin_out_told(options, text, Draw(7, "task", f"{number}"), 4)
            except RowRejectedError:
                continue
            count += 1
        return count

    assert 70 < kept(told) < 130  # one in four
    assert 270 < kept((told[0], "the brass lamp", *told[2:])) < 330  # as good as another one
    assert kept(("night light", *told)) == 400


def ranking(query: str, *titles: str) -> dict[str, Any]:
    letters = "ABCD"[: len(titles)]
    shown = [f"{letter}: {title}" for letter, title in zip(letters, titles, strict=True)]
    said = json.dumps({"query": query, "product list": shown}).encode()
    return {"input": said, "output": ",".join(letters)}


def facts_of_ranking(query: str, *titles: str, lent: int = 9) -> dict[str, Any]:
    others = [
        {"id": f"i{number}", **ranking(f"thing {number}", f"Something {number} else entirely")}
        for number in range(lent)
    ]
    answering = {"id": "answering", **ranking("lamp", "Steel desk lamp by others")}
    return {
        "locale": "us",
        **ranking(query, *titles),
        "lent": [answering, *others],
        "others_shown": 9,
        "source_ids": ["instruction:own"],
    }


def test_the_best_of_a_list_stands_among_worse_ones_and_ones_of_other_queries() -> None:
    [row] = best_match.rows(
        {"key": "k", **facts_of_ranking("desk lamp", "Brass desk lamp", "Wall light", "Bulb E27")},
        Draw(7, "task", "k"),
    )

    assert row["positives"] == ["Brass desk lamp"]
    assert row["negatives"][:2] == ["Wall light", "Bulb E27"]
    assert len(row["negatives"]) == 9
    # It was never judged for the query, and may answer it.
    assert "Steel desk lamp by others" not in row["negatives"]
    assert row["source_ids"][0] == "instruction:own"
    assert set(row["source_ids"][1:]) <= {f"instruction:i{number}" for number in range(9)}


def test_the_better_of_two_may_be_no_match_at_all() -> None:
    facts = facts_of_ranking("fleece blanket for couches", "Pillow for beds", "Garden hose")
    assert rejected(best_match, facts) == "best-unsupported"
    assert rejected(best_match, facts_of_ranking("desk lamp", "Desk lamp", lent=5)) == (
        "too-few-negatives"
    )
    assert rejected(best_match, {**facts, "output": "A,A"}) == "input-malformed"


def test_a_purchase_stands_among_likely_and_unlikely_ones() -> None:
    history = ["1st: Red garden hose", "2nd: Red hose nozzle"]
    options = [
        *("A: Garden hose reel", "B: Garden gloves", "C: Red scarf", "D: Blue hat"),
        *("E: Green kettle", "F: White mug", "G: Hose bracket"),
    ]
    facts = {
        "key": "k",
        "locale": "us",
        "input": json.dumps(history).encode(),
        "options": options,
        "output": "G",
        "others_shown": 3,
        "source_ids": ["instruction:1"],
    }
    [row] = next_purchase_choice.rows(facts, Draw(7, "task", "k"))

    assert row["positive"] == "Hose bracket"
    assert row["negatives"][0] == "Garden hose reel"
    assert len(row["negatives"]) == 3
    assert set(row["negatives"]) & {"Blue hat", "Green kettle", "White mug"}


def test_queries_beside_a_product_are_of_products_that_have_nothing_to_do_with_it(
    tmp_path: Path,
) -> None:
    judged = [
        ("desk lamp", 1, "LAMP", "E"),
        ("desk lamp", 1, "HOSE", "I"),
        ("desk lamp", 1, "OTHER", "E"),
        ("brass lamp", 2, "LAMP", "S"),
        ("garden hose", 3, "HOSE", "E"),
        # What it asks for is answered by a product that answers `desk lamp` too.
        ("hose and lamp", 4, "HOSE", "E"),
        ("hose and lamp", 4, "OTHER", "E"),
    ]
    write_upstream(
        tmp_path,
        [
            judgement(number, query=query, query_id=query_id, product_id=name, esci_label=label)
            for number, (query, query_id, name, label) in enumerate(judged, 1)
        ],
        [product(name) for name in ("LAMP", "HOSE", "OTHER")],
    )
    view = load_view("query_of_title")
    with duckdb.connect() as connection:
        source = SOURCES["esci"]
        options = source.options.model_validate({})
        source.attach(connection, "esci", str(tmp_path), options, allow_test=False)
        connection.execute("USE esci")
        prepare(connection, 7, "task", {"options": 4})
        connection.execute(f"CREATE TEMP TABLE keys AS SELECT 1 AS ordinal, * FROM ({view.keys})")
        connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
        found = connection.execute(view.facts)
        names = [name for name, *_ in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    [facts] = [row for row in rows if row["key"] == "us:LAMP"]
    assert sorted((each["query"], each["label"]) for each in facts["queries"]) == [
        ("brass lamp", "S"),
        ("desk lamp", "E"),
    ]
    assert [each["query"] for each in facts["near"]] == ["garden hose"]
