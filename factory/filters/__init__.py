"""What may stay: rules over one sample, composed by a recipe's ``filters:`` block."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from factory.filters.balance import LongestGold, gold_positions, longest_gold_share
from factory.filters.base import Filter, first_rejection, run_filters, slot_texts
from factory.filters.benchmarks import BenchmarkSpec
from factory.filters.classifier import ClassifierFilter
from factory.filters.decontamination import DecontaminationFilter, write_index
from factory.filters.judge import JudgeOptions, judge
from factory.filters.language import (
    LANGUAGE_NAMES,
    LOCALE_LANGUAGES,
    LanguageFilter,
    LanguageGuess,
    identify,
)
from factory.filters.near_duplicates import NearDuplicateIndex, NearDuplicates, sketch, text_of
from factory.filters.novelty import Novelty, NoveltyOptions
from factory.filters.options import OptionsFilter
from factory.filters.rubrics import rubric
from factory.filters.rules import (
    CharactersFilter,
    EmptyFilter,
    GrammarFilter,
    LengthFilter,
    TitleFilter,
    WhitespaceFilter,
)
from factory.text import clean, similarity, tokens

__all__ = [
    "FILTERS",
    "LANGUAGE_NAMES",
    "LOCALE_LANGUAGES",
    "BenchmarkSpec",
    "CharactersFilter",
    "ClassifierFilter",
    "DecontaminationFilter",
    "EmptyFilter",
    "Filter",
    "FilterOptions",
    "GrammarFilter",
    "JudgeOptions",
    "LanguageFilter",
    "LanguageGuess",
    "LengthFilter",
    "LongestGold",
    "NearDuplicateIndex",
    "NearDuplicates",
    "Novelty",
    "NoveltyOptions",
    "OptionsFilter",
    "TitleFilter",
    "WhitespaceFilter",
    "build_filters",
    "clean",
    "first_rejection",
    "gold_positions",
    "identify",
    "judge",
    "longest_gold_share",
    "rubric",
    "run_filters",
    "similarity",
    "sketch",
    "slot_texts",
    "text_of",
    "tokens",
    "write_index",
]

#: Every filter by its name in a recipe, in the order in which they judge: what is cheap and what
#: explains most comes first.
FILTERS: Final[Mapping[str, type[Filter]]] = MappingProxyType(
    {
        each.name: each
        for each in (
            EmptyFilter,
            CharactersFilter,
            WhitespaceFilter,
            LengthFilter,
            OptionsFilter,
            TitleFilter,
            GrammarFilter,
            LanguageFilter,
            DecontaminationFilter,
            ClassifierFilter,
        )
    }
)


def _always(value: Any) -> Any:
    """Read ``true`` as a filter with its defaults; without it not every answer is checked."""
    if value is False:
        raise ValueError("cannot be switched off: it is what makes every answer a checked one")
    return _switch(value)


def _switch(value: Any) -> Any:
    """Read ``true`` as a filter with its defaults and ``false`` as none."""
    if value is None:
        raise ValueError("write true, false, or the filter's options")
    if isinstance(value, bool):
        return {} if value else None
    return value


_F = TypeVar("_F", bound=Filter)
_O = TypeVar("_O", bound=BaseModel)
_SetSwitch: TypeAlias = Annotated[_O | None, BeforeValidator(_switch)]
_Switch: TypeAlias = Annotated[_F | None, BeforeValidator(_switch)]
_Always: TypeAlias = Annotated[_F | None, BeforeValidator(_always)]


class FilterOptions(BaseModel):
    """The ``filters:`` block of a recipe: for each filter its options, ``true`` or ``false``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    empty: _Switch[EmptyFilter] = Field(
        default_factory=EmptyFilter, description="a prompt, answer or option without a character"
    )
    characters: _Switch[CharactersFilter] = Field(
        default_factory=CharactersFilter, description="broken or invisible characters, and markup"
    )
    whitespace: _Switch[WhitespaceFilter] = Field(
        default_factory=WhitespaceFilter, description="stray white space"
    )
    length: _Switch[LengthFilter] = Field(
        default_factory=LengthFilter, description="what a trainer would cut, and too short a target"
    )
    options: _Always[OptionsFilter] = Field(
        default_factory=OptionsFilter,
        description="options that cannot be told apart; cannot be switched off",
    )
    title: _Switch[TitleFilter] = Field(
        default=None, description="titles too short or made of one word; off unless asked for"
    )
    grammar: _Always[GrammarFilter] = Field(
        default_factory=GrammarFilter,
        description="answers that do not score full marks as their own; cannot be switched off",
    )
    language: _Switch[LanguageFilter] = Field(
        default_factory=LanguageFilter, description="texts in another language than their shop's"
    )
    decontamination: DecontaminationFilter | None = Field(
        default=None, description="off unless benchmarks are named: {against: [shopbench]}"
    )
    classifier: ClassifierFilter | None = Field(
        default=None, description="off unless one is named: {use: garbage, labels: [bad]}"
    )
    # Of a whole task at once: decided in draw order, against what was accepted earlier.
    near_duplicates: _SetSwitch[NearDuplicates] = Field(
        default=None, description="off unless asked for"
    )
    novelty: _SetSwitch[NoveltyOptions] = Field(default=None, description="off unless asked for")
    judge: _SetSwitch[JudgeOptions] = Field(
        default=None, description="a language model, or a panel; off unless asked for"
    )


def build_filters(options: FilterOptions) -> tuple[Filter, ...]:
    """Return the filters that ``options`` switches on, in the order of :data:`FILTERS`.

    Raises:
        MissingExtraError: a filter needs a package that is not installed.
    """
    filters = tuple(each for name in FILTERS if (each := getattr(options, name)) is not None)
    for each in filters:
        each.require()
    return filters
