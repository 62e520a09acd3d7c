"""Write one slot: a definition, a question, an explanation, grounded in what the row says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, Field, model_validator

from factory.draw import Draw
from factory.filters import LOCALE_LANGUAGES
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.bounds import check_bounds
from factory.generators.carried_over import is_in_language
from factory.generators.grounding import plain, stands_in, unfounded_numbers
from factory.generators.said_again import breaks_off
from factory.sources.attribute_variants import stem
from factory.sources.view import RowRejectedError
from factory.text import tokens

_SENTENCE_END: Final = re.compile(r"[.!?]\s+(?=[A-Z])|[。！？]")
_STOPS: Final = ".!?。！？ "
_TOKENS_OF_A_WORD = 4
_TOKENS_OF_THE_FORM = 40


class Written(BaseModel):
    """The form of the answer."""

    text: str


class WriteOptions(StepOptions):
    """The options of ``write``."""

    slot: str = Field("written", pattern=r"^[a-z][a-z0-9_]*$", description="the column it fills")
    min_words: int = Field(1, ge=1, description="of what is written, at least")
    max_words: int = Field(60, ge=1, description="of what is written, at most")
    max_sentences: int | None = Field(None, ge=1, description="how many sentences at most")
    numbers_of: list[str] = Field(
        default_factory=list, description="columns; other numbers than theirs are made up"
    )
    without: list[str] = Field(
        default_factory=list,
        description="columns, texts or lists of them, that may not stand in what is written",
    )
    no_word_of: list[str] = Field(
        default_factory=list,
        description="columns, texts or lists of them, of which no word may be written",
    )
    unlike: list[str] = Field(
        default_factory=list, description="columns that what is written must differ from"
    )
    in_english: bool = Field(False, description="in English whatever the language of the row")
    temperature: float = Field(0.7, ge=0, le=2, description="of the request")

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        check_bounds(self.min_words, self.max_words)
        return self


class Write(Step[WriteOptions]):
    """Fills one column with a text."""

    name: ClassVar[str] = "write"
    options_model: ClassVar[type[StepOptions]] = WriteOptions

    def __init__(self, options: WriteOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self.needs |= {
            *(*options.numbers_of, *options.without),
            *(*options.unlike, *options.no_word_of),
            "locale",
        }

    @property
    def offers(self) -> tuple[str, ...]:
        """The column that is written."""
        return (self.options.slot,)

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:  # noqa: ARG002  (the protocol's)
        """Ask for the text; reject one that is too long or short, or says what the row does not."""
        options = self.options
        question = self.question(
            row,
            Written,
            max_tokens=options.max_words * _TOKENS_OF_A_WORD + _TOKENS_OF_THE_FORM,
            temperature=options.temperature,
            whole=True,
        )
        text = " ".join((yield from typed(question, Written)).text.split())
        self._check(text, row)
        self._check_language(text, row)
        return {options.slot: text}

    def _check(self, text: str, row: Mapping[str, Any]) -> None:
        options = self.options
        self._check_length(text)
        if options.numbers_of:
            made_up = unfounded_numbers(text, (str(row[name]) for name in options.numbers_of))
            if made_up:
                raise RowRejectedError("number-unfounded", f"{min(made_up)} in: {text}")
        for name in options.without:
            for each in _texts(row[name]):
                if stands_in(each, text):
                    raise RowRejectedError("names-the-product", f"{each} in: {text}")
        for name in options.no_word_of:
            if shared := _shared_word(row[name], text):
                raise RowRejectedError("word-given-away", f"{shared} in: {text}")
        for name in options.unlike:
            if plain(text) == plain(str(row[name])):
                raise RowRejectedError("unchanged", text)

    def _check_language(self, text: str, row: Mapping[str, Any]) -> None:
        locale = str(row["locale"] or "")
        language = "en" if self.options.in_english else LOCALE_LANGUAGES.get(locale)
        if language and not is_in_language(text, language):
            raise RowRejectedError("language", text)
        if breaks_off(text, language or ""):
            raise RowRejectedError("breaks-off", text)

    def _check_length(self, text: str) -> None:
        # Of nothing, "" is a token.
        options, words = self.options, len(tokens(text)) if text else 0
        if not options.min_words <= words <= options.max_words:
            raise RowRejectedError(
                "length", f"{words} words, not {options.min_words} to {options.max_words}: {text}"
            )
        most = options.max_sentences
        if most is not None and (count := len(_SENTENCE_END.split(text.rstrip(_STOPS)))) > most:
            raise RowRejectedError("sentences", f"{count}, not {most} at most: {text}")


def _shared_word(value: Any, text: str) -> str:
    """Return a word of ``value``, a text or a list of texts, that ``text`` says; else nothing."""
    said = {stem(word) for word in tokens(text)}
    words = (word for name in _texts(value) for word in tokens(name))
    return next((word for word in words if stem(word) in said), "")


def _texts(value: Any) -> list[str]:
    """Return the texts of a column that holds one, a list of them, or nothing."""
    return [str(each) for each in (value if isinstance(value, list) else [value]) if each]
