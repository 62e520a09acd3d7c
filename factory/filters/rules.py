"""Rule filters that read one sample's text: characters, emptiness, length, white space, titles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import Field

from factory.errors import RecipeError
from factory.filters.base import Filter, field_texts, slot_texts, texts_of_slots
from factory.sample import Sample, Verdict
from factory.tasktypes import BY_NAME
from factory.text import CJK, is_printable, markup_left

_ILLEGAL: Final = re.compile(
    "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ud800-\udfff"
    "\ue000-\uf8ff\ufeff\ufffd\ufffe\uffff\U000f0000-\U0010ffff]"
)
_LEGAL_ASCII: Final = bytes([0x0A, *range(0x20, 0x7F)])
# UTF-8 that was read as Windows-1252 or, in the last three alternatives, as Shift-JIS. A capital A
# with tilde is a letter of Portuguese, there always beside other letters. Each alternative starts
# with one literal, which lets the search skip from one such character to the next.
_MOJIBAKE: Final = re.compile(
    "Ã(?:[\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]|(?<![A-ZÀ-Ý]Ã)(?![A-Za-zÀ-ÿ]))|Â[\u0080-\u00bf]"
    "|â€|ðŸ|ï(?:»¿|¿½|¼)|ã[€‚ƒ]|縺.{0,2}[縺繧繝]|繧.{0,2}[縺繧繝]|繝.{0,2}[縺繧繝]"
)
_MOJIBAKE_STARTS: Final = tuple("ÃÂâðïã縺繧繝")

_CHARACTERS_PER_TOKEN: Final = 3.3


class CharactersFilter(Filter):
    """Rejects text that a model should never learn to write: broken, invisible, or markup.

    The prompt and the answer are searched for control characters other than the line feed,
    U+FFFD, private-use and bidirectional-override characters and lone surrogates
    (``illegal-character``), tags and character references of HTML (``html-left``), and UTF-8 read
    in another encoding (``mojibake``). The prompt holds every rendered part, so one scan sees all.
    """

    name: ClassVar[str] = "characters"

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict; the detail names the first finding and where it stands."""
        for where in ("input_field", "output_field"):
            text: str = getattr(sample, where)
            # Deleting all legal bytes, or asking what is printable (of all illegal characters only
            # U+FFFD is), is many times faster than the regular expression.
            ascii_only = text.isascii()
            if ascii_only:
                suspicious = bool(text.encode().translate(None, _LEGAL_ASCII))
            else:
                suspicious = not text.replace("\n", "").isprintable() or "\ufffd" in text
            if suspicious and (found := _ILLEGAL.search(text)):
                return self.drop("illegal-character", f"U+{ord(found[0]):04X} in {where}")
            if markup := markup_left(text):
                return self.drop("html-left", f"{markup!r} in {where}")
            if ascii_only:
                continue
            # Looking for the nine characters that begin one is an eighth of the expression's time.
            if any(map(text.__contains__, _MOJIBAKE_STARTS)) and (found := _MOJIBAKE.search(text)):
                return self.drop("mojibake", f"{found[0]!r} in {where}")
        return self.keep()


class EmptyFilter(Filter):
    """Rejects a prompt, an answer or a candidate without a visible character."""

    name: ClassVar[str] = "empty"

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict: ``empty-output``, ``empty-input`` or ``empty-option``."""
        if not sample.output_field or sample.output_field.isspace():
            return self.drop("empty-output", "output_field has no text")
        if not sample.input_field or sample.input_field.isspace():
            return self.drop("empty-input", "input_field has no text")
        for number, option in enumerate(sample.options):
            if not option or option.isspace():
                return self.drop("empty-option", f"option {number} (from 0) has no text")
        return self.keep()


class LengthFilter(Filter):
    """Rejects rows that a trainer would cut (rule G13: drop, never cut, or answers vanish).

    The trainer's tokenizer is not known here, so :func:`estimate_tokens` counts for it; a row whose
    UTF-8 bytes are within ``max_tokens`` passes for certain, since no token covers less than one
    byte. The score is the estimate, of prompt and answer together.
    """

    name: ClassVar[str] = "length"

    max_tokens: int = Field(default=2048, ge=1, description="estimated tokens of prompt and answer")
    max_characters: int | None = Field(
        default=None, ge=1, description="characters of prompt and answer"
    )
    min_output: int = Field(default=2, ge=0, description="characters of a generated target")

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict: ``too-many-tokens``, ``too-many-characters`` or ``output-short``."""
        text = sample.input_field + sample.output_field
        tokens = estimate_tokens(text)
        score = float(tokens)
        # 4 bytes is the most that UTF-8 takes for one character.
        if (
            tokens > self.max_tokens
            and 4 * len(text) > self.max_tokens
            and len(text.encode("utf-8", "surrogatepass")) > self.max_tokens
        ):
            return self.drop("too-many-tokens", f"about {tokens} of {self.max_tokens}", score)
        if self.max_characters is not None and len(text) > self.max_characters:
            detail = f"{len(text)} of {self.max_characters}"
            return self.drop("too-many-characters", detail, score)
        if sample.task_type == "generation" and len(sample.output_field) < self.min_output:
            detail = f"{len(sample.output_field)} characters, at least {self.min_output}"
            return self.drop("output-short", detail, score)
        return self.keep(score)


