"""What an answer in words is bounded by: its length, and what the row says beside the text."""

from __future__ import annotations

from dataclasses import dataclass

from factory.generators.said_again import length, sentences
from factory.sources.view import RowRejectedError


def check_bounds(least: int, most: int) -> None:
    """Raise ``ValueError`` for bounds of a recipe, in words, between which there is no text."""
    if least > most:
        raise ValueError(f"min_words {least} is more than max_words {most}: no text has both")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one answer.

    Attributes:
        least: words at least; three characters of Chinese or Japanese are one.
        most: words at most.
        sentences: how many sentences at most, or None for any number.
        brand: the brand that a title keeps, or nothing.
        type: the type of the product that a title keeps, or nothing.
        opening: what a conversation begins with, without its speaker, or nothing.
    """

    least: int
    most: int
    sentences: int | None = None
    brand: str = ""
    type: str = ""
    opening: str = ""

    def check_length(self, text: str, language: str) -> None:
        """Raise :class:`RowRejectedError` for a text that is too short or too long."""
        words = length(text, language)
        if not self.least <= words <= self.most:
            raise RowRejectedError(
                "length", f"{words} words, not {self.least} to {self.most}: {text}"
            )
        if self.sentences is not None and len(sentences(text)) > self.sentences:
            raise RowRejectedError("too-many-sentences", text)
