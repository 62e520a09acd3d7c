"""Measures the filters over whole sets: near duplicates, novelty, decontamination.

Run ``python benchmarks/filters.py [near_duplicates] [novelty] [decontamination]`` (all of them when
none is named); ``--scale 0.1`` makes every corpus a tenth. Seconds are processor seconds of this
process, since the machine may be shared. The corpora are made here, from invented words with the
frequencies of natural ones (Zipf), so that anyone gets the same.
"""

from __future__ import annotations

import argparse
import platform
import random
import resource
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from factory.filters.benchmarks import BenchmarkSpec
from factory.filters.decontamination import DecontaminationFilter, write_index
from factory.filters.near_duplicates import NearDuplicateIndex, near_duplicates, sketch
from factory.filters.novelty import novel
from factory.tasktypes.character_rouge import units
from factory.text import similarity, tokens

TITLES: Final = 500_000
INSTRUCTIONS: Final = 50_000
ROWS: Final = 20_000
VERBS: Final = (
    *("Write", "Explain", "Describe", "List", "Suggest", "Create", "Generate", "Summarize"),
    *("Compare", "Find", "Name", "Give", "Identify", "Rewrite", "Classify", "Translate"),
    *("Recommend", "Draft", "Outline", "Evaluate"),
)
FORMS: Final = (
    "a short {} about the {} for a {}",
    "the difference between {} and {}",
    "three reasons why a {} should buy the {} {}",
    "how to clean a {} without damaging the {}",
    "a product title for a {} {} with {} {}",
    "what customers say about the {} of this {} {}",
    "an email to a {} who returned a {} because of the {}",
    "whether the {} goes well with a {} {} and why",
    "five questions a {} may ask before ordering a {} {} online",
    "the main features of the {} {} in one {} sentence",
)


def vocabulary() -> list[str]:
    """Return 9,604 invented words in a fixed order."""
    vowels = ("a", "e", "io", "u", "or", "an", "il")
    ends = ("rel", "ton", "mi", "lux", "va", "x", "der", "sen", "tle", "ra", "n", "k", "p", "so")
    stems = [f"{a}{b}{c}" for a in "bcdfghklmnprst" for b in vowels for c in ends]
    words = stems + [stem + end for stem in stems for end in ("s", "er", "ing", "y", "pro", "max")]
    random.Random(3).shuffle(words)  # noqa: S311
    return words


def drawn(words: list[str], count: int, exponent: float, seed: int) -> list[str]:
    """Return ``count`` words, the n-th of them with a frequency of n ** -exponent."""
    weights = np.arange(1, len(words) + 1) ** -exponent
    places = np.random.default_rng(seed).choice(len(words), count, p=weights / weights.sum())
    return [words[place] for place in places.tolist()]


