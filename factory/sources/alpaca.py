"""Alpaca-cleaned (Taori et al. 2023; cleaned by G. Ruebsamen and others) onto ``instructions``.

One JSON array of objects with ``instruction``, ``input`` and ``output``. Older revisions mark what
is missing in words (``<nooutput>``, ``Noinput``); the answers are a language model's, and the
licence forbids commercial use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from factory.errors import SourceError
from factory.sources.address import resolve
from factory.sources.base import AttachedSource
from factory.sources.json_files import check_text_file, json_array
from factory.sources.layout import Layout, listed
from factory.sources.materialise import attached, cause, content_id, fill, kept
from factory.sources.sql import one_line

_LAYOUTS: Final = (Layout(("alpaca_data_cleaned.json",)), Layout(("*.json",)))
#: What the first revisions write where there is nothing: <nooutput>, <no input>, Noinput.
_NOTHING: Final = r"(?i)^\W*no[\s_-]*(in|out)put\W*$"
_FIELDS: Final = ("instruction", "input", "output")
#: A change of what a store holds changes this, and with it the name of every store.
_FORM: Final = "alpaca 1"


class AlpacaOptions(BaseModel):
    """Alpaca has no keys of its own in a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AlpacaSource:
    """The adapter of Alpaca-cleaned; :class:`factory.sources.base.Source` says what one does.

    ``input`` is empty where an instruction needs none. An id is made of a row's content, since
    upstream has none; texts keep their line breaks.
    """

    name: ClassVar[str] = "alpaca"
    licence: ClassVar[str] = "CC-BY-NC-4.0"
    homepage: ClassVar[str] = "https://github.com/gururise/AlpacaDataCleaned"
    citation: ClassVar[str] = ""
    options: ClassVar[type[BaseModel]] = AlpacaOptions
    published: ClassVar[str] = "hf://datasets/yahma/alpaca-cleaned"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns of ``instructions`` that Alpaca has."""
        return {"instructions": ("id", "locale", "instruction", "input", "output", "split")}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,  # noqa: ARG002
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.instructions`` with Alpaca's rows.

        Raises:
            SourceError: in one line, where the file is missing, empty or no JSON array, or holds no
                usable row.
        """
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=_LAYOUTS)
        (files,) = found.files.values()
        for file in files:
            check_text_file(file)
        try:
            filled = kept(
                connection,
                schema,
                "instructions",
                files,
                _FORM,
                lambda: fill(
                    connection,
                    schema,
                    "instructions",
                    _rows(json_array(files)),
                    files,
                    allow_test=allow_test,
                ),
            )
        except duckdb.Error as error:
            raise SourceError(
                f"{listed([str(file) for file in files])} is no JSON array of objects "
                f"({one_line(error)}): fetch the upstream file again"
            ) from error
        return attached(path, files, filled, "instructions")


def _rows(raw: str) -> str:
    texts = ", ".join(
        f"CASE WHEN regexp_matches(coalesce(json ->> '$.{name}', ''), '{_NOTHING}') THEN '' "
        f"ELSE coalesce(json ->> '$.{name}', '') END AS {name}"
        for name in _FIELDS
    )
    not_text = " OR ".join(
        f"coalesce(json_type(json, '$.{name}'), 'NULL') NOT IN ('VARCHAR', 'NULL')"
        for name in _FIELDS
    )
    why = cause(
        ("not-an-object", "json IS NULL OR json_type(json) <> 'OBJECT'"),
        ("field-not-text", not_text),
        ("instruction-missing", "trim(instruction) = ''"),
        ("output-missing", r"trim(output, E' \n\r\t') = ''"),
    )
    return f"""
        SELECT {content_id(*_FIELDS)} AS id, 'us' AS locale, instruction, input, output,
            'train' AS split, {why} AS cause, coalesce(json::VARCHAR, 'NULL') AS example
        FROM (SELECT json, {texts} FROM {raw})
    """
