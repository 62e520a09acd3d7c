"""What goes down the line between a view's facts and the fold: rows, samples on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from factory.filters import slot_texts
from factory.generators import Asked, Reasoned
from factory.sample import Sample, Verdict
from factory.text import are_clean, clean

_OF_THE_LINE: Final = frozenset({"ordinal", "split_group"})
#: Bytes of a text in a rejected row's record.
_LONGEST_TOLD: Final = 4096


class DroppedError(ValueError):
    """A row that no sample comes of: at which stage, and why."""

    def __init__(self, stage: str, reason: str, detail: str) -> None:
        super().__init__(f"{stage}: {reason}: {detail}")
        self.stage = stage
        self.reason = reason
        self.detail = detail

    def of_parent(self) -> DroppedError:
        """Return the same as the task that derives from this one says it."""
        return DroppedError("parent", self.reason, self.detail)


def only_row(rows: Sequence[Row]) -> Row:
    """Return the row that a record is made of; raises :class:`DroppedError` where there is none."""
    if not rows:
        raise DroppedError("rows", "no-row", "the view's row gives nothing")
    return rows[0]


class Row(NamedTuple):
    """One row for the task type to arrange: its key, its split groups, and what it says.

    ``reasoned`` is what a step thought of the sample that was made of it before.
    """

    key: str
    groups: tuple[str, ...]
    columns: Mapping[str, Any]
    asked: Asked | None = None
    reasoned: Reasoned | None = None


class Draft(NamedTuple):
    """A sample on its way: its row, what the filters have said so far, its slots as JSON."""

    made: Row
    sample: Sample
    verdicts: tuple[Verdict, ...]
    slots_text: str


def cleaned_row(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a facts row with its texts as a reader sees them."""
    row = {name: value for name, value in facts.items() if name not in _OF_THE_LINE}
    if are_clean(slot_texts(row)):
        return row
    return {
        name: value if name in ("key", "source_ids") else _cleaned(value)
        for name, value in row.items()
    }


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean(part) if type(part) is str else _cleaned(part) for part in value]
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    return value


def told_value(value: Any) -> Any:
    """Return a value of a rejected row as its record has it.

    A text that is handed over as bytes may be all that a mapper chooses from: its beginning tells
    enough, and the rest would fill the file.
    """
    if not isinstance(value, bytes) or len(value) <= _LONGEST_TOLD:
        return value
    return value[:_LONGEST_TOLD].decode(errors="ignore")
