"""The task algebra: how the records of one task become those of another.

EcomGPT calls it Chain-of-Task (Li et al., arXiv:2308.06966): a labelled record holds the answers of
many smaller tasks. A map reads records that the parent task has built and checked, and gives rows
for a task type to arrange; gold is carried over and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Final, NamedTuple, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from factory.draw import Draw
from factory.llm.driving import Spent
from factory.sample import Gold
from factory.sources.view import RowRejectedError

T = TypeVar("T")

#: What stands where a map took a part out of a text, or a turn out of a conversation.
GAP: Final = "____"


class Asked(NamedTuple):
    """What models had to do with a row: which steps and models, and what their answers took."""

    steps: tuple[str, ...]
    models: tuple[str, ...]
    prompt_hash: str
    spent: Spent

    @classmethod
    def together(cls, parts: Iterable[Self | None]) -> Self | None:
        """Return what was asked for a row that is made of ``parts``, in order; None where nothing.

        The prompt is that of the first.
        """
        asked = [each for each in parts if each is not None]
        if len(asked) < 2:
            return asked[0] if asked else None
        return cls(
            steps=tuple(dict.fromkeys(chain.from_iterable(each.steps for each in asked))),
            models=tuple(dict.fromkeys(chain.from_iterable(each.models for each in asked))),
            prompt_hash=asked[0].prompt_hash,
            spent=Spent(
                sum(each.spent.tokens for each in asked),
                round(sum(each.spent.cost for each in asked), 10),
            ),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted record of the parent task.

    Attributes:
        key, locale, group, source_ids: those of the record's sample (``group``: its split group).
        row: what the view gave, cleaned: the parent's slots.
        input: the part ``input`` as the parent prints it, such as ``Product title: ...``.
        options: the candidates as the parent displays them, without numbers.
        gold: the typed answer; output: the answer as printed.
        asked: what models had to do with it, if anything.
    """

    key: str
    locale: str
    group: str
    source_ids: tuple[str, ...]
    row: Mapping[str, Any]
    input: str
    options: tuple[str, ...]
    gold: Gold
    output: str
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """A row made of records: what the task type arranges and the template prints.

    ``of`` are the records that it shows, the one that gave it its key first.
    """

    columns: Mapping[str, Any]
    of: Sequence[Record]


class NoOptions(BaseModel):
    """A map without options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Map:
    """What most maps share: one record, no options, no column of the parent's rows by name."""

    partners: ClassVar[int] = 0
    options: ClassVar[type[BaseModel]] = NoOptions

    def needs(self, options: BaseModel) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Return none."""
        return ()


def field_text(record: Record, column: str) -> str:
    """Return a column of the record's row as one text; a list is one line for each of its items."""
    value = record.row[column]
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def label_of(record: Record) -> str:
    """Return the one right label of a record in words: its option, label, or number of stars.

    Raises :class:`RowRejectedError` for a record with several.
    """
    gold = record.gold
    if isinstance(gold, int):
        return record.options[gold] if record.options else str(gold)
    if isinstance(gold, list) and len(gold) == 1:
        return str(gold[0])
    if isinstance(gold, str):
        return gold
    raise RowRejectedError("several-labels", record.output)


def pick(items: Sequence[T], draw: Draw, purpose: str) -> T:
    """Return one of ``items`` by draw; raises :class:`RowRejectedError` where there is none."""
    if not items:
        raise RowRejectedError("nothing-to-choose", purpose)
    return items[draw.below(len(items), purpose)]


def shuffled(items: Sequence[T], draw: Draw, purpose: str) -> list[T]:
    """Return ``items`` in an order by draw."""
    return [items[i] for i in draw.permutation(len(items), purpose)]


class RecordMap(Protocol):
    """One way to derive: pure in the records and the draw.

    Attributes:
        operator: reverse, simplify or recombine; name: the map's name within it.
        types: the task types (as recipes name them) that a parent may have.
        partners: how many further records of the parent, next in draw order and of one locale, are
            handed over beside the one that gives the key.
        offers: the columns of its rows; options: the pydantic model of ``derive: {with: ...}``.
    """

    operator: ClassVar[str]
    name: ClassVar[str]
    types: ClassVar[tuple[str, ...]]
    partners: ClassVar[int]
    offers: ClassVar[tuple[str, ...]]
    options: ClassVar[type[BaseModel]]

    def needs(self, options: BaseModel) -> tuple[str, ...]:
        """Return the columns of the parent's rows that the map reads."""

    def rows(self, records: Sequence[Record], draw: Draw, options: BaseModel) -> Iterator[Derived]:
        """Yield at most one row; ``records`` are the key's own record, then its partners.

        Raises :class:`~factory.sources.view.RowRejectedError` with the reason where none can be
        made. Fewer partners may come than were asked for: some are not accepted.
        """
