"""A finished run in another format: a folder that trainers and ``load_dataset`` read as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Final

from factory.errors import OutputError, UsageError, did_you_mean
from factory.outputs.dataset_folder import (
    EXPORT,
    Config,
    check_own,
    checksum_of,
    describe_text,
    finished_export,
    front_matter,
    is_whole,
    new_folder,
    write_export,
)
from factory.outputs.ecom_folders import EcomFolders
from factory.outputs.files import checksum
from factory.outputs.formats import JSONL, PARQUET, Format, find_format
from factory.outputs.formats.llama_factory import DATASET_INFO, dataset_info
from factory.outputs.jsonl import read_records, read_samples
from factory.outputs.licences import overall_licence, terms_of
from factory.outputs.records import MISREAD
from factory.outputs.run_folder import CARD, MANIFEST
from factory.outputs.tables import SHARD_BYTES, LinesTable, ParquetTable, Table
from factory.recipe.formats import FormatSpec
from factory.runs.folder import kept_files, read_manifest, task_manifests
from factory.sample import Sample
from factory.tasktypes import BY_NAME, TASK_TYPES

_ECOM: Final = "ecom"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made.

    Attributes:
        format: its name; folder: where it lies.
        rows: records by split.
        fresh: False where the folder held this very export already and nothing was done.
    """

    format: str
    folder: Path
    rows: Mapping[str, int]
    fresh: bool


def export(
    run: Path,
    name: str,
    *,
    stored: str | None = None,
    out: Path | None = None,
    reasoning: bool = False,
    shard_bytes: int = SHARD_BYTES,
) -> Exported:
    """Write the samples of a finished run or mixture in the format ``name``.

    Of a mixture, these are the samples of its mixed file. They lie in ``out / name``, which is in
    the run's own folder where ``out`` is not given: ``stored`` as ``jsonl`` or ``parquet`` (the
    format's own way where it is not given), in several files where one would pass ``shard_bytes``.
    ``reasoning`` puts the reasoning of the samples that have some before their answers. A folder
    that holds this very export already is left as it is; no other folder is ever written over.

    Raises:
        UsageError: there is no such format, the folder is no finished run, the format cannot be
            stored so or has no place for reasoning, or the target is not an earlier export.
        OutputError: the target cannot be written, or another export is writing it.
    """
    form, kind = check_export(name, stored, reasoning=reasoning)
    if shard_bytes < 1:
        raise UsageError(f"files of {shard_bytes} bytes hold nothing: give 1 or more")
    manifest = read_manifest(run)
    parts = {path.stem: path for path in kept_files(run)}
    target = (out or run) / name
    identity = {
        "format": name,
        "stored": kind,
        "reasoning": reasoning,
        "shard_bytes": shard_bytes,
        "of": manifest.get("mixture") or manifest.get("task"),
        "made_of": _made_of(run),
        "version": version("eshop-factory"),
    }
    check_own(target)
    said = finished_export(target)
    if said is not None and identity.items() <= said.items() and is_whole(target, said):
        return Exported(name, target, said["rows"], fresh=False)
    with new_folder(target) as folder:
        job = _Job(form, kind, reasoning, shard_bytes, run, manifest, parts, folder)
        rows, files, configs = job.folders() if name == _ECOM else job.tables()
        files[CARD] = describe_text(folder, CARD, _readme(job, configs, rows))
        write_export(folder, {**identity, "rows": rows, "files": files})
    return Exported(name, target, rows, fresh=True)


def check_export(
    name: str, stored: str | None = None, *, reasoning: bool = False
) -> tuple[Format, str]:
    """Return the format ``name`` and the kind of file that it is stored in.

    Raises :class:`UsageError` where :func:`export` would, whatever the run.
    """
    form = find_format(name)
    kind = _storage(form, stored)
    if reasoning and not form.reasons:
        where = "beside the answer" if form.name == "samples" else "nowhere"
        raise UsageError(f"{name} has the reasoning {where}: leave out --reasoning")
    return form, kind


def export_formats(run: Path, formats: Iterable[FormatSpec]) -> list[Exported]:
    """Write a finished run in each of a recipe's formats; raises what :func:`export` raises."""
    return [export(run, each.name, stored=each.to, reasoning=each.reasoning) for each in formats]


def stale_exports(run: Path) -> list[str]:
    """Return the formats in a run's folder that were made of samples which are no longer there."""
    found = []
    for folder in sorted(path.parent for path in run.glob(f"*/{EXPORT}")):
        said = finished_export(folder) or {}
        if said.get("made_of") != _made_of(run):
            found.append(folder.name)
    return found


def read_export(folder: Path, split: str = "train") -> Iterator[Sample]:
    """Yield the samples of an export, in the order of its files, as far as its format carries them.

    A split that it does not have has no samples. Raises :class:`UsageError` for a folder that is
    none, :class:`OutputError` for a file that cannot be read.
    """
    said = finished_export(folder)
    if said is None:
        raise UsageError(
            f"{folder} is no export (no {EXPORT}): make one with python -m factory export "
            "out/task12 --format messages"
        )
    form = find_format(said["format"])
    for name in said["files"]:
        stem, _, kind = name.rsplit("/", 1)[-1].partition(".")
        if stem.partition("-")[0] == split and kind in _KINDS:
            for record in _KINDS[kind](folder / name):
                yield form.read(record, reasoning=said["reasoning"])


