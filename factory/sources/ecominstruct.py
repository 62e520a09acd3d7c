"""EcomInstruct as EcomGPT released it (Li et al., arXiv:2308.06966): folders of atomic tasks.

``<Dataset>/tasks/<LANG>-<Dataset>-<Type>-<name>/`` holds ``meta-info.json`` (the prompt and the
labels) and ``test.json``, which is JSON Lines whatever its name says; the training data was not
released, and is read from ``train.json`` where a folder has one. Answers are printed as EcomGPT's
own assembly prints them (:mod:`factory.sources.ecominstruct_records`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any, ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.errors import SourceError
from factory.sources.base import TABLES, AttachedSource
from factory.sources.ecominstruct_records import RecordError, TaskFolder, read_task
from factory.sources.json_files import check_text_file
from factory.sources.layout import listed
from factory.sources.materialise import attached, fill

_BUNDLED: Final = Path(__file__).parent / "samples" / "ecominstruct"
_META: Final = "meta-info.json"
_PARTS: Final = {"test.json": "test", "train.json": "train"}
_REGISTERED: Final = "ecominstruct_rows"
_DEEPEST: Final = 6


class EcomInstructOptions(BaseModel):
    """The keys that a recipe may give this source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: list[str] | None = Field(
        default=None, description="the ids of the folders that are taken; all when absent"
    )


class EcomInstructSource:
    """The adapter of EcomInstruct's folders; :class:`factory.sources.base.Source` says the rest.

    ``instructions``: ``task`` is the folder's name (what ``meta-info.json`` says of it differs in
    places), ``instruction`` the filled prompt, ``input`` the text alone, ``options`` the candidate
    labels, ``output`` the answer, ``fields`` the record as JSON, ``setting`` the type of the task.
    ``spans``: the records of NER tasks; offsets stand only where they cut out the term.
    """

    name: ClassVar[str] = "ecominstruct"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = "https://github.com/Alibaba-NLP/EcomGPT"
    citation: ClassVar[str] = """\
@article{li2023ecomgpt,
  title={EcomGPT: Instruction-tuning Large Language Models with Chain-of-Task Tasks for
         E-commerce},
  author={Li, Yangning and Ma, Shirong and Wang, Xiaobin and Huang, Shen and
          Jiang, Chengyue and Zheng, Hai-Tao and Xie, Pengjun and Huang, Fei and
          Jiang, Yong},
  journal={arXiv preprint arXiv:2308.06966},
  year={2023}
}"""
    options: ClassVar[type[BaseModel]] = EcomInstructOptions
    published: ClassVar[str] = ""

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns that are filled: all but a span's category."""
        spans = tuple(name for name in TABLES["spans"] if name != "category")
        return {"instructions": tuple(TABLES["instructions"]), "spans": spans}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.instructions`` and ``schema.spans`` from the folders below ``path``.

        Raises:
            SourceError: in one line, where there is no task folder, a ``meta-info.json`` cannot be
                used, no record can, or all belong to the test part.
        """
        import pyarrow as pa  # type: ignore[import-untyped]

        if not isinstance(options, EcomInstructOptions):
            raise TypeError(f"ecominstruct takes EcomInstructOptions, not {type(options).__name__}")
        folders = _task_folders(path, options)
        files: list[Path] = []
        rows: list[dict[str, Any]] = []
        for folder in folders:
            task = read_task(folder / _META)
            files.append(folder / _META)
            for name, split in _PARTS.items():
                if (folder / name).is_file():
                    files.append(folder / name)
                    rows += [asdict_row(row) for row in _rows(folder / name, task, split)]
        connection.register(_REGISTERED, pa.Table.from_pylist(rows, _arrow_schema()))
        instructions = f"SELECT * EXCLUDE (entities) FROM {_REGISTERED}"
        spans = (
            "SELECT id, locale, input AS text, entities, split, '' AS cause, '' AS example "
            f"FROM {_REGISTERED} WHERE cause = '' AND setting = 'NER'"
        )
        try:
            filled = fill(
                connection, schema, "instructions", instructions, files, allow_test=allow_test
            )
            fill(
                connection, schema, "spans", spans, files, allow_test=allow_test, may_be_empty=True
            )
        finally:
            connection.unregister(_REGISTERED)
        return attached(path, files, filled, "instructions", "spans")


@dataclass(frozen=True, slots=True)
class _Row:
    """One record as it goes into the tables; ``cause`` is why it cannot, else empty."""

    id: str
    task: str
    locale: str
    instruction: str
    input: str
    options: list[str]
    output: str
    fields: str
    setting: str
    split: str
    entities: list[dict[str, Any]]
    cause: str
    example: str


def asdict_row(row: _Row) -> dict[str, Any]:
    """Return a row's values by column."""
    return {name: getattr(row, name) for name in _Row.__slots__}


