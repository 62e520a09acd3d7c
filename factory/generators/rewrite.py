"""Rewrite a task's prompt: further wordings by a model, each checked by program before it is used.

Asked once for a task, before its line runs. What was written is compared with the human wordings:
a rewording must ask the same, fill the same slots, and be no prompt that stands there already.
Where none holds, the task runs with the wordings that people wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from factory.errors import RecipeError, did_you_mean
from factory.generators.asking import typed
from factory.generators.grounding import numbers, plain
from factory.llm import Answer, AnswerError, Message, Question, RefusedError
from factory.templates import PLACEHOLDER, Reworded, Template, load_prompt
from factory.text import similarity, tokens

_MOST: Final = 20
_MOST_SIMILARITY: Final = 0.9
_TOKENS_OF_A_WORD: Final = 3
_TOKENS_OF_THE_FORM: Final = 40
_QUOTES: Final = "\"'`“”‘’«»"
_BRACES: Final = re.compile(r"[{}\x00-\x1f\x7f\u27e6\u27e7]")
_NEGATED: Final = re.compile(r"n['’]t\b")
_ENDS: Final = ".?!:"
#: A rewording with more or fewer of these says the opposite, or something narrower.
_TURNING: Final = frozenset(
    ("not", "no", "never", "none", "neither", "nor", "without", "except", "least", "worst", "avoid")
)
#: What is asked for: "which of the following queries", "what product".
_ASKED: Final = re.compile(
    r"\b(?:which|what)\s+(?:of\s+)?(?:(?:the|these|those)\s+)?(?:following\s+|\w+\s+following\s+)?"
    r"(?!(?:is|are|was|should|would|can|could|does|do|best|has|have|fits|suits|matches|describes"
    r"|belongs|goes|comes|happens)\b)([^\W\d_]+)",
    re.IGNORECASE,
)
#: Words for any of the options; an item is a product.
_ANY: Final = frozenset(("option", "options", "choice", "choices", "one", "ones", "answer", "of"))
_SAME: Final = {"item": "product", "items": "products"}
_SHORTEST_STEM: Final = 4
_LONGEST_ENDING: Final = 3
#: Speak of the form of the answer: that is said by the constraint, which stays as it is.
_FORM: Final = frozenset(
    ("letter", "letters", "json", "explain", "explanation", "justify", "reason", "reasons", "list")
)
_COUNTS: Final = frozenset(
    ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "both", "all")
)


class WordingsSpec(BaseModel):
    """The ``wordings:`` block of a task: how many further wordings a model is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field("default", description="one of the recipe's models")
    count: int = Field(8, ge=1, le=_MOST, strict=True, description="rewordings that are asked for")
    prompt: str = Field(
        "rewrite_wording.j2", description="the prompt: in prompts/ beside the recipe, or packaged"
    )
    of: str | None = Field(
        None, description="the human wording that the model is shown: else the first by name"
    )
    keep: list[str] = Field(
        default_factory=list, description="words that every rewording must say as well"
    )
    temperature: float = Field(0.7, ge=0, le=2, description="of the request")


class Rewordings(BaseModel):
    """The form of the answer."""

    wordings: Annotated[list[str], Field(max_length=_MOST)]


