"""Writes files of the size and shape of Amazon-M2 (KDD Cup 2023), every product of them made up.

Run ``python benchmarks/make_amazon_m2.py --scale 1.0 --out DIR``. A scale of 1 gives upstream's
counts: 1,551,057 product rows (DE 518,327, UK 500,180, JP 395,009, IT 50,461, FR 44,577,
ES 42,503) of 1,410,675 ids, 590 MB, and 3,606,249 sessions, 250 MB. The same seed and scale give
the same bytes.

Kept from upstream: ids that several shops sell, some of them with an untranslated title; lists as
numpy prints them, with the line breaks inside a quoted field; the price 40000000.07 where there is
none; how often each column is empty; repeats within a session; a tail of very long sessions.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import yaml

PRODUCTS: Final = {
    "DE": 518_327,
    "UK": 500_180,
    "JP": 395_009,
    "IT": 50_461,
    "FR": 44_577,
    "ES": 42_503,
}
SESSIONS: Final = {
    "DE": 1_111_416,
    "UK": 1_182_181,
    "JP": 979_119,
    "IT": 126_925,
    "FR": 117_561,
    "ES": 89_047,
}
#: Of each shop's ids, the share that another shop has too: 140,000 rows of 1.55 million.
SHARED: Final = {"DE": 0.0, "UK": 0.05, "JP": 0.03, "IT": 0.75, "FR": 0.75, "ES": 0.75}
COLUMNS: Final = [
    "id",
    "locale",
    "title",
    "price",
    "brand",
    "color",
    "size",
    "model",
    "material",
    "author",
    "desc",
]
#: Groups of products that a shopper compares; several of them are of one kind.
CLUSTERS: Final = 6_000
BRANDS: Final = 12_000
#: The places, among the titles of a British or German shop, of their lengths in characters.
LENGTHS: Final = ((0, 8), (5, 41), (10, 60), (25, 100), (50, 150), (75, 183), (95, 198), (100, 205))
MARKS: Final = (", ", ", ", " - ", " | ", " ")
Array = npt.NDArray[np.int64]
Table = dict[str, list[str]]


def table(entries: Sequence[str]) -> Table:
    """Return the cells of each shop's language, in the order of the entries."""
    shops = ("UK", "DE", "FR", "IT", "ES", "JP")
    rows = [entry.split("|") for entry in entries]
    return {shop: [cells[place].strip() for cells in rows] for place, shop in enumerate(shops)}


_WORDS: Final = yaml.safe_load(
    Path(__file__).with_name("amazon_m2_words.yaml").read_text(encoding="utf-8")
)
KINDS: Final = table([entry for entries in _WORDS["kinds"].values() for entry in entries])
DEPARTMENT: Final = len(KINDS["UK"]) // len(_WORDS["kinds"])
SAYINGS, COLORS, MATERIALS, PACKS, SENTENCES = (
    table(_WORDS[name]) for name in ("sayings", "colors", "materials", "packs", "sentences")
)


def brands(rng: np.random.Generator) -> list[str]:
    """Return invented brands: two to four syllables, some of them in capitals."""
    heads, tails = _WORDS["brands"]["heads"], _WORDS["brands"]["tails"]
    made: dict[str, None] = {}
    while len(made) < BRANDS:
        size = int(rng.integers(2, 5))
        first, second = rng.integers(0, len(heads), size), rng.integers(0, len(tails), size)
        name = "".join(heads[a] + tails[b] for a, b in zip(first, second, strict=True))
        made[name.upper() if first[0] % 3 == 0 else name.capitalize()] = None
    return list(made)


def identities(numbers: Array) -> list[str]:
    """Return ASINs, one an id number: letters and digits of a bijection, a few of them ISBNs."""
    mixed = (numbers * 2_654_435_761 + 12_345) % 36**7
    digits = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    columns = np.empty((len(numbers), 7), dtype="<U1")
    for place in range(6, -1, -1):
        columns[:, place] = digits[mixed % 36]
        mixed = mixed // 36
    tails = columns.view("<U7").ravel().tolist()
    return [
        f"{number:09d}X" if number % 211 == 0 else f"B07{tail}"
        for number, tail in zip(numbers.tolist(), tails, strict=True)
    ]