def titles(count: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Return titles of 11 to 29 tokens, a twentieth of them planted, and the planted pairs.

    A planted title is an earlier one in capitals with, in half of the cases, one word replaced.
    """
    rng = random.Random(11)  # noqa: S311
    lengths = [rng.randrange(8, 25) for _ in range(count)]
    words = iter(drawn(vocabulary(), sum(lengths), 0.9, 1))
    made: list[str] = []
    planted: list[tuple[int, int]] = []
    for place, length in enumerate(lengths):
        if place % 20 == 19:
            other = rng.randrange(place)
            parts = made[other].split()
            if rng.random() < 0.5:
                parts[rng.randrange(len(parts))] = next(words)
            made.append(" ".join(parts).title())
            planted.append((other, place))
        else:
            title = " ".join(next(words) for _ in range(length))
            made.append(f"{title}, {rng.randrange(40)} oz (Pack of {rng.randrange(9)})")
    return made, planted


def instructions(count: int) -> list[str]:
    """Return instructions of ten forms and twenty verbs, filled with words of a shop."""
    rng = random.Random(5)  # noqa: S311
    words = iter(drawn(vocabulary(), count * 14, 0.8, 2))
    made = []
    for _ in range(count):
        form = rng.choice(FORMS)
        text = f"{rng.choice(VERBS)} {form.format(*(next(words) for _ in range(form.count('{}'))))}"
        if rng.random() < 0.7:
            link = rng.choice(("using", "in", "with", "for"))
            text += f" {link} " + " ".join(next(words) for _ in range(rng.randrange(2, 8)))
        made.append(f"{text}.")
    return made


def memory() -> str:
    """Return the most memory that this process has held, in MB."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at most"


def measure_near_duplicates(scale: float) -> None:
    """Measure both ways of finding near duplicates, and rensa's own where it is installed."""
    for least, part in ((0.7, 0.1), (0.8, 1.0), (0.9, 1.0)):
        texts, planted = titles(int(TITLES * scale * part))
        start, wall = time.process_time(), time.perf_counter()
        found = near_duplicates(texts, least)
        seconds, passed = time.process_time() - start, time.perf_counter() - wall
        pairs = [
            pair
            for pair in planted
            if similarity(tokens(texts[pair[0]]), tokens(texts[pair[1]])) >= least
        ]
        missed = sum(copy not in found and other not in found for other, copy in pairs)
        false = sum(
            similarity(tokens(texts[place]), tokens(texts[earlier])) < least
            for place, earlier in found.items()
        )
        print(
            f"near duplicates at {least}: {len(texts):,} titles, {seconds:.1f} s (elapsed "
            f"{passed:.1f}), {len(found):,} removed, {missed} of {len(pairs):,} planted missed, "
            f"{false} falsely removed, {memory()}"
        )
    few = texts[: max(1000, len(texts) // 10)]
    start = time.process_time()
    index = NearDuplicateIndex(0.9)
    one_by_one = {}
    for place, text in enumerate(few):
        mine = sketch(text)
        earlier = index.earlier(mine)
        if earlier is None:
            index.add(str(place), mine)
        else:
            one_by_one[place] = int(earlier)
    seconds = time.process_time() - start
    agrees = one_by_one == near_duplicates(few, 0.9)
    print(
        f"one by one at 0.9: {len(few):,} titles, {seconds:.1f} s "
        f"({1e6 * seconds / len(few):.0f} us each, its sketch included), agrees: {agrees}"
    )
    try:
        print(f"rensa {version('rensa')}:", end=" ")
    except PackageNotFoundError:
        print("rensa is not installed: not compared")
        return
    import rensa

    start = time.process_time()
    plain = rensa.RMinHashDeduplicator(threshold=0.9, num_perm=128, use_lsh=True)
    kept = plain.add_pairs((str(place), list(tokens(text))) for place, text in enumerate(few))
    seconds = time.process_time() - start
    dropped = {place for place, stays in enumerate(kept) if not stays}
    truth = set(near_duplicates(few, 0.9))
    print(
        f"{len(few):,} titles at 0.9, {seconds:.1f} s, {len(truth - dropped)} of {len(truth)} "
        f"missed, {len(dropped - truth)} falsely removed"
    )


def measure_novelty(scale: float) -> None:
    """Measure novelty, and what all pairs cost in rapidfuzz and in rouge_score."""
    texts = instructions(int(INSTRUCTIONS * scale))
    start, wall = time.process_time(), time.perf_counter()
    dropped = novel(texts)
    seconds, passed = time.process_time() - start, time.perf_counter() - wall
    print(
        f"novelty: {len(texts):,} instructions, {seconds:.1f} s (elapsed {passed:.1f}), "
        f"{len(dropped):,} dropped, {memory()}"
    )
    few = texts[: int(5000 * min(1.0, scale * 10))]
    try:
        from rapidfuzz.distance import LCSseq
        from rapidfuzz.process import cdist
    except ImportError:
        print("rapidfuzz is not installed: not compared")
    else:
        numbers: dict[str, str] = {}
        start = time.process_time()
        # One character a unit: rapidfuzz compares strings many times faster than lists.
        coded = [
            "".join(numbers.setdefault(unit, chr(0x10000 + len(numbers))) for unit in units(text))
            for text in few
        ]
        kept: list[int] = []
        for place, text in enumerate(coded):
            pool = [coded[each] for each in kept]
            common = cdist([text], pool, scorer=LCSseq.similarity)[0] if pool else np.empty(0)
            sizes = np.fromiter(map(len, pool), np.float64, len(pool))
            if not (2 * common > 0.7 * (sizes + len(text)) + 1e-9).any():
                kept.append(place)
        seconds = time.process_time() - start
        same = len(few) - len(kept) == len(novel(few))
        grown = seconds * (len(texts) / len(few)) ** 2
        print(
            f"all pairs in rapidfuzz: {len(few):,} instructions, {seconds:.1f} s, as many dropped: "
            f"{same}; {grown:.0f} s for {len(texts):,} if it grows with the pairs"
        )
    from rouge_score import rouge_scorer

    few = texts[: int(1000 * min(1.0, scale * 10))]
    scorer = rouge_scorer.RougeScorer(["rougeL"])
    start = time.process_time()
    pool_of_rouge: list[str] = []
    for text in few:
        if not any(scorer.score(other, text)["rougeL"].fmeasure > 0.7 for other in pool_of_rouge):
            pool_of_rouge.append(text)
    seconds = time.process_time() - start
    same = len(few) - len(pool_of_rouge) == len(novel(few))
    grown = seconds * (len(texts) / len(few)) ** 2
    print(
        f"all pairs in rouge_score: {len(few):,} instructions, {seconds:.1f} s, as many dropped: "
        f"{same}; {grown / 3600:.1f} h for {len(texts):,} if it grows with the pairs"
    )


def measure_decontamination(scale: float) -> None:
    """Measure the writing of an index and the judging of samples against it."""
    from tests.filters.samples import sample

    texts = titles(int(ROWS * scale) * 12)[0]
    benchmark, shown = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    long = [" ".join(shown[place : place + 4]) for place in range(0, len(shown), 6)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        lines = [*benchmark, *(" ".join(benchmark[n : n + 4]) for n in range(0, len(benchmark), 6))]
        (path / "bench.txt").write_text("\n".join(lines), encoding="utf-8")
        specs = {
            "bench": BenchmarkSpec(file="bench.txt"),
            **{name: BenchmarkSpec(adapter=name) for name in ("shopbench", "mmlu", "esci")},
        }
        start = time.process_time()
        write_index(specs, path / "index", path)
        seconds = time.process_time() - start
        size = sum(each.stat().st_size for each in (path / "index").iterdir())
        print(f"index: {len(lines):,} rows, {seconds:.1f} s, {size:,} bytes")
        judge = DecontaminationFilter(against=tuple(specs)).with_index(path / "index")
        samples = [
            sample(slots={"items": shown[place + 1 : place + 6], "query": "mug"}, options=())
            for place in range(0, len(shown) - 6, 6)
        ]
        described = [sample(slots={"description": text}, options=()) for text in long]
        for what, each in (("five titles", samples), ("a text of 70 words", described)):
            start = time.process_time()
            dropped = sum(not judge.judge(one).keep for one in each)
            seconds = time.process_time() - start
            print(
                f"decontamination: {len(each):,} samples of {what}, "
                f"{len(each) / seconds:,.0f} a second, {dropped:,} dropped"
            )


MEASURES: Final = {
    "near_duplicates": measure_near_duplicates,
    "novelty": measure_novelty,
    "decontamination": measure_decontamination,
}


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*MEASURES, []], default=[])
    parser.add_argument("--scale", type=float, default=1.0, help="of every corpus")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, numpy {np.__version__}")
    for name in asked.what or MEASURES:
        MEASURES[name](asked.scale)


if __name__ == "__main__":
    main()
