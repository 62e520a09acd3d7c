"""The tasks that programs make over ESCI and a shop's own tables: what their rows may say."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.sources import SOURCES
from factory.sources.lexicons import NOT_PLAIN
from factory.sources.quantities import UNITS, convert, read_quantities
from factory.sources.rows import (
    compatible_device,
    numeric_reasoning,
    query_entities,
    query_pairs,
    unit_conversion,
)
from factory.sources.view import PACKAGED, RowRejectedError, load_view, prepare
from tests.conftest import copy_shop
from tests.sources import tables_files

ESCI_VIEWS = (
    "numeric_reasoning",
    "unit_conversion",
    "compatible_device",
    "query_entities",
    "query_pairs",
    "synthetic_sessions",
)
SHOP_VIEWS = ("type_of_title", "type_of_query")


def facts_of(view: str, adapter: str, path: str, threads: int = 2) -> list[dict[str, Any]]:
    """Return every facts row of a view over a source, in the order of the keys."""
    source, view_ = SOURCES[adapter], load_view(view)
    with duckdb.connect(config={"threads": threads}) as connection:
        source.attach(connection, "source", path, source.options(), allow_test=False)
        connection.execute("SET search_path = 'source'")
        prepare(connection, 7, view, {})
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY draw(key, 'order'), key) "
            f"AS ordinal, * FROM ({view_.keys})"
        )
        connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
        found = connection.execute(f"SELECT * FROM ({view_.facts}) ORDER BY key")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def mapped(view: str) -> tuple[dict[str, Any], ...]:
    """Return the rows that the mapper of a view makes of the bundled files."""
    adapter = "esci" if view in ESCI_VIEWS else "tables"
    mapper = load_view(view).mapper
    assert mapper is not None

    def rows() -> Iterator[dict[str, Any]]:
        found = facts_of(view, adapter, "bundled")
        for facts in found[:: 1 + len(found) // 500]:
            try:
                yield from mapper(facts, Draw(7, view, facts["key"]))
            except RowRejectedError:
                continue

    return tuple(rows())


def title_facts(title: str, locale: str = "us") -> dict[str, Any]:
    return {"key": title, "locale": locale, "title": title, "source_ids": ["product:us:1"]}


@pytest.mark.parametrize("view", [*ESCI_VIEWS, *SHOP_VIEWS])
def test_a_view_says_the_same_at_any_threads_over_any_order_of_rows(
    view: str, tmp_path: Path
) -> None:
    adapter = "esci" if view in ESCI_VIEWS else "tables"
    if adapter == "esci":
        shuffled = copy_shop(tmp_path / "shuffled", order="shuffled")
    else:
        shuffled = tables_files.copy_bundled(tmp_path / "shuffled", shuffled=True)
    first = facts_of(view, adapter, "bundled", threads=1)
    assert first
    assert first == facts_of(view, adapter, str(shuffled), threads=4)


@pytest.mark.parametrize("view", [*ESCI_VIEWS, *SHOP_VIEWS])
def test_the_bundled_shop_gives_every_task_rows_in_every_language(view: str) -> None:
    locales = Counter(row["locale"] for row in mapped(view))
    assert set(locales) >= {"us", "es", "jp"}
    assert min(locales.values()) >= 10


# Numeric reasoning


@given(st.integers(1, 60), st.integers(2, 48), st.sampled_from(["oz", "lb", "kg", "ml"]), st.text())
def test_a_total_is_the_product_and_no_option_equals_it(
    amount: int, packs: int, unit: str, key: str
) -> None:
    draw = Draw(7, "task8", key)
    facts = title_facts(f"Plain Oat Noodles by Harthelm, {amount} {unit} (Pack of {packs})")
    try:
        (row,) = numeric_reasoning.rows(facts, draw)
    except RowRejectedError as error:
        assert error.reason == "too-few-wrong-answers"  # noqa: PT017
        return
    assume(row["kind"] == "package_total")
    options = [row["positive"], *row["negatives"]]
    assert len({each.casefold() for each in options}) == 4
    if row["positive"] == numeric_reasoning.CANNOT_BE_INFERRED:
        assert not read_quantities(row["title"], "us").measures
        return
    number, words = row["positive"].split(" ", 1)
    assert Decimal(number) == amount * packs
    right = next(each for each in UNITS.values() if words in (each.singular, each.plural))
    for option in row["negatives"]:
        if option != numeric_reasoning.CANNOT_BE_INFERRED:
            value, other = option.split(" ", 1)
            wrong = next(each for each in UNITS.values() if other in (each.singular, each.plural))
            if wrong.dimension == right.dimension:
                assert convert(Decimal(value), wrong, right) != Decimal(number)


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Paper Napkins by Bluff, 200 Count, Pack of 2", {"package_count"}),
        ("Plain Oat Noodles by Harthelm, 9.24 oz (Pack of 6)", {"package_total"}),
        ("Throw Blanket by Lunivelle, 50 x 60 Inch, Gray", {"area"}),
        ("LED Desk Lamp by Ashmoret, 40W, Black", {"energy"}),
        ("Salmon Dog Food by Wagmoor, 5 lb", {"order_total"}),
    ],
)
def test_a_title_is_asked_what_it_answers(title: str, kinds: set[str]) -> None:
    found = set()
    for number in range(40):
        (row,) = numeric_reasoning.rows(title_facts(title), Draw(number, "task8", title))
        found.add(row["kind"])
    assert kinds <= found


@pytest.mark.parametrize(
    "title",
    [
        "Metal Bookshelf by Nordivik, Holds 44 lb, Black",
        "Canvas Tote Bag by Altimara, Natural Color",
        "Rope Set by Quorvex, 10 ft and 20 ft, Black",
        "Soup 1.000 ml und mehr von Tavrella",
    ],
)
def test_a_title_without_a_certain_quantity_is_not_asked(title: str) -> None:
    with pytest.raises(RowRejectedError, match="no-certain-quantity"):
        list(numeric_reasoning.rows(title_facts(title, "es"), Draw(7, "task8", title)))


def test_a_number_of_units_in_words_is_not_computed_with() -> None:
    facts = title_facts("Sunscreen Lotion by Kirahana, 6 Ounces - Twin Pack")
    with pytest.raises(RowRejectedError, match="pack-in-words"):
        list(numeric_reasoning.rows(facts, Draw(7, "task8", "key")))


@pytest.mark.parametrize(
    "title", ["Quorvex Cotton Running Socks, 3 Pack", "Calcetines de algodón, pack de 3"]
)
def test_what_is_sold_in_pairs_is_not_counted(title: str) -> None:
    with pytest.raises(RowRejectedError, match="sold-in-pairs"):
        list(numeric_reasoning.rows(title_facts(title), Draw(7, "task8", "key")))


@pytest.mark.parametrize(
    "title", ["Quillmar Stainless Steel Standard Staples - 6 Pack", "Grapas de acero, pack de 3"]
)
def test_packs_that_hold_many_of_a_thing_are_not_counted_as_single_items(title: str) -> None:
    with pytest.raises(RowRejectedError, match="sold-in-boxes"):
        list(numeric_reasoning.rows(title_facts(title), Draw(7, "task8", "key")))


def test_neither_the_rank_of_a_number_nor_the_way_out_gives_the_answer_away() -> None:
    largest = smallest = numbers = offered = right = 0
    for row in mapped("numeric_reasoning"):
        options = [row["positive"], *row["negatives"]]
        if numeric_reasoning.CANNOT_BE_INFERRED in options:
            offered += 1
            right += row["positive"] == numeric_reasoning.CANNOT_BE_INFERRED
        values = [
            float(each.split()[0])
            for each in options
            if each != numeric_reasoning.CANNOT_BE_INFERRED
        ]
        if row["positive"] != numeric_reasoning.CANNOT_BE_INFERRED:
            numbers += 1
            largest += values[0] == max(values)
            smallest += values[0] == min(values)
    assert largest / numbers < 0.35
    assert smallest / numbers < 0.38
    assert 0.15 < right / offered < 0.35


# Unit conversion


def test_every_conversion_is_right_and_every_other_option_wrong() -> None:
    for row in mapped("unit_conversion"):
        said = read_quantities(row["title"], row["locale"])
        measure = next(
            each for each in (*said.measures, *said.aside) if each.text.strip() == row["amount"]
        )
        target = next(each for each in UNITS.values() if each.plural == row["unit"])
        exact = convert(measure.amount, measure.unit, target)
        values = [Decimal(option.split()[0]) for option in (row["positive"], *row["negatives"])]
        if row["rounding"]:
            assert abs(exact - Fraction(values[0])) <= Fraction(5, 1000)
        else:
            assert exact == values[0]
        assert all(abs(value - values[0]) > values[0] / 50 for value in values[1:])
        assert len(set(values)) == len(values)


def test_one_conversion_is_one_subject_however_its_amount_is_written() -> None:
    subjects = {
        row["subject"]
        for title in ("Plate of Stoneware, 20 lb Load", "Rack of Steel, Holds 20.0 lb")
        for number in range(20)
        for row in unit_conversion.rows(title_facts(title), Draw(number, "convert_units", "key"))
    }
    assert subjects == {"20 lb in kg", "20 lb in g"}


def test_an_amount_that_the_title_converts_itself_is_not_asked_for() -> None:
    for number in range(20):
        facts = title_facts("Sparkling Water by Tavrella, 16 fl oz (473 ml) Bottle")
        (row,) = unit_conversion.rows(facts, Draw(number, "convert_units", "key"))
        assert row["unit"] == "liters"


# Compatible devices


def test_the_device_is_on_the_page_once_more_and_no_other_option_is() -> None:
    for row in mapped("compatible_device"):
        page = " ".join(row["details"])
        assert row["positive"] in page
        assert row["positive"] not in row["title"]
        assert "____" in row["title"]
        assert not any(other in page for other in row["negatives"])


def test_a_page_that_does_not_name_the_device_again_is_not_asked() -> None:
    facts = {
        **title_facts("Slim Case for Novaphone 14, Black"),
        "bullets": ["Fits Novaphone 14 Pro.", "Slim."],
        "description": None,
        "near": ["Novaphone 15"],
        "far": [],
    }
    with pytest.raises(RowRejectedError, match="device-not-on-page"):
        list(compatible_device.rows(facts, Draw(7, "task", "key")))


# Entities of queries


def entity_facts(query: str, titles: list[str], **product: str) -> Mapping[str, Any]:
    products = [{"title": title, "brand": None, "color": None, **product} for title in titles]
    return {
        "key": query,
        "locale": "us",
        "query": query,
        "products": products,
        "substitutes": [],
        "source_ids": ["query:us:1"],
    }


def entities(facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what a query is found to hold, over many draws of the type that is asked for."""
    found: dict[str, list[str]] = {}
    for number in range(60):
        try:
            (row,) = query_entities.rows(dict(facts), Draw(number, "task4", facts["key"]))
        except RowRejectedError:
            return {}
        found[row["entity_type"]] = row["entities"]
    return found


