"""ShopBench's development set (KDD Cup 2024) onto the table ``instructions``.

``development.json`` is JSON Lines, whatever its name says: 96 rows of 18 tasks. They are a
benchmark's: all of them are the test part, here to be read and to keep training data clear of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from factory.sources.address import resolve
from factory.sources.base import AttachedSource
from factory.sources.json_files import check_text_file, json_lines
from factory.sources.layout import Layout
from factory.sources.materialise import attached, cause, content_id, fill

_DEVELOPMENT: Final = "development.json"
_REST: Final = ("task_type", "metric", "is_multiple_choice", "track")


class ShopbenchOptions(BaseModel):
    """The development set has no keys of its own in a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShopbenchSource:
    """The adapter of the development set; :class:`factory.sources.base.Source` says what one does.

    ``task`` is ``task1`` to ``task18``, ``input`` the whole prompt, ``output`` the answer as JSON
    text (a number, a text, or a list), ``fields`` the record's other values, ``setting`` its
    ``task_type``.
    """

    name: ClassVar[str] = "shopbench"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = (
        "https://www.aicrowd.com/challenges/amazon-kdd-cup-2024-multi-task-online-shopping-"
        "challenge-for-llms"
    )
    citation: ClassVar[str] = ""
    options: ClassVar[type[BaseModel]] = ShopbenchOptions
    published: ClassVar[str] = ""

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns of ``instructions`` that the development set has."""
        filled = ("id", "task", "locale", "input", "output", "fields", "setting", "split")
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
        """Create ``schema.instructions``; raises SourceError without ``allow_test``.

        Raises:
            SourceError: in one line, where the file is missing or empty, has no usable row, or the
                test part was not asked for.
        """
        found = resolve(
            path, adapter=self.name, homepage=self.homepage, layouts=(Layout((_DEVELOPMENT,)),)
        )
        files = found.files[_DEVELOPMENT]
        check_text_file(files[0])
        filled = fill(
            connection,
            schema,
            "instructions",
            _rows(json_lines(files)),
            files,
            allow_test=allow_test,
        )
        return attached(path, files, filled, "instructions")


def _rows(raw: str) -> str:
    why = cause(
        ("not-json", "json IS NULL"),
        ("input-missing", "coalesce(trim(input), '') = ''"),
        ("output-missing", "coalesce(output, 'null') IN ('null', '\"\"')"),
        ("task-missing", "coalesce(task, '') = ''"),
    )
    rest = ", ".join(f"'{name}', json -> '$.{name}'" for name in _REST)
    return f"""
        SELECT {content_id("task", "input", "output")} AS id, task, 'us' AS locale, input, output,
            json_object({rest})::VARCHAR AS fields, json ->> '$.task_type' AS setting,
            'test' AS split, {why} AS cause, coalesce(json::VARCHAR, 'NULL') AS example
        FROM (
            SELECT json, json ->> '$.task_name' AS task, json ->> '$.input_field' AS input,
                (json -> '$.output_field')::VARCHAR AS output
            FROM {raw}
        )
    """
