"""Writes files of the size and shape of Amazon-M2 (KDD Cup 2023), every word of them made up.

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
TYPES: Final = 6_000
POOL: Final = 3_000_000
WORDS: Final = {
    "DE": "und für mit der die das aus von nicht auch",
    "UK": "and for with the from of is not your that",
    "IT": "e per con il la di che non anche dal",
    "FR": "et pour avec le la les de dans pas vous",
    "ES": "y para con el la los de que no su",
    "JP": "の に を は が と で から まで です",
}
ENDINGS: Final = {
    "DE": ("", "en", "er", "ung", "heit", "lich"),
    "UK": ("", "s", "er", "ing", "ness", "ly"),
    "IT": ("o", "a", "i", "e", "zione", "ità"),
    "FR": ("e", "é", "eur", "tion", "eux", "es"),
    "ES": ("o", "a", "os", "as", "ción", "dad"),
}
COLORS: Final = {
    "DE": ("Schwarz", "Weiß", "Blau", "Rot", "Grau", "Multi-Colour"),
    "UK": ("Black", "White", "Blue", "Red", "Grey", "Multi-Colour"),
    "IT": ("Nero", "Bianco", "Blu", "Rosso", "Grigio", "Multi-Colour"),
    "FR": ("Noir", "Blanc", "Bleu", "Rouge", "Gris", "Multi-Colour"),
    "ES": ("Negro", "Blanco", "Azul", "Rojo", "Gris", "Multi-Colour"),
    "JP": ("ブラック", "ホワイト", "ブルー", "レッド", "グレー", "マルチカラー"),
}
Array = npt.NDArray[np.int64]


def words(locale: str, rng: np.random.Generator, count: int) -> list[str]:
    """Return up to ``count`` different invented words that look like the shop's language."""
    if locale == "JP":
        kana = [chr(code) for code in (*range(0x30A2, 0x30F0), *range(0x3042, 0x3090))]
        kanji = [chr(0x4E00 + int(code)) for code in rng.integers(0, 4000, 900)]
        letters = np.array(kana * 6 + kanji)
        sizes = rng.integers(2, 6, count)
        picks = letters[rng.integers(0, len(letters), int(sizes.sum()))]
        cuts = np.concatenate([[0], np.cumsum(sizes)])
        made = ["".join(picks[cuts[i] : cuts[i + 1]]) for i in range(count)]
    else:
        heads = [
            "b",
            "c",
            "d",
            "f",
            "g",
            "k",
            "l",
            "m",
            "n",
            "p",
            "r",
            "s",
            "t",
            "v",
            "w",
            "z",
            "br",
            "dr",
            "gr",
            "pl",
            "st",
            "tr",
            "ch",
            "sh",
        ]
        vowels = ["a", "e", "i", "o", "u", "ai", "ea", "ou"]
        sizes = rng.integers(1, 4, count)
        made = []
        for size in sizes.tolist():
            first, second = rng.integers(0, len(heads), size), rng.integers(0, len(vowels), size)
            made.append(
                "".join(heads[a] + vowels[b] for a, b in zip(first, second, strict=True))
                + ENDINGS[locale][int(first[0]) % len(ENDINGS[locale])]
            )
    return list(dict.fromkeys(made))


