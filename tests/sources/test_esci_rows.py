"""The rule tasks over ESCI: their real views over real files, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from factory.draw import Draw
from factory.errors import RecipeError
from factory.sources import SOURCES
from factory.sources.view import RowRejectedError, View, load_view, prepare
from factory.text import CJK, folded_case, similarity, tokens
from tests.sources.esci_files import judgement, product, write_upstream

CATALOGUE = Path(__file__).parents[2] / "factory" / "catalogue" / "esci.yaml"
TASKS: dict[str, dict[str, Any]] = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["tasks"]
CHOICES = (
    "select_product_for_query",
    "select_complement_for_query",
    "select_substitute_for_query",
)
RETRIEVALS = (
    "select_exact_matches",
    "select_relevant_products",
    "select_complements",
    "select_substitutes",
)
OF_JUDGED = CHOICES + RETRIEVALS
GOLD = dict(zip(OF_JUDGED, "ECSEECS", strict=True))
TEXTS = ("write_bullets", "write_description", "write_title")


def facts_of(task: str, path: str) -> tuple[View, list[dict[str, Any]]]:
    """Return the facts rows of a task over the files at ``path``, as the line asks for them."""
    spec = TASKS[task]
    view = load_view(spec["rows"])
    with duckdb.connect() as connection:
        source = SOURCES["esci"]
        source.attach(connection, "esci", path, source.options.model_validate({}), allow_test=False)
        connection.execute("USE esci")
        prepare(connection, 7, task, spec.get("with", {}))
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT "
            f"row_number() OVER (ORDER BY draw(key, 'order'), key) AS ordinal, * FROM ({view.keys})"
        )
        connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
        cursor = connection.execute(f"SELECT * FROM ({view.facts}) ORDER BY key")
        names = [column[0] for column in cursor.description or ()]
        return view, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@cache
def rows_of(task: str, path: str = "bundled") -> list[dict[str, Any]]:
    """Return the rows of a task that no mapper refuses."""
    view, facts = facts_of(task, path)
    found: list[dict[str, Any]] = []
    for each in facts:
        if view.mapper is None:
            found.append(each)
            continue
        try:
            found += view.mapper(each, Draw(7, task, each["key"]))
        except RowRejectedError:
            continue
    return found


@pytest.fixture(scope="module")
def labels() -> dict[tuple[str, str, str], set[str]]:
    """Return the labels of (query_id, locale, product_id) in the bundled training part."""
    folder = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "esci"
    found: dict[tuple[str, str, str], set[str]] = {}
    for query, locale, name, label in duckdb.execute(
        "SELECT query_id::VARCHAR, product_locale, product_id, esci_label FROM "
        f"read_parquet('{folder}/shopping_queries_dataset_examples.parquet')"
    ).fetchall():
        found.setdefault((query, locale, name), set()).add(label)
    return found


def shelf(folder: Path, judged: Sequence[dict[str, Any]], **titles: str) -> str:
    """Write judgements, and products with the given titles, and return where they are."""
    names = dict.fromkeys(row["product_id"] for row in judged)
    products = [
        product(name, product_title=titles.get(name, f"{name} thing of its own {name}x"))
        for name in names
    ]
    return str(write_upstream(folder, judged, products))


def judged(query_id: int, query: str, **by_label: Sequence[str]) -> list[dict[str, Any]]:
    """Return one judgement for each product id named under its label."""
    return [
        judgement(number, query_id=query_id, query=query, product_id=name, esci_label=label)
        for label, names in by_label.items()
        for number, name in enumerate(names, start=query_id * 100)
    ]


def _shown(row: dict[str, Any]) -> tuple[list[str], list[str]]:
    ids = [name for name in row["source_ids"] if not name.startswith("query:")]
    golds = len(row["positives"]) if "positives" in row else 1
    return ids[:golds], ids[golds:]


@pytest.mark.parametrize("task", OF_JUDGED)
def test_golds_have_the_label_and_no_other_shown_product_has_it(task, labels):
    rows = rows_of(task)

    assert len(rows) > 40
    for row in rows:
        query = row["key"].split(":")[1]
        golds, others = _shown(row)
        for name in golds:
            _, query_id, locale, product_id = name.split(":")
            assert query_id == query
            assert labels[query_id, locale, product_id] == {GOLD[task]}
        for name in others:
            kind, *_, product_id = name.split(":")
            known = labels.get((query, row["locale"], product_id))
            if kind == "judgement":
                assert known is not None
                assert GOLD[task] not in known
            else:
                assert known is None


@pytest.mark.parametrize("task", OF_JUDGED)
def test_as_many_options_as_the_recipe_asks_for_and_no_two_nearly_equal(task):
    wanted = TASKS[task]["with"]
    for row in rows_of(task):
        golds = row.get("positives", [row.get("positive")])
        texts = [*golds, *row["negatives"]]
        assert len(texts) == wanted.get("options", wanted.get("candidates"))
        assert len(golds) == wanted.get("golds", 1)
        words = [frozenset(tokens(text)) for text in texts]
        for number, one in enumerate(words):
            assert all(similarity(one, other) < 0.7 for other in words[:number])


@pytest.mark.parametrize("task", sorted(set(OF_JUDGED) - {"select_relevant_products"}))
@pytest.mark.parametrize("sign", [1, -1])
def test_the_words_of_the_query_do_not_give_the_golds_away(task, sign):
    # Irrelevant products share no words with a query: that is what relevance is, so not that task.
    score = chance = 0.0
    for row in rows_of(task):
        golds = row.get("positives", [row.get("positive")])
        query = frozenset(tokens(row["query"]))
        texts = [*golds, *row["negatives"]]
        shared = [sign * len(query & frozenset(tokens(text))) for text in texts]
        taken = 3 if task in RETRIEVALS else 1
        bound = sorted(shared, reverse=True)[taken - 1]
        above, tied = sum(x > bound for x in shared), sum(x == bound for x in shared)
        for each in shared[: len(golds)]:
            part = 1.0 if each > bound else (taken - above) / tied if each == bound else 0.0
            score += part / len(golds)
        chance += taken / len(texts)

    assert score < chance + 0.1 * len(rows_of(task))


def test_a_match_that_nothing_shares_the_words_with_is_not_asked_for(tmp_path):
    path = shelf(
        tmp_path,
        judged(1, "red mug", E=["A"], S=["B", "C"], I=["D"])
        + judged(2, "red mug", E=["E", "F"], S=["B", "G"], I=["D"]),
        A="Red Mug by Acme",
        B="Blue Cup of Glass, Small",
        C="Green Tumbler with Lid",
        D="Garden Hose, 20 m",
        E="Mug in Scarlet, Stoneware",
        F="Red Mug by Other",
        G="Purple Mug for Travel",
    )

    [row] = rows_of("select_product_for_query", path)

    assert row["key"] == "us:2"
    assert row["positive"] == "Mug in Scarlet, Stoneware"


@pytest.mark.parametrize("task", ["select_exact_matches", "select_product_for_query"])
def test_only_judged_products_stand_beside_exact_matches(task):
    for row in rows_of(task):
        assert all(name.startswith("judgement:") for name in row["source_ids"])


def test_a_product_judged_twice_and_differently_is_shown_nowhere(tmp_path):
    judgements = judged(1, "red lamp", E=["A", "B"], S=["C"], C=["D"], I=["F", "A"])

    rows = rows_of("select_product_for_query", shelf(tmp_path, judgements))

    assert len(rows) == 1
    assert "judgement:1:us:B" in rows[0]["source_ids"]
    assert not any(name.endswith(":A") for name in rows[0]["source_ids"])


def test_a_lent_product_that_may_answer_the_query_is_not_shown(tmp_path):
    lamps = judged(1, "red desk lamp", E=["A1", "A2", "A3"], I=["A4"])
    others = [
        row
        for number in range(2, 40)
        for row in judged(number, f"thing{number} item", E=[f"B{number}", f"C{number}"])
    ]
    unjudged = judged(90, "office light", E=["L1"])
    titles = {"L1": "A bright red desk lamp for the office"}

    rows = rows_of("select_relevant_products", shelf(tmp_path, lamps + others + unjudged, **titles))

    assert all("L1" not in name for row in rows for name in row["source_ids"])


def test_a_query_loses_the_signs_before_it(tmp_path):
    judgements = judged(1, '!"red lamp', E=["A"], S=["B"], C=["C"], I=["D"])

    [row] = rows_of("select_product_for_query", shelf(tmp_path, judgements))

    assert row["query"] == "red lamp"


def test_titles_that_differ_in_one_word_are_not_told_apart(tmp_path):
    titles = {"A": "big red desk lamp with a long arm", "B": "big blue desk lamp with a long arm"}
    judgements = judged(1, "desk lamp", E=["A"], S=["B"], C=["C"], I=["D"])

    assert rows_of("select_product_for_query", shelf(tmp_path, judgements, **titles)) == []


def test_queries_of_a_product_have_its_labels_and_are_told_apart(labels):
    rows = rows_of("rank_queries_for_product")

    assert len(rows) > 100
    for row in rows:
        found = [labels[tuple(name.split(":")[1:])] for name in row["source_ids"]]
        assert found == [{label} for label in row["labels"]]
        assert {name.split(":", 2)[2] for name in row["source_ids"]} == {row["key"]}
        words = [frozenset(tokens(query)) for query in row["items"]]
        assert len(set(words)) == 5
        assert max(row["relevance"]) == 1.0 > min(row["relevance"])


def test_pairs_are_of_five_queries_and_products_and_all_labels(labels):
    rows = rows_of("rank_query_product_pairs")

    assert len(rows) > 400
    for row in rows:
        assert set(row["labels"]) == set("ESCI")
        parts = [name.split(":") for name in row["source_ids"]]
        assert len({query for _, query, _, _ in parts}) == 5
        assert len({name for *_, name in parts}) == 5
        assert [labels[tuple(each[1:])] for each in parts] == [{x} for x in row["labels"]]
        assert row["key"] in {f"{locale}:{query}" for _, query, locale, _ in parts}


def test_exactly_the_exact_matches_are_called_so(labels):
    rows = rows_of("judge_exact_match")

    assert {row["target"] for row in rows} == {"Yes", "No"}
    for row in rows:
        [name] = row["source_ids"]
        assert (labels[tuple(name.split(":")[1:])] == {"E"}) == (row["target"] == "Yes")


def test_a_complement_goes_with_an_exact_match_of_the_same_query(labels):
    for row in rows_of("suggest_complement"):
        found = sorted(
            label for name in row["source_ids"] for label in labels[tuple(name.split(":")[1:])]
        )
        assert found == ["C", "E"]
        assert row["title"] != row["target"]


@pytest.mark.parametrize("task", TEXTS)
def test_a_written_text_has_no_number_of_its_own(task):
    rows = rows_of(task)

    assert len(rows) > 50
    for row in rows:
        given = " ".join(
            part
            for name in ("title", "description", "bullets", "brand", "color")
            for part in ([row[name]] if isinstance(row.get(name), str) else row.get(name) or ())
        )
        numbers = {word for word in tokens(row["target"]) if any(map(str.isdigit, word))}
        assert numbers <= set(tokens(given))


def page(**texts: str) -> dict[str, Any]:
    return {
        "product_description": "",
        "product_bullet_point": "",
        "product_brand": "",
        "product_color": "",
        **texts,
    }


def written(task: str, folder: Path, **texts: str) -> list[dict[str, Any]]:
    judgements = judged(1, "red lamp", E=["A"])
    where = write_upstream(folder, judgements, [product("A", **page(**texts))])
    return rows_of(task, str(where))


def test_a_title_is_written_from_texts_that_do_not_quote_it(tmp_path):
    title = "Lumena Red Desk Lamp with Clamp"
    [row] = written(
        "write_title",
        tmp_path,
        product_title=title,
        product_brand="Lumena",
        product_description=f"{title}. A red lamp that you clamp to a desk. Buy the {title} now.",
        product_bullet_point=f"{title}\nRed shade of metal",
    )

    assert row["target"] == title
    assert row["description"] == "A red lamp that you clamp to a desk."
    assert row["bullets"] == ["Red shade of metal"]


def test_a_title_that_the_texts_do_not_give_is_left_out(tmp_path):
    assert not written(
        "write_title",
        tmp_path,
        product_title="Lumena Vintage Industrial Pendant Chandelier",
        product_description="It brightens every corner and lasts for years.",
    )


def test_bullets_that_the_description_does_not_support_are_left_out(tmp_path):
    [row] = written(
        "write_bullets",
        tmp_path,
        product_title="Lumena Desk Lamp",
        product_description=(
            "The clamp holds on desks of every thickness. The shade turns in all directions "
            "without tools."
        ),
        product_bullet_point=(
            "Clamp holds on desks of every thickness\nShade turns without tools\n"
            "Ships with three spare bulbs\nLumena Desk Lamp warranty holds for every clamp"
        ),
    )

    assert row["target"].split("\n") == [
        "Clamp holds on desks of every thickness",
        "Shade turns without tools",
    ]
    assert row["count"] == 2


def test_a_description_with_a_number_that_nothing_gives_is_left_out(tmp_path):
    texts = {
        "product_title": "Lumena Desk Lamp of red metal",
        "product_bullet_point": "Clamp holds on every desk\nShade of metal turns to all sides",
    }
    true = "The red desk lamp has a clamp that holds on every desk, and its metal shade turns."

    assert written("write_description", tmp_path / "a", **texts, product_description=true)
    assert not written(
        "write_description", tmp_path / "b", **texts, product_description=f"{true} It weighs 12 kg."
    )


def test_a_bullet_with_a_spelled_out_number_that_nothing_gives_is_left_out(tmp_path):
    [row] = written(
        "write_bullets",
        tmp_path,
        product_title="Lumena Desk Lamp",
        product_description=(
            "The clamp holds on desks of every thickness. The shade turns in 3 directions without "
            "tools, and its battery lasts."
        ),
        product_bullet_point=(
            "Clamp holds on desks\nBattery of the lamp lasts six hours\n"
            "Shade turns in three directions"
        ),
    )

    assert row["target"].split("\n") == ["Clamp holds on desks", "Shade turns in three directions"]


def test_a_title_whose_abbreviation_nothing_gives_is_left_out(tmp_path):
    texts = {
        "product_brand": "Lumena",
        "product_bullet_point": "A lamp for the desk that you clamp\nA red shade, led technology",
    }

    assert written(
        "write_title", tmp_path / "a", **texts, product_title="Lumena Red LED Clamp Desk Lamp"
    )
    assert not written(
        "write_title", tmp_path / "b", **texts, product_title="Lumena Red LED USB Clamp Desk Lamp"
    )


def test_a_title_whose_size_nothing_gives_is_left_out(tmp_path):
    texts = {
        "product_brand": "Lumena",
        "product_bullet_point": "Jacket that keeps the rain out\nA red hood with strings",
    }
    plain = "Lumena Rain Jacket with red hood"

    assert written("write_title", tmp_path / "a", **texts, product_title=plain)
    assert not written("write_title", tmp_path / "b", **texts, product_title=f"{plain}, Large")


def test_a_bullet_whose_heading_nothing_gives_is_left_out(tmp_path):
    [row] = written(
        "write_bullets",
        tmp_path,
        product_title="Lumena Desk Lamp",
        product_description=(
            "The clamp holds on desks of every thickness. The shade turns in all directions "
            "without tools, and its metal cools fast."
        ),
        product_bullet_point=(
            "Strong clamp: holds on desks of every thickness\nShade: turns without tools\n"
            "Clamp: holds on desks\nDimmable: the shade turns in all directions"
        ),
    )

    assert row["target"].split("\n") == ["Shade: turns without tools", "Clamp: holds on desks"]


def test_a_description_that_breaks_off_is_left_out(tmp_path):
    texts = {
        "product_title": "Lumena Desk Lamp of red metal",
        "product_bullet_point": "Clamp holds on every desk\nShade of metal turns to all sides",
    }
    cut = "The red desk lamp has a clamp that holds on every desk, and its metal shade turns"

    assert written("write_description", tmp_path / "a", **texts, product_description=f"{cut}.")
    assert not written("write_description", tmp_path / "b", **texts, product_description=cut)


def stands(word: str, text: str) -> bool:
    if CJK.search(word):
        return word in folded_case(text)
    return set(tokens(word)) <= set(tokens(text))


def test_three_of_four_right_keywords_stand_in_the_text_and_two_wrong_ones_never_do():
    rows = rows_of("task16")

    assert len(rows) > 100
    for row in rows:
        text = f"{row['title']} {row['text']}"
        right = row["positive"].split(", ")
        assert len(set(right)) == 4
        assert sum(stands(word, text) for word in right) >= 3
        assert len(row["negatives"]) == 3
        for negative in row["negatives"]:
            words = negative.split(", ")
            assert len(set(words)) == 4
            assert sum(not stands(word, text) for word in words if word not in right) >= 2


def test_shops_that_write_in_english_have_no_keyword_sets():
    assert {row["locale"] for row in rows_of("task16")} == {"es", "jp"}


def test_what_is_included_by_a_wrong_name_is_told_with_the_nearest(tmp_path):
    (tmp_path / "mine.sql").write_text(
        "-- keys\nSELECT 1\n-- facts\nWITH\n-- include judge\nx AS ()"
    )

    with pytest.raises(
        RecipeError, match=r"nothing to include by the name 'judge': did you mean 'ju"
    ):
        load_view("mine", tmp_path)
