"""EcomInstruct's folders: one a task and language, with a task description beside its records."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pydantic_core import to_json

from factory.outputs.dataset_folder import Config, checksum_of, describe_text
from factory.outputs.files import explained, open_own
from factory.outputs.formats.ecom import Ecom, definition_of, meta_info, task_folder
from factory.sample import Sample

META: Final = "meta-info.json"
#: So much is gathered for a file before it is opened: a mixture has more files than may be open.
_GATHERED: Final = 1 << 16


@dataclass(slots=True)
class _Lines:
    """One file of records: JSON Lines, though EcomInstruct calls it ``test.json``."""

    path: Path
    rows: int = 0
    size: int = 0
    gathered: bytearray = field(default_factory=bytearray)
    digest: Any = field(default_factory=lambda: blake2b(digest_size=16))

    def write(self, line: bytes) -> None:
        self.gathered += line
        self.gathered += b"\n"
        self.rows += 1
        if len(self.gathered) >= _GATHERED:
            self.flush()

    def flush(self, *, last: bool = False) -> None:
        with explained(self.path), open_own(self.path, "ab") as file:
            file.write(self.gathered)
            if last:
                file.flush()
                os.fsync(file.fileno())
        self.digest.update(self.gathered)
        self.size += len(self.gathered)
        self.gathered.clear()

    def describe(self) -> dict[str, int | str]:
        return {"rows": self.rows, "bytes": self.size, "blake2b": self.digest.hexdigest()}


@dataclass(slots=True)
class _Task:
    """What is known of one folder so far: ``labels`` in the order in which they were met."""

    definition: str
    task_type: str
    labels: dict[str, None] = field(default_factory=dict)
    splits: dict[str, _Lines] = field(default_factory=dict)


class EcomFolders:
    """Writes samples of any tasks, in any order, each into the folder of its task and language.

    ``ecom_ids`` are the tasks' own ids, ``<Dataset>-<Type>-<name>``; tasks may lack one.
    """

    def __init__(self, folder: Path, ecom_ids: Mapping[str, str]) -> None:
        self._folder = folder
        self._ids = ecom_ids
        self._format = Ecom()
        self._tasks: dict[str, _Task] = {}
        self.rows: dict[str, int] = {}

    def write(self, split: str, sample: Sample) -> None:
        """Append one sample to its task's file of ``split``."""
        place = task_folder(sample, self._ids.get(sample.task, ""))
        task = self._tasks.get(place)
        if task is None:
            task = self._tasks[place] = _Task(definition_of(sample), sample.task_type)
            with explained(self._folder / place):
                (self._folder / place).mkdir(parents=True)
        if split not in task.splits:
            task.splits[split] = _Lines(self._folder / place / f"{split}.json")
        task.splits[split].write(to_json(self._format.write(sample)))
        task.labels.update(dict.fromkeys(sample.options))
        self.rows[split] = self.rows.get(split, 0) + 1

    def finish(self) -> dict[str, dict[str, int | str]]:
        """Bring all to the disk with its descriptions; return what ``export.json`` lists."""
        described = {}
        for place, task in sorted(self._tasks.items()):
            for split, lines in task.splits.items():
                lines.flush(last=True)
                described[f"{place}/{split}.json"] = lines.describe()
            info = meta_info(place, task.definition, list(task.labels))
            text = json.dumps(info, ensure_ascii=False, indent=4)
            described[f"{place}/{META}"] = describe_text(
                self._folder, f"{place}/{META}", f"{text}\n"
            )
        return described

    def configs(self, described: Mapping[str, Mapping[str, Any]]) -> list[Config]:
        """Return one configuration a folder, and ``default`` with all of them.

        ``described`` is what :meth:`finish` returned.
        """
        every: dict[str, list[str]] = {}
        configs = []
        for place, task in sorted(self._tasks.items()):
            files = {split: [f"{place}/{split}.json"] for split in sorted(task.splits)}
            for split, paths in files.items():
                every.setdefault(split, []).extend(paths)
            name = place.rsplit("/", 1)[1]
            features = self._format.features({task.task_type})
            of_files = checksum_of(described, (path for (path,) in files.values()))
            configs.append(Config(name, files, features, of_files))
        features = self._format.features({task.task_type for task in self._tasks.values()})
        of_files = checksum_of(described, chain.from_iterable(every.values()))
        return [Config("default", every, features, of_files), *configs]