def pool(locale: str, rng: np.random.Generator, vocabulary: Sequence[str]) -> str:
    """Return a long running text in words of Zipf's shares, for titles and texts to be cut from."""
    gap = "" if locale == "JP" else " "
    common = WORDS[locale].split()
    shares = 1 / np.arange(1, len(vocabulary) + 1) ** 0.85
    picks = rng.choice(len(vocabulary), POOL // 6, p=shares / shares.sum())
    small = rng.integers(0, len(common), len(picks))
    between = rng.random(len(picks)) < 0.22
    parts = [
        common[c] if b else vocabulary[p]
        for p, c, b in zip(picks.tolist(), small.tolist(), between.tolist(), strict=True)
    ]
    text = gap.join(parts)
    return (text * (POOL // len(text) + 1))[:POOL]


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


def product_rows(
    locale: str, numbers: Array, rng: np.random.Generator, english: tuple[str, list[str]]
) -> Iterator[tuple[object, ...]]:
    """Yield one shop's rows. A type, a brand, a size and a model are the id's own everywhere."""
    vocabulary = words(locale, rng, 40_000)
    text = pool(locale, rng, vocabulary)
    narrow = 0.5 if locale == "JP" else 1.0
    count = len(numbers)

    def cuts(mean: float, sigma: float) -> tuple[list[int], list[int]]:
        sizes = np.clip(rng.lognormal(np.log(mean * narrow), sigma, count), 4, 1900).astype(int)
        return rng.integers(0, POOL - 2000, count).tolist(), sizes.tolist()

    title_at, title_size = cuts(72, 0.5)
    text_at, text_size = cuts(125, 0.75)
    empty = rng.random((7, count))
    price = np.round(rng.lognormal(3, 1, count), 2)
    price[empty[0] < 0.03] = 40_000_000.07
    colors, gap = COLORS[locale], "" if locale == "JP" else " "
    for i, (number, identity) in enumerate(zip(numbers.tolist(), identities(numbers), strict=True)):
        kind = number * 7_919 % TYPES
        brand = english[1][(kind * 37 + number % 11) % len(english[1])].capitalize()
        noun = vocabulary[kind] + gap + vocabulary[kind // 3 + 7_000]
        model = f"{brand[:2].upper()}-{number % 9_973}"
        size = f"{number % 89 + 2} cm"
        body = text[title_at[i] : title_at[i] + title_size[i]].strip()
        if locale not in ("UK", "JP") and number % 7 == 0:
            at = number * 31 % (POOL - 2000)
            body = english[0][at : at + title_size[i]].strip()
        color = colors[number % len(colors)]
        yield (
            identity,
            locale,
            "" if empty[1, i] < 0.0003 else f"{brand} {noun} {body}, {size}, {model}, {color}",
            "" if empty[0, i] > 0.985 else float(price[i]),
            "" if empty[2, i] < 0.0125 else brand,
            "" if empty[3, i] < 0.274 else color,
            "" if empty[4, i] < 0.409 else size,
            "" if empty[5, i] < 0.51 else model,
            "" if empty[6, i] < 0.462 else vocabulary[kind % 90 + 50],
            brand if empty[6, i] > 0.953 else "",
            "" if empty[2, i] > 0.95 else text[text_at[i] : text_at[i] + text_size[i]].strip(),
        )


def printed(items: Sequence[str]) -> str:
    """Return ``str(numpy.array(items))`` of ids of ten characters: five a line."""
    if len(items) <= 5:
        return "['" + "' '".join(items) + "']"
    lines = ("' '".join(items[i : i + 5]) for i in range(0, len(items), 5))
    return "['" + "'\n '".join(lines) + "']"


def session_rows(
    locale: str, numbers: Array, count: int, rng: np.random.Generator
) -> Iterator[tuple[str, str, str]]:
    """Yield one shop's sessions: steps within a type, at times back, at times elsewhere."""
    by_type = numbers[np.lexsort((numbers, numbers * 7_919 % TYPES))]
    ids = identities(by_type)
    many = len(ids)
    sizes = np.where(rng.random(count) < 0.45, 2, 2 + rng.geometric(0.27, count))
    tail = rng.random(count) < 0.0005
    sizes[tail] = rng.integers(40, 475, int(tail.sum()))
    starts = (rng.random(count) ** 2.5 * many).astype(np.int64) * 7_919 % many
    total = int(sizes.sum()) + count
    move = rng.random(total)
    steps = np.where(move < 0.62, rng.integers(-25, 26, total), 0)
    steps = np.where(move > 0.9, rng.integers(0, many, total), steps).tolist()
    place = 0
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        at, items = start, []
        for step in steps[place : place + size + 1]:
            at = (at + step) % many
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
    rng = np.random.default_rng([arguments.seed, 1])
    vocabulary = words("UK", rng, 40_000)
    english = pool("UK", rng, vocabulary), vocabulary[:12_000]
    counts = {"products_train.csv": 0, "sessions_train.csv": 0}
    files = [arguments.out / name for name in counts]
    with files[0].open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for turn, (locale, numbers) in enumerate(sold.items()):
            seeds = np.random.default_rng([arguments.seed, 2, turn])
            writer.writerows(product_rows(locale, numbers, seeds, english))
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
