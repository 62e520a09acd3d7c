"""Titles with their categories (``ikeno-ada/amazon_category``) onto the table ``products``.

One file, ``convfile.csv``, of which no description says the columns: a recipe may name them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.sources.address import resolve
from factory.sources.base import AttachedSource
from factory.sources.column_map import LAYOUTS, list_of, map_columns, objects, release, text_of
from factory.sources.materialise import attached, cause, content_id, fill
from factory.sources.sql import text_literal

_PLAUSIBLE: Final = {
    "title": ("title", "product_title", "product_name", "item_name", "name", "product", "text"),
    "category": (
        *("category", "category_path", "categories", "category_name", "breadcrumbs"),
        *("breadcrumb", "product_category", "browse_node", "node", "label"),
    ),
    "product_id": ("product_id", "asin", "id"),
}
#: What parts the levels of a path that is written in one text, the surest first.
_SEPARATORS: Final = (" > ", ">", " › ", "›", "»", "|", " / ", "\t")


class AmazonCategoryColumns(BaseModel):
    """Which of the file's columns is which; what is absent is guessed by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(default=None, description="the column of titles")
    category: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="one column, or one for each level of the path, the widest first"
    )
    product_id: str | None = Field(default=None, description="the column of ids")


class AmazonCategoryOptions(BaseModel):
    """The keys that a recipe may give this source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: AmazonCategoryColumns = Field(
        default_factory=AmazonCategoryColumns, description="which of the file's columns is which"
    )
    separator: str | None = Field(
        default=None,
        min_length=1,
        description="what parts the levels of a path; guessed when absent",
    )
    locale: Literal["us", "uk", "de", "fr", "it", "es", "jp", "cn"] = Field(
        default="us", description="the shop that the titles are from"
    )


class AmazonCategorySource:
    """The adapter of titles with categories; :class:`factory.sources.base.Source` says the rest.

    ``product_id`` is the file's own where it has one, else made of the row's content.
    """

    name: ClassVar[str] = "amazon_category"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = "https://huggingface.co/datasets/ikeno-ada/amazon_category"
    citation: ClassVar[str] = ""
    options: ClassVar[type[BaseModel]] = AmazonCategoryOptions
    published: ClassVar[str] = "hf://datasets/ikeno-ada/amazon_category"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns of ``products`` that are filled."""
        return {"products": ("product_id", "parent_id", "locale", "title", "category")}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.products`` with titles and category paths.

        Raises:
            SourceError: in one line, where the file is missing or unreadable, or it cannot be told
                which column is the title or the category.
        """
        if not isinstance(options, AmazonCategoryOptions):
            raise TypeError(
                f"amazon_category takes AmazonCategoryOptions, not {type(options).__name__}"
            )
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=LAYOUTS)
        (files,) = found.files.values()
        rows = objects(connection, files)
        try:
            mapped = map_columns(
                connection,
                self.name,
                rows,
                files,
                given=options.columns.model_dump(exclude_none=True),
                plausible=_PLAUSIBLE,
                required=("title", "category"),
            )
            select = _rows(connection, rows, mapped, options)
            filled = fill(connection, schema, "products", select, files, allow_test=allow_test)
        finally:
            release(connection)
        return attached(path, files, filled, "products")


def _rows(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    mapped: Mapping[str, str],
    options: AmazonCategoryOptions,
) -> str:
    category = text_of(mapped["category"])
    separator = options.separator or _separator(connection, rows, category)
    split = f"string_split({category}, {text_literal(separator)})" if separator else f"[{category}]"
    own = text_of(mapped["product_id"]) if "product_id" in mapped else "NULL"
    identity = content_id("title", "array_to_string(category, chr(30))")
    why = cause(
        ("row-unreadable", "coalesce(json_type(json), '') <> 'OBJECT'"),
        ("title-missing", "coalesce(trim(title), '') = ''"),
        ("category-missing", "len(category) = 0"),
    )
    return f"""
        SELECT coalesce(nullif(trim(own), ''), {identity}) AS product_id, product_id AS parent_id,
            {text_literal(options.locale)} AS locale, title, category, {why} AS cause,
            coalesce(json::VARCHAR, 'NULL') AS example
        FROM (
            SELECT json, {text_of(mapped["title"])} AS title, {own}::VARCHAR AS own,
                list_filter(
                    list_transform(
                        coalesce({list_of(mapped["category"])}, {split}, []),
                        lambda level: trim(level)
                    ),
                    lambda level: level <> ''
                ) AS category
            FROM {rows}
        )
    """


def _separator(connection: duckdb.DuckDBPyConnection, rows: str, category: str) -> str | None:
    """Return the first separator that half of the paths have, None where they are single names."""
    counted = ", ".join(
        f"avg(contains({category}, {text_literal(mark)})::INTEGER) >= 0.5" for mark in _SEPARATORS
    )
    (shares,) = connection.execute(f"SELECT {counted} FROM {rows}").fetchall()
    return next((mark for mark, often in zip(_SEPARATORS, shares, strict=True) if often), None)