def numbers_of(scale: float, rng: np.random.Generator) -> dict[str, Array]:
    """Return the id numbers that each shop sells, every one of them once."""
    sold: dict[str, Array] = {}
    start = 0
    for locale, full in PRODUCTS.items():
        count = max(60, int(full * scale))
        shared = int(count * SHARED[locale])
        own = np.arange(start, start + count - shared)
        start += count - shared
        elsewhere = np.unique(np.concatenate([*sold.values()])) if sold else own[:0]
        chosen = rng.choice(elsewhere, min(shared, len(elsewhere)), replace=False)
        sold[locale] = np.sort(np.concatenate([own, chosen]))
    return sold


def kind_of(numbers: Array) -> Array:
    """Return the place in the list of kinds of each product."""
    return numbers * 7_919 % CLUSTERS % len(KINDS["UK"])


def title_of(locale: str, number: int, brand: str, longest: int, named: Sequence[str]) -> str:
    """Return a product's title: brand, material, kind, and what is said of it until it is long."""
    kind = number * 7_919 % CLUSTERS % len(KINDS["UK"])
    mixed = number * 2_654_435_761 % 2**32
    mark = MARKS[number % len(MARKS)] if locale != "JP" else " "
    material = MATERIALS[locale][number % 83 % 6]
    name = KINDS[locale][kind]
    if number % 3:
        name = f"{name} {material}" if locale in ("FR", "IT", "ES") else f"{material} {name}"
    said = [SAYINGS[locale][(mixed >> 7 * turn) % 16] for turn in range(2 + number % 2)]
    # What an accessory fits: names and numbers that few other titles have.
    fits = [f"{named[mixed * turn % BRANDS]} {mixed // turn % 97}" for turn in range(1, 6)]
    facts = [f"{number % 89 + 2} cm", COLORS[locale][number % 6]]
    if number % 4 == 0:
        facts.append(PACKS[locale][0].format(n=number % 7 + 2))
    if number % 5 == 0:
        facts.append(f"{brand[:2].upper()}-{number % 9_973}")
    parts = [f"{brand} {name}"]
    size = len(parts[0])
    for part in (*said[:2], *facts, *fits[: mixed % 6], *said[2:], *fits[mixed % 6 :]):
        size += len(part) + len(mark)
        if size > longest or part in parts:
            break
        parts.append(part)
    return mark.join(parts)


def text_of(locale: str, number: int, count: int) -> str:
    """Return a product's description: ``count`` sentences, which are its own in every language."""
    kind = KINDS[locale][number * 7_919 % CLUSTERS % len(KINDS["UK"])]
    mixed = number * 2_654_435_761 % 2**61
    said = SENTENCES[locale]
    material = MATERIALS[locale][number % 83 % 6]
    return ("" if locale == "JP" else " ").join(
        said[(mixed >> 5 * turn) % len(said)].format(
            kind=kind,
            material=material,
            color=COLORS[locale][number % 6],
            number=number * (turn + 7) % 389 + 11,
        )
        for turn in range(count)
    )


