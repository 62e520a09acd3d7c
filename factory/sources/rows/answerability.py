"""A question and review snippets out of ECInstruct's JSON: each once, of readable length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, read_object, said_yes
from factory.sources.view import RowRejectedError
from factory.text import clean

OFFERS: Final = ("question", "snippets", "answer")

#: Characters of one snippet, and of all: what is longer is cut at the end of a sentence.
_LONGEST: Final = 700
_MOST: Final = 3_600
_MOST_SNIPPETS: Final = 10
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with its question, its snippets and ``yes`` or ``no``.

    Raises :class:`RowRejectedError` for an input that is none, or a text that would be cut so
    deeply that its answer might be lost.
    """
    try:
        answer = "yes" if said_yes(facts["answer"]) else "no"
    except FieldsError as error:
        raise RowRejectedError("answer-malformed", str(error)) from None
    question, snippets = read_question(facts["input"].decode())
    if answer == "yes" and sum(map(len, snippets)) > _MOST:
        raise RowRejectedError("document-too-long", "the answer may stand where it is cut")
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    shown = within(snippets)
    if not shown:
        raise RowRejectedError("no-document", "no snippet is left")
    yield {**kept, "question": question, "snippets": shown, "answer": answer}


def read_question(text: str) -> tuple[str, list[str]]:
    """Return the question and its snippets, repeated ones once; rejects what is not both."""
    try:
        fields = read_object(text)
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    question, document = fields.get("question"), fields.get("document")
    if isinstance(document, str):
        document = [document]
    if not isinstance(question, str) or not isinstance(document, list) or not document:
        raise RowRejectedError("input-malformed", "no question, or no document")
    snippets = dict.fromkeys(clean(each) for each in document if isinstance(each, str))
    return clean(question), [each for each in snippets if each]


def within(snippets: Sequence[str]) -> list[str]:
    """Return the snippets that fit, each cut at the end of a sentence where it is too long."""
    shown: list[str] = []
    left = _MOST
    for snippet in snippets[:_MOST_SNIPPETS]:
        text = snippet
        if len(text) > _LONGEST:
            ends = [match.end() for match in _SENTENCE_END.finditer(text[: _LONGEST + 1])]
            text = text[: ends[-1]] if ends else ""
        if text and len(text) <= left:
            shown.append(text)
            left -= len(text)
    return shown
