"""Write a file of ECInstruct's size and form: ``python benchmarks/make_ecinstruct.py --out DIR``.

At ``--scale 1.0`` it has upstream's samples for validation and test (9,253, and 9,253 in and 6,000
out of domain) in upstream's settings, and a few more than upstream's 92,022 for training: the
papers made as many samples as there are rows, and a line that checks them needs some to drop. For
the same reason labels are in equal shares, where upstream's are not: from upstream's own file a
balanced set is smaller than its printed size, and the run says by how much. About 270,000 rows and
530 MB of JSON. Its texts are random words, so it measures reading and not meaning; the encodings
are upstream's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from shop import ecinstruct_form as form

#: Upstream has 10,000 and 2,022.
SINGLE_TASKS = 10_600
MATCHING = 2_400
TESTS = {"val": 1_000, "test": 1_000}
MATCHING_TESTS = 253
OUT_OF_DOMAIN = {
    "Attribute_Value_Extraction": 1_000,
    "Product_Relation_Prediction": 1_000,
    "Sentiment_Analysis": 1_000,
    "Sequential_Recommendation": 1_000,
    "Answerability_Prediction": 1_000,
    "Answer_Generation": 1_000,
}
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo")
BRANDS = 900
PRODUCTS = 40_000
HUBS = 900


class Words:
    """Random texts of one seed: products whose titles come again, and sentences that do not."""

    def __init__(self, seed: int, scale: float) -> None:
        self.random = random = Random(seed)  # noqa: S311 - texts, not secrets
        self.words = sorted(
            {"".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(9_000)}
        )
        self.brands = [word.title() for word in random.sample(self.words, BRANDS)]
        self.products = [
            f"{random.choice(self.brands)} {self.text(6, 22).title()}, {number} & More"
            for number in range(max(200, int(PRODUCTS * scale)))
        ]

    def text(self, least: int, most: int) -> str:
        """Return between ``least`` and ``most`` words."""
        return " ".join(self.random.choices(self.words, k=self.random.randint(least, most)))

    def title(self) -> str:
        """Return one of the products' titles."""
        return self.random.choice(self.products)

    def snippets(self) -> list[str]:
        """Return the document of a question."""
        count = self.random.randint(3, 8)
        return [f"{self.text(20, 70).capitalize()}." for _ in range(count)]


def attributes(words: Words) -> form.Sample:
    """Return a sample whose values stand in the title, or nowhere."""
    title = words.title()
    parts = title.replace(",", "").split()
    values: dict[str, Any] = {"Color": (parts[2], "product title"), "Series": None}
    values["Material"] = (f"{parts[3]} {parts[4]}", "product title")
    fields = {
        "product title": title,
        "product description": words.text(80, 320).capitalize(),
        "product feature": words.text(40, 150),
        "product price": f"${words.random.randint(3, 900)}.99",
        "product brand": parts[0],
    }
    return form.attribute_values(fields, values)


def relation(words: Words) -> form.Sample:
    """Return two titles and any of the three relations."""
    kind = words.random.choice(("also_bought", "also_viewed", "similar"))
    # Some products stand in many pairs: those of one product are put together.
    title = words.random.choice(words.products[:HUBS]) if kind == "also_bought" else words.title()
    return form.relation(title, words.title(), kind)


def matching(words: Words) -> form.Sample:
    """Return two records, at times with a bare NaN."""
    same = words.random.random() < 0.5
    title = words.title().lower()
    other = f"{title} {words.text(1, 4)}" if same else words.title().lower()
    left = {"title": title, "description": words.text(20, 50)}
    left |= {"manufacturer": title.split()[0], "price": "599.95"}
    text: Any = form.NAN if words.random.random() < 0.1 else words.text(10, 50)
    right = {"title": other, "description": text, "manufacturer": "nan", "price": "580"}
    return form.matching(left, right, same=same)


def sentiment(words: Words) -> form.Sample:
    """Return a review of one to five stars."""
    return form.sentiment(
        f"{words.text(10, 50)}.\n\n{words.text(10, 70)}.", words.random.randint(1, 5)
    )


def next_item(words: Words) -> form.Sample:
    """Return a history and twenty options."""
    history = [words.title() for _ in range(words.random.randint(4, 30))]
    options = [words.title() for _ in range(20)]
    return form.next_item(history, options, words.random.randrange(20))


def relevance(words: Words) -> form.Sample:
    """Return a query and a title, most of them exact."""
    label = words.random.choice("EEEEEEESSCI")
    return form.relevance(words.text(1, 6), words.title(), label)


def substitute(words: Words) -> form.Sample:
    """Return the same as a yes or no."""
    return form.substitute(words.text(1, 6), words.title(), words.random.choice("SSSECI"))


def ranking(words: Words) -> form.Sample:
    """Return two to four titles of different labels."""
    labels = words.random.sample("ESCI", words.random.randint(2, 4))
    return form.ranking(words.text(1, 6), [(words.title(), label) for label in labels])


def answerability(words: Words) -> form.Sample:
    """Return a question and snippets."""
    return form.answerability(
        f"{words.text(5, 20)}?", words.snippets(), answerable=words.random.random() < 0.5
    )


def answer(words: Words) -> form.Sample:
    """Return a question, snippets and what the first one says."""
    document = words.snippets()
    return form.answer(f"{words.text(5, 20)}?", document, document[0][:160])


MAKERS = (
    *(attributes, relation, matching, sentiment, next_item, relevance, substitute, ranking),
    *(answerability, answer),
)


def rows(scale: float, seed: int) -> Iterator[dict[str, str | None]]:
    """Yield the rows of the file, part after part, tasks mixed."""
    words = Words(seed, scale)
    for split, part in (("train", "IND"), ("val", "IND"), ("test", "IND"), ("test", "OOD")):
        plan: list[int] = []
        for place, make in enumerate(MAKERS):
            task = make(words).task
            if part == "OOD":
                count = OUT_OF_DOMAIN.get(task, 0)
            elif split == "train":
                count = MATCHING if make is matching else SINGLE_TASKS
            else:
                count = MATCHING_TESTS if make is matching else TESTS[split]
            plan += [place] * round(count * scale)
        words.random.shuffle(plan)
        settings = [form.SINGLE, form.DIVERSE]
        if split == "test":
            settings += [form.UNSEEN, form.ONE_SHOT]
        for number, place in enumerate(plan):
            make = MAKERS[place]
            example = make(words) if split == "test" else None
            yield from form.in_settings(
                make(words), number, split=split, part=part, settings=settings, example=example
            )


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "dataset.json"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        count = form.write_array(file, rows(arguments.scale, arguments.seed))
    print(f"{path}: {count:,} rows, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