@dataclass(frozen=True, slots=True)
class Written:
    """What came of asking: ``kept`` are used, ``dropped`` says of the others why, by reason.

    ``asked`` is how many were asked for, ``of`` the human wording that was shown.
    """

    model: str
    of: str
    asked: int
    kept: tuple[Reworded, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return it as the manifest has it."""
        return {
            "model": self.model,
            "of": self.of,
            "asked": self.asked,
            "kept": len(self.kept),
            "dropped": dict(sorted(self.dropped.items())),
            "texts": {each.name: each.text for each in self.kept},
        }


class Rewrite:
    """Asks for rewordings of one wording of a template.

    Args:
        spec: the task's ``wordings:`` block.
        template: the task's template, as people wrote it.
        folder: where prompts beside the recipe stand.

    Raises :class:`~factory.errors.RecipeError` for a prompt that is missing, or a wording that
    there is not, that has no form with placeholders, or that lacks a word of ``keep`` itself.
    """

    def __init__(self, spec: WordingsSpec, template: Template, folder: Path) -> None:
        self._spec = spec
        self._prompt = load_prompt(spec.prompt, folder)
        human = {name: each for name, each in template.wordings.items() if not each.model}
        self.of = spec.of or min(human)
        if self.of not in human:
            raise RecipeError(
                f"{template.path}: there is no wording {self.of!r} to be reworded: "
                f"{did_you_mean(self.of, human)}There are {', '.join(human)}"
            )
        shown = human[self.of].shown
        if shown is None:
            raise RecipeError(
                f"{template.path}: wording {self.of!r} has conditions, loops or braces, and a "
                "model can be shown text and slots only: name another with 'of'"
            )
        self._text, self._slots = shown.text, tuple(shown.slots)
        if lost := _lost(spec.keep, self._text):
            raise RecipeError(
                f"{template.path}: wording {self.of!r} does not say {lost!r} itself, so no "
                "rewording could keep it"
            )
        others = (each.shown for name, each in human.items() if name != self.of)
        self._others = [each.text for each in others if each is not None]

    def ask(self, model: str) -> Generator[Question, Answer, Written]:
        """Ask once; return what can be used of the answer. ``model`` is who answers."""
        spec = self._spec
        try:
            answer = yield from typed(self._question(), Rewordings)
        except AnswerError:
            return Written(model, self.of, spec.count, dropped={"answer-malformed": spec.count})
        except RefusedError:
            return Written(model, self.of, spec.count, dropped={"refused": spec.count})
        kept: list[str] = []
        dropped: Counter[str] = Counter()
        for said in answer.wordings[: spec.count]:
            text = " ".join(said.split())
            if reason := fault(text, self._text, spec.keep, (*self._others, *kept)):
                dropped[reason] += 1
            else:
                kept.append(text)
        if missing := spec.count - len(kept) - dropped.total():
            dropped["not-written"] = missing
        made = (
            Reworded(f"llm_{number}", self.of, text, model) for number, text in enumerate(kept, 1)
        )
        return Written(model, self.of, spec.count, tuple(made), dict(dropped))

    def _question(self) -> Question:
        spec = self._spec
        system, user = self._prompt.render(
            {
                "wording": self._text,
                "count": spec.count,
                "slots": [f"{{{name}}}" for name in self._slots],
                "keep": spec.keep,
            }
        )
        words = len(self._text.split()) * spec.count * 2
        return Question(
            (Message("system", system), Message("user", user)),
            Rewordings,
            max_tokens=words * _TOKENS_OF_A_WORD + _TOKENS_OF_THE_FORM,
            temperature=spec.temperature,
            whole=True,
        )


def fault(text: str, original: str, keep: Sequence[str], others: Iterable[str]) -> str:
    """Return why ``text`` is no rewording of ``original``, in a word; ``""`` for a good one.

    ``others`` are the wordings that there are already.
    """
    if not text:
        return "empty"
    if Counter(PLACEHOLDER.findall(text)) != Counter(PLACEHOLDER.findall(original)):
        return "slots"
    # A slot is a name for the checks: it begins a sentence, and is no word of either.
    said, meant = PLACEHOLDER.sub("X", text), PLACEHOLDER.sub("X", original)
    if _BRACES.search(said):
        return "braces"
    if not len(original) / 2 <= len(text) <= 2 * len(original):
        return "length"
    if _is_quoted(text):
        return "quoted"
    if _lost(keep, text):
        return "keep"
    if reason := _changed(said, meant):
        return reason
    if not _is_sentence(said) and _is_sentence(meant):
        return "unended"
    if any(_repeats(text, other) for other in (original, *others)):
        return "repeated"
    return ""


def _changed(said: str, meant: str) -> str:
    """Return what a rewording says otherwise, or beyond what was meant, as far as words show it."""
    words, known = frozenset(tokens(said)), frozenset(tokens(meant))
    if (words ^ known) & _TURNING or _NEGATED.findall(said) != _NEGATED.findall(meant):
        return "meaning"
    if not _asks_for_the_same(said, meant):
        return "meaning"
    if numbers(said) - numbers(meant) or (words - known) & _COUNTS:
        return "number"
    return "form" if (words - known) & _FORM else ""


def _asks_for_the_same(said: str, meant: str) -> bool:
    """Return whether nothing else is asked for: not the product where it was the query."""
    asked, before = (
        [_SAME.get(noun, noun) for noun in map(str.casefold, _ASKED.findall(text))]
        for text in (said, meant)
    )
    if not before:
        return True
    return all(noun in _ANY or any(_are_one(noun, other) for other in before) for noun in asked)


def _lost(keep: Iterable[str], text: str) -> str:
    """Return the first of the words to keep that the text says in no form."""
    words = frozenset(tokens(text))
    return next(
        (
            each
            for each in keep
            if not all(any(_are_one(word, other) for other in words) for word in tokens(each))
        ),
        "",
    )


def _are_one(word: str, other: str) -> bool:
    """Return whether two words are forms of one: query and queries, relevant and relevance."""
    return word.startswith(_stem(other)) or other.startswith(_stem(word))


def _stem(word: str) -> str:
    return word[: max(_SHORTEST_STEM, len(word) - _LONGEST_ENDING)]


def _is_quoted(text: str) -> bool:
    """Return whether quotes that are no part of a sentence stand around the text, or half of it."""
    if text[0] in _QUOTES:
        return True
    return text[-1] in _QUOTES and not text[:-1].endswith("}")


def _is_sentence(text: str) -> bool:
    return not text[0].islower() and text[0].isalpha() and text.rstrip(_QUOTES)[-1:] in _ENDS


def _repeats(text: str, other: str) -> bool:
    """Return whether a text says another again, or a part of it."""
    return plain(text) in plain(other) or (
        similarity(tokens(text), tokens(other)) >= _MOST_SIMILARITY
    )
