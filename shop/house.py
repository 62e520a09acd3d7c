"""Write the shop in the house's own form: one Parquet file for each table, in four languages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from factory.sources.base import TABLES
from shop import chinese, house_pairs, house_queries, house_spans, synonyms, wording
from shop.conversations import axis_noun, make_dialogues, make_questions
from shop.facts import CURRENCIES, price_in
from shop.load import Ontology
from shop.model import HOUSE_LOCALES, LANGS, Dice, Product, Query, Shop
from shop.offers import Offer, offers_of, title_of
from shop.talk import make_reviews, make_sessions

#: How many of each there are in a locale; sessions are those of the three upstream locales in all.
REVIEWS, QUESTIONS, DIALOGUES, SPANS = 450, 260, 260, 400
SESSIONS, SESSIONS_CN = 1500, 400
#: The key that each table is written in the order of.
_ORDER = {
    "products": "locale, product_id",
    "judgements": "locale, query_id, product_id",
    "sessions": "locale, session_id",
    "reviews": "locale, review_id",
    "spans": "locale, id",
    "pairs": "locale, pair_id",
    "dialogues": "locale, dialogue_id",
    "labels": "locale, subject, subject_id, kind, name, value",
}
#: The word before a material or an audience in Spanish, and the ending of one in Japanese: part of
#: a phrase, not of the value.
_PREFIXES = ("de ", "para ")


def attribute_value(product: Product, axis: str, lang: str) -> str:
    """Return the value of an attribute as a table of attributes has it, outside any phrase."""
    value = product.facts[axis].name(lang)
    if axis == "material":
        for prefix in _PREFIXES:
            value = value.removeprefix(prefix) if lang == "es" else value
        value = value.removesuffix("製") if lang == "ja" else value
    if axis == "audience" and lang == "es":
        value = value.removeprefix("para ")
    return value[:1].upper() + value[1:] if lang == "es" else value


def _products(shop: Shop, ontology: Ontology, offers: list[Offer]) -> Iterator[dict[str, Any]]:
    departments = chinese.texts()["departments"]
    families: dict[tuple[str, ...], str] = {}
    for offer in offers:
        product, locale, lang = offer.product, offer.locale, offer.lang
        seed = shop.seed + offer.copy
        dice = Dice(seed, "house", product.id, locale)
        if lang == "zh":
            bullets = chinese.bullets(product, seed)
            description = chinese.description(product, seed)
        else:
            bullets = wording.bullets(product, lang, ontology, seed)
            description = wording.description(product, lang, seed)
        place = LANGS.index(lang)
        attributes = {
            ontology.axes[axis].label[place]: attribute_value(product, axis, lang)
            for axis in product.facts
        }
        number = ("Model Number", "Número de modelo", "型番", "货号")[place]
        family = (locale, product.type.id, product.brand.name, product.line)
        color = product.facts["color"].name(lang) if "color" in product.facts else None
        yield {
            "product_id": product.id,
            # Devices of one model differ in storage and color alone; all else has one version.
            "parent_id": families.setdefault(family, product.id)
            if "model" in product.facts
            else product.id,
            "locale": locale,
            "title": title_of(offer, ontology, shop.seed),
            "description": None if dice.chance(0.08, "no description") else description,
            "bullets": bullets,
            "brand": product.brand.name,
            "color": color,
            "category": [departments[product.type.dept][place], product.type.name(lang)],
            "price": price_in(product, CURRENCIES[locale]),
            "currency": CURRENCIES[locale],
            "attributes": attributes | {number: product.code},
        }


def _sessions(shop: Shop, chinese_shop: Shop) -> Iterator[dict[str, Any]]:
    sessions = [*make_sessions(shop, SESSIONS), *make_sessions(chinese_shop, SESSIONS_CN, "c")]
    for session in sessions:
        events = [
            {name: event.get(name) for name in ("kind", "product_id", "query", "time")}
            for event in session["events"]
        ]
        items = [event["product_id"] for event in events if event["product_id"] is not None]
        yield {**session, "items": items, "events": events}


def _dialogues(shop: Shop, ontology: Ontology) -> Iterator[dict[str, Any]]:
    for locale in HOUSE_LOCALES:
        for row in make_questions(shop, ontology, locale, QUESTIONS):
            yield {
                "dialogue_id": row["question_id"],
                "locale": locale,
                "turns": [],
                "question": row["question"],
                "answer": row["answer"],
                "product_id": row["product_id"],
                "split": _split(shop, row["question_id"]),
            }
        for row in make_dialogues(shop, ontology, locale, DIALOGUES):
            yield {
                "dialogue_id": row["dialogue_id"],
                "locale": locale,
                "turns": row["turns"],
                "question": None,
                "answer": None,
                "product_id": row["product_id"],
                "split": _split(shop, row["dialogue_id"]),
            }


def _split(shop: Shop, key: str) -> str:
    return "train" if Dice(shop.seed, "house split", key).chance(0.85, "train") else "test"


def _label(subject: str, subject_id: str, locale: str, **values: str) -> dict[str, Any]:
    names = ("kind", "name", "value", "polarity", "evidence", "model")
    row: dict[str, Any] = {"subject": subject, "subject_id": subject_id, "locale": locale}
    return row | {name: values.get(name) for name in names}


def _query_labels(query: Query, ontology: Ontology) -> Iterator[dict[str, Any]]:
    lang, subject_id = HOUSE_LOCALES[query.locale], str(query.id)
    yield _label(
        "query", subject_id, query.locale, kind="type", name="type", value=query.type.name(lang)
    )
    for stated, polarity in ((query.wants, "positive"), (query.avoids, "negative")):
        for axis, wanted in stated.items():
            if axis == "brand":
                name, value = (
                    {"en": "brand", "es": "marca", "ja": "ブランド", "zh": "品牌"}[lang],
                    wanted,
                )
            else:
                name = axis_noun(ontology, axis, lang)
                value = next(v for v in query.type.axes[axis] if v.id == wanted).name(lang)
                if lang == "es" and axis in ("material", "audience"):
                    value = value.removeprefix("de ").removeprefix("para ")
            yield _label(
                "query", subject_id, query.locale,
                kind="attribute", name=name, value=value, polarity=polarity,
            )  # fmt: skip


def _labels(
    shop: Shop, ontology: Ontology, offers: list[Offer], queries: Iterable[Query]
) -> Iterator[dict[str, Any]]:
    for locale in HOUSE_LOCALES:
        for review in make_reviews(shop, locale, REVIEWS):
            for aspect in review["aspects"]:
                yield _label(
                    "review", review["review_id"], locale,
                    kind="aspect", name=aspect["aspect"],
                    polarity=aspect["polarity"], evidence=aspect["snippet"],
                )  # fmt: skip
    for offer in offers:
        kind = offer.product.type.name(offer.lang)
        yield _label(
            "product", offer.product.id, offer.locale, kind="type", name="type", value=kind
        )
    for query in queries:
        yield from _query_labels(query, ontology)


def _write(table: str, rows: Iterable[dict[str, Any]], folder: Path) -> None:
    """Write one table as Parquet, its columns those of the house, in the order of its key."""
    columns = TABLES[table]
    with tempfile.TemporaryDirectory() as place:
        lines = Path(place) / "rows.jsonl"
        with lines.open("w", encoding="utf-8") as file:
            for row in rows:
                kept = {name: row[name] for name in columns}
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")
        types = ", ".join(
            f"'{name}': '{kind.replace(chr(39), chr(39) * 2)}'" for name, kind in columns.items()
        )
        with duckdb.connect() as connection:
            # One thread: the order of row groups, and so the bytes, must not vary.
            connection.execute("SET threads = 1")
            connection.execute(
                f"COPY (SELECT * FROM read_json('{lines}', format = 'newline_delimited',"  # noqa: S608
                f" columns = {{{types}}}) ORDER BY {_ORDER[table]})"
                f" TO '{folder / table}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )


def make_house(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write every table of the house but ``instructions`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    chinese_shop = house_queries.chinese_shop(shop, ontology)
    offers = offers_of(shop, ontology)
    judgements = [*shop.judgements, *chinese_shop.judgements]
    asked = {
        (query.locale, query.id): synonyms.reworded(query, shop.seed)
        for query in (*shop.queries, *chinese_shop.queries)
    }
    sessions = list(_sessions(shop, chinese_shop))
    titles = {
        (offer.locale, offer.product.id): title_of(offer, ontology, shop.seed) for offer in offers
    }
    tables: dict[str, Iterable[dict[str, Any]]] = {
        "products": _products(shop, ontology, offers),
        "judgements": (
            {
                "query_id": str(j.query.id),
                "query": asked[j.query.locale, j.query.id],
                "product_id": j.product.id,
                "locale": j.query.locale,
                "label": j.label,
                "split": j.query.split,
            }
            for j in judgements
        ),
        "sessions": sessions,
        "reviews": (row for place in HOUSE_LOCALES for row in make_reviews(shop, place, REVIEWS)),
        "spans": (
            {**row, "split": _split(shop, row["id"])}
            for place in HOUSE_LOCALES
            for row in house_spans.make_spans(shop, titles, place, SPANS)
        ),
        "pairs": (
            {**row, "split": _split(shop, row["pair_id"])}
            for row in house_pairs.make_pairs(shop, offers, titles, sessions)
        ),
        "dialogues": _dialogues(shop, ontology),
        "labels": _labels(shop, ontology, offers, [*shop.queries, *chinese_shop.queries]),
    }
    for table, rows in tables.items():
        _write(table, rows, folder)
