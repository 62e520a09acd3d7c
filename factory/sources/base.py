"""What a source adapter does: its dataset's upstream files onto the tables of the house.

A view is written against the tables, never against a dataset; so an adapter's whole work is to make
``<schema>.<table>`` exist in DuckDB with the columns of :data:`TABLES`, lazily (as SQL views over
the files), and to say which files it read and which rows it could not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, Protocol

import duckdb
from pydantic import BaseModel

#: Columns and DuckDB types of every table; ``label`` is one of E, S, C, I, ``split`` ``train`` or
#: ``test``. Products are keyed by (locale, product_id), always.
TABLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "products": MappingProxyType(
            {
                "product_id": "VARCHAR",
                "parent_id": "VARCHAR",
                "locale": "VARCHAR",
                "title": "VARCHAR",
                "description": "VARCHAR",
                "bullets": "VARCHAR[]",
                "brand": "VARCHAR",
                "color": "VARCHAR",
                "category": "VARCHAR[]",
                "price": "DOUBLE",
                "currency": "VARCHAR",
                "attributes": "MAP(VARCHAR, VARCHAR)",
            }
        ),
        "judgements": MappingProxyType(
            {
                "query_id": "VARCHAR",
                "query": "VARCHAR",
                "product_id": "VARCHAR",
                "locale": "VARCHAR",
                "label": "VARCHAR",
                "split": "VARCHAR",
            }
        ),
    }
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One upstream file as it was read: the fingerprint names its content, not its date.

    ``fingerprint`` is ``blake2b`` (16 bytes, hex) of the whole file up to 64 MiB; of a larger file
    it is taken over its size, its first and last MiB and 62 evenly spaced 64 KiB blocks, since
    hashing a gigabyte takes longer than making the samples.
    """

    path: Path
    size: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Upstream rows that cannot be used, by cause; ``examples`` quotes a few of them.

    ``cause`` is a machine-readable code such as ``label-unknown``.
    """

    cause: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttachedSource:
    """What an adapter made of its files.

    Attributes:
        address: where the files were asked for, as the user wrote it.
        files: the files read, in a fixed order.
        tables: the names of the tables that now exist in the schema.
        rows: rows read, before anything was set aside.
        test_rows: rows left out because they belong to the upstream test part.
        quarantined: rows set aside as unusable.
    """

    address: str
    files: tuple[SourceFile, ...]
    tables: tuple[str, ...]
    rows: int
    test_rows: int
    quarantined: tuple[Quarantine, ...]


class Source(Protocol):
    """An adapter: one class a dataset.

    Attributes:
        name: the name a recipe uses (``adapter: esci``).
        licence: SPDX identifier of the dataset's licence, or ``unknown``.
        homepage: where the dataset is published.
        options: the pydantic model of the adapter's own keys in a recipe.
    """

    name: ClassVar[str]
    licence: ClassVar[str]
    homepage: ClassVar[str]
    options: ClassVar[type[BaseModel]]

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema`` with this dataset's tables over the files at ``path``.

        ``path`` is a folder, a file, a glob, an ``hf://`` or ``https://`` address, or ``bundled``.
        Rows of the upstream test part are visible only with ``allow_test``. Raises
        :class:`~factory.errors.SourceError` with one clear line when a file is missing, truncated,
        empty, or lacks a column or has it in another type.
        """
