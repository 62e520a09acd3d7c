"""Pseudo-labels: what no data set says of a text, a model says, and a program checks.

EcomGPT had ChatGPT answer atomic tasks for which there were texts and no labels (Li et al.,
arXiv:2308.06966). Here every kind of answer has a check of its own: segments join to the query,
keyphrases stand in the review, a summary says no number that its text does not, a label is given
twice over, with the labels in another order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, Field, create_model, model_validator

from factory.draw import Draw
from factory.filters import LOCALE_LANGUAGES
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.carried_over import is_in_language
from factory.generators.grounding import plain, stands_in, unfounded_numbers
from factory.generators.question_frames import FRAMES, GAP, is_noun_phrase
from factory.generators.said_again import (
    UNSPACED,
    added,
    breaks_off,
    content,
    figure_cut,
    grounded,
    left_out,
    length,
    sentences,
    stands_whole,
    touched,
    without_little_ends,
)
from factory.llm import Answer, Question
from factory.sources.view import RowRejectedError
from factory.text import similarity, tokens

_MOST: Final = 8
_TOKENS_OF_A_WORD: Final = 4
_TOKENS_OF_THE_FORM: Final = 60
#: What parts the segments of a query, and the selling points of a product.
SEGMENTED: Final = " | "
_POINTS: Final = "; "
_SELLING_POINTS: Final = 3
#: A short title is so much shorter than the whole one.
_SHORT: Final = 0.7
#: A summary is at most so long, as a share of its text, and says so much of it in the text's words.
_SUMMED_UP: Final = 0.7
_GROUNDED: Final = 0.6
_LEAST_KEYPHRASES: Final = 2
_ALIKE: Final = 0.6
#: Words with which a summary says who says what.
_REPORTING: Final = (
    *("customer", "reviewer", "buyer", "agent", "shop", "seller", "product", "item"),
    *("asks", "asked", "says", "said", "tells", "told", "wants", "wanted", "reports"),
    *("complains", "explains", "explained", "answers", "answered", "likes", "dislikes"),
    *("praises", "criticizes", "finds", "thinks", "about", "but", "however", "because"),
    *("he", "she", "they", "them", "their", "who", "whether", "not", "no", "good"),
    *("bad", "happy", "unhappy", "satisfied", "overall", "cliente", "agente", "tienda"),
    *("producto", "pregunta", "preguntó", "dice", "dijo", "pide", "explica"),
    *("responde", "pero"),
)
#: What a number counts: it is not cut off its number.
_UNITS: Final = frozenset(
    (
        *("oz", "ounce", "ounces", "g", "gram", "grams", "kg", "lb", "lbs", "ml", "l"),
        *("liter", "liters", "litro", "litros", "cm", "mm", "m", "inch", "inches"),
        *("in", "ft", "feet", "pack", "packs", "piece", "pieces", "pcs", "count", "ct"),
        *("w", "v", "mah", "gb", "tb", "pulgadas", "piezas", "unidades"),
    )
)
#: What parts the clauses of a text.
_CLAUSES: Final = frozenset(",;:，、；：。！？")
_STOPS: Final = ".!?。！？"
#: Who speaks in a conversation, as its lines say it.
_SPEAKER: Final = re.compile(r"\b(?:Customer|Agent):")

Short = Annotated[str, Field(max_length=200)]


class Said(BaseModel):
    """The form of an answer that is a text."""

    text: str


class Segments(BaseModel):
    """The form of a query that is cut into phrases."""

    segments: Annotated[list[Short], Field(max_length=12)]


class Phrases(BaseModel):
    """The form of an answer that is a few phrases."""

    phrases: Annotated[list[Short], Field(max_length=_MOST)]


class PseudoLabelOptions(StepOptions):
    """The options of ``pseudo_label``."""

    kind: Literal[
        "rewrite",
        "segments",
        "question",
        "short_title",
        "selling_points",
        "summary",
        "keyphrases",
        "choice",
    ]
    text: str = Field("text", description="the column that is answered about")
    slot: str = Field(
        "target", pattern=r"^[a-z][a-z0-9_]*$", description="the column with an answer in words"
    )
    brand: str | None = Field(None, description="the column with the brand, which a title keeps")
    type: str | None = Field(
        None, description="the column with the type of the product, which a title keeps"
    )
    labels: list[str] | None = Field(
        None, min_length=2, description="the labels of a choice, or else"
    )
    among: str | None = Field(None, description="the column with the labels of a choice")
    min_words: int = Field(2, ge=1)
    max_words: int = Field(40, ge=1)
    temperature: float = Field(0.3, ge=0, le=2)

    @model_validator(mode="after")
    def _choice_has_labels(self) -> PseudoLabelOptions:
        if (self.kind == "choice") != (self.labels is not None or self.among is not None):
            raise ValueError("a choice has 'labels' or 'among', and no other kind has")
        return self


class PseudoLabel(Step[PseudoLabelOptions]):
    """Fills a column with an answer about a text: ``target``, ``phrases`` or ``labels``."""

    name: ClassVar[str] = "pseudo_label"
    options_model: ClassVar[type[StepOptions]] = PseudoLabelOptions
    own: ClassVar[frozenset[str]] = frozenset({"names", "frames", "most"})

    def __init__(self, options: PseudoLabelOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        columns = (options.text, options.brand, options.type, options.among)
        self.needs |= {"locale", *filter(None, columns)}

    @property
    def offers(self) -> tuple[str, ...]:
        """The column of the answer."""
        kinds = {"choice": "labels", "keyphrases": "phrases"}
        return (kinds.get(self.options.kind, self.options.slot),)

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:
        """Ask, and reject an answer that its check does not bear out."""
        language = LOCALE_LANGUAGES.get(str(row["locale"] or ""), "")
        if self.options.kind == "choice":
            return (yield from self._choose(row, draw))
        if self.options.kind == "question":
            return (yield from self._ask_in_a_frame(row, language))
        form, check = _KINDS[self.options.kind]
        answer = yield from self._typed(row, form)
        (said,) = answer.model_dump().values()
        source = _source(row[self.options.text])
        return {self.offers[0]: check(said, source, language, _Bounds(self.options, row))}

    def _typed(
        self, row: Mapping[str, Any], form: type[BaseModel], **own: Any
    ) -> Generator[Question, Answer, BaseModel]:
        bound = self.options.max_words * _TOKENS_OF_A_WORD + _TOKENS_OF_THE_FORM
        own = {"names": (), "frames": (), "most": self.options.max_words, **own}
        question = self.question(
            row, form, max_tokens=bound, temperature=self.options.temperature, **own
        )
        return (yield from typed(question, form))

    def _choose(self, row: Mapping[str, Any], draw: Draw) -> Asking:
        """Ask for a label twice, with the labels in an order and in the opposite one."""
        names = list(self.options.labels or row[str(self.options.among)])
        order = [names[place] for place in draw.permutation(len(names), "labels")]
        chosen = []
        for shown in (order, order[::-1]):
            form = create_model("Choice", label=(_one_of(shown), ...))
            answer = yield from self._typed(row, form, names=tuple(shown))
            said = plain(str(answer.model_dump()["label"])).strip(" .")
            label = next((name for name in names if plain(name) == said), None)
            if label is None:
                raise RowRejectedError("label-unknown", said)
            chosen.append(label)
        if chosen[0] != chosen[1]:
            raise RowRejectedError("labels-differ", " / ".join(chosen))
        return {"labels": chosen[0]}

    def _ask_in_a_frame(self, row: Mapping[str, Any], language: str) -> Asking:
        """Ask for a frame of a question, and for the words of the query to fill it with."""
        frames = FRAMES.get(language)
        if frames is None:
            raise RowRejectedError("language-unknown", language)
        form = create_model("Framed", frame=(_one_of(frames), ...), words=(Short, ...))
        answer = (yield from self._typed(row, form, frames=frames)).model_dump()
        frame, words = str(answer["frame"]).strip(), " ".join(str(answer["words"]).split())
        if frame not in frames:
            raise RowRejectedError("frame-unknown", frame)
        _check_kept(str(row[self.options.text]), words, language)
        if not is_noun_phrase(words, language) or set(words) & set("?？¿!;；…"):
            raise RowRejectedError("no-noun-phrase", words)
        return {self.options.slot: frame.replace(GAP, words)}


def _source(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _one_of(names: Sequence[str]) -> Any:
    return Annotated[str, Field(json_schema_extra={"enum": list(names)})]


class _Bounds:
    """What the options of the step bound an answer by, and what the row says beside its text."""

    def __init__(self, options: PseudoLabelOptions, row: Mapping[str, Any]) -> None:
        self.least, self.most = options.min_words, options.max_words
        self.brand = str(row[options.brand] or "") if options.brand else ""
        self.type = str(row[options.type] or "") if options.type else ""

    def check_length(self, text: str, language: str) -> None:
        """Raise :class:`RowRejectedError` for a text that is too short or too long."""
        words = length(text, language)
        if not self.least <= words <= self.most:
            raise RowRejectedError(
                "length", f"{words} words, not {self.least} to {self.most}: {text}"
            )


def _check_kept(source: str, text: str, language: str) -> None:
    """Raise :class:`RowRejectedError` unless both texts say the same words, little ones apart."""
    if not text:
        raise RowRejectedError("empty", source)
    if missing := left_out(source, text, language):
        raise RowRejectedError("word-left-out", f"{missing} is not in: {text}")
    if new := added(source, text, language):
        raise RowRejectedError("word-added", f"{new} in: {text}")
    if cut := figure_cut(source, text):
        raise RowRejectedError("unit-cut-off", f"{cut} in: {text}")
    if breaks_off(text, language):
        raise RowRejectedError("breaks-off", text)


def _rewritten(said: str, source: str, language: str, bounds: _Bounds) -> str:
    """Return the query in other words: the same ones in another order or joined otherwise."""
    text = " ".join(said.split()).strip(" .\"'")
    bounds.check_length(text, language)
    _check_kept(source, text, language)
    if tokens(text) == tokens(source):
        raise RowRejectedError("unchanged", text)
    return text


def _segmented(said: list[str], source: str, language: str, bounds: _Bounds) -> str:  # noqa: ARG001
    """Return the segments of the query, which join to it."""
    parts = [" ".join(part.split()) for part in said if part.strip()]
    if "".join(parts).replace(" ", "") != source.replace(" ", ""):
        raise RowRejectedError("segments-do-not-join", SEGMENTED.join(parts))
    if len(parts) < 2:
        raise RowRejectedError("one-segment", source)
    if " " in source:
        words = " ".join(source.split())
        if " ".join(parts) != words:
            raise RowRejectedError("word-cut", SEGMENTED.join(parts))
        if len(parts) == len(words.split()):
            raise RowRejectedError("every-word-alone", SEGMENTED.join(parts))
    for one, other in pairwise(parts):
        if one[-1].isdigit() and other.split()[0].casefold() in _UNITS:
            raise RowRejectedError("unit-cut-off", f"{one}{SEGMENTED}{other}")
        if breaks_off(one, language):
            raise RowRejectedError("breaks-off", one)
    return SEGMENTED.join(parts)


def _short_title(said: str, source: str, language: str, bounds: _Bounds) -> str:
    """Return a shorter title, of the title's own words, with its brand and type."""
    text = " ".join(said.split()).strip(" .,;:-–|\"'")
    bounds.check_length(text, language)
    if len(text) > _SHORT * len(source):
        raise RowRejectedError("not-shorter", text)
    if new := added(source, text, language):
        raise RowRejectedError("word-added", f"{new} in: {text}")
    for what, kept in (("brand", bounds.brand), ("type", bounds.type)):
        if kept and stands_in(kept, source) and not stands_in(kept, text):
            raise RowRejectedError(f"{what}-left-out", f"{kept} is not in: {text}")
    if bounds.type and not set(content(text, language)) & set(content(bounds.type, language)):
        raise RowRejectedError("type-left-out", f"{bounds.type} is not in: {text}")
    if cut := figure_cut(source, text):
        raise RowRejectedError("unit-cut-off", f"{cut} in: {text}")
    if breaks_off(text, language):
        raise RowRejectedError("breaks-off", text)
    return text


