"""Label a text before the line: what it is, which attributes it states, what it praises and blames.

Every extracted value must stand in the text word for word; a label that does not is left out, and a
row without any is rejected. The labels become the table ``labels`` that other tasks read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, Field

from factory.draw import Draw
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.grounding import plain, stands_in
from factory.sources.view import RowRejectedError
from factory.text import tokens

Short = Annotated[str, Field(max_length=80)]
_MOST: Final = 12
_MOST_WORDS_OF_A_TYPE: Final = 4
_MOST_WORDS_OF_A_NAME: Final = 3
_WORDS_OF_A_SNIPPET: Final = range(2, 13)


class ProductType(BaseModel):
    """What a product is, in general."""

    product_type: Short


class Attribute(BaseModel):
    """One attribute that a text states."""

    name: Short
    value: Short


class Attributes(BaseModel):
    """The attributes that a text states."""

    attributes: Annotated[list[Attribute], Field(max_length=_MOST)]


class Aspect(BaseModel):
    """What a review says of one aspect, in its own words."""

    aspect: Short
    polarity: Literal["positive", "negative"]
    snippet: Annotated[str, Field(max_length=160)]


class Aspects(BaseModel):
    """The aspects that a review speaks of."""

    aspects: Annotated[list[Aspect], Field(max_length=_MOST)]


class LabelOptions(StepOptions):
    """The options of ``label``."""

    what: Literal["type", "attributes", "aspects"]
    text: str = Field("text", description="the column that is labelled")


_FORMS: Final[Mapping[str, type[BaseModel]]] = {
    "type": ProductType,
    "attributes": Attributes,
    "aspects": Aspects,
}
_TOKENS: Final = {"type": 40, "attributes": 400, "aspects": 500}


class Label(Step[LabelOptions]):
    """Fills the column ``labels``, as :class:`factory.tasktypes.labels.Labels` prints it."""

    name: ClassVar[str] = "label"
    options_model: ClassVar[type[StepOptions]] = LabelOptions

    @property
    def offers(self) -> tuple[str, ...]:
        """The column ``labels``."""
        return ("labels",)

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:  # noqa: ARG002  (the protocol's)
        """Ask for the labels; keep those that the text bears out."""
        what = self.options.what
        question = self.question(row, _FORMS[what], max_tokens=_TOKENS[what], temperature=0.0)
        answer = yield from typed(question, _FORMS[what])
        text = str(row[self.options.text])
        labels = list(_once(_labels(answer, text)))
        if not labels:
            raise RowRejectedError("no-label-holds", answer.model_dump_json()[:200])
        return {"labels": labels}


def _labels(answer: BaseModel, text: str) -> Iterator[dict[str, str]]:
    if isinstance(answer, ProductType):
        name = plain(answer.product_type).strip(" .")
        if 0 < len(tokens(name)) <= _MOST_WORDS_OF_A_TYPE:
            yield {"kind": "type", "value": name}
    elif isinstance(answer, Attributes):
        for attribute in answer.attributes:
            name, value = plain(attribute.name).strip(" ."), attribute.value.strip()
            if _is_name(name) and stands_in(value, text) and plain(value) != name:
                yield {"kind": "attribute", "name": name, "value": value}
    elif isinstance(answer, Aspects):
        for aspect in answer.aspects:
            name, snippet = plain(aspect.aspect).strip(" ."), " ".join(aspect.snippet.split())
            said = len(tokens(snippet)) in _WORDS_OF_A_SNIPPET and stands_in(snippet, text)
            if _is_name(name) and said:
                yield {
                    "kind": "aspect",
                    "name": name,
                    "polarity": aspect.polarity,
                    "evidence": snippet,
                }


def _is_name(name: str) -> bool:
    return 0 < len(tokens(name)) <= _MOST_WORDS_OF_A_NAME


def _once(labels: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield each name once: what a text says twice of one thing contradicts or repeats itself."""
    seen: set[tuple[str, str]] = set()
    for label in labels:
        key = (label["kind"], label.get("name", ""))
        if key not in seen:
            seen.add(key)
            yield label
