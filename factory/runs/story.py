"""The whole story of one sample of a finished run."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from factory.errors import SourceError, UsageError
from factory.outputs.records import MISREAD, rejected_records, sample_records
from factory.outputs.run_folder import REJECTED
from factory.runs.folder import kept_files, read_manifest, task_manifests, why_rejected


def tell_story(folder: Path, sample_id: str) -> dict[str, Any]:
    """Return the whole story of one sample, kept or dropped.

    The result has ``sample`` (the record), ``decision``, ``definition`` (view, template, seed and
    the definition's hash) and ``rows`` (the source rows behind it; where the source can no longer
    be reached, ``rows_missing`` says why). In a mixture's folder, the story is that of the task
    that the sample came from.

    Raises :class:`UsageError` for an id that the run does not have.
    """
    manifest = read_manifest(folder)
    if "mixture" in manifest:
        for task in task_manifests(folder, manifest):
            with suppress(UsageError):
                return tell_story(folder / task, sample_id)
        raise UsageError(f"no task of {folder} has a sample {sample_id!r}")
    story = _find(folder, sample_id)
    story["definition"] = {
        "view": manifest["recipe"]["rows"],
        "template": manifest["recipe"]["template"],
        "seed": manifest["seed"],
        "hash": manifest["definition"],
    }
    sample = story["sample"]
    # A row of which no sample was made may have columns of any name.
    origin = sample["provenance"] if "input_field" in sample else sample
    try:
        story["rows"] = _source_rows(manifest, origin.get("source_ids") or [])
    except SourceError as error:
        story["rows"], story["rows_missing"] = [], str(error)
    except MISREAD as error:
        told = " ".join(str(error).split())
        story["rows"] = []
        story["rows_missing"] = f"the manifest does not say where they were read ({told})"
    return story


def _find(folder: Path, sample_id: str) -> dict[str, Any]:
    for path in kept_files(folder):
        for number, record in enumerate(sample_records(path), 1):
            if record["id"] == sample_id:
                return {"decision": f"kept: line {number} of {path}", "sample": record}
    path = folder / REJECTED
    for number, record in enumerate(rejected_records(path), 1):
        if record["id"] == sample_id:
            return {
                "decision": f"dropped by {why_rejected(record)}; line {number} of {path}",
                "sample": json.loads(record["record"]) | {"id": sample_id},
            }
    raise UsageError(
        f"{folder} has no sample {sample_id!r}; python -m factory show {folder} prints each "
        "sample's id before it"
    )


def _source_rows(manifest: dict[str, Any], source_ids: list[str]) -> list[dict[str, Any]]:
    import duckdb

    from factory.sources import SOURCES, source_rows
    from factory.sources.interrupts import interruptible
    from factory.sources.lookup import behind

    source = manifest["source"]
    if source["adapter"] not in SOURCES:
        raise SourceError(f"this version has no adapter {source['adapter']!r}")
    adapter = SOURCES[source["adapter"]]
    with duckdb.connect() as connection, interruptible(connection):
        attached = adapter.attach(
            connection,
            source["name"],
            source["address"],
            adapter.options.model_validate(source["options"]),
            allow_test=source["allow_test"],
        )
        now = [file.fingerprint for file in attached.files]
        if now != [file["fingerprint"] for file in source["files"]]:
            raise SourceError(f"{source['address']} has changed since the run")
        with_products = [
            each
            for source_id in source_ids
            for each in (source_id, *behind(source_id))
            if each == source_id or each.startswith("product:")
        ]
        return source_rows(connection, source["name"], with_products)
