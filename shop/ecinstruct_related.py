"""Pairs that shoppers relate, and what they buy next, for ECInstruct's tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shop import ecinstruct_form as form
from shop.ecinstruct_counter import Counter, careless
from shop.instructions import SHELVES
from shop.judge import related, unrelated
from shop.model import Product, ProductType

#: Pairs of each relation, those of groups that are bought together aside.
_PAIRS = 76
#: Of a group: products of the first type, what goes with them, and how many of these with each.
_OWN, _MATES, _EACH = 8, 16, 4
#: Types whose complement is not what anybody would guess first.
_LOOSE: Final = frozenset(
    {
        *("apple_slicer", "backpack", "bookshelf", "cookbook", "dog_bed", "earbuds", "jump_rope"),
        *("laptop_sleeve", "speaker", "travel_guide"),
    }
)
#: What is no choice between two: one charges the other.
_NO_CHOICE: Final = frozenset({"power_bank", "wall_charger"})
#: Pairs of which the one is taken whose titles are about as long as those of another relation.
_TRIED: Final = 8
#: Histories, the wrong options of each, and how many of those are of a department that is near.
_HISTORIES, _WRONG, _NEAR = 84, 19, 10


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


def relations(counter: Counter) -> Iterator[form.Sample]:
    """Yield pairs of products that are bought together, viewed together or alike, mixed."""
    title, types = counter.title, counter.shop.types
    dice = counter.dice("relations")
    # Three products of one kind are an odd basket: a group is of a type with several complements.
    kinds = [k for k in dice.shuffled(sorted(counter.stock), "types") if len(types[k].comps) > 1]
    used: set[str] = set()
    bought: list[tuple[Product, Product]] = []
    for kind in kinds:
        if not used & {kind, *types[kind].comps} and (found := _baskets(counter, types[kind])):
            bought += found
            used |= {kind, *types[kind].comps}
    bought += [pair for number in range(_PAIRS) for pair in _basket_of_two(counter, used, number)]
    # That length may not tell the relation, each pair is about as long as one that was bought.
    lengths = [len(title(one)) + len(title(two)) for one, two in bought]
    pairs = [(one, two, "also_bought") for one, two in bought]
    for number in range(_PAIRS):
        own = counter.dice("seen", number)
        wanted = own.pick(lengths, "length")
        for relation, tried in (
            ("also_viewed", _viewed(counter, number)),
            ("similar", _alike(counter, number)),
        ):
            one, two = min(
                tried, key=lambda pair: abs(len(title(pair[0])) + len(title(pair[1])) - wanted)
            )
            pairs.append((one, two, relation))
    once = {(one.id, two.id): (one, two, relation) for one, two, relation in pairs}
    for left, right, relation in dice.shuffled(list(once.values()), "order"):
        own = counter.dice("pair", left.id, right.id)
        yield form.relation(careless(title(left), own), careless(title(right), own), relation)


def _baskets(counter: Counter, kind: ProductType) -> list[tuple[Product, Product]]:
    """Return pairs of products of a type with some of what goes with all of them, or none.

    What goes with them stands in two pairs each, so that it has no three companions of one kind.
    """
    dice = counter.dice("relations")
    columns = [dice.shuffled(counter.stock.get(c, []), f"mates/{kind.id}/{c}") for c in kind.comps]
    for first in dice.shuffled(counter.stock[kind.id], f"first/{kind.id}"):
        fitting = [
            [p for p in column if _fits(first, p) and p.brand != first.brand]
            for column in columns
        ]  # fmt: skip
        mates = [p for row in zip(*fitting, strict=False) for p in row][:_MATES]
        others = [
            p for p in counter.stock[kind.id]
            if p is not first and all(_fits(p, m) and p.brand != m.brand for m in mates)
        ]  # fmt: skip
        own = [first, *dice.shuffled(others, f"others/{kind.id}")]
        own = own[: min(_OWN, len(mates) * 2 // _EACH)]
        if len(own) > 1:
            return [
                (one, mates[(number * 2 + turn) % len(mates)])
                for number, one in enumerate(own)
                for turn in range(_EACH)
            ]
    return []


def _basket_of_two(
    counter: Counter, used: set[str], number: int
) -> Iterator[tuple[Product, Product]]:
    """Yield one product with another that goes with it, of types of no group; or nothing."""
    types, dice = counter.shop.types, counter.dice("two", number)
    kinds = [k for k in sorted(counter.stock) if k not in used | _LOOSE and types[k].comps]
    kind = types[kinds[number % len(kinds)]]
    one = dice.pick(counter.stock[kind.id], "one")
    mates = [p for c in kind.comps if c not in used for p in counter.stock.get(c, ())]
    mates = [p for p in mates if _fits(one, p) and p.brand != one.brand]
    if mates:
        yield one, dice.pick(mates, "two")


def _viewed(counter: Counter, number: int) -> list[tuple[Product, Product]]:
    """Return pairs of one purpose: of two types, or of one type in which all differs."""
    types, dice = counter.shop.types, counter.dice("viewed", number)
    kinds = [
        (k, s) for k in sorted(counter.stock) for s in types[k].subs
        if s in counter.stock and not {k, s} <= _NO_CHOICE
    ]  # fmt: skip
    one, two = kinds[number % len(kinds)]
    found: list[tuple[Product, Product]] = []
    for turn in range(40 * _TRIED):
        if number % 3 == 0:
            pair = (
                dice.pick(counter.stock[one], f"one/{turn}"),
                dice.pick(counter.stock[two], f"two/{turn}"),
            )
        else:
            first = dice.pick(counter.products, f"first/{turn}")
            pair = first, dice.pick(counter.stock[first.type.id], f"second/{turn}")
            axes = first.facts.keys() - {"color"}
            apart = all(first.facts[a] != pair[1].facts.get(a) for a in axes)
            if len(axes) < 2 or not apart or {"device", "model", "audience"} & axes:
                continue
        found.append(pair)
        if len(found) == _TRIED:
            break
    return found


def _alike(counter: Counter, number: int) -> list[tuple[Product, Product]]:
    """Return pairs of one type that differ in brand and color at most."""
    dice = counter.dice("similar", number)
    found: list[tuple[Product, Product]] = []
    for turn in range(40 * _TRIED):
        first = dice.pick(counter.products, f"first/{turn}")
        alike = [
            p for p in counter.stock[first.type.id]
            if p is not first and p.brand != first.brand
            and all(p.facts[a] == v for a, v in first.facts.items() if a != "color")
        ]  # fmt: skip
        if alike:
            found.append((first, dice.pick(alike, f"second/{turn}")))
        if len(found) == _TRIED:
            break
    return found


def _cut(text: str, most: int) -> str:
    """Return the first ``most`` words, or fewer: a text is cut where one of its parts ends."""
    words = text.split()
    if len(words) <= most:
        return text
    ends = [place for place in range(3, most + 1) if words[place - 1][-1] in ",|-"]
    ends += [place - 1 for place in range(4, most + 1) if words[place - 1] in ("&", "with", "for")]
    kept = " ".join(words[: max(ends, default=most)]).rstrip(" ,-|&")
    # What it is "Great for" was cut off, or what it is "Compatible with".
    return kept.removesuffix(", Great").removesuffix(" Compatible")


def _shelf(kind: ProductType) -> str:
    return SHELVES[kind.dept][0]


def _listed(counter: Counter, product: Product) -> str:
    title = _cut(counter.title(product), 10)
    text = f"{title}, {_shelf(product.type)}, {product.type.names[0]}, {product.brand.name}"
    return _cut(text, 25)


def next_items(counter: Counter) -> Iterator[form.Sample]:
    """Yield histories with what was bought next, among things that were not."""
    types = counter.shop.types
    starts = counter.dice("next").shuffled(
        [k for k in sorted(counter.stock) if types[k].comps and k not in _LOOSE], "order"
    )
    for number in range(_HISTORIES):
        dice = counter.dice("next", number)
        kind = types[starts[number % len(starts)]]
        theme = [
            p for t in types.values() if t.dept == kind.dept or related(kind, t)
            for p in counter.stock.get(t.id, ()) if t is not kind and t.id not in kind.comps
        ]  # fmt: skip
        history = dice.shuffled(theme, "theme")[: dice.between(1, 4, "length")]
        # People buy other things as well.
        stray = [p for p in counter.products if unrelated(p.type, kind)]
        history += dice.shuffled(stray, "stray")[: dice.between(0, 2, "strays")]
        history = dice.shuffled(history, "history")
        history.append(dice.pick(counter.stock[kind.id], "last"))
        mates = [
            p for c in kind.comps for p in counter.stock.get(c, ())
            if p.brand not in {each.brand for each in history} and _fits(history[-1], p)
        ]  # fmt: skip
        if not mates:
            continue
        gold = dice.pick(mates, "gold")
        others = _not_next(counter, [*history, gold], number)
        if len(others) < _WRONG:
            continue
        if dice.chance(0.4, "repeats"):
            others = [*others[: _WRONG - len(history[:2])], *history[:2]]
        options = dice.shuffled([gold, *others], "options")
        yield form.next_item(
            [_listed(counter, p) for p in history],
            [_listed(counter, p) for p in options],
            options.index(gold),
        )


def _not_next(counter: Counter, shown: list[Product], number: int) -> list[Product]:
    """Return what has nothing to do with a history: of departments near to its own, and of others.

    A wrong option that stands in the same part of the store as something of the history shares
    words with it, as the right one does.
    """
    dice = counter.dice("next", number)
    kinds = {p.type.id: p.type for p in shown}.values()
    departments, shelves = {t.dept for t in kinds}, {_shelf(t) for t in kinds}
    foreign = [
        p for p in counter.products
        if p.type.dept not in departments and not any(related(p.type, t) for t in kinds)
    ]  # fmt: skip
    near = [p for p in foreign if _shelf(p.type) in shelves]
    far = [p for p in foreign if _shelf(p.type) not in shelves]
    others = dice.shuffled(near, "near")[:_NEAR]
    return others + dice.shuffled(far, "far")[: _WRONG - len(others)]
