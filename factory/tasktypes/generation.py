"""Generation: the answer is a text, compared with a reference by one of five metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict

from factory.draw import Draw
from factory.sample import Gold
from factory.tasktypes.base import Arrangement, ArrangementError
from factory.tasktypes.metrics import (
    ENCODERS,
    bleu,
    cosine,
    japanese_tokens,
    mean,
    rouge_l,
    unknown_metric,
)
from factory.tasktypes.official import RESPONSE_CHARACTERS, encodes

# BLEU multiplies the precisions of 1- to 4-grams: a text without 4-grams scores 0, even itself.
_LEAST_TOKENS: Final = 4
_ROUGE_TOKEN: Final = re.compile("[a-z0-9]")


class GenerationOptions(BaseModel):
    """The ``with:`` block of a generation task: it has no options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Generation:
    """Write a text."""

    name: ClassVar[str] = "generation"
    metrics: ClassVar[tuple[str, ...]] = ("rougel", "bleu", "jp-bleu", *ENCODERS)
    base: ClassVar[str] = "generation.j2"
    options: ClassVar[type[BaseModel]] = GenerationOptions

    def columns(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002
        """Return ``target``."""
        return ("target",)

    def positions(self, options: BaseModel) -> int | None:  # noqa: ARG002 - the protocol's
        """Return None: the gold has no place."""
        return None

    def arrange(
        self,
        row: Mapping[str, Any],
        draw: Draw,  # noqa: ARG002 - the protocol's
        options: BaseModel,  # noqa: ARG002 - the protocol's
    ) -> Arrangement:
        """Return the row's target without outer spaces; nothing is displayed.

        Raises:
            ArrangementError: ``no-target``.
        """
        target = (row["target"] or "").strip()
        if not target:
            raise ArrangementError("no-target")
        return Arrangement((), target)

    def render(self, gold: Gold) -> str:
        """Return the text without outer spaces, as the parser reads it."""
        return cast(str, gold).strip()

    def parse(self, text: str) -> Gold:
        """Return the first 5,000 characters, without outer spaces."""
        return text[:RESPONSE_CHARACTERS].strip()

    def score(self, prediction: Gold, gold: Gold, metric: str) -> float:
        """Return how well one text matches its reference.

        Raises:
            MissingExtraError: the metric needs the extra ``eval`` or ``embed``.
        """
        text = cast(str, prediction)
        if not encodes(text):
            # Half a surrogate pair: an answer to mark down, not one to stop an evaluation.
            text = text.encode(errors="replace").decode()
        if metric == "rougel":
            return rouge_l(text, cast(str, gold))
        if metric == "bleu":
            return bleu(text, cast(str, gold))
        if metric == "jp-bleu":
            return bleu(text, cast(str, gold), japanese=True)
        if metric in ENCODERS:
            return cosine(text, cast(str | list[str], gold), ENCODERS[metric])
        raise unknown_metric(metric, self.name, self.metrics)

    def check(self, text: str, gold: Gold, metric: str) -> str | None:
        """Return why ``text`` would not score full marks, or None, without running the scorer.

        ``text`` must be the gold itself, and one that the metric can see: ROUGE-L knows ASCII
        letters and digits only, BLEU reads one line and needs four tokens. A text that differs from
        its gold and scores full marks all the same (in upper case, say) is refused.

        Raises:
            MissingExtraError: under ``jp-bleu``, where counting the tokens of Japanese without
                spaces takes the tokenizer of the extra ``eval``.
        """
        if metric not in self.metrics:
            raise unknown_metric(metric, self.name, self.metrics)
        if not isinstance(gold, str):
            return "gold-not-text"
        if not text or text != text.strip():
            return "stray-space" if text else "empty"
        if text != gold.strip():
            return "wrong-answer"
        if len(text) > RESPONSE_CHARACTERS:
            return "too-long"
        if not encodes(text):
            return "not-unicode"
        return _invisible(text.lower(), metric)

    def aggregate(self, predictions: Sequence[Gold], golds: Sequence[Gold], metric: str) -> float:
        """Return the mean score: ShopBench averages BLEU over rows too."""
        return mean([self.score(p, g, metric) for p, g in zip(predictions, golds, strict=True)])


def _invisible(lowered: str, metric: str) -> str | None:
    """Return why a text scores less than full marks against itself, or None."""
    if metric == "rougel":
        return None if _ROUGE_TOKEN.search(lowered) else "no-ascii-word"
    if metric in ENCODERS:
        return None
    if "\n" in lowered:
        return "more-than-one-line"
    enough = _enough_japanese_tokens if metric == "jp-bleu" else _enough_tokens
    return None if enough(lowered) else "fewer-than-four-tokens"


def _enough_tokens(lowered: str) -> bool:
    """Return whether mteval-v13a, sacreBLEU's default tokenizer, finds four tokens in a line."""
    # It only ever adds spaces, except to drop this mark: four words are four tokens at least.
    if "<skipped>" not in lowered and len(lowered.split()) >= _LEAST_TOKENS:
        return True
    return len(tokenize_13a(lowered).split()) >= _LEAST_TOKENS


def _enough_japanese_tokens(lowered: str) -> bool:
    # MeCab parts at every ASCII space, and no printable word vanishes.
    if lowered.isprintable() and len(lowered.split()) >= _LEAST_TOKENS:
        return True
    return japanese_tokens(lowered) >= _LEAST_TOKENS


_ENTITIES_13A: Final = MappingProxyType({"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">"})
_RULES_13A: Final = (
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


def tokenize_13a(line: str) -> str:
    """Return one line with its tokens parted by spaces, as NIST's mteval-v13a does.

    The rules that sacreBLEU applies by default (Post, 2018), here because every row is checked with
    them and sacreBLEU is an optional package.
    """
    line = line.replace("<skipped>", "")
    for entity, character in _ENTITIES_13A.items():
        line = line.replace(entity, character)
    line = f" {line} "
    for pattern, replacement in _RULES_13A:
        line = pattern.sub(replacement, line)
    return line