def _rows(file: Path, task: TaskFolder, split: str) -> Iterator[_Row]:
    check_text_file(file)
    with file.open("rb") as lines:
        for line in lines:
            if not line.strip():
                continue
            text = line.decode(errors="replace").strip()
            digest = md5(line.strip(), usedforsecurity=False).hexdigest()[:16]
            row_id = f"{task.id}/{digest}"
            try:
                record = json.loads(line)
                made = task.read(record)
                fields = json.dumps(record, ensure_ascii=False, sort_keys=True)
                fields.encode()  # no table holds half a surrogate pair, which an escape can write
            except (RecordError, ValueError, RecursionError) as error:
                cause = error.cause if isinstance(error, RecordError) else "not-json"
                yield _Row(
                    row_id,
                    task.id,
                    task.locale,
                    "",
                    "",
                    [],
                    "",
                    "",
                    task.type,
                    split,
                    [],
                    cause,
                    f"{task.id}: {text[:60]}",
                )
                continue
            yield _Row(
                row_id,
                task.id,
                task.locale,
                made.instruction,
                made.text,
                list(made.labels),
                made.output,
                fields,
                task.type,
                split,
                [dict(entity) for entity in made.entities],
                "",
                "",
            )


def _arrow_schema() -> Any:
    import pyarrow as pa

    text = pa.string()
    entity = pa.struct(
        [("type", text), ("value", text), ("start", pa.int64()), ("end", pa.int64())]
    )
    kinds = {"options": pa.list_(text), "entities": pa.list_(entity)}
    return pa.schema([(name, kinds.get(name, text)) for name in _Row.__slots__])


def _task_folders(path: str, options: EcomInstructOptions) -> list[Path]:
    """Return the task folders below ``path``, by name."""
    if "://" in path:
        raise SourceError(
            f"ecominstruct: {path!r} is no folder: clone {EcomInstructSource.homepage} and give "
            "the folder data/ecom_instruct_v1, or use 'bundled'"
        )
    root = _BUNDLED if path == "bundled" else Path(path).expanduser().absolute()
    if not root.is_dir():
        raise SourceError(
            f"ecominstruct: there is no folder {str(root)!r}: give the folder of the task folders "
            f"of {EcomInstructSource.homepage}, or 'bundled'"
        )
    found: list[Path] = []
    for folder, folders, names in os.walk(root):
        if len(Path(folder).relative_to(root).parts) >= _DEEPEST:
            folders.clear()
        if _META in names:
            found.append(Path(folder))
    if not found:
        raise SourceError(
            f"ecominstruct: looked for folders with a {_META!r} in {str(root)!r} and found none: "
            "give the folder that holds <Dataset>/tasks/<LANG>-<Dataset>-<Type>-<name>"
        )
    if options.tasks is not None:
        known = {folder.name for folder in found}
        unknown = [name for name in options.tasks if name not in known]
        if unknown:
            raise SourceError(
                f"ecominstruct: there is no task {unknown[0]!r} in {str(root)!r}: it has "
                f"{listed(sorted(known))}"
            )
        found = [folder for folder in found if folder.name in options.tasks]
    return sorted(found, key=lambda folder: (folder.name, str(folder)))
