r"""Write MMLU and Alpaca-cleaned at full scale, to time the two largest sets.

    python benchmarks/make_instructions.py --out /data/instructions --seed 1
    python -m factory run recipes.yaml --task answer_question --allow-test mmlu \
        --source mmlu=/data/instructions/mmlu --out out
    python -m factory run recipes.yaml --task follow_instruction \
        --source alpaca=/data/instructions/alpaca --out out

The files have upstream's names, schemas and numbers of rows (auxiliary 99,842, test 14,042,
validation 1,531, dev 285 in 57 subjects; 51,760 instructions), and one in a hundred more: the
paper's sets are all of upstream's rows, and a line that checks them needs some to drop. Lengths are
like upstream's: two thirds of the auxiliary questions stand below a passage of some 300 words,
answers are log-normal with a median near 600 characters and a few beyond 5,000. The words say
nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from pathlib import Path

PARTS = {"test": 14_042, "val": 1_531, "dev": 285}
SUBJECTS = [f"subject_{number:02}" for number in range(57)]
#: Upstream has 99,842 and 51,760.
AUXILIARY = {"arc_easy": 8_000, "obqa": 5_000, "race": 66_000, "science_middle": 22_000}
INSTRUCTIONS = 52_400
LETTERS = "ABCD"


class Writer:
    """Writes texts of a given number of words, from a vocabulary with Zipf's frequencies."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  (made once, from a seed)
        consonants, vowels = "bcdfghlmnprstvw", "aeiou"
        pick = self.random.choice
        self.words = [
            "".join(pick(consonants) + pick(vowels) for _ in range(self.random.randint(1, 4)))
            for _ in range(20_000)
        ]
        self.weights = [1 / rank for rank in range(1, len(self.words) + 1)]
        self.stock = self.random.choices(self.words, self.weights, k=1_000_000)
        self.place = 0

    def text(self, words: int) -> str:
        """Return one line of ``words`` words."""
        if self.place + words > len(self.stock):
            self.place = self.random.randrange(1000)
        self.place += words
        return " ".join(self.stock[self.place - words : self.place]).capitalize()

    def long(self, characters: int) -> str:
        """Return paragraphs, lists and now and then code of about this many characters."""
        parts: list[str] = []
        length = 0
        while length < characters:
            kind = self.random.random()
            if kind < 0.25:
                part = "\n".join(f"{n}. {self.text(9)}." for n in range(1, 5))
            elif kind < 0.3:
                part = f"def {self.text(1).lower()}(x):\n    return x + {self.random.randint(1, 9)}"
            else:
                part = f"{self.text(min(40, max(2, (characters - length) // 6)))}."
            parts.append(part)
            length += len(part) + 2
        return "\n\n".join(parts)


def make_mmlu(folder: Path, writer: Writer) -> None:
    """Write the authors' folders of CSV files."""
    for name, count in AUXILIARY.items():
        rows = []
        for number in range(count):
            if number % 4 == 0 or name != "race":
                passage = ""
            if name == "race" and number % 4 == 0:  # four questions on one passage
                passage = "\n".join(writer.text(75) for _ in range(4)) + "\n"
            rows.append(question(writer, passage))
        write_csv(folder / "auxiliary_train" / f"{name}.csv", rows)
    for part, count in PARTS.items():
        for number, subject in enumerate(SUBJECTS):
            share = count // 57 + (number < count % 57)
            rows = [question(writer, "") for _ in range(share)]
            write_csv(folder / part / f"{subject}_{part}.csv", rows)


def question(writer: Writer, passage: str) -> list[str]:
    """Return one row of six fields."""
    words = writer.random.randint(6, 40)
    choices = [writer.text(writer.random.randint(1, 14)) for _ in range(4)]
    if writer.random.random() < 0.05:
        choices[3] = "All of the above"
    return [f"{passage}{writer.text(words)}?", *choices, writer.random.choice(LETTERS)]


def write_csv(file: Path, rows: list[list[str]]) -> None:
    """Write rows without a header."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)


def make_alpaca(folder: Path, writer: Writer) -> None:
    """Write the array of instructions."""
    rows = []
    for _ in range(INSTRUCTIONS):
        length = int(writer.random.lognormvariate(6.3, 0.8))
        rows.append(
            {
                "instruction": f"{writer.text(writer.random.randint(6, 20))}.",
                "input": writer.text(writer.random.randint(3, 40))
                if writer.random.random() < 0.4
                else "",
                "output": writer.long(min(length, 7_000)),
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, indent=4, ensure_ascii=False)
    (folder / "alpaca_data_cleaned.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Write both sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    writer = Writer(arguments.seed)
    make_mmlu(arguments.out / "mmlu" / "data", writer)
    make_alpaca(arguments.out / "alpaca", writer)


if __name__ == "__main__":
    main()
