"""Option hygiene (rule G4): no candidate repeats, and no wrong one is nearly the right one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from operator import add
from typing import ClassVar, Final

from pydantic import Field

from factory.filters.base import Filter
from factory.sample import Sample, Verdict
from factory.tasktypes.choices import right_options
from factory.text import CJK, PartsOf, folded_case, tokens

# Two, since an expression that begins with one literal skips from one to the next.
_MINUS: Final = re.compile(r"-(?<!\w.)\d")
_PLUS: Final = re.compile(r"\+(?<!\w.)\d")
#: Punctuation that parts words; signs that change a meaning (C++, 50%, $5, A&B) are none of it.
_PUNCTUATION: Final = b"\t\r.,:;!?'\"`()[]{}|\\/~_-"
_SPACES: Final = bytes.maketrans(_PUNCTUATION, b" " * len(_PUNCTUATION))
_WIDE_PUNCTUATION: Final = re.compile("[“”‘’‚„«»‹›…·‐‑–—、。・「」『』【】〈〉《》〜]")


class OptionsFilter(Filter):
    """Rejects samples whose candidates cannot be told apart.

    Two options are equal when they are after NFKC, case folding and collapsed white space, or
    when they differ in punctuation only (``options-equal``). An option is nearly a gold one of
    another worth when the Jaccard similarity of their token sets reaches ``max_similarity``
    (``options-near-equal``); tokens are words, or pairs of neighbouring characters where Chinese,
    Japanese or Korean is written. The score is the largest similarity found.

    Worth follows from the gold: the relevance of each item in a ranking (gold are the highest), the
    chosen numbers in retrieval and multiple choice. Options that by design share their words
    (``A before B`` and ``B before A``) need ``max_similarity: null``, which leaves equality alone.
    """

    name: ClassVar[str] = "options"

    max_similarity: float | None = Field(
        default=0.8,
        gt=0,
        le=1,
        description="of two options of another worth; null leaves equality alone",
    )

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict; the detail shows the two options."""
        options = sample.options
        if len(options) < 2:
            return self.keep()
        keys = _keys(options)
        # Two lists differ at their first word as a rule: comparing all is cheaper than hashing all.
        for number, key in enumerate(keys):
            if key in keys[:number]:
                other = options[keys.index(key)]
                return self.drop("options-equal", _pair(other, options[number]), 1.0)
        if self.max_similarity is None:
            return self.keep()
        gold = gold_options(sample)
        if not gold or len(gold) == len(options):
            return self.keep()
        highest, right, wrong = _nearest(keys, gold)
        if highest >= self.max_similarity:
            detail = _pair(options[right], options[wrong])
            return self.drop("options-near-equal", detail, round(highest, 4))
        return self.keep(round(highest, 4))


def _keys(options: Sequence[str]) -> list[Sequence[str]]:
    """Return what each option is compared by: its words, or its tokens where words are not enough.

    Words, and pairs of characters in Chinese, Japanese and Korean ones, are split at spaces and
    punctuation in one pass over all options, at a third of the cost of reading tokens. Only signed
    numbers need tokens; then every option of the sample is read so.
    """
    joined = "\n".join(options)
    folded = folded_case(joined)
    if _MINUS.search(folded) is None and _PLUS.search(folded) is None:
        if not folded.isascii():
            folded = _WIDE_PUNCTUATION.sub(" ", folded)
        # Translating bytes takes a tenth of the time that translating such text does.
        lines = (
            folded.encode("utf-8", "surrogatepass")
            .translate(_SPACES)
            .decode("utf-8", "surrogatepass")
            .split("\n")
        )
        split = str.split if folded.isascii() or CJK.search(folded) is None else _words_and_pairs
        keys: list[Sequence[str]] = [split(line) for line in lines]
        if len(lines) == len(options) and all(keys):
            return keys
    return [tokens(option) for option in options]


def _pairs(word: str) -> tuple[str, ...]:
    """Return a word, or its pairs of characters where some are Chinese, Japanese or Korean."""
    if len(word) > 2 and not word.isascii() and CJK.search(word):
        return tuple(map(add, word, word[1:]))
    return (word,)


_PAIRS_OF: Final = PartsOf(_pairs)


def _words_and_pairs(line: str) -> list[str]:
    return list(chain.from_iterable(map(_PAIRS_OF.__getitem__, line.split())))


def gold_options(sample: Sample) -> frozenset[int]:
    """Return the display positions, from 0, of the options of a sample that are right."""
    return right_options(sample.task_type, sample.gold, len(sample.options))


def _nearest(keys: list[Sequence[str]], gold: frozenset[int]) -> tuple[float, int, int]:
    """Return the largest similarity of a gold option and another, and the places of the two."""
    sets = list(map(frozenset, keys))
    others = [(place, each, len(each)) for place, each in enumerate(sets) if place not in gold]
    highest, nearest = 0.0, (0, 0)
    for right in sorted(gold):
        one = sets[right]
        size = len(one)
        for wrong, other, length in others:
            # Without a word in common, as many are, nothing is to be counted.
            if one.isdisjoint(other):
                continue
            shared = len(one & other)
            found = shared / (size + length - shared)
            if found > highest:
                highest, nearest = found, (right, wrong)
    return highest, *nearest


def _pair(left: str, right: str) -> str:
    return f"{left[:90]!r} and {right[:90]!r}"