def _selling_points(said: list[str], source: str, language: str, bounds: _Bounds) -> str:
    """Return three short points, each of words of the page and unlike the others."""
    points: list[str] = []
    told = frozenset((*content(bounds.type, language), *content(bounds.brand, language)))
    for each in said:
        point = " ".join(each.split()).strip(" .:;。：；-•")
        words = frozenset(content(point, language))
        if (
            len(words - told) >= 2
            and _POINTS.strip() not in point
            and not (bounds.brand and stands_in(bounds.brand, point))
            and not breaks_off(point, language)
            and bounds.least <= length(point, language) <= bounds.most
            and not unfounded_numbers(point, [source])
            and not figure_cut(source, point)
            and grounded(point, source, language) >= _GROUNDED
            and not any(
                similarity(words, frozenset(content(other, language))) >= _ALIKE for other in points
            )
        ):
            points.append(point)
    if len(points) < _SELLING_POINTS:
        raise RowRejectedError("too-few-points", _POINTS.join(points) or "none holds")
    return _POINTS.join(points[:_SELLING_POINTS])


def _summary(said: str, source: str, language: str, bounds: _Bounds) -> str:
    """Return a summary that is shorter than its text and rests on several sentences of it."""
    text = " ".join(said.split())
    bounds.check_length(text, language)
    if length(text, language) > _SUMMED_UP * length(source, language):
        raise RowRejectedError("not-shorter", text)
    if text[0].islower() or _SPEAKER.search(text):
        raise RowRejectedError("no-sentence", text)
    if breaks_off(text, language):
        raise RowRejectedError("breaks-off", text)
    if made_up := unfounded_numbers(text, [source]):
        raise RowRejectedError("number-unfounded", f"{min(made_up)} in: {text}")
    if not is_in_language(text, language):
        raise RowRejectedError("language", text)
    if (share := grounded(text, source, language, _REPORTING)) < _GROUNDED:
        raise RowRejectedError("words-unfounded", f"{share:.0%} of: {text}")
    parts = sentences(source)
    if touched(text, parts, language) < min(2, len(parts)):
        raise RowRejectedError("one-sentence", text)
    return text if text[-1] in _STOPS else text + ("。" if language in UNSPACED else ".")


