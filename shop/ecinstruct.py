"""Write the shop in the file of ECInstruct (Peng et al., arXiv:2402.08831), quirks and all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

from shop import ecinstruct_form as form
from shop import wording
from shop.ecinstruct_counter import Counter, careless, counter_of
from shop.ecinstruct_related import next_items, relations
from shop.ecinstruct_reviews import answerables, answers, sentiments
from shop.ecinstruct_words import TALK, talked_of
from shop.load import Ontology
from shop.model import Dice, Judgement, Product, Shop

DATASET: Final = "dataset.json"
#: Samples of a task.
COUNTS: Final = {
    "relevance": 210,
    "substitute": 200,
    "ranking": 210,
    "matching": 150,
    "attributes": 170,
}
#: How often a sample stands in the file under a second setting: upstream has each train sample
#: twice, which here would only make the file larger.
_ALSO_SINGLE: Final = 0.06


def _judged(counter: Counter, shares: Mapping[str, int]) -> Iterator[Judgement]:
    """Yield judgements of us queries: as many of each label as ``shares`` say, mixed."""
    us = [j for j in counter.shop.judgements if j.query.locale == "us"]
    columns = []
    for label, count in shares.items():
        dice = counter.dice("judged", label, count)
        rows = dice.shuffled([j for j in us if j.label == label], "order")
        columns.append(rows[:count])
    for row in zip_longest(*columns):
        yield from (j for j in row if j is not None)


def _relevance(counter: Counter) -> Iterator[form.Sample]:
    count = COUNTS["relevance"]
    shares = {"E": count * 2 // 5, "S": count // 5, "C": count // 5, "I": count // 5}
    for j in _judged(counter, shares):
        title = careless(counter.title(j.product), counter.dice("mpc", j.query.id, j.product.id))
        yield form.relevance(j.query.text, title, j.label)


def _substitute(counter: Counter) -> Iterator[form.Sample]:
    count = COUNTS["substitute"]
    shares = {"S": count * 9 // 20, "E": count // 4, "C": count * 3 // 20, "I": count * 3 // 20}
    for j in _judged(counter, shares):
        yield form.substitute(j.query.text, counter.title(j.product), j.label)


def _ranking(counter: Counter) -> Iterator[form.Sample]:
    by_query: dict[int, list[Judgement]] = {}
    for j in counter.shop.judgements:
        if j.query.locale == "us":
            by_query.setdefault(j.query.id, []).append(j)
    queries = counter.dice("ranking").shuffled(sorted(by_query), "order")
    for query in queries[: COUNTS["ranking"]]:
        dice = counter.dice("ranking", query)
        labels = sorted({j.label for j in by_query[query]})
        labels = dice.shuffled(labels, "labels")[: dice.between(2, 4, "count")]
        if len(labels) < 2:
            continue
        items = []
        for label in labels:
            found = [j.product for j in by_query[query] if j.label == label]
            items.append((counter.title(dice.pick(found, label)), label))
        yield form.ranking(by_query[query][0].query.text, items)


def _record(counter: Counter, product: Product, second: bool, dice: Dice) -> dict[str, Any]:
    """Return a product as one of two shops lists it: the second one knows and tells less."""
    seed = counter.shop.seed + second
    title = wording.title(product, "en", counter.ontology, seed).lower()
    # The description names the article, which the title of one listing may leave out.
    text = (
        f"{product.brand.name} {product.line}: {wording.description(product, 'en', seed)}"
    ).lower()
    words = text.split()
    description: Any = " ".join(words[:30]) + (" ..." if len(words) > 30 else "")
    if dice.chance(0.2, "mark"):
        name = product.brand.name.lower()
        description = description.replace(name, f"{name}\ufffd", 1)
    if second and dice.chance(0.12, "no description"):
        description = dice.pick([form.NAN, "nan"], "which")
    price = product.price if not second else round(product.price * 0.94, 2)
    maker = "nan" if second and dice.chance(0.6, "no maker") else product.brand.name.lower()
    return {
        "title": title if product.line.lower() in title else f"{title} - {product.line.lower()}",
        "description": description,
        "manufacturer": maker,
        "price": "0.0" if dice.chance(0.05, "no price") else str(price),
    }


def _matching(counter: Counter) -> Iterator[form.Sample]:
    products = counter.dice("matching").shuffled(counter.products, "order")
    for number, product in enumerate(products[: COUNTS["matching"]]):
        dice = counter.dice("matching", number)
        same = number % 2 == 0
        other = product
        if not same:
            # What is no match is of the same type or the same brand: only that is hard.
            alike = [
                p for p in counter.stock[product.type.id]
                if p.line != product.line and p.facts != product.facts
            ]  # fmt: skip
            house = [p for p in products if p.brand == product.brand and p.type != product.type]
            closest = [p for p in alike if p.brand == product.brand]
            pools = [pool for pool in (closest, alike, house) if pool]
            other = dice.pick(dice.pick(pools, "pool"), "other")
        left, right = (
            _record(counter, product, False, counter.dice("left", number)),
            _record(counter, other, True, counter.dice("right", number)),
        )
        if dice.chance(0.5, "swap"):
            left, right = right, left
        yield form.matching(left, right, same=same)


def _attributes(counter: Counter) -> Iterator[form.Sample]:
    products = counter.dice("attributes").shuffled(counter.products, "order")
    made = 0
    for product in products:
        if made == COUNTS["attributes"]:
            return
        dice = counter.dice("attributes", product.id)
        title = counter.title(product)
        known = [a for a in talked_of(product) if product.facts[a].names[0] in title]
        if not known:
            continue
        values: dict[str, tuple[str, str] | None] = {
            TALK[a].name: (product.facts[a].names[0], "product title")
            for a in dice.shuffled(known, "known")[:2]
        }
        absent = [a for a in ("power", "length", "storage", "weight") if a not in product.facts]
        if dice.chance(0.3, "absent"):
            values[TALK[dice.pick(absent, "which")].name] = None
        fields = {"product title": careless(title, dice)}
        if not dice.chance(0.3, "no description"):
            fields["product description"] = wording.description(product, "en", counter.shop.seed)
        fields |= {"product price": f"${product.price}", "product brand": product.brand.name}
        made += 1
        yield form.attribute_values(fields, values)


def _rows(samples: list[form.Sample], counter: Counter) -> Iterator[dict[str, str | None]]:
    """Yield a task's samples in their settings: most of them train, some of each other part."""
    for number, sample in enumerate(samples):
        dice = counter.dice("part", sample.task, number)
        ticket = dice.between(0, 99, "split")
        example = samples[(number + 1) % len(samples)]
        if ticket < 90:
            also = [form.SINGLE] if dice.chance(_ALSO_SINGLE, "also") else []
            part, split, settings = "IND", "train", [form.DIVERSE, *also]
        elif ticket < 93:
            part, split, settings = "IND", "val", [form.DIVERSE]
        elif ticket < 98:
            part, split = "IND", "test"
            settings = [form.DIVERSE]
            if dice.chance(0.3, "all"):
                settings = [form.SINGLE, form.DIVERSE, form.UNSEEN, form.ONE_SHOT]
        else:
            part, split, settings = "OOD", "test", [form.DIVERSE]
        yield from form.in_settings(
            sample, number, split=split, part=part, settings=settings, example=example
        )


def make_ecinstruct(shop: Shop, ontology: Ontology, folder: Path) -> None:
    """Write ``dataset.json`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    counter = counter_of(shop, ontology)
    tasks = (
        *(_relevance, _substitute, _ranking, relations, _matching, sentiments, next_items),
        *(_attributes, answerables, answers),
    )
    rows = [row for make in tasks for row in _rows(list(make(counter)), counter)]
    # Upstream's tasks stand mixed.
    order = counter.dice("file").shuffled(range(len(rows)), "order")
    with (folder / DATASET).open("w", encoding="utf-8", newline="\n") as file:
        form.write_array(file, chain(rows[place] for place in order))