def test_every_entity_is_a_phrase_of_its_query() -> None:
    types = Counter(row["entity_type"] for row in mapped("query_entities"))
    assert {"product type", "brand", "color", "material", "size"} <= set(types)
    for row in mapped("query_entities"):
        assert all(entity in row["query"] for entity in row["entities"])
        assert not re.search(NOT_PLAIN, row["query"])


def test_a_query_is_taken_apart_by_what_its_matches_say() -> None:
    titles = [
        "Furlow Nylon Dog Leash, Red",
        "Dog Leash by Furlow, Nylon, Red",
        "Red Nylon Dog Leash",
    ]
    assert entities(entity_facts("red furlow dog leash nylon", titles, brand="Furlow")) == {
        "brand": ["furlow"],
        "color": ["red"],
        "material": ["nylon"],
        "product type": ["dog leash"],
    }


def test_an_attribute_that_titles_never_part_from_the_type_is_not_asked_for() -> None:
    titles = ["Bounty Paper Towels, 6 Rolls", "Paper Towels, Select Size", "Brawny Paper Towels"]
    assert (
        entities(entity_facts("glass cleaner", ["Glass Cleaner Spray", "Foam Glass Cleaner"])) == {}
    )
    assert "material" not in entities(entity_facts("glass paper towels", titles))


