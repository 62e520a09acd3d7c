"""Write the shop in the file of ECInstruct (Peng et al., arXiv:2402.08831), quirks and all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

from shop import ecinstruct_form as form
from shop import wording
from shop.ecinstruct_words import OPENINGS, PLAIN, PRAISE, TALK, VERDICTS
from shop.judge import related, unrelated
from shop.load import Ontology
from shop.model import DEPARTMENTS, Dice, Judgement, Product, ProductType, Shop

DATASET: Final = "dataset.json"
#: Samples of a task; relations come in groups, and are as many as these make.
COUNTS: Final = {
    "relevance": 210,
    "substitute": 200,
    "ranking": 210,
    "matching": 150,
    "sentiment": 230,
    "next_item": 78,
    "attributes": 170,
    "answerable": 180,
    "answer": 130,
    "groups": 11,
    "relations": 64,
}
#: How often a sample stands in the file under a second setting: upstream has each train sample
#: twice, which here would only make the file larger.
_ALSO_SINGLE: Final = 0.06


@dataclass(frozen=True)
class _Counter:
    """The shop as one counter sells it: what is sold in us, by type, with English titles."""

    shop: Shop
    ontology: Ontology
    title: Callable[[Product], str]
    stock: Mapping[str, list[Product]]

    def dice(self, *subject: object) -> Dice:
        return Dice(self.shop.seed, "ecinstruct", *subject)

    @property
    def products(self) -> list[Product]:
        return [product for listed in self.stock.values() for product in listed]


def _counter(shop: Shop, ontology: Ontology) -> _Counter:
    @cache
    def titled(place: int) -> str:
        return wording.title(shop.products[place], "en", ontology, shop.seed)

    places = {product.id: place for place, product in enumerate(shop.products)}
    stock: dict[str, list[Product]] = {}
    for product in shop.products:
        if "us" in product.locales:
            stock.setdefault(product.type.id, []).append(product)
    return _Counter(shop, ontology, lambda p: titled(places[p.id]), stock)


def _careless(text: str, dice: Dice) -> str:
    """Escape a title as sellers' tools do, at times."""
    return text.replace("&", "&amp;") if "&" in text and dice.chance(0.4, "entity") else text


def _judged(counter: _Counter, shares: Mapping[str, int]) -> Iterator[Judgement]:
    """Yield judgements of us queries: as many of each label as ``shares`` say, mixed."""
    us = [j for j in counter.shop.judgements if j.query.locale == "us"]
    columns = []
    for label, count in shares.items():
        dice = counter.dice("judged", label, count)
        rows = dice.shuffled([j for j in us if j.label == label], "order")
        columns.append(rows[:count])
    for row in zip_longest(*columns):
        yield from (j for j in row if j is not None)


