"""A finished run's or mixture's folder read back: its manifest, and the records of its files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError, did_you_mean
from factory.outputs.records import rejected_records, sample_records
from factory.outputs.run_folder import FORMAT, MANIFEST, REJECTED, WORK

#: The splits whose samples are kept, and all that have a file.
KEPT: Final = ("train", "test")
SPLITS: Final = (*KEPT, "rejected")
_TASK_KEYS: Final = {
    "format": int,
    "task": str,
    "definition": str,
    "seed": int,
    "recipe": dict,
    "source": dict,
    "splits": dict,
    "files": dict,
}
_RECIPE_TEXTS: Final = ("type", "rows", "template", "title")
_LARGEST: Final = 2**63
_SOURCE_KEYS: Final = ("name", "licence", "homepage")
_MIXTURE_KEYS: Final = {"format": int, "mixture": str, "seed": int, "tasks": dict, "files": dict}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a finished run; raises :class:`UsageError` where there is none.

    A folder may come from anybody: what every reader builds on is there and of its kind, and the
    tasks of a mixture are folders in its own.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(f"{folder} is not a finished run (no {MANIFEST}): {_no_run(folder)}")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a manifest: {error}") from error
    if wrong := _wrong_with(manifest):
        raise UsageError(f"{path}: not a manifest of this project: {wrong}")
    if manifest["format"] > FORMAT:
        raise UsageError(f"{path}: written by a newer version; upgrade eshop-factory to read it")
    return manifest


def count_records(folder: Path, split: str) -> int:
    """Return how many records the run's manifest says that a split has.

    What was dropped of a mixture lies in its tasks' folders too, as it is read.
    """
    manifest = read_manifest(folder)
    told = manifest["files"].get(f"{split}.jsonl", {}).get("rows", 0)
    if split == "rejected" and "mixture" in manifest:
        made = (folder / task for task in manifest["tasks"])
        told += sum(count_records(each, split) for each in made if (each / MANIFEST).is_file())
    return int(told)


def _wrong_with(manifest: Any) -> str:
    """Return what a manifest lacks that readers build on; empty where it has all of it."""
    if not isinstance(manifest, dict):
        return "no object in braces"
    for name, kind in (_MIXTURE_KEYS if "mixture" in manifest else _TASK_KEYS).items():
        if name not in manifest:
            return f"it lacks {name!r}"
        if not isinstance(manifest[name], kind):
            return f"its {name!r} is another kind of thing"
    if wrong := _wrong_inside(manifest):
        return wrong
    if "mixture" in manifest:
        outside = (each for each in manifest["tasks"] if each in ("", ".", "..") or "/" in each)
        return next((f"{each!r} is no folder in it" for each in outside), "")
    lacking = (each for each in _SOURCE_KEYS if each not in manifest["source"])
    return next((f"its 'source' lacks {each!r}" for each in lacking), "")


def _wrong_inside(manifest: Mapping[str, Any]) -> str:
    """Return what of a manifest's own mappings is of another kind; empty where all are right."""
    for name, file in manifest["files"].items():
        if not isinstance(file, dict) or not _is_count(file.get("rows", 0)):
            return f"its 'files' say nothing of {name!r}"
    for name, split in manifest.get("splits", {}).items():
        if not isinstance(split, dict):
            return f"its 'splits' say nothing of {name!r}"
        for counted in ("rejected", "languages"):
            counts = split.get(counted, {})
            if not isinstance(counts, dict) or not all(map(_is_count, counts.values())):
                return f"its 'splits' count no {counted!r} of {name!r}"
    versions = manifest.get("versions", {})
    if not isinstance(versions, dict) or not all(
        isinstance(each, str) for each in versions.values()
    ):
        return "its 'versions' is another kind of thing"
    recipe = manifest.get("recipe", {})
    texts = (each for each in _RECIPE_TEXTS if not isinstance(recipe.get(each, ""), str))
    return next((f"its 'recipe' has no text {each!r}" for each in texts), "")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < _LARGEST


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


def task_folders(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Path]:
    """Return the folder of each task of a run or mixture; it need not be there."""
    if "mixture" in manifest:
        return {task: folder / task for task in manifest["tasks"]}
    return {manifest["task"]: folder}


def task_manifests(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the manifest of each task of a run or mixture that made something and is there."""
    if "mixture" not in manifest:
        return {manifest["task"]: manifest}
    return {
        task: read_manifest(own)
        for task, own in task_folders(folder, manifest).items()
        if (own / MANIFEST).is_file()
    }


def kept_files(folder: Path) -> list[Path]:
    """Return the files of a run's or mixture's kept samples that are there."""
    paths = (folder / f"{split}.jsonl" for split in KEPT)
    return [path for path in paths if path.is_file()]


def kept_records(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of all kept samples of a run or mixture, training then test."""
    return chain.from_iterable(map(sample_records, kept_files(folder)))


def rejected_files(folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Return the files of what was rejected that are there.

    Of a mixture those are the one of what its mixed file left out, then one a task.
    """
    folders = dict.fromkeys((folder, *task_folders(folder, manifest).values()))
    return [each / REJECTED for each in folders if (each / REJECTED).is_file()]


def read_samples_of(folder: Path, split: str, skip: int, limit: int) -> list[dict[str, Any]]:
    """Return records ``skip`` to ``skip + limit`` of one file of a finished run.

    Raises :class:`UsageError` for a folder that is no finished run or a file that it does not have.
    """
    return list(islice(records_of(folder, split), skip, skip + limit))


def records_of(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    """Yield the records of one split of a finished run, in the order of their file.

    What a mixture rejected is what its mixed file left out, and then what each of its tasks
    dropped. Raises :class:`UsageError` for a folder that is no finished run or a file that it does
    not have, before the first record; :class:`OutputError` for a record that is none.
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
    paths = rejected_files(folder, manifest) if split == "rejected" else [path]
    records = rejected_records if split == "rejected" else sample_records
    return chain.from_iterable(map(records, paths))


def why_rejected(record: Mapping[str, Any]) -> str:
    """Return why a candidate was rejected, given its record: ``options: alike (the detail)``."""
    detail = f" ({record['detail']})" if record.get("detail") else ""
    return f"{record['filter']}: {record['reason']}{detail}"