def test_a_color_that_the_matches_do_not_have_is_not_asked_for() -> None:
    titles = ["Blue Buffalo Dog Food, Chicken", "Purina Dog Food, Lamb", "Pedigree Dog Food"]
    assert "color" not in entities(entity_facts("blue dog food", titles))


def test_a_query_that_excludes_something_is_not_taken_apart() -> None:
    titles = ["Dog Leash, Red", "Dog Leash, Blue"]
    assert entities(entity_facts("dog leash not nylon", titles)) == {}


# Pairs of queries


def test_a_narrowing_holds_the_words_of_the_wider_query_and_keeps_its_direction() -> None:
    rows = [row for row in mapped("query_pairs") if row["answer"] == "narrowing"]
    assert rows
    for row in rows:
        first, second = row["first_query"].lower(), row["second_query"].lower()
        assert first in second or set(first.split()) < set(second.split())


def test_only_substitutes_and_narrowings_share_exact_matches() -> None:
    matches: dict[tuple[str, str], set[str]] = {}
    source = SOURCES["esci"]
    with duckdb.connect() as connection:
        source.attach(connection, "esci", "bundled", source.options(), allow_test=False)
        for locale, query, product in connection.execute(
            "SELECT locale, query_id, product_id FROM esci.judgements WHERE label = 'E'"
        ).fetchall():
            matches.setdefault((locale, query), set()).add(product)
    shared: dict[str, list[bool]] = {}
    for row in mapped("query_pairs"):
        ones, others = (matches[row["locale"], each.split(":")[2]] for each in row["source_ids"])
        shared.setdefault(row["answer"], []).append(bool(ones & others))
    assert set(shared) == {"narrowing", "substitute", "complement", "irrelevant"}
    assert all(shared["narrowing"] + shared["substitute"])
    assert not any(shared["complement"] + shared["irrelevant"])