def product_rows(
    locale: str, numbers: Array, rng: np.random.Generator, named: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Yield one shop's rows. Brand, kind, size, model and what is said are the id's own."""
    count = len(numbers)
    empty = rng.random((7, count))
    price = np.round(rng.lognormal(3, 1, count), 2)
    price[empty[0] < 0.03] = 40_000_000.07
    sentences = np.clip(rng.lognormal(1.0, 0.6, count), 1, 8).astype(int).tolist()
    places, lengths = zip(*LENGTHS, strict=True)
    long = np.interp(numbers * 613 % 10_007 / 100.07, places, lengths).astype(int).tolist()
    makers = brand_of(numbers, len(named)).tolist()
    english = locale not in ("UK", "JP")
    for i, (number, identity) in enumerate(zip(numbers.tolist(), identities(numbers), strict=True)):
        brand = named[makers[i]]
        words = "UK" if english and number % 7 == 0 else locale
        yield (
            identity,
            locale,
            "" if empty[1, i] < 0.0003 else title_of(words, number, brand, long[i], named),
            "" if empty[0, i] > 0.985 else float(price[i]),
            "" if empty[2, i] < 0.0125 else brand,
            "" if empty[3, i] < 0.274 else COLORS[locale][number % 6],
            "" if empty[4, i] < 0.409 else f"{number % 89 + 2} cm",
            "" if empty[5, i] < 0.51 else f"{brand[:2].upper()}-{number % 9_973}",
            "" if empty[6, i] < 0.462 else MATERIALS[locale][number % 83 % 6],
            brand if empty[6, i] > 0.953 else "",
            "" if empty[2, i] > 0.95 else text_of(words, number, sentences[i]),
        )


def brand_of(numbers: Array, many: int) -> Array:
    """Return the place of each product's brand: a few large ones, each within one department."""
    department = kind_of(numbers) // DEPARTMENT
    of_department = many // (len(KINDS["UK"]) // DEPARTMENT)
    share = numbers * 1_009 % 9_973 / 9_973
    return department * of_department + (share**3 * of_department).astype(np.int64)


def printed(items: Sequence[str]) -> str:
    """Return ``str(numpy.array(items))`` of ids of ten characters: five a line."""
    if len(items) <= 5:
        return "['" + "' '".join(items) + "']"
    lines = ("' '".join(items[i : i + 5]) for i in range(0, len(items), 5))
    return "['" + "'\n '".join(lines) + "']"


def session_rows(
    locale: str, numbers: Array, count: int, rng: np.random.Generator
) -> Iterator[tuple[str, str, str]]:
    """Yield one shop's sessions: within a group, at times back, to related kinds, or elsewhere."""
    kinds = kind_of(numbers)
    order = np.lexsort((numbers, numbers * 7_919 % CLUSTERS, kinds))
    by_kind = numbers[order]
    ids = identities(by_kind)
    many = len(ids)
    department = kinds[order] // DEPARTMENT
    last = len(KINDS["UK"]) // DEPARTMENT
    bounds = np.searchsorted(department, np.arange(last + 1)).tolist()
    departments = department.tolist()
    sizes = np.where(rng.random(count) < 0.45, 2, 2 + rng.geometric(0.27, count))
    tail = rng.random(count) < 0.0005
    sizes[tail] = rng.integers(40, 475, int(tail.sum()))
    starts = (rng.random(count) ** 2.5 * many).astype(np.int64) * 7_919 % many
    total = int(sizes.sum()) + count
    # The way of a step, and how far it goes.
    way = rng.random(total)
    ways = np.select([way < 0.66, way < 0.90, way < 0.97], [0, 1, 2], 3).tolist()
    near, far = rng.integers(-25, 26, total).tolist(), rng.integers(0, many, total).tolist()
    place = 0
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        at, items = start, []
        for turn in range(place, place + size + 1):
            if ways[turn] == 0:
                at = (at + near[turn]) % many
            elif ways[turn] == 2:
                low, high = bounds[departments[at]], bounds[departments[at] + 1]
                at = low + far[turn] % (high - low)
            elif ways[turn] == 3:
                at = far[turn]
            items.append(ids[at])
        place += size + 1
        yield printed(items[:-1]), items[-1], locale


def main() -> None:
    """Write both files and say what is in them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    started = time.perf_counter()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sold = numbers_of(arguments.scale, np.random.default_rng([arguments.seed, 0]))
    named = brands(np.random.default_rng([arguments.seed, 1]))
    counts = {"products_train.csv": 0, "sessions_train.csv": 0}
    files = [arguments.out / name for name in counts]
    with files[0].open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for turn, (locale, numbers) in enumerate(sold.items()):
            seeds = np.random.default_rng([arguments.seed, 2, turn])
            writer.writerows(product_rows(locale, numbers, seeds, named))
            counts["products_train.csv"] += len(numbers)
    with files[1].open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["prev_items", "next_item", "locale"])
        for turn, (locale, full) in enumerate(SESSIONS.items()):
            seeds = np.random.default_rng([arguments.seed, 3, turn])
            count = max(50, int(full * arguments.scale))
            writer.writerows(session_rows(locale, sold[locale], count, seeds))
            counts["sessions_train.csv"] += count
    for file_path in files:
        size = file_path.stat().st_size / 1e6
        print(f"{file_path}: {counts[file_path.name]:,} rows, {size:.0f} MB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{time.perf_counter() - started:.0f} s, {peak:.1f} GB at most")


if __name__ == "__main__":
    main()