def _relevance(counter: _Counter) -> Iterator[form.Sample]:
    count = COUNTS["relevance"]
    shares = {"E": count * 2 // 5, "S": count // 5, "C": count // 5, "I": count // 5}
    for j in _judged(counter, shares):
        title = _careless(counter.title(j.product), counter.dice("mpc", j.query.id, j.product.id))
        yield form.relevance(j.query.text, title, j.label)


def _substitute(counter: _Counter) -> Iterator[form.Sample]:
    count = COUNTS["substitute"]
    shares = {"S": count * 9 // 20, "E": count // 4, "C": count * 3 // 20, "I": count * 3 // 20}
    for j in _judged(counter, shares):
        yield form.substitute(j.query.text, counter.title(j.product), j.label)


def _ranking(counter: _Counter) -> Iterator[form.Sample]:
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


def _fits(left: Product, right: Product) -> bool:
    """Return whether two products of complementary types go together in device and size."""
    devices = [p.facts[a].id for p in (left, right) for a in ("device", "model") if a in p.facts]
    if len(set(devices)) > 1:
        return False
    for axis in ("size", "audience", "kind", "bed"):
        one, two = left.facts.get(axis), right.facts.get(axis)
        known = {value.id for value in right.type.axes.get(axis, ())}
        if one and two and one.id in known and one.id != two.id:
            return False
    return True


def _relations(counter: _Counter) -> Iterator[form.Sample]:
    title, types = counter.title, counter.shop.types
    dice = counter.dice("relations")
    pairs: list[tuple[Product, Product, str]] = []
    kinds = [k for k in dice.shuffled(sorted(counter.stock), "types") if types[k].comps]
    # Three products of one kind are an odd basket: what has several complements comes first.
    kinds.sort(key=lambda kind: -min(len(types[kind].comps), 3))
    used: set[str] = set()
    groups = 0
    for kind in kinds:
        if groups == COUNTS["groups"]:
            break
        if used & {kind, *types[kind].comps}:
            continue
        # Some customers' baskets: each of a few products with each of what goes with it.
        columns = [
            dice.shuffled(counter.stock.get(c, []), f"mates/{kind}/{c}") for c in types[kind].comps
        ]
        mates = [p for row in zip_longest(*columns) for p in row if p is not None]
        for first in dice.shuffled(counter.stock[kind], f"first/{kind}"):
            fitting = [p for p in mates if _fits(first, p) and p.brand != first.brand][:4]
            others = [
                p for p in counter.stock[kind]
                if p is not first and all(_fits(p, m) and p.brand != m.brand for m in fitting)
            ]  # fmt: skip
            if len(fitting) == 4 and len(others) >= 2:
                own = [first, *dice.shuffled(others, f"others/{kind}")[:3]]
                pairs += [(one, two, "also_bought") for one in own for two in fitting]
                used |= {kind, *types[kind].comps}
                groups += 1
                break
    pairs += _seen_together(counter, used)
    for left, right, relation in dice.shuffled(pairs, "order"):
        own = counter.dice("pair", left.id, right.id)
        yield form.relation(_careless(title(left), own), _careless(title(right), own), relation)


def _seen_together(counter: _Counter, used: set[str]) -> Iterator[tuple[Product, Product, str]]:
    """Yield pairs that are viewed together (other type, same purpose) and pairs that are alike."""
    dice = counter.dice("seen")
    types = counter.shop.types
    free = [k for k in dice.shuffled(sorted(counter.stock), "types") if k not in used]
    count = COUNTS["relations"]
    viewed = [(k, s) for k in sorted(counter.stock) for s in types[k].subs if s in counter.stock]
    for number in range(count):
        one, two = viewed[number % len(viewed)]
        turn = counter.dice("viewed", number)
        yield (
            turn.pick(counter.stock[one], "one"),
            turn.pick(counter.stock[two], "two"),
            "also_viewed",
        )
    found = 0
    for number in range(20 * count):
        turn = counter.dice("similar", number)
        first = turn.pick(counter.stock[turn.pick(free, "type")], "first")
        alike = [
            p for p in counter.stock[first.type.id]
            if p is not first and p.brand != first.brand
            and all(p.facts[a] == v for a, v in first.facts.items() if a != "color")
        ]  # fmt: skip
        if alike:
            yield first, turn.pick(alike, "second"), "similar"
            found += 1
        if found == count:
            return


def _record(counter: _Counter, product: Product, second: bool, dice: Dice) -> dict[str, Any]:
    """Return a product as one of two shops lists it: the second one knows and tells less."""
    seed = counter.shop.seed + second
    title = wording.title(product, "en", counter.ontology, seed).lower()
    # The description names the article, which the title of one listing may leave out.
    text = (
        f"{product.brand.name} {product.line}: "
        f"{wording.description(product, 'en', counter.ontology, seed)}"
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


def _matching(counter: _Counter) -> Iterator[form.Sample]:
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


def _review(product: Product, stars: int, dice: Dice) -> str:
    """Return a review whose stars are the sum of what it praises and blames."""
    # Nobody praises how soap is built.
    aspects = list(PRAISE) if product.type.family not in ("food", "care") else list(PRAISE)[3:]
    aspects = dice.shuffled(aspects, "aspects")
    good, bad = {5: (3, 0), 4: (2, 1), 3: (1, 1), 2: (1, 2), 1: (0, 3)}[stars]
    said = [dice.pick(PRAISE[a][0], a) for a in aspects[:good]]
    said += [dice.pick(PRAISE[a][1], a) for a in aspects[good : good + bad]]
    if stars == 3:
        said = dice.shuffled([*said, dice.pick(PLAIN, "plain")], "said")
    name = wording.lowered(product.type.names[0])
    opening = dice.pick(OPENINGS[1:4] if product.type.plural else OPENINGS, "opening")
    if product.type.plural:
        opening = opening.replace("a new {t} and took this one", "new {t} and took these")
        said = [text.replace("It ", "The product ", 1) for text in said]
    text = " ".join((opening.replace("{t}", name), *said, dice.pick(VERDICTS[stars], "verdict")))
    if dice.chance(0.3, "lines"):
        text = text.replace(". ", ".\n\n", 1)
    return text.replace(" and ", " &amp; ") if dice.chance(0.06, "entity") else text


def _sentiment(counter: _Counter) -> Iterator[form.Sample]:
    for number in range(COUNTS["sentiment"]):
        dice = counter.dice("sentiment", number)
        product = dice.pick(counter.products, "product")
        # Every eleventh row is another five-star review: upstream is not balanced.
        stars = 5 - number % 5 if number % 11 else 5
        yield form.sentiment(_review(product, stars, dice), stars)


def _cut(text: str, most: int) -> str:
    """Return the first ``most`` words, or fewer: a text is cut where one of its parts ends."""
    words = text.split()
    if len(words) <= most:
        return text
    ends = [place for place in range(3, most + 1) if words[place - 1][-1] in ",|-"]
    ends += [place - 1 for place in range(4, most + 1) if words[place - 1] in ("&", "with", "for")]
    return " ".join(words[: max(ends, default=most)]).rstrip(" ,-|&")


def _listed(counter: _Counter, product: Product) -> str:
    title = _cut(counter.title(product), 10)
    # Departments are narrow, and upstream's first category is wide.
    wide = DEPARTMENTS[product.type.dept].split()[0].title()
    text = f"{title}, {wide}, {product.type.names[0]}, {product.brand.name}"
    return _cut(text, 25)


def _next_item(counter: _Counter) -> Iterator[form.Sample]:
    types = counter.shop.types
    starts = counter.dice("next").shuffled(
        [k for k in sorted(counter.stock) if types[k].comps], "order"
    )
    for number in range(COUNTS["next_item"]):
        dice = counter.dice("next", number)
        kind = types[starts[number % len(starts)]]
        around: list[ProductType] = [
            t for t in types.values() if t.dept == kind.dept or related(kind, t)
        ]
        theme = [p for t in around for p in counter.stock.get(t.id, ())
            if t is not kind and t.id not in kind.comps]  # fmt: skip
        history = dice.shuffled(theme, "theme")[: dice.between(2, 5, "length")]
        history.append(dice.pick(counter.stock[kind.id], "last"))
        mates = [
            p for c in kind.comps for p in counter.stock.get(c, ())
            if p.brand not in {each.brand for each in history} and _fits(history[-1], p)
        ]  # fmt: skip
        if not mates:
            continue
        gold = dice.pick(mates, "gold")
        shown = {p.type.id: p.type for p in (*history, gold)}
        strange = [p for p in counter.products if all(unrelated(p.type, t) for t in shown.values())]
        others = dice.shuffled(strange, "others")[:19]
        if len(others) < 19:
            continue
        if dice.chance(0.4, "repeats"):
            others[:2] = history[:2]
        options = dice.shuffled([gold, *others], "options")
        yield form.next_item(
            [_listed(counter, p) for p in history],
            [_listed(counter, p) for p in options],
            options.index(gold),
        )


def _attributes(counter: _Counter) -> Iterator[form.Sample]:
    products = counter.dice("attributes").shuffled(counter.products, "order")
    made = 0
    for product in products:
        if made == COUNTS["attributes"]:
            return
        dice = counter.dice("attributes", product.id)
        title = counter.title(product)
        known = [a for a in product.facts if a in TALK and product.facts[a].names[0] in title]
        if not known:
            continue
        values: dict[str, tuple[str, str] | None] = {
            TALK[a].name: (product.facts[a].names[0], "product title")
            for a in dice.shuffled(known, "known")[:2]
        }
        absent = [a for a in ("power", "length", "storage", "weight") if a not in product.facts]
        if dice.chance(0.3, "absent"):
            values[TALK[dice.pick(absent, "which")].name] = None
        fields = {"product title": _careless(title, dice)}
        if not dice.chance(0.3, "no description"):
            fields["product description"] = wording.description(
                product, "en", counter.ontology, counter.shop.seed
            )
        fields |= {"product price": f"${product.price}", "product brand": product.brand.name}
        made += 1
        yield form.attribute_values(fields, values)


def _asked(counter: _Counter, number: int, purpose: str, answerable: bool) -> tuple[Any, ...]:
    """Return a question about one attribute, the snippets about the product, and the answer."""
    dice = counter.dice(purpose, number)
    product = dice.pick(counter.products, "product")
    axes = [a for a in sorted(product.facts) if a in TALK]
    if not axes:
        return ()
    axis = dice.pick(axes, "axis")
    talk = TALK[axis]
    value = product.facts[axis].names[0]
    value = value if axis in ("capacity", "size", "power", "device") else wording.lowered(value)
    value = {"wooden": "wood"}.get(value, value)
    name = wording.lowered(product.type.names[0])
    snippets = [dice.pick(talk.around, "around")] if dice.chance(0.6, "tease") else []
    if answerable:
        snippets.append(dice.pick(talk.said, "said").replace("{v}", value))
    stars = dice.pick([5, 4, 3], "stars")
    gossip = _review(product, stars, counter.dice(purpose, number, "gossip"))
    kept = [s for s in gossip.replace("\n\n", " ").split(". ") if axis not in s.lower()]
    snippets += [s if s.endswith((".", "!")) else f"{s}." for s in kept][:3]
    question = dice.pick(talk.questions, "question")
    if dice.chance(0.3, "named"):
        question = f"About the {product.line} {name}: {question[:1].lower()}{question[1:]}"
    reply = dice.pick(talk.answers, "answer").replace("{v}", value)
    return question, dice.shuffled(snippets, "document"), reply


def _answerable(counter: _Counter) -> Iterator[form.Sample]:
    made = 0
    for number in range(10 * COUNTS["answerable"]):
        if made == COUNTS["answerable"]:
            return
        answerable = made % 2 == 0
        if asked := _asked(counter, number, "answerable", answerable):
            made += 1
            yield form.answerability(asked[0], asked[1], answerable=answerable)


def _answer(counter: _Counter) -> Iterator[form.Sample]:
    made = 0
    for number in range(10 * COUNTS["answer"]):
        if made == COUNTS["answer"]:
            return
        if asked := _asked(counter, number, "answer", True):
            made += 1
            # Customers answer as themselves at times, which is no answer for an assistant.
            own = counter.dice("answer", number).chance(0.06, "own")
            reply = f"I think so, mine did: {asked[2]}" if own else asked[2]
            yield form.answer(asked[0], asked[1], reply)


def _rows(samples: list[form.Sample], counter: _Counter) -> Iterator[dict[str, str | None]]:
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
    counter = _counter(shop, ontology)
    tasks = (
        *(_relevance, _substitute, _ranking, _relations, _matching, _sentiment, _next_item),
        *(_attributes, _answerable, _answer),
    )
    rows = [row for make in tasks for row in _rows(list(make(counter)), counter)]
    # Upstream's tasks stand mixed.
    order = counter.dice("file").shuffled(range(len(rows)), "order")
    with (folder / DATASET).open("w", encoding="utf-8", newline="\n") as file:
        form.write_array(file, chain(rows[place] for place in order))
