"""The bundled shop in the house's own form: four languages, every table, all of it true."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

SAMPLES = Path(__file__).parents[1] / "factory" / "sources" / "samples"
TABLES = SAMPLES / "tables"
LANGS = {"us": "en", "es": "es", "jp": "ja", "cn": "zh"}
HAN = re.compile(r"[\u4e00-\u9fff]")
KANA = re.compile(r"[ぁ-んァ-ヶ]")


def rows(sql: str) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def table(name: str) -> list[dict[str, Any]]:
    return rows(f"FROM '{TABLES / name}.parquet'")


def lines(name: str) -> list[dict[str, Any]]:
    text = (SAMPLES / "shop" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def products() -> dict[tuple[str, str], dict[str, Any]]:
    return {(p["locale"], p["product_id"]): p for p in table("products")}


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row for row in lines("products.jsonl")}


@pytest.fixture(scope="module")
def types() -> dict[str, dict[str, Any]]:
    return {row["type"]: row for row in lines("types.jsonl")}


def test_every_language_has_enough_of_each_and_all_of_it_is_small() -> None:
    least = {
        "products": 800, "judgements": 1500, "sessions": 250, "reviews": 400, "spans": 300,
        "pairs": 600, "dialogues": 300, "labels": 1500,
    }  # fmt: skip
    for name, count in least.items():
        found = rows(f"SELECT locale, count(*) AS n FROM '{TABLES / name}.parquet' GROUP BY locale")
        assert {row["locale"] for row in found} == set(LANGS), name
        assert min(row["n"] for row in found) >= count, (name, found)
    assert sum(file.stat().st_size for file in TABLES.iterdir()) < 2_000_000


def test_texts_are_in_the_language_of_their_locale(products: dict[Any, dict[str, Any]]) -> None:
    for (locale, _), product in products.items():
        text = " ".join([product["title"], *product["bullets"], *product["category"]])
        assert not re.search(r"[{}]|  |\bNone\b", text), text
        if locale == "cn":
            assert HAN.search(product["title"]), product["title"]
            assert not KANA.search(text), text
            assert not re.search(r"[\u4e00-\u9fff][,?!:;]", text), text
        elif locale == "jp":
            assert KANA.search(text), text
        else:
            assert not HAN.search(text), text


def test_a_titles_products_brand_and_attributes_are_its_own(
    products: dict[Any, dict[str, Any]], facts: dict[str, Any], types: dict[str, Any]
) -> None:
    for (locale, product_id), product in products.items():
        if product_id not in facts:
            continue  # a second listing of a product, under another id
        known = facts[product_id]
        kind = types[known["type"]]
        assert product["category"][-1] == kind["names"][LANGS[locale]]
        assert product["brand"] == known["brand"]
        names = {
            kind["values"][axis][value][LANGS[locale]].lower()
            for axis, value in known["facts"].items()
        }
        shown = {value.lower() for value in product["attributes"].values()}
        # Spanish and Japanese attributes leave "de", "para" and 製 out.
        bare = {n.removeprefix("de ").removeprefix("para ").removesuffix("製") for n in names}
        assert len(product["attributes"]) == len(known["facts"]) + 1
        assert len(shown & (names | bare)) >= len(names) - 1, (shown, names)


def test_offsets_of_entities_are_those_of_their_words() -> None:
    for span in table("spans"):
        last = 0
        assert len(span["entities"]) >= 3, span
        for entity in span["entities"]:
            assert span["text"][entity["start"] : entity["end"]] == entity["value"]
            assert entity["start"] >= last, "entities stand in order and do not overlap"
            last = entity["end"]


def test_every_id_names_a_row(products: dict[Any, dict[str, Any]]) -> None:
    for name in ("judgements", "reviews", "dialogues"):
        for row in table(name):
            assert (row["locale"], row["product_id"]) in products, (name, row)
    for pair in table("pairs"):
        assert (pair["locale"], pair["left_id"]) in products
        assert (pair["locale"], pair["right_id"]) in products
        assert pair["left_id"] != pair["right_id"]
    for session in table("sessions"):
        assert all((session["locale"], item) in products for item in session["items"])
        events = [e["product_id"] for e in session["events"] if e["product_id"] is not None]
        assert events == session["items"]


def test_a_pairs_relation_follows_from_the_products(
    products: dict[Any, dict[str, Any]], types: dict[str, Any], facts: dict[str, Any]
) -> None:
    of_relation = defaultdict(int)
    for pair in table("pairs"):
        left = products[pair["locale"], pair["left_id"]]
        right = products[pair["locale"], pair["right_id"]]
        relation = pair["relation"]
        of_relation[relation] += 1
        own, other = left["attributes"], right["attributes"]
        if relation == "same":
            assert own == other
            assert left["brand"] == right["brand"]
            assert left["title"] != right["title"]
        elif relation == "different":
            assert left["category"] == right["category"]
            assert own != other
        elif relation in ("substitute", "complement"):
            one = types[facts[pair["left_id"]]["type"]]
            two = facts[pair["right_id"]]["type"]
            listed = one["substitutes"] if relation == "substitute" else one["complements"]
            assert two in listed or (relation == "substitute" and two == one["type"])
    assert set(of_relation) == {"same", "different", "substitute", "complement", "also_bought"}


def test_an_aspect_stands_in_its_review_and_a_rating_agrees_with_its_aspects() -> None:
    reviews = {(r["locale"], r["review_id"]): r for r in table("reviews")}
    found = defaultdict(list)
    for label in table("labels"):
        if label["subject"] == "review":
            review = reviews[label["locale"], label["subject_id"]]
            assert label["evidence"] in review["text"]
            found[label["locale"], label["subject_id"]].append(label["polarity"])
    allowed = {
        5: {(2, 0), (3, 0), (4, 0)},
        4: {(2, 1), (3, 1)},
        3: {(1, 1), (2, 2)},
        2: {(1, 2), (1, 3)},
        1: {(0, 2), (0, 3), (0, 4)},
    }
    assert set(found) == set(reviews)
    for key, polarities in found.items():
        counts = (polarities.count("positive"), polarities.count("negative"))
        assert counts in allowed[reviews[key]["rating"]]


def test_reviews_and_conversations_do_not_read_alike() -> None:
    for name, column in (("reviews", "text"), ("dialogues", "CAST(turns AS VARCHAR)")):
        found = rows(
            f"SELECT locale, count(DISTINCT {column}) / count(*) AS share FROM "
            f"'{TABLES / name}.parquet' WHERE {column} <> '[]' GROUP BY locale"
        )
        assert all(row["share"] > 0.99 for row in found), found


def test_conversations_alternate_with_intents_of_a_closed_set() -> None:
    intents: dict[str, set[str]] = defaultdict(set)
    topics = 0
    for row in table("dialogues"):
        if not row["turns"]:
            assert row["question"]
            assert row["answer"]
            continue
        topics += 1
        speakers = [turn["speaker"] for turn in row["turns"]]
        assert 3 <= len(speakers) <= 6
        assert speakers == (["customer", "agent"] * 3)[: len(speakers)]
        assert "{" not in "".join(turn["text"] for turn in row["turns"])
        intents[row["locale"]] |= {turn["intent"] for turn in row["turns"]}
    assert topics >= 600
    assert len({frozenset(found) for found in intents.values()}) == 1
    assert 30 <= len(intents["us"]) <= 45


def test_a_chinese_label_follows_from_the_facts(facts: dict[str, Any]) -> None:
    labels = {
        (row["subject_id"], row["name"]): row
        for row in rows(f"FROM '{TABLES}/labels.parquet' WHERE subject = 'query' AND locale = 'cn'")
    }
    asked = {row["query_id"] for row in table("judgements") if row["locale"] == "cn"}
    assert {query for query, _ in labels} == asked
    by_label = defaultdict(set)
    for row in table("judgements"):
        if row["locale"] == "cn":
            kind = labels[row["query_id"], "type"]["value"]
            by_label[row["label"]].add((kind, facts[row["product_id"]]["type"]))
    types = {row["type"]: row for row in lines("types.jsonl")}
    for label, pairs in by_label.items():
        for kind, other in pairs:
            same = types[other]["names"]["zh"] == kind
            assert same if label == "E" else (not same if label in "CI" else True)
