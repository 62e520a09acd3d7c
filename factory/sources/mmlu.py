"""MMLU (Hendrycks et al., arXiv:2009.03300) onto the table ``instructions``.

Two forms of it are read: the authors' folders of CSV files without a header (``auxiliary_train``,
``dev``, ``val``, ``test``), and the Parquet files of ``cais/mmlu`` on the Hub. Of the latter's
configurations ``all`` holds every row once; one of its others, ``auxiliary_train``, nests the
columns under a column ``train``.

Only ``auxiliary_train`` is for training. The 15,858 questions of the other parts are MMLU itself:
they are the test part, and so is what evaluates a model.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from factory.errors import SourceError
from factory.sources.address import resolve
from factory.sources.base import AttachedSource
from factory.sources.json_files import check_text_file
from factory.sources.layout import Layout
from factory.sources.materialise import Filled, attached, cause, content_id, fill, kept
from factory.sources.parquet import INTEGER, Column, columns, relation, require, unreadable
from factory.sources.sql import text_literal

_CSV: Final = "*.csv"
_PARQUET: Final = "*.parquet"
#: The name of a part in either form, and the name that it has here.
_PARTS: Final = {
    "auxiliary_train": "auxiliary_train",
    "dev": "dev",
    "val": "val",
    "validation": "val",
    "test": "test",
}
_WIDTH: Final = 6
_WANTED: Final = (
    Column("question", ("VARCHAR",)),
    Column("choices", ("VARCHAR[]",)),
    Column("answer", INTEGER),
)
_BATCH: Final = 20_000
#: A change of what a store holds changes this, and with it the name of every store.
_FORM: Final = "mmlu 1"


class MmluOptions(BaseModel):
    """MMLU has no keys of its own in a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MmluSource:
    """The adapter of MMLU; :class:`factory.sources.base.Source` says what an adapter does.

    ``task`` is the subject (empty for the auxiliary training rows, which name none), ``input`` the
    question with its line breaks, ``options`` the four choices in their order, ``output`` the place
    of the right one from 0, ``setting`` the part that the row is from. An id is made of a row's
    content. Everything is text, ``None`` included, which is a choice.
    """

    name: ClassVar[str] = "mmlu"
    licence: ClassVar[str] = "MIT"
    homepage: ClassVar[str] = "https://github.com/hendrycks/test"
    citation: ClassVar[str] = """\
@article{hendryckstest2021,
  title={Measuring Massive Multitask Language Understanding},
  author={Dan Hendrycks and Collin Burns and Steven Basart and Andy Zou and
          Mantas Mazeika and Dawn Song and Jacob Steinhardt},
  journal={Proceedings of the International Conference on Learning Representations (ICLR)},
  year={2021}
}"""
    options: ClassVar[type[BaseModel]] = MmluOptions
    published: ClassVar[str] = "hf://datasets/cais/mmlu/all"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns of ``instructions`` that MMLU has."""
        filled = ("id", "task", "locale", "input", "options", "output", "setting", "split")
        return {"instructions": filled}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,  # noqa: ARG002
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.instructions`` with MMLU's questions.

        Raises:
            SourceError: in one line, where a file is missing, unreadable or of another schema, does
                not say which part it is, or where all rows belong to the test part.
        """
        layouts = (Layout((_CSV,)), Layout((_PARQUET,)))
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=layouts)
        read = _read_csv if _CSV in found.files else _read_parquet
        files = found.files[_CSV] if _CSV in found.files else _once(found.files[_PARQUET])

        def filled() -> Filled:
            try:
                rows = _rows(read(connection, files))
                return fill(connection, schema, "instructions", rows, files, allow_test=allow_test)
            finally:
                connection.unregister("mmlu_rows")

        # A file says by its name which part it is, and whether it is shown is asked by each run.
        names = " ".join(f"{file.parent.name}/{file.name}" for file in files)
        try:
            held = kept(
                connection,
                schema,
                "instructions",
                files,
                f"{_FORM} {names} {allow_test}",
                filled,
            )
        except duckdb.Error as error:
            raise unreadable(files, error) from error
        return attached(path, files, held, "instructions")


def _rows(raw: str) -> str:
    """Return the SELECT of the table from rows of part, subject, question, choices and answer."""
    why = cause(
        ("columns-not-six", "choices IS NULL"),
        ("text-not-utf8", "NOT utf8"),
        ("question-missing", "coalesce(trim(question), '') = ''"),
        ("choices-not-four", "len(choices) <> 4"),
        ("choice-missing", "len(list_filter(choices, lambda c: trim(c) <> '')) <> 4"),
        ("answer-unknown", "place IS NULL"),
    )
    identity = content_id("part", "subject", "question", *_each_choice(), "answer")
    return f"""
        SELECT {identity} AS id, coalesce(subject, '') AS task, 'us' AS locale, question AS input,
            choices AS options, place::VARCHAR AS output, part AS setting,
            CASE part WHEN 'auxiliary_train' THEN 'train' ELSE 'test' END AS split,
            {why} AS cause, part || ' ' || coalesce(subject, '') || ': '
                || coalesce(question, '') AS example
        FROM (
            SELECT *, CASE trim(answer) WHEN 'A' THEN 0 WHEN 'B' THEN 1 WHEN 'C' THEN 2
                WHEN 'D' THEN 3 WHEN '0' THEN 0 WHEN '1' THEN 1 WHEN '2' THEN 2 WHEN '3' THEN 3 END
                AS place
            FROM {raw}
        )
    """


