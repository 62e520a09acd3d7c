"""The one key phrase of a review that judges an aspect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.snippets import bare, generic, located, one_sentence
from factory.sources.view import RowRejectedError
from factory.text import clean, tokens

OFFERS: Final = ("review", "target")

_MOST_WORDS: Final = 6
_LONGEST: Final = 2_000


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the review with ``target``, the phrase as the review writes it.

    Raises :class:`RowRejectedError` where the phrase is no short part of one sentence, stands in
    the review more than once, or says nothing of the aspect in particular.
    """
    text = clean(facts["text"])
    if not text or len(text) > _LONGEST:
        raise RowRejectedError("text-length", f"{len(text)} characters")
    phrase = bare(clean(facts["evidence"]))
    if not 0 < len(tokens(phrase)) <= _MOST_WORDS or not one_sentence(phrase):
        raise RowRejectedError("no-phrase", phrase)
    if generic(phrase):
        raise RowRejectedError("says-nothing", phrase)
    target = located(phrase, text)
    if target is None:
        raise RowRejectedError("not-once-in-text", phrase)
    kept = ("key", "locale", "product_type", "aspect", "subject", "source_ids")
    yield {**{name: facts[name] for name in kept}, "review": text, "target": target}
