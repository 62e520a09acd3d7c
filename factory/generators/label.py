"""Label a text before the line: what it is, which attributes it states, what it praises and blames.

Every extracted value must stand in the text word for word, and be what its label says as far as a
program can tell: an aspect is judged in words that can speak of it, an attribute has a value of its
form, a type is in words of its listing. A label that is not is left out, and a row without any is
rejected. Names come from closed lists, so that labels of different texts can be counted together:
the house's aspects and attributes, or a list that the row brings along. The labels become the table
``labels`` that other tasks read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import BaseModel, Field, create_model

from factory.draw import Draw
from factory.filters import LOCALE_LANGUAGES
from factory.generators.asking import Asking, Step, StepOptions, typed
from factory.generators.grounding import plain, says_a_word_of, stands_in
from factory.sources.aspect_names import ASPECTS, speaks_of
from factory.sources.listing_attributes import ATTRIBUTE_NAMES, names_another, value_of
from factory.sources.snippets import blames, generic, sentence_of
from factory.sources.view import RowRejectedError
from factory.text import tokens

_MOST: Final = 12
_MOST_WORDS_OF_A_NAME: Final = 4
_WORDS_OF_A_SNIPPET: Final = range(1, 13)

Short = Annotated[str, Field(max_length=80)]


def _one_of(names: tuple[str, ...]) -> Any:
    """Return the type of a text that an endpoint's schema holds to ``names``.

    Where an endpoint keeps to no schema, a name of the model's own costs its label, not the row.
    """
    return Annotated[str, Field(json_schema_extra={"enum": list(names)})]


class ProductType(BaseModel):
    """What a product is, in general."""

    product_type: Short


class Attribute(BaseModel):
    """One attribute that a text states."""

    name: _one_of(ATTRIBUTE_NAMES)  # type: ignore[valid-type]
    value: Short


class Attributes(BaseModel):
    """The attributes that a text states."""

    attributes: Annotated[list[Attribute], Field(max_length=_MOST)]


class Aspect(BaseModel):
    """What a review says of one aspect, in its own words."""

    aspect: _one_of(tuple(ASPECTS))  # type: ignore[valid-type]
    polarity: Literal["positive", "negative"]
    snippet: Annotated[str, Field(max_length=160)]


class Aspects(BaseModel):
    """The aspects that a review speaks of."""

    aspects: Annotated[list[Aspect], Field(max_length=_MOST)]


class Synonyms(BaseModel):
    """What else an attribute is called."""

    synonyms: Annotated[list[Short], Field(max_length=_MOST)]


class LabelOptions(StepOptions):
    """The options of ``label``."""

    what: Literal["type", "attributes", "aspects", "synonyms"] = Field(
        description="what the labels say of the text"
    )
    text: str = Field("text", description="the column that is labelled")
    among: str | None = Field(
        None, description="the column with the names that a type is chosen from; any where absent"
    )
    kind: Literal["type", "category_type"] = Field(
        "type", description="whose type it is: the product's own, or that of all of its category"
    )
    in_its_words: bool = Field(
        False, description="leave out a type of which the text says no word, in its own language"
    )


_FORMS: Final[Mapping[str, type[BaseModel]]] = {
    "type": ProductType,
    "attributes": Attributes,
    "aspects": Aspects,
    "synonyms": Synonyms,
}
_TOKENS: Final = {"type": 40, "attributes": 400, "aspects": 500, "synonyms": 120}
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "attributes": ATTRIBUTE_NAMES,
    "aspects": tuple(ASPECTS),
}


class Label(Step[LabelOptions]):
    """Fills the column ``labels``, as :class:`factory.tasktypes.labels.Labels` prints it."""

    name: ClassVar[str] = "label"
    options_model: ClassVar[type[StepOptions]] = LabelOptions
    own: ClassVar[frozenset[str]] = frozenset({"names"})

    def __init__(self, options: LabelOptions, folder: Path | None = None) -> None:
        super().__init__(options, folder)
        self.needs |= {options.text} | ({options.among} if options.among else frozenset())

    @property
    def offers(self) -> tuple[str, ...]:
        """The column ``labels``."""
        return ("labels",)

    def ask(self, row: Mapping[str, Any], draw: Draw) -> Asking:  # noqa: ARG002  (the protocol's)
        """Ask for the labels; keep those that the text, or the list of names, bears out."""
        what = self.options.what
        names = _NAMES.get(what, ())
        form = _FORMS[what]
        if self.options.among:
            names = tuple(row[self.options.among])
            form = create_model("ProductTypeOf", product_type=(_one_of(names), ...))
        question = self.question(
            row,
            form,
            max_tokens=_TOKENS[what],
            temperature=0.0,
            # What the others quote must stand in the text as a whole anyway.
            whole=what == "synonyms",
            names=names,
        )
        answer = yield from typed(question, form)
        text = str(row[self.options.text])
        english = LOCALE_LANGUAGES.get(str(row.get("locale", "us")), "") == "en"
        found = _labels(answer, text, frozenset(names), self.options)
        labels = list(_once(each for each in found if not english or _holds_in_english(each, text)))
        if not labels:
            raise RowRejectedError("no-label-holds", answer.model_dump_json()[:200])
        return {"labels": labels}


def _labels(
    answer: BaseModel, text: str, names: frozenset[str], options: LabelOptions
) -> Iterator[dict[str, str]]:
    if isinstance(answer, Attributes):
        yield from _stated(answer, text, names)
    elif isinstance(answer, Aspects):
        yield from _judged(answer, text, names)
    elif isinstance(answer, Synonyms):
        yield from _synonyms(answer, plain(text))
    else:
        name = _name(cast(str, answer.model_dump()["product_type"]))
        said = not options.in_its_words or says_a_word_of(text, name)
        if said and (name in {plain(each) for each in names} if names else _is_name(name)):
            yield {"kind": options.kind, "value": name}


def _stated(answer: Attributes, text: str, names: frozenset[str]) -> Iterator[dict[str, str]]:
    for attribute in answer.attributes:
        name = _name(attribute.name)
        value = value_of(name, attribute.value, text) if name in names else ""
        if value and stands_in(value, text) and plain(value) != name:
            yield {"kind": "attribute", "name": name, "value": value}


def _judged(answer: Aspects, text: str, names: frozenset[str]) -> Iterator[dict[str, str]]:
    for aspect in answer.aspects:
        name, snippet = _name(aspect.aspect), " ".join(aspect.snippet.split())
        said = len(tokens(snippet)) in _WORDS_OF_A_SNIPPET and stands_in(snippet, text)
        if name in names and said:
            yield {
                "kind": "aspect",
                "name": name,
                "polarity": aspect.polarity,
                "evidence": snippet,
            }


def _holds_in_english(label: Mapping[str, str], text: str) -> bool:
    """Return whether words that can speak of an aspect stand in its snippet, or in its sentence.

    A snippet says more than the aspect's name and more than praise of anything (``I love it``), and
    what finds fault is not positive. Labels of other kinds hold.
    """
    if label["kind"] != "aspect":
        return True
    aspect, snippet = label["name"], label["evidence"]
    says_nothing = generic(snippet) or set(tokens(snippet)) <= set(tokens(aspect))
    if says_nothing or (label["polarity"] == "positive" and blames(snippet)):
        return False
    return speaks_of(snippet, aspect) or speaks_of(sentence_of(snippet, text), aspect)


def _synonyms(answer: Synonyms, asked: str) -> Iterator[dict[str, str]]:
    for each in answer.synonyms:
        value = _name(each)
        if _is_name(value) and value != asked and not names_another(value, asked):
            yield {"kind": "synonym", "name": asked, "value": value}


def _is_name(name: str) -> bool:
    """Return whether a name is a few words without a size, a count or a model number."""
    words = len(tokens(name)) if name else 0
    return 0 < words <= _MOST_WORDS_OF_A_NAME and not re.search(r"[\d,;:()]", name)


def _name(written: str) -> str:
    return plain(written).strip(" .,")


def _once(labels: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield each name once: what a text says twice of one thing contradicts or repeats itself."""
    seen: set[tuple[str, str, str]] = set()
    for label in labels:
        synonym = label["value"] if label["kind"] == "synonym" else ""
        key = (label["kind"], label.get("name", ""), synonym)
        if key not in seen:
            seen.add(key)
            yield label
