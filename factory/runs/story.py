"""Reading a run's folder: its samples, and the whole story of one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from factory.errors import SourceError, UsageError, did_you_mean
from factory.outputs.jsonl import read_records
from factory.outputs.run_folder import FORMAT, MANIFEST, REJECTED, WORK

SPLITS: Final = ("train", "test", "rejected")
_TASK_KEYS: Final = ("format", "task", "definition", "seed", "recipe", "source", "splits")
_MIXTURE_KEYS: Final = ("format", "mixture", "seed", "tasks", "files")


def read_samples_of(folder: Path, split: str, skip: int, limit: int) -> list[dict[str, Any]]:
    """Return records ``skip`` to ``skip + limit`` of one file of a finished run.

    Raises :class:`UsageError` for a folder that is no finished run or a file that it does not have.
    """
    return list(islice(records_of(folder, split), skip, skip + limit))


def records_of(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    """Yield the records of one split of a finished run, in the order of their file.

    What a mixture rejected is what its mixed file left out, and then what each of its tasks
    dropped. Raises :class:`UsageError` for a folder that is no finished run or a file that it does
    not have, before the first record.
    """
    manifest = read_manifest(folder)
    if split not in SPLITS:
        raise UsageError(f"--split {split}: choose train, test or rejected")
    path = folder / f"{split}.jsonl"
    if not path.is_file():
        if path.name in manifest["files"]:
            raise UsageError(
                f"{path} is missing, though the run wrote it: the command that made the run makes "
                "it again"
            )
        raise UsageError(f"{folder} has no {split} samples; the recipe asks for none")
    paths = [path]
    if split == "rejected" and "mixture" in manifest:
        paths += [folder / task / REJECTED for task in manifest["tasks"]]
    return chain.from_iterable(read_records(each) for each in paths if each.is_file())


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a finished run; raises :class:`UsageError` where there is none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(f"{folder} is not a finished run (no {MANIFEST}): {_no_run(folder)}")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: not a manifest: {error}") from error
    needed = _MIXTURE_KEYS if "mixture" in manifest else _TASK_KEYS
    missing = [name for name in needed if name not in manifest]
    if missing:
        raise UsageError(f"{path}: not a manifest of this project: it lacks {missing[0]!r}")
    if manifest["format"] > FORMAT:
        raise UsageError(f"{path}: written by a newer version; upgrade eshop-factory to read it")
    return manifest


def _no_run(folder: Path) -> str:
    """Return why a path is no finished run, as far as can be seen, and what to do."""
    if folder.is_file() and (folder.parent / MANIFEST).is_file():
        return f"it is a file of one: give the folder, {folder.parent}"
    if folder.is_file():
        return "it is a file: give the folder of a run, such as out/task12"
    if runs := _runs_in(folder):
        return f"it holds the runs {', '.join(runs)}: give one of them, such as {folder / runs[0]}"
    if (folder / WORK).is_dir():
        return "a run is going on here or was interrupted: the command that began it goes on"
    if not folder.exists() and (beside := _runs_in(folder.parent)):
        hint = did_you_mean(folder.name, beside)
        return f"there is no such folder: {hint}{folder.parent} holds the runs {', '.join(beside)}"
    return "make one first, such as with python -m factory run recipes.yaml --task task12"


def _runs_in(folder: Path) -> list[str]:
    return sorted(each.parent.name for each in folder.glob(f"*/{MANIFEST}"))


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
        for task in manifest["tasks"]:
            if (folder / task / MANIFEST).is_file():
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
    provenance = story["sample"].get("provenance")
    source_ids = provenance["source_ids"] if provenance else story["sample"].get("source_ids", [])
    try:
        story["rows"] = _source_rows(manifest, source_ids)
    except SourceError as error:
        story["rows"], story["rows_missing"] = [], str(error)
    return story


def _find(folder: Path, sample_id: str) -> dict[str, Any]:
    for split in ("train", "test"):
        path = folder / f"{split}.jsonl"
        if path.is_file():
            for number, record in enumerate(read_records(path), 1):
                if record["id"] == sample_id:
                    return {"decision": f"kept: line {number} of {path}", "sample": record}
    for number, record in enumerate(read_records(folder / REJECTED), 1):
        if record["id"] == sample_id:
            detail = f" ({record['detail']})" if record["detail"] else ""
            return {
                "decision": f"dropped by {record['filter']}: {record['reason']}{detail}; "
                f"line {number} of {folder / REJECTED}",
                "sample": json.loads(record["record"]) | {"id": sample_id},
            }
    raise UsageError(f"{folder} has no sample {sample_id!r}; ids are the field 'id' of its JSONL")


def _source_rows(manifest: dict[str, Any], source_ids: list[str]) -> list[dict[str, Any]]:
    import duckdb

    from factory.sources import SOURCES, source_rows
    from factory.sources.lookup import behind

    source = manifest["source"]
    if source["adapter"] not in SOURCES:
        raise SourceError(f"this version has no adapter {source['adapter']!r}")
    adapter = SOURCES[source["adapter"]]
    with duckdb.connect() as connection:
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
