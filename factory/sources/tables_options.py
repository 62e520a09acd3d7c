"""The keys that a recipe gives a source of a shop's own: which data fills which table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_serializer,
    field_validator,
    model_validator,
)

from factory.errors import did_you_mean
from factory.sources.base import TABLES
from factory.sources.tables_columns import KEYS, Constant
from factory.sources.tables_database import database_shown


def _unknown(what: str, name: str, known: Sequence[str]) -> ValueError:
    return ValueError(f"there is no {what} {name!r}: {did_you_mean(name, known)}There are "
                      f"{', '.join(known)}")  # fmt: skip


class ListColumn(BaseModel):
    """A column that fills a list: its text is split, and each part trimmed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(min_length=1, description="the column of your file or database table")
    split: str | None = Field(
        None, min_length=1, description="what stands between the parts of a list, such as '|'"
    )


class TableOptions(BaseModel):
    """Where one table comes from: a file, or a database."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None = Field(
        None,
        min_length=1,
        description="a file in the source's folder, or a pattern such as 'products-*.parquet': "
        "Parquet, CSV, TSV or JSON Lines, plain or gzipped",
    )
    database: str | None = Field(
        None,
        description="sqlite:///shop.db (in the source's folder) or postgresql://user@host/name; "
        "${NAME} is taken from the environment",
    )
    table: str | None = Field(None, description="the database's table, or 'schema.table'")
    query: str | None = Field(None, description="an SQL query of the database instead of a table")
    columns: dict[str, str | ListColumn] | None = Field(
        None,
        description="your column for each of ours; without this, each column maps to its namesake",
    )
    constants: dict[str, Constant] = Field(
        default_factory=dict, description="one value for every row, such as locale: us"
    )

    @field_validator("file")
    @classmethod
    def _inside(cls, file: str | None) -> str | None:
        if file is not None and (Path(file).is_absolute() or ".." in Path(file).parts):
            raise ValueError(f"{file!r} must lie in the source's own folder: set 'path' to that")
        return file

    @field_serializer("database")
    def _without_secrets(self, database: str | None) -> str | None:
        """Keep user names and passwords out of manifests."""
        return None if database is None else database_shown(database)

    @model_validator(mode="after")
    def _one_origin(self) -> TableOptions:
        if (self.file is None) == (self.database is None):
            raise ValueError("give either 'file' or 'database'")
        if self.database is None and (self.table or self.query):
            raise ValueError("'table' and 'query' belong to a 'database'")
        if self.database is not None and (self.table is None) == (self.query is None):
            raise ValueError("a 'database' needs either 'table' or 'query'")
        return self


class TablesOptions(BaseModel):
    """The keys that a recipe may give a source of a shop's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[str, TableOptions] = Field(
        default_factory=dict,
        description="which file or database table fills which table; without it, files named "
        "products.parquet, reviews.csv and so on are taken as they are",
    )
    licence: str = Field("unknown", description="SPDX identifier of your data's licence")

    @field_validator("tables")
    @classmethod
    def _known(cls, tables: dict[str, TableOptions]) -> dict[str, TableOptions]:
        for name, table in tables.items():
            if name not in TABLES:
                raise _unknown("table", name, list(TABLES))
            own = list(TABLES[name])
            for column in (*(table.columns or ()), *table.constants):
                if column not in own:
                    raise _unknown(f"column in the table {name!r}:", column, own)
            both = [column for column in table.constants if column in (table.columns or ())]
            if both:
                raise ValueError(f"{name}: {both[0]!r} is both a column and a constant")
            given = {*(own if table.columns is None else table.columns), *table.constants}
            missing = [column for column in KEYS[name] if column not in given]
            if missing:
                raise ValueError(
                    f"{name}: {missing[0]!r} is part of the table's key: map a column of yours "
                    f"to it, or give it under 'constants'"
                )
            for column, source in (table.columns or {}).items():
                splits = isinstance(source, ListColumn) and source.split is not None
                if splits and TABLES[name][column] != "VARCHAR[]":
                    raise ValueError(f"{name}.{column} is no list: it cannot be split")
        return tables