def estimate_tokens(text: str) -> int:
    """Return a cautious count of the tokens of ``text`` in a closed form.

    One token for each 3.3 ASCII characters that are not digits (English prose has about 4 for each
    token, titles full of names and codes fewer), one for each digit (several tokenizers split
    numbers so), one for each other character, Chinese, Japanese and accented letters alike, and two
    more for each one outside the basic plane (emoji). A convention, not a measurement: a recipe for
    a known tokenizer should set ``max_tokens`` with room to spare.
    """
    if text.isascii():
        plain = len(text.encode().translate(None, b"0123456789"))
        return -int(-plain / _CHARACTERS_PER_TOKEN // 1) + len(text) - plain
    ascii_part = text.encode("ascii", "ignore").decode("ascii")
    others = len(text) - len(ascii_part)
    outside = len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text)
    return estimate_tokens(ascii_part) + others + 2 * outside


class WhitespaceFilter(Filter):
    """Rejects stray white space in what a source or a generator gave.

    Options, answer and slots are judged; the template's own text is not: ShopBench's prompts
    have a space before a line feed by design. Nowhere may white space stand at an end, be a tab or
    another odd space, or stand twice in a row; an option is one line.
    """

    name: ClassVar[str] = "whitespace"

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict: ``whitespace-option``, ``-output`` or ``-slot``."""
        slots = texts_of_slots(sample)
        if _plainly_in_order(sample.options, (*slots, sample.output_field)):
            return self.keep()
        # Options mostly are slots too: looking one up is cheaper than reading it again.
        judged = frozenset(sample.options)
        for option in sample.options:
            if _stray_white_space(option, one_line=True):
                return self.drop("whitespace-option", repr(option))
        if _stray_white_space(sample.output_field, one_line=False):
            return self.drop("whitespace-output", repr(sample.output_field))
        for slot, value in sample.slots.items():
            for text in slot_texts(value):
                if text not in judged and _stray_white_space(text, one_line=False):
                    return self.drop("whitespace-slot", f"{slot}: {text!r}")
        return self.keep()


_STRAY: Final = re.compile(r"[^\S\n]{2}|[^\S\n ]|\A\s|\s\Z")
_STRAY_IN_LINE: Final = re.compile(r"\s{2}|[^\S ]|\A\s|\s\Z")


def _plainly_in_order(lines: Sequence[str], texts: Sequence[str]) -> bool:
    """Return whether no white space strays in any text, looked at in one go; False says nothing.

    White space at an end, beside the space that joins two texts, makes two.
    """
    joined = " ".join(filter(None, (*lines, *texts)))
    if "  " in joined or joined[:1].isspace() or joined[-1:].isspace():
        return False
    if "\n" in joined:
        if " \n" in joined or "\n " in joined or any("\n" in line for line in lines):
            return False
        joined = joined.replace("\n", "")
    return is_printable(joined)


def _stray_white_space(text: str, *, one_line: bool) -> bool:
    if len(text) == 1:
        return text.isspace()
    if text.isprintable():
        return "  " in text or text[:1] == " " or text[-1:] == " "
    return (_STRAY_IN_LINE if one_line else _STRAY).search(text) is not None


class TitleFilter(Filter):
    """Rejects titles that name no product (rule G7): too short, or mostly not letters.

    ``fields`` says where the titles are: ``options``, or names of slots. A title with Chinese,
    Japanese or Korean characters is measured in characters, any other in words.
    """

    name: ClassVar[str] = "title"

    fields: tuple[str, ...] = Field(
        default=("options",), min_length=1, description="where titles are"
    )
    min_words: int = Field(default=3, ge=0, description="for titles without CJK characters")
    min_characters: int = Field(default=6, ge=0, description="for titles with CJK characters")
    max_noise: float = Field(default=0.6, ge=0, le=1, description="share of characters not letters")

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict, ``title-short`` or ``title-noise``; the score is the worst share."""
        worst = 0.0
        for field in self.fields:
            for title in field_texts(sample, field, self.name):
                words = title.split()
                characters = sum(map(len, words))
                if not title.isascii() and CJK.search(title):
                    short = characters < self.min_characters
                else:
                    short = len(words) < self.min_words
                if short:
                    return self.drop("title-short", repr(title))
                noise = 1 - sum(map(str.isalpha, title)) / characters if characters else 0.0
                worst = max(worst, noise)
                if noise > self.max_noise:
                    return self.drop("title-noise", repr(title), round(noise, 4))
        return self.keep(round(worst, 4))


class GrammarFilter(Filter):
    """Rejects an answer that its own task type would not score in full (rule G1)."""

    name: ClassVar[str] = "grammar"

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict, its reason ``grammar:`` and the task type's own code.

        Raises:
            RecipeError: the sample's task type is none of ShopBench's.
        """
        task_type = BY_NAME.get(sample.task_type)
        if task_type is None:
            known = ", ".join(sorted(BY_NAME))
            raise RecipeError(
                f"task {sample.task!r}: the grammar filter knows no task type "
                f"{sample.task_type!r}; use one of: {known}"
            )
        fault = task_type.check(sample.output_field, sample.gold, sample.metric)
        if fault is None:
            return self.keep()
        code, _, detail = fault.partition(": ")
        return self.drop(f"grammar:{code}", detail or repr(sample.output_field))