def _keyphrases(said: list[str], source: str, language: str, bounds: _Bounds) -> list[str]:
    """Return phrases as they stand in the text, in its order, none within another."""
    found: dict[int, str] = {}
    for each in said:
        phrase = without_little_ends(each.strip(" .,;:!?\"'。、！？"), language)
        at = re.search(re.escape(phrase), source, re.IGNORECASE)
        place = at.start() if at else -1
        if (
            phrase
            and at
            and not set(phrase) & _CLAUSES
            and stands_in(phrase, source)
            and stands_whole(*at.span(), source, language)
            and content(phrase, language)
            and length(phrase, language) <= bounds.most
            and len(sentences(phrase)) == 1
            and not any(
                place < start + len(other) and start < place + len(phrase)
                for start, other in found.items()
            )
        ):
            found[place] = source[place : place + len(phrase)]
    if len(found) < max(bounds.least, _LEAST_KEYPHRASES):
        raise RowRejectedError("too-few-phrases", ", ".join(found.values()) or "none holds")
    return [found[place] for place in sorted(found)]


#: Given what was said, the text, its language and the bounds, returns the column's value.
_Check: TypeAlias = Callable[[Any, str, str, _Bounds], Any]
_KINDS: Final[Mapping[str, tuple[type[BaseModel], _Check]]] = {
    "rewrite": (Said, _rewritten),
    "segments": (Segments, _segmented),
    "short_title": (Said, _short_title),
    "selling_points": (Phrases, _selling_points),
    "summary": (Said, _summary),
    "keyphrases": (Phrases, _keyphrases),
}
