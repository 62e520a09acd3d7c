"""Which samples of a finished run somebody wants to see, and what there is where none fits."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from factory.draw import draw
from factory.errors import UsageError
from factory.runs.counting import gold_places
from factory.runs.folder import records_of

_MOST_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """What a sample must be to be shown.

    Attributes:
        facets: for a facet (id, task, lang, wording, filter or reason, whose values are listed
            where nothing has what is asked for), the values of which it must have one; an upper
            case letter is as good as a lower case one.
        contains: texts that must all stand in its prompt, reasoning, answer, or rejected row.
        answer: its whole answer, as printed; or one of its right options (of a ranking, what is
            most relevant), entities, classes or lines.
        scores: for a score's name, the least that it must have.
    """

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contains: tuple[str, ...] = ()
    answer: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def asks_nothing(self) -> bool:
        """Whether every sample fits."""
        return not (self.facets or self.contains or self.scores) and self.answer is None

    def lacks(self, record: Mapping[str, Any]) -> str:
        """Return the first thing asked for that a record does not have; empty where it fits."""
        inner = _inner(record)
        for name, wanted in self.facets.items():
            if _folded(_facet(name, record, inner)) not in map(_folded, wanted):
                return name
        for name, least in self.scores.items():
            score = _of_sample(inner, "scores").get(name)
            if score is None or score < least:
                return f"score {name}"
        if self.answer is not None and _folded(self.answer) not in map(_folded, _answers(inner)):
            return "answer"
        text = _folded(_text(record, inner))
        return "" if all(_folded(each) in text for each in self.contains) else "contains"


@dataclass(frozen=True, slots=True)
class Selected:
    """The records that were chosen, and what else the file holds where they are few.

    Attributes:
        records: at most as many as were asked for.
        passed: how many records were looked at.
        fitting: how many of those fitted.
        whole: whether that was all of the file.
        values: of each facet that was asked for, how often each value was seen.
        scores: the names of the scores that were seen, where some were asked for.
    """

    records: list[dict[str, Any]]
    passed: int
    fitting: int
    whole: bool
    values: Mapping[str, Counter[str]]
    scores: frozenset[str]

    def nothing(self, selection: Selection) -> str:
        """Return why nothing was chosen, with the values that there are."""
        if not self.passed:
            return "there are none"
        absent = []
        for name, wanted in selection.facets.items():
            seen = {_folded(value) for value in self.values[name]}
            if not any(_folded(each) in seen for each in wanted):
                there = _listed(self.values[name])
                absent.append(f"none has the {name} {' or '.join(wanted)}; there are {there}")
        for name in selection.scores:
            if name not in self.scores:
                there = ", ".join(sorted(self.scores)) or "no scores at all"
                absent.append(f"none has a score {name}; there are {there}")
        return "; ".join(absent) or f"none of the {self.passed:,} fits all that was asked for"


def select(
    folder: Path,
    split: str,
    selection: Selection,
    *,
    skip: int = 0,
    limit: int,
    random_seed: int | None = None,
) -> Selected:
    """Return records ``skip`` to ``skip + limit`` of those that fit, of one file of a finished run.

    No more of the file is read than that takes. With ``random_seed`` they are drawn from the whole
    file, the same ones whenever the seed is the same.

    Raises :class:`UsageError` for a folder that is no finished run, or a file that it does not
    have.
    """
    values: dict[str, Counter[str]] = {name: Counter() for name in selection.facets}
    scores: set[str] = set()
    passed = found = 0

    def fitting() -> Iterator[dict[str, Any]]:
        nonlocal passed, found
        for record in records_of(folder, split):
            passed += 1
            if values or selection.scores:
                inner = _inner(record)
                for name, counted in values.items():
                    counted[_facet(name, record, inner)] += 1
                scores.update(_of_sample(inner, "scores"))
            if not selection.lacks(record):
                found += 1
                yield record

    fits = fitting()
    if random_seed is None:
        records = list(islice(fits, skip, skip + limit))
    else:
        drawn = heapq.nsmallest(
            skip + limit,
            fits,
            key=lambda each: draw(random_seed, each["task"], each["id"], "show"),
        )
        records = drawn[skip:]
    whole = random_seed is not None or found < skip + limit
    return Selected(records, passed, found, whole, values, frozenset(scores))


def least_score(text: str) -> tuple[str, float]:
    """Return both sides of ``NAME=VALUE``; raises :class:`UsageError`."""
    name, _, value = text.rpartition("=")
    try:
        if not name:
            raise ValueError
        return name, float(value)
    except ValueError as error:
        raise UsageError(f"--min-score {text}: write NAME=VALUE, such as judge=4") from error


def _facet(name: str, record: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    if name == "lang":
        return str(inner.get("lang") or inner.get("locale") or "none")
    if name == "wording":
        return str(_of_sample(inner, "provenance").get("wording") or "none")
    return str(record.get(name) or "none")


def _inner(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the sample or the row within a dropped candidate; an accepted record is its own."""
    if "reason" not in record:
        return record
    inner = json.loads(record["record"])
    return inner if isinstance(inner, dict) else {}


def _of_sample(inner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a mapping of a sample; nothing of a row, whose columns may have any name."""
    return inner[name] if "input_field" in inner else {}


def _answers(inner: Mapping[str, Any]) -> list[str]:
    """Return what a sample answers: as printed, the options that are right, and what it lists."""
    answers = [str(inner.get("output_field", ""))]
    if "input_field" in inner:
        answers += [inner["options"][place - 1] for place in gold_places(inner)]
        gold = json.loads(inner["gold"])
        if isinstance(gold, list):
            answers += [each for each in gold if isinstance(each, str)]
    return answers


def _text(record: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    if "input_field" not in inner:
        return f"{record.get('detail', '')}\n{record.get('record', '')}"
    parts = (record.get("detail"), inner["input_field"], inner.get("reasoning"))
    return "\n".join(part for part in (*parts, inner["output_field"]) if part)


def _folded(text: str) -> str:
    return text.strip().casefold()


def _listed(counted: Counter[str]) -> str:
    shown = [f"{value} ({count:,})" for value, count in counted.most_common(_MOST_LISTED)]
    more = len(counted) - len(shown)
    return ", ".join([*shown, f"{more:,} more"] if more > 0 else shown)
