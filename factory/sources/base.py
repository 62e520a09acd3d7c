"""What a source adapter does: its dataset's upstream files onto the tables of the house.

A view is written against the tables, never against a dataset; so an adapter's whole work is to make
``<schema>.<table>`` exist in DuckDB with the columns of :data:`TABLES`, lazily (as SQL views over
the files), and to say which files it read and which rows it could not use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, Protocol

import duckdb
from pydantic import BaseModel

#: The shops that a row may be of.
LOCALES: Final = ("us", "uk", "de", "fr", "it", "es", "jp", "cn")


def _table(**columns: str) -> Mapping[str, str]:
    return MappingProxyType(columns)


#: Columns and DuckDB types of every table. ``split`` is ``train`` or ``test``, ``locale`` one of
#: :data:`LOCALES`. Texts are as upstream: the line cleans them.
TABLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        # Keyed by (locale, product_id), always: an id alone is not unique. ``category`` is a path,
        # the widest first: its last part is the product's type.
        "products": _table(
            product_id="VARCHAR",
            parent_id="VARCHAR",
            locale="VARCHAR",
            title="VARCHAR",
            description="VARCHAR",
            bullets="VARCHAR[]",
            brand="VARCHAR",
            color="VARCHAR",
            category="VARCHAR[]",
            price="DOUBLE",
            currency="VARCHAR",
            attributes="MAP(VARCHAR, VARCHAR)",
        ),
        # ``label`` is one of E, S, C, I.
        "judgements": _table(
            query_id="VARCHAR",
            query="VARCHAR",
            product_id="VARCHAR",
            locale="VARCHAR",
            label="VARCHAR",
            split="VARCHAR",
        ),
        # ``items`` are the product ids of the events, in order, repeated as they are; ``kind`` is
        # query, view, click, cart, purchase or review, ``time`` milliseconds since 1970.
        "sessions": _table(
            session_id="VARCHAR",
            user_id="VARCHAR",
            locale="VARCHAR",
            items="VARCHAR[]",
            events="STRUCT(kind VARCHAR, product_id VARCHAR, query VARCHAR, time BIGINT)[]",
            split="VARCHAR",
        ),
        # ``product_id`` is what products are keyed by (the parent_asin of Reviews 2023), ``rating``
        # 1 to 5, ``timestamp`` milliseconds since 1970.
        "reviews": _table(
            review_id="VARCHAR",
            product_id="VARCHAR",
            user_id="VARCHAR",
            locale="VARCHAR",
            rating="DOUBLE",
            title="VARCHAR",
            text="VARCHAR",
            helpful_votes="BIGINT",
            verified="BOOLEAN",
            timestamp="BIGINT",
        ),
        # ``fields`` is the input as JSON text where upstream has fields, else NULL.
        "instructions": _table(
            id="VARCHAR",
            task="VARCHAR",
            locale="VARCHAR",
            instruction="VARCHAR",
            input="VARCHAR",
            options="VARCHAR[]",
            output="VARCHAR",
            fields="VARCHAR",
            setting="VARCHAR",
            split="VARCHAR",
        ),
        # ``start`` and ``end`` count characters; NULL where upstream's offsets cannot be trusted.
        "spans": _table(
            id="VARCHAR",
            locale="VARCHAR",
            text="VARCHAR",
            category="VARCHAR",
            entities='STRUCT("type" VARCHAR, value VARCHAR, "start" BIGINT, "end" BIGINT)[]',
            split="VARCHAR",
        ),
        # Two products of one locale; ``relation`` is same, different, substitute, complement,
        # also_bought, also_viewed or similar.
        "pairs": _table(
            pair_id="VARCHAR",
            locale="VARCHAR",
            left_id="VARCHAR",
            right_id="VARCHAR",
            relation="VARCHAR",
            split="VARCHAR",
        ),
        # A product question has ``question``, ``answer`` and ``product_id``; a conversation has
        # ``turns`` (speaker: customer or agent), and the product where it is about one.
        "dialogues": _table(
            dialogue_id="VARCHAR",
            locale="VARCHAR",
            turns="STRUCT(speaker VARCHAR, text VARCHAR, intent VARCHAR)[]",
            question="VARCHAR",
            answer="VARCHAR",
            product_id="VARCHAR",
            split="VARCHAR",
        ),
        # What is known of a product, query or review (``subject``): kind ``aspect`` with its name,
        # polarity (positive, negative) and evidence; kind ``attribute`` with name and value; kind
        # ``type`` with its value. ``model`` is NULL where people or the source say it.
        "labels": _table(
            subject="VARCHAR",
            subject_id="VARCHAR",
            locale="VARCHAR",
            kind="VARCHAR",
            name="VARCHAR",
            value="VARCHAR",
            polarity="VARCHAR",
            evidence="VARCHAR",
            model="VARCHAR",
        ),
    }
)


#: The address of the shop that this project made up, in any source's files and schema.
BUNDLED: Final = "bundled"
#: The licence of that shop: its rows are this project's own, whatever data set they look like.
BUNDLED_LICENCE: Final = "CC0-1.0"


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
    #: Its time of change (nanoseconds) just before it was read; nothing of what is no file.
    changed_at: int | None = field(default=None, compare=False)


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
        citation: what its authors ask to be cited, as BibTeX; empty where they are not known to
            ask for anything.
        options: the pydantic model of the adapter's own keys in a recipe.
        published: the address that ``fetch`` brings it from; empty where upstream wants a login or
            a form, which ``homepage`` then leads to.
    """

    name: ClassVar[str]
    licence: ClassVar[str]
    homepage: ClassVar[str]
    citation: ClassVar[str]
    options: ClassVar[type[BaseModel]]
    published: ClassVar[str]

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:
        """Return the columns that this source can fill, by table, without reading its files.

        A table's other columns exist and are NULL. A task whose view needs more cannot run on it.
        """

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
