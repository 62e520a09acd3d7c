"""A folder that ``datasets.load_dataset`` reads with no script: whole, and only ever one's own.

It is written beside its place under a hidden name and appears with one rename. ``export.json`` in
it says what it was made of, and lists every file: a folder without one, or with a file that it does
not list, is somebody's and is left alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import yaml

from factory.errors import OutputError, UsageError
from factory.outputs.features import Features, as_yaml
from factory.outputs.files import (
    checksum,
    explained,
    is_at,
    open_own,
    read_json,
    sync_folder,
    write_json,
)

EXPORT: Final = "export.json"


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration of a dataset folder: the data files of each split, and their columns.

    ``files`` are paths relative to the folder, by split. ``checksum`` changes with their content:
    ``datasets`` keeps what it has read under the folder's name and the words of its front matter,
    and would give the samples of an earlier folder of the same name for these.
    """

    name: str
    files: Mapping[str, Sequence[str]]
    features: Features
    checksum: str


def checksum_of(described: Mapping[str, Mapping[str, Any]], names: Iterable[str]) -> str:
    """Return one checksum (8 bytes, hex) over those of the files ``names``."""
    listed = "\n".join(f"{name} {described[name]['blake2b']}" for name in names)
    return blake2b(listed.encode(), digest_size=8).hexdigest()


def front_matter(configs: Sequence[Config], more: Mapping[str, Any]) -> str:
    """Return the YAML block that a dataset card begins with, the keys of ``more`` first."""
    data = {
        **more,
        "configs": [
            {
                "config_name": each.name,
                "description": f"checksum {each.checksum}",
                "data_files": [
                    {"split": split, "path": paths[0] if len(paths) == 1 else list(paths)}
                    for split, paths in each.files.items()
                ],
            }
            for each in configs
        ],
        "dataset_info": [
            {"config_name": each.name, "features": as_yaml(each.features)} for each in configs
        ],
    }
    dumped = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{dumped}---\n"


def finished_export(folder: Path) -> dict[str, Any] | None:
    """Return what ``folder`` says that it was made of; None where it is no finished export."""
    said = read_json(folder / EXPORT)
    return said if said and isinstance(said.get("files"), dict) else None


def is_whole(folder: Path, said: Mapping[str, Any]) -> bool:
    """Return whether the files of an export still are what ``said``, its ``export.json``, lists."""
    return all(
        (folder / name).is_file() and checksum(folder / name) == file["blake2b"]
        for name, file in said["files"].items()
    )


def check_own(folder: Path) -> None:
    """Raise :class:`UsageError` where ``folder`` is there and is no export of this package."""
    if not folder.exists() and not folder.is_symlink():
        return
    elsewhere = "move it, or choose another folder with --out"
    if folder.is_symlink() or not folder.is_dir():
        raise UsageError(f"{folder} is in the way of a folder of this name: {elsewhere}")
    if not any(folder.iterdir()):
        return
    said = finished_export(folder)
    if said is None:
        raise UsageError(f"{folder} holds something else (no {EXPORT} of an export): {elsewhere}")
    listed = {EXPORT, *said["files"]}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_dir() and name not in listed:
            raise UsageError(f"{folder} holds {name}, which no export wrote: {elsewhere}")


@contextmanager
def new_folder(target: Path, what: str = "export") -> Iterator[Path]:
    """Give an empty folder that takes the place of ``target`` at the end, and goes on an error.

    ``what`` is what is written into it, for whoever finds another one at it.

    Raises :class:`OutputError` where somebody else is writing it.
    """
    aside = target.with_name(f".{target.name}.partial")
    with explained(target):
        aside.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(aside, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = is_at(aside, descriptor)
        except BlockingIOError:
            alone = False
        if not alone:
            raise OutputError(
                f"{target}: another {what} is writing here; wait for it or choose another folder "
                "with --out"
            )
        try:
            with explained(target):
                _clear(aside)
            yield aside
            with explained(target):
                _take_place(aside, target)
        finally:
            # Once it has its place, a folder of this name is the next export's.
            if is_at(aside, descriptor):
                shutil.rmtree(aside, ignore_errors=True)
    finally:
        os.close(descriptor)


def describe_text(folder: Path, name: str, text: str) -> dict[str, int | str]:
    """Write a text file of an export; return bytes and checksum, as ``export.json`` lists them."""
    path = folder / name
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_own(path, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    return {"bytes": path.stat().st_size, "blake2b": checksum(path)}


def write_export(folder: Path, said: Mapping[str, Any]) -> None:
    """Write ``export.json``; ``said`` has ``files``, everything else in the folder."""
    write_json(folder / EXPORT, said)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _take_place(aside: Path, target: Path) -> None:
    """Let ``aside`` be ``target``; what was there is removed once it is out of the way."""
    earlier = target.with_name(f".{target.name}.earlier")
    shutil.rmtree(earlier, ignore_errors=True)
    for folder, _, _ in os.walk(aside):
        sync_folder(Path(folder))
    if target.exists():
        target.rename(earlier)
    aside.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(earlier, ignore_errors=True)
