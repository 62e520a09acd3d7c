"""The bundled shop: upstream's schema and quirks, true labels, one seed one shop."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "factory" / "sources" / "samples"
EXAMPLES = "esci/shopping_queries_dataset_examples.parquet"
PRODUCTS = "esci/shopping_queries_dataset_products.parquet"
LANGS = {"us": "en", "es": "es", "jp": "ja"}
JUDGED = (
    f"SELECT e.*, p.product_title FROM '{SAMPLES / EXAMPLES}' e"
    f" JOIN '{SAMPLES / PRODUCTS}' p USING (product_locale, product_id) ORDER BY example_id"
)


def rows(sql: str) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def lines(name: str) -> list[dict[str, Any]]:
    text = (SAMPLES / "shop" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def plain(title: str) -> str:
    return title.replace("&amp;", "&").lower()


@pytest.fixture(scope="module")
def judged() -> list[dict[str, Any]]:
    return rows(JUDGED)


@pytest.fixture(scope="module")
def products() -> list[dict[str, Any]]:
    return rows(f"SELECT * FROM '{SAMPLES / PRODUCTS}'")


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row for row in lines("products.jsonl")}


@pytest.fixture(scope="module")
def types() -> dict[str, dict[str, Any]]:
    return {row["type"]: row for row in lines("types.jsonl")}


@pytest.fixture(scope="module")
def asked() -> dict[int, dict[str, Any]]:
    return {row["query_id"]: row for row in lines("queries.jsonl")}


def test_the_columns_and_types_are_upstreams() -> None:
    examples = rows(f"DESCRIBE SELECT * FROM '{SAMPLES / EXAMPLES}'")
    assert [(c["column_name"], c["column_type"]) for c in examples] == [
        ("example_id", "BIGINT"),
        ("query", "VARCHAR"),
        ("query_id", "BIGINT"),
        ("product_id", "VARCHAR"),
        ("product_locale", "VARCHAR"),
        ("esci_label", "VARCHAR"),
        ("small_version", "BIGINT"),
        ("large_version", "BIGINT"),
        ("split", "VARCHAR"),
        ("__index_level_0__", "BIGINT"),
    ]
    texts = rows(f"DESCRIBE SELECT * FROM '{SAMPLES / PRODUCTS}'")
    assert {c["column_type"] for c in texts} == {"VARCHAR"}
    assert [c["column_name"] for c in texts] == [
        "product_id",
        "product_title",
        "product_description",
        "product_bullet_point",
        "product_brand",
        "product_color",
        "product_locale",
    ]


def test_every_judgement_joins_one_product_on_locale_and_id(judged: list[dict[str, Any]]) -> None:
    count = rows(f"SELECT count(*) AS n FROM '{SAMPLES / EXAMPLES}'")[0]["n"]
    assert len(judged) == count
    assert len({(r["query_id"], r["product_id"]) for r in judged}) == count


def test_the_shop_has_the_size_and_the_label_mix_of_a_small_esci(
    judged: list[dict[str, Any]], products: list[dict[str, Any]], types: dict[str, Any]
) -> None:
    assert len(types) >= 60
    assert len(products) >= 1500
    assert len(judged) >= 10_000
    labels = defaultdict(set)
    for row in judged:
        labels[row["query_id"]].add(row["esci_label"])
    assert len(labels) >= 400
    share = {x: sum(r["esci_label"] == x for r in judged) / len(judged) for x in "ESCI"}
    assert 0.55 <= share["E"] <= 0.65
    assert 0.19 <= share["S"] <= 0.25
    assert 0.10 <= share["I"] <= 0.14
    assert 0.04 <= share["C"] <= 0.065
    assert sum("C" in found for found in labels.values()) >= 150
    assert sum(len(found) >= 3 for found in labels.values()) >= 0.6 * len(labels)
    assert all("E" in found for found in labels.values())
    train = {r["query_id"] for r in judged if r["split"] == "train"}
    assert 0.7 <= len(train) / len(labels) <= 0.8
    small = {r["query_id"] for r in judged if r["small_version"] == 1}
    assert 0.38 <= len(small) / len(labels) <= 0.5
    files = [f for folder in ("esci", "shop") for f in (SAMPLES / folder).iterdir()]
    assert sum(f.stat().st_size for f in files) < 3_000_000


def test_split_version_and_text_belong_to_the_query(judged: list[dict[str, Any]]) -> None:
    seen = defaultdict(set)
    for row in judged:
        seen[row["query_id"]].add(
            (row["query"], row["product_locale"], row["split"], row["small_version"])
        )
    assert all(len(found) == 1 for found in seen.values())


def test_the_quirks_of_the_real_files_are_there(
    judged: list[dict[str, Any]], products: list[dict[str, Any]]
) -> None:
    def share(column: str) -> float:
        return sum(p[column] is None for p in products) / len(products)

    assert 0.35 <= share("product_description") <= 0.45
    assert 0.09 <= share("product_bullet_point") <= 0.15
    assert 0.02 <= share("product_brand") <= 0.06
    assert 0.25 <= share("product_color") <= 0.4
    markup = re.compile(r"<b>|<br>|<p>|</br>|<BR>|&nbsp;|&amp;")
    texts = [p["product_description"] or "" for p in products]
    assert 0.1 <= sum(bool(markup.search(t)) for t in texts) / len(texts) <= 0.2
    for piece in ("<b>", "<br>", "<p>", "</br>", "<BR>", "&nbsp;", "&amp;"):
        assert any(piece in text for text in texts)
    assert any("&amp;" in p["product_title"] for p in products)
    assert any(len(p["product_title"]) > 200 for p in products)
    assert any(re.fullmatch(r"\d{9}[\dX]", p["product_id"]) for p in products)
    assert {"multi", "0", "Negro ("} <= {p["product_color"] for p in products}
    places = defaultdict(set)
    for p in products:
        places[p["product_id"]].add(p["product_locale"])
    assert sum(len(found) == 3 for found in places.values()) >= 150
    queries = {(r["query"], r["product_locale"]) for r in judged}
    assert any(q.startswith("!") for q, _ in queries)
    assert any("  " in q for q, _ in queries)
    assert any(q.isupper() and q.isascii() for q, _ in queries)
    assert any(not q.isascii() and not q[0].isascii() for q, place in queries if place == "us")
    texts_by_place = defaultdict(set)
    for q, place in queries:
        texts_by_place[q].add(place)
    assert any(len(found) > 1 for found in texts_by_place.values())
    with (SAMPLES / "esci/shopping_queries_dataset_sources.csv").open(encoding="utf-8") as file:
        sources = list(csv.DictReader(file))
    assert {s["source"] for s in sources} == {
        "other", "negations", "parse_pattern", "behavioral", "nlqec"
    }  # fmt: skip
    assert {int(s["query_id"]) for s in sources} >= {r["query_id"] for r in judged}


def test_every_label_follows_from_the_facts(
    judged: list[dict[str, Any]],
    facts: dict[str, Any],
    types: dict[str, Any],
    asked: dict[int, Any],
) -> None:
    for row in judged:
        query, product = asked[row["query_id"]], facts[row["product_id"]]
        own = product["type"] == query["type"]
        values = {"brand": product["brand"], **product["facts"]}
        wrong = [a for a, v in query["wants"].items() if values.get(a) != v]
        wrong += [a for a, v in query["avoids"].items() if values.get(a) == v]
        kind = types[query["type"]]
        label = row["esci_label"]
        if own:
            assert label == ("S" if wrong else "E"), row
        elif label == "S":
            assert product["type"] in kind["substitutes"], row
        elif label == "C":
            assert product["type"] in kind["complements"], row
            wanted = query["wants"].get("device") or query["wants"].get("model")
            has = product["facts"].get("device") or product["facts"].get("model")
            assert wanted is None or has in (None, wanted), row
        else:
            assert label == "I", row
            related = {*kind["substitutes"], *kind["complements"]}
            assert product["type"] not in related, row
            assert kind["department"] != types[product["type"]]["department"], row


def test_what_decides_a_label_is_written_in_the_title(
    judged: list[dict[str, Any]], facts: dict[str, Any], types: dict[str, Any]
) -> None:
    for row in judged:
        product = facts[row["product_id"]]
        title = plain(row["product_title"])
        for axis, value in product["facts"].items():
            names = types[product["type"]]["values"][axis][value]
            name = names["en" if axis == "model" else LANGS[row["product_locale"]]]
            assert name.lower() in title, (axis, name, row["product_title"])
        brand = product["brand"].lower()
        assert brand in title or "model" in product["facts"], row["product_title"]


def test_a_query_names_the_values_that_it_wants(
    judged: list[dict[str, Any]], types: dict[str, Any], asked: dict[int, Any]
) -> None:
    us = {r["query_id"]: r["query"] for r in judged if r["product_locale"] == "us"}
    checked = 0
    for number, text in us.items():
        query = asked[number]
        for axis, value in [*query["wants"].items(), *query["avoids"].items()]:
            values = types[query["type"]]["values"]
            name = value if axis == "brand" else values[axis][value]["en"]
            said = re.sub(r"\s+", " ", text.lower()).replace("grey", "gray")
            assert name.lower().removesuffix("'s") in said, (text, name)
            checked += 1
    assert checked > 300


def test_titles_of_different_labels_differ_in_more_than_a_token(
    judged: list[dict[str, Any]],
) -> None:
    groups = defaultdict(list)
    for row in judged:
        words = frozenset(re.findall(r"[\w+.]+", plain(row["product_title"])))
        groups[row["query_id"]].append((row["esci_label"], words))
    pairs = close = 0
    for group in groups.values():
        for (one, left), (two, right) in combinations(group, 2):
            if one != two:
                pairs += 1
                close += len(left & right) >= 0.8 * len(left | right)
    assert close < 0.05 * pairs


def test_no_text_is_broken(products: list[dict[str, Any]]) -> None:
    spaces = re.compile(r"\{|\}|,\s*,|  |\(\s*\)|\bNone\b|^[,|-]|[,|-]$")
    for p in products:
        assert not spaces.search(p["product_title"]), p["product_title"]
        for bullet in (p["product_bullet_point"] or "").split("\n"):
            assert not re.search(r"[{}]|  |\bde el\b|\ba el\b", bullet), bullet
    japanese = [p["product_title"] for p in products if p["product_locale"] == "jp"]
    assert all(re.search(r"[ぁ-んァ-ヶ一-龠]", title) for title in japanese)


def test_three_to_six_bullets_that_are_a_products_own(products: list[dict[str, Any]]) -> None:
    seen: dict[str, int] = defaultdict(int)
    for p in products:
        if p["product_bullet_point"]:
            bullets = p["product_bullet_point"].split("\n")
            assert 3 <= len(bullets) <= 6, bullets
            assert len(set(bullets)) == len(bullets)
            for bullet in bullets:
                seen[bullet] += 1
    boilerplate = {b for b, count in seen.items() if count >= 20}
    assert 2 <= len(boilerplate) <= 8
    shared = sum(c for b, c in seen.items() if c > 1 and b not in boilerplate)
    assert shared / sum(seen.values()) < 0.12


def test_the_same_seed_gives_the_committed_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shop.make_shop", "--out"]
    runs = [
        subprocess.Popen([*command, str(tmp_path / name)], cwd=ROOT, stdout=subprocess.DEVNULL)
        for name in ("one", "two")
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    made = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert len(made) >= 6
    for path in made:
        one, two = tmp_path / "one" / path, tmp_path / "two" / path
        assert one.read_bytes() == two.read_bytes(), path
        committed = SAMPLES / path
        if path.suffix == ".parquet":
            # Another version of DuckDB may write other bytes; the rows must be the same.
            order = "ORDER BY ALL"
            assert rows(f"FROM '{one}' {order}") == rows(f"FROM '{committed}' {order}"), path
        else:
            assert one.read_bytes() == committed.read_bytes(), path


def test_sessions_buy_what_answers_their_query(facts: dict[str, Any]) -> None:
    judgements = defaultdict(set)
    for row in rows(JUDGED):
        key = (row["query"], row["product_locale"], row["product_id"])
        judgements[key].add(row["esci_label"])
    sessions = lines("sessions.jsonl")
    assert len(sessions) >= 500
    bought = 0
    for session in sessions:
        times = [event["time"] for event in session["events"]]
        assert times == sorted(times)
        query = session["events"][0]["query"]
        for event in session["events"][1:]:
            product = facts[event["product_id"]]
            assert session["locale"] in product["locales"]
            labels = judgements[(query, session["locale"], event["product_id"])]
            assert labels & ({"E", "S", "C"} if event["kind"] == "click" else {"E", "C"})
            bought += event["kind"] == "purchase"
    assert bought > 200


def test_a_rating_agrees_with_what_its_review_says(facts: dict[str, Any]) -> None:
    allowed = {
        5: {(2, 0), (3, 0), (4, 0)},
        4: {(2, 1), (3, 1)},
        3: {(1, 1), (2, 2)},
        2: {(1, 2), (1, 3)},
        1: {(0, 2), (0, 3), (0, 4)},
    }
    reviews = lines("reviews.jsonl")
    for review in reviews:
        polarities = [aspect["polarity"] for aspect in review["aspects"]]
        counts = (polarities.count("positive"), polarities.count("negative"))
        assert counts in allowed[review["rating"]]
        assert all(aspect["snippet"] in review["text"] for aspect in review["aspects"])
        assert len({aspect["aspect"] for aspect in review["aspects"]}) == len(polarities)
        assert review["product_id"] in facts
    assert {review["lang"] for review in reviews} == {"en", "es", "ja", "zh"}
    assert {review["rating"] for review in reviews} == {1, 2, 3, 4, 5}


def test_an_answer_gives_the_products_own_fact(
    facts: dict[str, Any], types: dict[str, Any]
) -> None:
    for row in lines("questions.jsonl"):
        product = facts[row["product_id"]]
        assert row["value"].lower() in row["answer"].lower()
        assert "{" not in row["question"] + row["answer"]
        if row["attribute"] not in ("price", "code", "feature"):
            names = types[product["type"]]["values"][row["attribute"]]
            value = names[product["facts"][row["attribute"]]][LANGS[row["locale"]]]
            assert row["value"].lower() == value.lower()


def test_dialogues_alternate_and_leave_no_slot_open(facts: dict[str, Any]) -> None:
    for row in lines("dialogues.jsonl"):
        speakers = [turn["speaker"] for turn in row["turns"]]
        expected = ["customer", "agent"] * len(speakers)
        assert speakers == expected[: len(speakers)]
        assert not any("{" in turn["text"] for turn in row["turns"])
        assert row["locale"] in facts[row["product_id"]]["locales"]