def _each_choice() -> list[str]:
    return [f"choices[{number}]" for number in range(1, 5)]


def _read_csv(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """Register the rows of the CSV files and return the SQL relation.

    Python reads them and not DuckDB, since a quote that is never closed, a line end of the other
    kind or a row of another width must cost its own row only.
    """
    import pyarrow as pa  # type: ignore[import-untyped]

    kinds = [
        ("part", pa.string()),
        ("subject", pa.string()),
        ("question", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("answer", pa.string()),
        ("utf8", pa.bool_()),
    ]
    schema = pa.schema(kinds)
    batches: list[Any] = []
    rows: list[tuple[Any, ...]] = []
    for file in files:
        check_text_file(file)
        part, subject = _csv_part(file)
        for fields in _csv_rows(file):
            rows.append(_csv_row(part, subject, fields))
            if len(rows) == _BATCH:
                batches.append(_batch(rows, schema))
                rows.clear()
    if rows:
        batches.append(_batch(rows, schema))
    connection.register("mmlu_rows", pa.Table.from_batches(batches, schema))
    return "mmlu_rows"


def _batch(rows: Sequence[tuple[Any, ...]], schema: Any) -> Any:
    import pyarrow as pa

    arrays = [
        pa.array(values, field.type)
        for values, field in zip(zip(*rows, strict=True), schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _csv_rows(file: Path) -> Iterator[list[str]]:
    try:
        # A byte that is no UTF-8 becomes half a surrogate pair, which _csv_row finds again.
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            yield from (row for row in csv.reader(lines) if row)
    except (OSError, csv.Error) as error:
        raise SourceError(f"cannot read {str(file)!r} as CSV ({error}): fetch it again") from error


def _csv_row(part: str, subject: str, fields: list[str]) -> tuple[Any, ...]:
    utf8 = all(field.isascii() or _encodes(field) for field in fields)
    if not utf8:
        fields = [
            field.encode(errors="surrogateescape").decode(errors="replace") for field in fields
        ]
    if len(fields) != _WIDTH:
        return part, subject, ",".join(fields), None, None, True
    return part, subject, fields[0], fields[1:5], fields[5], utf8


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _csv_part(file: Path) -> tuple[str, str]:
    """Return the part and the subject that a CSV file's name and folder say."""
    stem, _, end = file.stem.rpartition("_")
    if stem and end in _PARTS:
        return _PARTS[end], stem
    folder = file.parent.name
    if folder == "auxiliary_train":
        return folder, ""
    if folder in _PARTS:
        return _PARTS[folder], file.stem
    raise _no_part(file, "'anatomy_test.csv', or lie in the folder auxiliary_train")


def _once(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of ``all`` where a copy holds every configuration: each row then is once."""
    whole = tuple(file for file in files if file.parent.name == "all")
    return whole or tuple(files)


def _read_parquet(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    parts = []
    for file in files:
        part = _parquet_part(file)
        types = columns(connection, file)
        source = relation([file])
        if "train" in types and "question" not in types:
            source = f"(SELECT unnest(train) FROM {source})"
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            types = {row[0]: row[1] for row in described}
        require(file, types, _WANTED)
        subject = "subject" if "subject" in types else text_literal("")
        parts.append(
            f"SELECT {text_literal(part)} AS part, {subject} AS subject, question, "
            "coalesce(choices, []) AS choices, "
            f"answer::VARCHAR AS answer, true AS utf8 FROM {source}"
        )
    return f"({' UNION ALL '.join(parts)})"


def _parquet_part(file: Path) -> str:
    stem = re.split(r"[-.]", file.stem.lower())[0]
    for said in (stem, file.parent.name.lower()):
        if said in _PARTS:
            return _PARTS[said]
        if said == "train" and file.parent.name == "auxiliary_train":
            return "auxiliary_train"
    raise _no_part(file, "'auxiliary_train-00000-of-00001.parquet'")


def _no_part(file: Path, such_as: str) -> SourceError:
    return SourceError(
        f"{str(file)!r} does not say which part of MMLU it is (auxiliary_train, dev, val, test): "
        f"name it as upstream does, such as {such_as}"
    )
