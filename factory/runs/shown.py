"""What a run gives to look at: rich in a notebook, plain text elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from factory.runs.folder import why_rejected
from factory.text import visible


class Shown:
    """Some samples, or rejected candidates, to be read.

    Attributes:
        records: what the files hold of them.
    """

    def __init__(self, records: Sequence[Mapping[str, Any]]) -> None:
        self.records = records

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.records)

    def __repr__(self) -> str:
        return visible("\n\n".join(map(_as_text, self.records))) or "nothing here"

    def _repr_html_(self) -> str:
        from factory.runs.display import candidate_html, sample_html

        shown = [
            candidate_html(each) if "reason" in each else sample_html(each) for each in self.records
        ]
        return "".join(shown) or "nothing here"


class Story:
    """The whole story of one sample.

    Attributes:
        decision: whether it was kept, or by which filter it was dropped and why.
        sample: its record; of what was dropped before a sample was made, the row.
        rows: the source rows behind it, each with its ``table``; none where the source can no
            longer be reached, and ``rows_missing`` says why.
        definition: the view, template and seed it was made with, and the definition's hash.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self.decision: str = told["decision"]
        self.sample: Mapping[str, Any] = told["sample"]
        self.rows: Sequence[Mapping[str, Any]] = told["rows"]
        self.rows_missing: str = told.get("rows_missing", "")
        self.definition: Mapping[str, Any] = told["definition"]

    def __repr__(self) -> str:
        lines = [self.decision, *(f"from {_row(row)}" for row in self.rows)]
        if self.rows_missing:
            lines.append(f"source rows: {self.rows_missing}")
        lines.append(_inner_text(self.sample))
        is_sample = "input_field" in self.sample
        for verdict in self.sample["verdicts"] if is_sample else ():
            said = "keep" if verdict["keep"] else f"drop: {verdict['reason']}"
            lines.append(f"{verdict['filter']}: {said} {verdict['detail']}".rstrip())
        return visible("\n".join(lines))

    def _repr_html_(self) -> str:
        from factory.runs.display import story_html

        return story_html(self.told)


def _row(row: Mapping[str, Any]) -> str:
    known = [f"{name}={value}" for name, value in row.items() if value not in (None, "", [], {})]
    return " ".join(known)


def _as_text(record: Mapping[str, Any]) -> str:
    if "reason" not in record:
        return _inner_text(record)
    why = f"{record['id']} dropped by {why_rejected(record)}"
    return f"{why}\n{_inner_text(json.loads(record['record']))}"


def _inner_text(record: Mapping[str, Any]) -> str:
    """Return a sample, or the row of which none was made, whose columns may have any name."""
    if "input_field" not in record:
        return json.dumps(record, ensure_ascii=False)
    reasoning = [record["reasoning"]] if record.get("reasoning") else []
    head = f"{record['id']} · {record['task']} · {record['lang']}"
    return "\n".join([head, record["input_field"], *reasoning, record["output_field"]])
