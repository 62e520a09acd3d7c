"""Translate: a text into the row's language, with what it must carry over, and a back-check.

Numbers, units and the brand are compared by program, the language is told by its script and its
little words. That the rest was carried over too, a second question shows: the model is given the
translation alone and chooses what it says among its text and near misses of it, or translates it
back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import BaseModel, Field, model_validator

from factory.draw import Draw
from factory.filters import LANGUAGE_NAMES, LOCALE_LANGUAGES
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.carried_over import (
    brought_back,
    is_in_language,
    is_untranslated,
    length_fits,
    lost_figure,
    lost_name,
    name_repeated,
    strange_word,
)
from factory.generators.confirm import confirmed
from factory.generators.grounding import plain
from factory.generators.write import Written
from factory.llm import Message, Question
from factory.sources.view import RowRejectedError
from factory.templates import load_prompt

_TOKENS_OF_A_CHARACTER: Final = 2
_TOKENS_OF_THE_FORM: Final = 60
_TOKENS_OF_A_NUMBER: Final = 30
#: What the prompts of a back-check read: nothing else of the row, or they would show the text.
_OF_THE_CHECK: Final = frozenset({"translation", "candidates", "language", "source_language"})
_CODES: Final = {name: code for code, name in LANGUAGE_NAMES.items()}


class TranslateOptions(StepOptions):
    """The options of ``translate``."""

    text: str = Field("text", description="the column that is translated")
    slot: str = Field("target", pattern=r"^[a-z][a-z0-9_]*$", description="the column it fills")
    brand: str | None = Field(None, description="the column with a name that stays as it is")
    examples: str | None = Field(
        None, description="the column with texts of the shop in the language asked for"
    )
    source_language: str = Field(
        "source_language", description="the column with the language of the text, in English"
    )
    near_misses: str | None = Field(
        None, description="the column with texts among which the translation must tell its own"
    )
    check_prompt: str = Field("confirm_translation.j2", description="asks which of them it is")
    back: float = Field(
        0, ge=0, le=1, description="the share of the text's words that its translation back has"
    )
    back_prompt: str = Field("translate_back.j2", description="asks for the translation back")
    temperature: float = Field(0.3, ge=0, le=2, description="of the request")

    @model_validator(mode="after")
    def _is_checked(self) -> TranslateOptions:
        if self.near_misses is None and not self.back:
            raise ValueError("a translation needs a back-check: give 'near_misses', 'back' or both")
        return self


class Translate(Step[TranslateOptions]):
    """Fills one column with the translation of another into the row's language."""

    name: ClassVar[str] = "translate"
    options_model: ClassVar[type[StepOptions]] = TranslateOptions

    def __init__(self, options: TranslateOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self._check = load_prompt(options.check_prompt, folder)
        self._back = load_prompt(options.back_prompt, folder)
        beside = filter(None, (options.examples, options.near_misses))
        self.takes = tuple(beside)
        self.needs |= {"locale", options.text, options.source_language, *self.takes}
        self.needs |= {options.brand} if options.brand else set()
        self.needs |= (self._check.names | self._back.names) - _OF_THE_CHECK
        self.source += self._check.source + self._back.source

    @property
    def offers(self) -> tuple[str, ...]:
        """The column with the translation."""
        return (self.options.slot,)

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:
        """Ask for the translation, and reject one that loses or adds something."""
        options = self.options
        text = str(row[options.text] or "")
        if not text.strip():
            raise RowRejectedError("nothing-to-translate", options.text)
        bound = len(text) * _TOKENS_OF_A_CHARACTER + _TOKENS_OF_THE_FORM
        question = self.question(
            row, Written, max_tokens=bound, temperature=options.temperature, whole=True
        )
        translation = " ".join((yield from typed(question, Written)).text.split())
        self._check_carried_over(text, translation, row)
        if options.near_misses:

            def posed(form: type[BaseModel], candidates: Sequence[str]) -> Question:
                return self._asked_of(
                    self._check, row, form, _TOKENS_OF_A_NUMBER, translation, candidates
                )

            yield from confirmed(text, row[options.near_misses], draw, posed)
        if options.back:
            question = self._asked_of(self._back, row, Written, bound, translation, ())
            back = (yield from typed(question, Written)).text
            self._check_brought_back(text, back, row)
        return {options.slot: translation}

    def _asked_of(
        self,
        prompt: Any,
        row: Mapping[str, Any],
        form: type[BaseModel],
        bound: int,
        translation: str,
        candidates: Sequence[str],
    ) -> Question:
        """Return a question about the translation by whoever does not see the text."""
        system, user = prompt.render(
            {
                **{name: row[name] for name in prompt.names - _OF_THE_CHECK},
                "translation": translation,
                "candidates": candidates,
                "language": row["language"],
                "source_language": row[self.options.source_language],
            }
        )
        return Question((Message("system", system), Message("user", user)), form, 0, bound, 0.0)

    def _check_carried_over(self, text: str, translation: str, row: Mapping[str, Any]) -> None:
        brand = str(row[self.options.brand] or "") if self.options.brand else ""
        locale = str(row["locale"] or "")
        examples = row[self.options.examples] or () if self.options.examples else ()
        if not translation or not length_fits(text, translation):
            raise RowRejectedError("length", translation)
        if lost := lost_figure(text, translation):
            raise RowRejectedError("figure-changed", f"{lost} in: {translation}")
        if lost_name(text, translation, brand):
            raise RowRejectedError("brand-left-out", f"{brand} is not in: {translation}")
        if name_repeated(text, translation, brand):
            raise RowRejectedError("brand-repeated", f"{brand} in: {translation}")
        if not is_in_language(translation, LOCALE_LANGUAGES.get(locale, ""), brand):
            raise RowRejectedError("language", translation)
        if is_untranslated(text, translation, brand):
            raise RowRejectedError("untranslated", translation)
        if strange := strange_word(text, translation, LOCALE_LANGUAGES.get(locale, ""), brand):
            raise RowRejectedError("word-foreign", f"{strange} in: {translation}")
        if plain(translation) in map(plain, examples):
            raise RowRejectedError("example-copied", translation)

    def _check_brought_back(self, text: str, back: str, row: Mapping[str, Any]) -> None:
        if lost := lost_figure(text, back):
            raise RowRejectedError("figure-not-back", f"{lost} in: {back}")
        code = _CODES.get(str(row[self.options.source_language]), "")
        share = brought_back(text, back, code)
        if share < self.options.back:
            raise RowRejectedError("words-not-back", f"{share:.0%} of {text!r} in: {back}")
