"""From a model's text to a typed answer: coerced, repaired, corrected once, or refused.

An endpoint that keeps to a schema needs none of it. Others wrap JSON in a fence, stop before the
last bracket, or write "1" for 1; that is mended here, by reading JSON and never by patterns over
prose.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from factory.llm.request import Answer, Question
from factory.text import without_control_tokens

A = TypeVar("A", bound=BaseModel)
_LONGEST_COMPLAINT: Final = 400
#: Characters, and brackets at which JSON may begin: each is read on from as far as it goes, so
#: that a text of brackets alone would take its length squared.
_LONGEST_READ: Final = 200_000
_MOST_TRIED: Final = 1_000
_CUT_OFF: Final = "it is longer than it may be and was cut off"
#: Stands for an empty answer: some endpoints refuse a chat in which a message is empty.
_NOTHING: Final = "(nothing)"


class AnswerError(ValueError):
    """An answer that is not in its form; the text says what is wrong with it."""


def read_answer(text: str, form: type[A], *, cut: bool = False) -> A:
    """Return ``text`` as ``form``.

    The first JSON value in the text counts, also inside a fence or after a sentence; one that was
    cut off is read as far as it goes, a text at its end too unless ``cut``. Numbers and truth
    values in quotes are coerced.

    Raises:
        AnswerError: where there is no JSON, or it does not fit.
    """
    try:
        return form.model_validate_json(text)
    except ValidationError:
        pass
    value = _json_in(text, cut=cut)
    if isinstance(value, list) and len(form.model_fields) == 1:
        # Asked for {"items": [...]}, small models answer [...].
        value = {next(iter(form.model_fields)): value}
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise AnswerError(f"{place}: {first['msg']}") from error


def _json_in(text: str, *, cut: bool) -> object:
    if len(text) > _LONGEST_READ:
        raise AnswerError(f"it is longer than {_LONGEST_READ:,} characters")
    decoder = json.JSONDecoder()
    tried = 0
    for place, character in enumerate(text):
        if character in "{[":
            tried += 1
            if tried > _MOST_TRIED:
                break
            try:
                value = decoder.raw_decode(text, place)[0]
                # Half of a surrogate pair, escaped, is read and can be written nowhere.
                json.dumps(value, ensure_ascii=False).encode()
                return value
            except ValueError:
                pass
            except RecursionError:  # a model that writes one bracket again and again
                break
            try:
                return from_json(text[place:], allow_partial=True if cut else "trailing-strings")
            except (ValueError, TypeError):  # TypeError: of text that holds half a character
                continue
    raise AnswerError("no JSON in it" if text.strip() else "it is empty")


def ask_for(question: Question) -> Generator[Question, Answer, BaseModel | str]:
    """Ask, and ask once more with what was wrong; return the typed answer.

    Raises :class:`AnswerError` where the second answer is no better. Text that was cut off at its
    bound is no answer either, nor what lacks such a text where the question wants it whole.
    """
    for last in (False, True):
        answer = yield question
        try:
            cut = answer.finish == "length"
            if question.answer is not None:
                return read_answer(answer.text, question.answer, cut=cut and question.whole)
            if cut:
                raise AnswerError(_CUT_OFF)
            if text := answer.text.strip():
                return text
            raise AnswerError("it is empty")
        except AnswerError as error:
            if last:
                raise
            complaint = _CUT_OFF if cut and question.whole else str(error)[:_LONGEST_COMPLAINT]
            form = "nothing but JSON of the form asked for" if question.answer else "it again"
            said = without_control_tokens(answer.text[:4000])
            question = question.followed_by(
                said if said.strip() else _NOTHING,
                f"That cannot be used: {without_control_tokens(complaint)}. Answer with {form}.",
            )
    raise AssertionError("the loop returns or raises")
