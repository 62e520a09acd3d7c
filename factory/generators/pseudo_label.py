"""Pseudo-labels: what no data set says of a text, a model says, and a program checks.

EcomGPT had ChatGPT answer atomic tasks for which there were texts and no labels (Li et al.,
arXiv:2308.06966). Here every kind of answer has a check of its own: segments join to the query,
keyphrases stand in the review, a summary says no number that its text does not, a label is given
twice over, with the labels in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, Field, create_model, model_validator

from factory.draw import Draw
from factory.filters import LOCALE_LANGUAGES
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.bounds import Bounds, check_bounds
from factory.generators.grounding import plain
from factory.generators.question_frames import FRAMES, GAP, is_noun_phrase
from factory.generators.said_of_queries import check_kept, rewritten, segmented
from factory.generators.said_of_texts import keyphrases, selling_points, short_title, summary
from factory.llm import Answer, Question
from factory.sources.view import RowRejectedError

_MOST: Final = 8
_TOKENS_OF_A_WORD: Final = 4
_TOKENS_OF_THE_FORM: Final = 60
#: Who speaks, before what is said in a line of a conversation.
_SPEAKER: Final = ": "

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
    ] = Field(description="which kind of answer, each with its own check")
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
    min_words: int = Field(2, ge=1, description="of what is written, at least")
    max_words: int = Field(40, ge=1, description="of what is written, at most")
    max_sentences: int | None = Field(None, ge=1, description="how many sentences at most")
    temperature: float = Field(0.3, ge=0, le=2, description="of the request")

    @model_validator(mode="after")
    def _choice_has_labels(self) -> PseudoLabelOptions:
        if (self.kind == "choice") != (self.labels is not None or self.among is not None):
            raise ValueError("a choice has 'labels' or 'among', and no other kind has")
        check_bounds(self.min_words, self.max_words)
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
        return {self.offers[0]: check(said, source, language, self._bounds(row))}

    def _bounds(self, row: Mapping[str, Any]) -> Bounds:
        options, text = self.options, row[self.options.text]
        lines = text if isinstance(text, list) and _SPEAKER in str(text[:1]) else [""]
        return Bounds(
            least=options.min_words,
            most=options.max_words,
            sentences=options.max_sentences,
            brand=str(row[options.brand] or "") if options.brand else "",
            type=str(row[options.type] or "") if options.type else "",
            opening=str(lines[0]).partition(_SPEAKER)[2],
        )

    def _typed(
        self, row: Mapping[str, Any], form: type[BaseModel], **own: Any
    ) -> Generator[Question, Answer, BaseModel]:
        bound = self.options.max_words * _TOKENS_OF_A_WORD + _TOKENS_OF_THE_FORM
        own = {"names": (), "frames": (), "most": self.options.max_words, **own}
        question = self.question(
            row, form, max_tokens=bound, temperature=self.options.temperature, whole=True, **own
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
        check_kept(str(row[self.options.text]), words, language)
        if not is_noun_phrase(words, language) or set(words) & set("?？¿!;；…"):
            raise RowRejectedError("no-noun-phrase", words)
        return {self.options.slot: frame.replace(GAP, words)}


def _source(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _one_of(names: Sequence[str]) -> Any:
    return Annotated[str, Field(json_schema_extra={"enum": list(names)})]


#: Given what was said, the text, its language and the bounds, returns the column's value.
_Check: TypeAlias = Callable[[Any, str, str, Bounds], Any]
_KINDS: Final[Mapping[str, tuple[type[BaseModel], _Check]]] = {
    "rewrite": (Said, rewritten),
    "segments": (Segments, segmented),
    "short_title": (Said, short_title),
    "selling_points": (Phrases, selling_points),
    "summary": (Said, summary),
    "keyphrases": (Phrases, keyphrases),
}