def test_two_queries_that_are_one_are_not_compared() -> None:
    facts = {
        "key": "us:1:2",
        "locale": "us",
        "answer": "substitute",
        "distance": "near",
        "first_query": "black dog leash",
        "second_query": "dog leash black",
        "source_ids": ["query:us:1", "query:us:2"],
    }
    with pytest.raises(RowRejectedError, match="queries-alike"):
        list(query_pairs.rows(facts, Draw(7, "task11", "key")))


@pytest.mark.parametrize("view", ["query_pairs", "synthetic_sessions"])
def test_the_views_leave_out_the_queries_that_the_mappers_would(view: str) -> None:
    text = (PACKAGED / f"{view}.sql").read_text(encoding="utf-8")
    assert NOT_PLAIN in re.sub(r"'\s*\|\| '", "", text)


# Sessions


def test_a_session_is_marked_as_made_up_and_tells_of_one_open_search() -> None:
    for row in mapped("synthetic_sessions"):
        events = row["events"]
        assert row["synthetic_session"] is True
        assert events[0].startswith("Query keyword '")
        assert sum(each.startswith("Purchase") for each in events) >= 1
        # The search that goes on has bought nothing yet.
        last = max(n for n, each in enumerate(events) if each.startswith("Query"))
        assert not any(each.startswith("Purchase") for each in events[last:])
        gold = row["positives"][0]
        assert f"Query keyword '{gold}'" not in events
        assert gold not in row["negatives"]
        assert 800 < len("\n".join(events)) < 5000


def test_every_search_of_a_session_has_two_candidates_or_none() -> None:
    # Were the last search alone to have two, the right one would be the one that is like another.
    paired = 0
    for row in mapped("synthetic_sessions"):
        candidates = [*row["positives"], *row["negatives"]]
        shown = [
            each[len("Query keyword '") : -1] for each in row["events"] if each.startswith("Query")
        ]
        repeated = [each for each in candidates if each in shown]
        bought = sum(each.startswith("Purchase") for each in row["events"])
        assert shown[-1] in repeated
        assert len(repeated) <= 1 + bought
        paired += len(repeated) == 1 + bought

    assert paired > 0.9 * len(mapped("synthetic_sessions"))


def test_a_session_names_all_that_it_shows() -> None:
    row = mapped("synthetic_sessions")[0]
    kinds = Counter(each.split(":")[0] for each in row["source_ids"])
    shown = {each for each in row["events"] if "product '" in each}
    titles = {re.search(r"'(.*)'", each)[1] for each in shown}  # type: ignore[index]
    assert kinds["product"] >= len(titles)
    assert kinds["query"] >= 1 + len(row["negatives"])
    assert json.dumps(row["source_ids"])


# Types


@pytest.mark.parametrize(
    ("view", "shown"), [("type_of_title", "title"), ("type_of_query", "query")]
)
def test_no_wrong_type_stands_in_the_text(view: str, shown: str) -> None:
    for row in mapped(view):
        assert row["positive"] not in row["negatives"]
        assert len(set(row["negatives"])) == 3
        assert not any(each.casefold() in row[shown].casefold() for each in row["negatives"])
