"""EshopInstruct (LLaSA, arXiv:2408.02006) onto the table ``instructions``.

63,972 rows of 37 sub-tasks, of which no description says the columns: a recipe may name them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.sources.address import resolve
from factory.sources.base import AttachedSource
from factory.sources.column_map import LAYOUTS, list_of, map_columns, objects, release, text_of
from factory.sources.materialise import attached, cause, content_id, fill

_PLAUSIBLE: Final = {
    "instruction": ("instruction", "prompt", "question", "system"),
    "input": ("input", "input_field", "context", "query"),
    "output": ("output", "output_field", "response", "answer", "target", "target_field", "label"),
    "options": ("options", "choices", "candidates"),
    "task": ("task", "task_name", "sub_task", "subtask", "category", "task_type", "type"),
    "split": ("split", "partition"),
}


class EshopInstructColumns(BaseModel):
    """Which of the file's columns is which; what is absent is guessed by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    instruction: str | None = Field(default=None, description="the column of the instructions")
    input: str | None = Field(default=None, description="the column of the inputs")
    output: str | None = Field(default=None, description="the column of the answers")
    options: str | None = Field(default=None, description="the column of the options")
    task: str | None = Field(default=None, description="the column of the tasks' names")
    split: str | None = Field(
        default=None, description="the column of what is for training and what is not"
    )


class EshopInstructOptions(BaseModel):
    """The keys that a recipe may give this source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: EshopInstructColumns = Field(
        default_factory=EshopInstructColumns, description="which of the file's columns is which"
    )


class EshopInstructSource:
    """The adapter of EshopInstruct; :class:`factory.sources.base.Source` says what one does.

    ``output`` is text (a list is JSON text), ``fields`` the record's columns that have no place of
    their own. Rows are for training unless a column says ``test``, ``dev`` or ``validation``.
    """

    name: ClassVar[str] = "eshopinstruct"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = "https://huggingface.co/datasets/suyan/EshopInstruct"
    citation: ClassVar[str] = ""
    options: ClassVar[type[BaseModel]] = EshopInstructOptions
    published: ClassVar[str] = "hf://datasets/suyan/EshopInstruct"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns of ``instructions`` that may be filled."""
        filled = ("id", "task", "locale", "instruction", "input", "options", "output", "fields")
        return {"instructions": (*filled, "split")}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.instructions`` with EshopInstruct's rows.

        Raises:
            SourceError: in one line, where a file is missing or unreadable, or it cannot be told
                which column is the output, or the instruction or input.
        """
        if not isinstance(options, EshopInstructOptions):
            raise TypeError(
                f"eshopinstruct takes EshopInstructOptions, not {type(options).__name__}"
            )
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=LAYOUTS)
        (files,) = found.files.values()
        rows = objects(connection, files)
        given = options.columns.model_dump(exclude_none=True)
        try:
            mapped = map_columns(
                connection,
                self.name,
                rows,
                files,
                given=given,
                plausible=_PLAUSIBLE,
                required=("output",),
            )
            if not {"instruction", "input"} & mapped.keys():
                map_columns(
                    connection,
                    self.name,
                    rows,
                    files,
                    given=given,
                    plausible=_PLAUSIBLE,
                    required=("instruction", "output"),
                )
            filled = fill(
                connection,
                schema,
                "instructions",
                _rows(rows, mapped),
                files,
                allow_test=allow_test,
            )
        finally:
            release(connection)
        return attached(path, files, filled, "instructions")


def _rows(rows: str, mapped: Mapping[str, str]) -> str:
    texts = ", ".join(
        f"{text_of(mapped[name]) if name in mapped else 'NULL::VARCHAR'} AS {name}"
        for name in ("task", "instruction", "input", "output", "split")
    )
    options = list_of(mapped["options"]) if "options" in mapped else "NULL::VARCHAR[]"
    held_out = "lower(coalesce(split, '')) IN ('test', 'dev', 'val', 'valid', 'validation')"
    why = cause(
        ("row-unreadable", "coalesce(json_type(json), '') <> 'OBJECT'"),
        (
            "instruction-missing",
            "coalesce(trim(instruction), '') = '' AND coalesce(trim(input), '') = ''",
        ),
        ("output-missing", r"coalesce(trim(output, E' \n\r\t'), '') = ''"),
    )
    identity = content_id("task", "instruction", "input", "output")
    return f"""
        SELECT {identity} AS id, task, 'us' AS locale, instruction, coalesce(input, '') AS input,
            options, output, json::VARCHAR AS fields,
            CASE WHEN {held_out} THEN 'test' ELSE 'train' END AS split,
            {why} AS cause, coalesce(json::VARCHAR, 'NULL') AS example
        FROM (SELECT json, {texts}, {options} AS options FROM {rows})
    """