def _parquet_records(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        texts = [each.name for each in file.schema_arrow if isinstance(each.type, pa.JsonType)]
        for batch in file.iter_batches():
            for record in batch.to_pylist():
                yield record | {name: json.loads(record[name]) for name in texts}


_KINDS: Final = {"jsonl": read_records, "json": read_records, "parquet": _parquet_records}


@dataclass(frozen=True, slots=True)
class _Job:
    """One export on its way: ``parts`` are the run's own files by split."""

    form: Format
    kind: str
    reasoning: bool
    shard_bytes: int
    run: Path
    manifest: Mapping[str, Any]
    parts: Mapping[str, Path]
    folder: Path

    def tables(self) -> tuple[dict[str, int], dict[str, Any], list[Config]]:
        """Write one table a split; return rows, files, and the one configuration."""
        types = set()
        for each in task_manifests(self.run, self.manifest).values():
            named = each["recipe"].get("type")
            if named not in TASK_TYPES:
                raise UsageError(f"{self.run / MANIFEST}: there is no task type {named!r}")
            types.add(TASK_TYPES[named].name)
        features = self.form.features(types)
        rows: dict[str, int] = {}
        files: dict[str, Any] = {}
        of_split: dict[str, list[str]] = {}
        for split, path in self.parts.items():
            with ExitStack() as stack:
                table: Table = (
                    ParquetTable(self.folder, split, features, self.shard_bytes)
                    if self.kind == PARQUET
                    else LinesTable(self.folder, split, self.shard_bytes)
                )
                stack.callback(table.close)
                for number, sample in enumerate(read_samples(path, whole=self.form.whole), 1):
                    with _named(path, number, sample):
                        table.write(self.form.write(sample, reasoning=self.reasoning))
                described = table.finish()
            if table.rows:
                rows[split] = table.rows
                of_split[split] = list(described)
                files |= described
        info = dataset_info(self.form.name, self.title, of_split)
        if info:
            text = json.dumps(info, ensure_ascii=False, indent=2)
            files[DATASET_INFO] = describe_text(self.folder, DATASET_INFO, f"{text}\n")
        of_files = checksum_of(files, chain.from_iterable(of_split.values()))
        return rows, files, [Config("default", of_split, features, of_files)]

    def folders(self) -> tuple[dict[str, int], dict[str, Any], list[Config]]:
        """Write one folder a task and language; return rows, files, and a configuration of each."""
        ids = {
            each["task"]: each["recipe"].get("ecom")
            for each in task_manifests(self.run, self.manifest).values()
        }
        writer = EcomFolders(self.folder, {task: name for task, name in ids.items() if name})
        for split, path in self.parts.items():
            for number, sample in enumerate(read_samples(path, whole=self.form.whole), 1):
                with _named(path, number, sample):
                    writer.write(split, sample)
        files = writer.finish()
        return writer.rows, dict(files), writer.configs(files)

    @property
    def title(self) -> str:
        """The name of the task or mixture."""
        return str(self.manifest.get("mixture") or self.manifest["task"])


@contextmanager
def _named(path: Path, number: int, sample: Sample) -> Iterator[None]:
    """Name the line whose record, which somebody edited, no format can write."""
    try:
        if sample.task_type not in BY_NAME:
            raise ValueError(f"there is no task type {sample.task_type!r}")
        yield
    except MISREAD as error:
        said = (
            f"there is no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        )
        raise OutputError(f"{path}:{number}: not a sample of this project: {said}") from error


def _made_of(run: Path) -> dict[str, str]:
    return {path.name: checksum(path) for path in kept_files(run)}


def _storage(form: Format, stored: str | None) -> str:
    if stored is None:
        return form.stored[0]
    if stored not in (JSONL, PARQUET):
        hint = did_you_mean(stored, (JSONL, PARQUET))
        raise UsageError(f"--to {stored}: {hint}choose {JSONL} or {PARQUET}")
    if stored not in form.stored:
        raise UsageError(
            f"{form.name} is read from {form.stored[0]} alone: leave out --to {stored}"
        )
    return stored


def _readme(job: _Job, configs: list[Config], rows: Mapping[str, int]) -> str:
    licence = overall_licence(terms_of(task_manifests(job.run, job.manifest).values()))
    head = {
        "license": licence.hub,
        **({"license_name": licence.name, "license_link": licence.link} if licence.name else {}),
        "tags": ["synthetic", "e-commerce", "instruction-tuning"],
    }
    counted = ", ".join(f"{count:,} {split}" for split, count in rows.items())
    of = "mixture" if "mixture" in job.manifest else "task"
    reasoning = (
        "\nWhere a sample has reasoning, it stands between `<think>` and `</think>` before the "
        "answer.\n"
        if job.reasoning
        else ""
    )
    return (
        f"{front_matter(configs, head)}\n"
        f"# {job.title}: {job.form.title}\n\n"
        f"{counted} samples of the {of} `{job.title}`, made from e-commerce data, every answer "
        f"checked by program.\n{reasoning}\n"
        "```python\n"
        "from datasets import load_dataset\n\n"
        'data = load_dataset("path/of/this/folder")\n'
        "```\n\n"
        "`export.json` says which files of the run this was made of. Where each sample comes from, "
        "its licence and its checks stand in the run's own files.\n"
    )
