"""Samples as JSON lines, and back.

``gold`` and ``slots`` are JSON text inside the record: a column that is a number in one task and a
list in the next cannot be loaded as one table. Reading types them again.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from factory.errors import OutputError
from factory.sample import Provenance, Sample, Verdict


def to_record(
    sample: Sample, verdicts: Sequence[Verdict] = (), slots_text: str = ""
) -> dict[str, Any]:
    """Return the record of a sample, in the order in which its keys are written.

    ``verdicts`` come after the sample's own: copying a sample to add them costs more than writing.
    ``slots_text`` are its slots as JSON, where the caller has them already.
    """
    provenance = sample.provenance
    return {
        "id": sample.id,
        "task": sample.task,
        "track": sample.track,
        "task_type": sample.task_type,
        "metric": sample.metric,
        "description": sample.description,
        "prompt": sample.prompt,
        "input": sample.input,
        "candidates": sample.candidates,
        "constraint": sample.constraint,
        "output": sample.output,
        "input_field": sample.input_field,
        "output_field": sample.output_field,
        "gold": to_json(sample.gold).decode(),
        "options": sample.options,
        "slots": slots_text or to_json(sample.slots).decode(),
        "lang": sample.lang,
        "locale": sample.locale,
        "split": sample.split,
        "split_group": sample.split_group,
        "provenance": {
            "source": provenance.source,
            "source_ids": provenance.source_ids,
            "licence": provenance.licence,
            "view": provenance.view,
            "template": provenance.template,
            "wording": provenance.wording,
            "seed": provenance.seed,
            "definition": provenance.definition,
            "parent": provenance.parent,
            "generator": provenance.generator,
            "model": provenance.model,
            "prompt_hash": provenance.prompt_hash,
            "tokens": provenance.tokens,
            "cost": provenance.cost,
            "judge_tokens": provenance.judge_tokens,
            "judge_cost": provenance.judge_cost,
        },
        "reasoning": sample.reasoning,
        "scores": sample.scores,
        "verdicts": [
            {
                "filter": verdict.filter,
                "keep": verdict.keep,
                "reason": verdict.reason,
                "detail": verdict.detail,
                "score": verdict.score,
            }
            for verdict in (*sample.verdicts, *verdicts)
        ],
    }


def to_line(sample: Sample, verdicts: Sequence[Verdict] = (), slots_text: str = "") -> bytes:
    """Return the line of a sample, without a newline; see :func:`to_record`."""
    return to_json(to_record(sample, verdicts, slots_text))


def sample_id_of(line: bytes) -> str:
    """Return the id of a line that :func:`to_line` wrote, without reading the JSON: it is first."""
    return line[7:23].decode()


def from_record(record: dict[str, Any]) -> Sample:
    """Return the sample of a record, with ``gold`` and ``slots`` typed again."""
    provenance = dict(record["provenance"])
    provenance["source_ids"] = tuple(provenance["source_ids"])
    fields = dict(record)
    fields["gold"] = json.loads(record["gold"])
    fields["slots"] = json.loads(record["slots"])
    fields["options"] = tuple(record["options"])
    fields["provenance"] = Provenance(**provenance)
    fields["verdicts"] = tuple(Verdict(**verdict) for verdict in record["verdicts"])
    return Sample(**fields)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file; raises :class:`OutputError` naming a line that is none.

    A byte order mark, which some editors put before the first line, is no part of it.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = from_json(line.removeprefix(BOM_UTF8) if number == 1 else line)
                except ValueError as error:
                    raise OutputError(f"{path}:{number}: not a JSON record: {error}") from error
                if not isinstance(record, dict):
                    raise OutputError(f"{path}:{number}: not a JSON record: no object in braces")
                yield record
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_samples(path: Path, *, whole: bool = True) -> Iterator[Sample]:
    """Yield the samples of a ``train.jsonl`` or ``test.jsonl``, in the order of the file.

    Without ``whole`` they lack ``slots``, ``scores`` and ``verdicts``, and take half the time.
    """
    for number, record in enumerate(read_records(path), 1):
        try:
            if not whole:
                record |= {"slots": "{}", "scores": {}, "verdicts": ()}
            yield from_record(record)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise OutputError(f"{path}:{number}: not a sample of this project: {error}") from error
