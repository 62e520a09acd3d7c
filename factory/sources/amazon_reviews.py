"""Amazon Reviews 2023 (Hou et al., arXiv:2403.03952) onto the tables.

Two forms of it are read: the raw files (``raw/review_categories/<Category>.jsonl`` and
``raw/meta_categories/meta_<Category>.jsonl``, plain or gzipped, in these folders or all in one),
and the Hub's Parquet files, in which prices and details are texts.

What the data may hold and the views must guard against: reviews of items that no meta file lists,
items without title, description or category, and votes, which older reviews had longer to collect.
Other than ESCI's, these files are read once and then kept in a store: scanning JSON is most of the
work, and every statement of a task would do it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.errors import SourceError
from factory.sources import hub
from factory.sources.address import resolve, shown
from factory.sources.amazon_reviews_tables import (
    ITEM_COLUMNS,
    PRODUCTS_VIEW,
    REVIEW_COLUMNS,
    REVIEWS_VIEW,
    SESSIONS_VIEW,
    fill_store,
    parquet_records,
    raw_records,
    read_counts,
)
from factory.sources.base import TABLES, AttachedSource
from factory.sources.fingerprint import fingerprint
from factory.sources.json_files import check_text_file
from factory.sources.layout import Layout, listed
from factory.sources.parquet import Column, columns, require
from factory.sources.sql import identifier, one_line
from factory.sources.store import open_store

_PARQUET: Final = Layout(("*.parquet",))
_REVIEW_KEYS: Final = tuple(Column(name, ("VARCHAR",)) for name in ("parent_asin", "user_id"))
_ITEM_KEYS: Final = tuple(Column(name, ("VARCHAR",)) for name in ("parent_asin", "title"))
#: A change of what a store holds changes this, and with it the name of every store.
_FORM: Final = "amazon_reviews 1"
_VIEWS: Final = {"products": PRODUCTS_VIEW, "reviews": REVIEWS_VIEW, "sessions": SESSIONS_VIEW}


class AmazonReviewsOptions(BaseModel):
    """The keys that a recipe may give an Amazon Reviews source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: (
        Annotated[list[Annotated[str, Field(pattern=r"^[A-Z][A-Za-z_]*$")]], Field(min_length=1)]
        | None
    ) = Field(
        None,
        description="The categories whose files are taken, as the files spell them "
        "(Pet_Supplies); all that are there when absent.",
    )


class AmazonReviewsSource:
    """The adapter of Amazon Reviews 2023; :class:`factory.sources.base.Source` says what one does.

    Its tables are ``products`` (keyed by parent_asin: the variants of an item share one page and
    its reviews), ``reviews`` and ``sessions`` (each user's reviewed items in the order of the
    reviews; put together when asked for). The shop is ``us``, all of it the train part.

    ``AttachedSource.rows`` counts the records of both kinds; one that repeats another stands in its
    table once, and is no fault.
    """

    name: ClassVar[str] = "amazon_reviews"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = "https://amazon-reviews-2023.github.io"
    citation: ClassVar[str] = """\
@article{hou2024bridging,
  title={Bridging Language and Items for Retrieval and Recommendation},
  author={Hou, Yupeng and Li, Jiacheng and He, Zhankui and Yan, An and Chen, Xiusi and
          McAuley, Julian},
  journal={arXiv preprint arXiv:2403.03952},
  year={2024}
}"""
    options: ClassVar[type[BaseModel]] = AmazonReviewsOptions
    published: ClassVar[str] = "hf://datasets/McAuley-Lab/Amazon-Reviews-2023"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return what the dataset has: all of products, reviews and sessions."""
        return {name: tuple(TABLES[name]) for name in _VIEWS}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,  # noqa: ARG002 - upstream has no test part
    ) -> AttachedSource:
        """Create ``schema`` with the tables as views over a store of the files' rows.

        Reads the files once: 10 s for two million reviews of 400,000 items (1.4 GB) on two cores;
        after that 0.3 s, from a store in the cache.

        Raises:
            SourceError: in one line, where a file is missing, unreadable, empty or of another
                schema, or where no review or no item is usable.
        """
        if not isinstance(options, AmazonReviewsOptions):
            raise TypeError(
                f"amazon_reviews takes AmazonReviewsOptions, not {type(options).__name__}"
            )
        if options.categories is None and hub.parse(path) is not None:
            raise SourceError(
                f"{self.name}: all of {shown(path)!r} is 571 million reviews: say which "
                "files are wanted, such as `with: {categories: [Pet_Supplies]}`"
            )
        reviews, items = self._find(connection, path, options)
        store = f"{schema}_store"
        with ThreadPoolExecutor(2) as pool:
            files = tuple(pool.map(fingerprint, (*reviews, *items)))
        records = (
            _records(connection, reviews, REVIEW_COLUMNS),
            _records(connection, items, ITEM_COLUMNS),
        )
        try:
            open_store(
                connection,
                store,
                files,
                _FORM,
                lambda database: fill_store(connection, database, *records),
            )
            read, left, quarantined = read_counts(connection, store)
            for part, found in (("reviews", reviews), ("products", items)):
                if not left[part]:
                    causes = "".join(f"; {q.rows} rows {q.cause}" for q in quarantined)
                    raise SourceError(
                        f"no usable {part} in {listed([str(file) for file in found])}{causes}: "
                        "fetch the upstream files again"
                    )
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
            for table, query in _VIEWS.items():
                connection.execute(
                    f"CREATE OR REPLACE VIEW {identifier(schema)}.{identifier(table)} AS "
                    + query.format(store=identifier(store))
                )
        except duckdb.Error as error:
            raise SourceError(
                f"{listed([str(file.path) for file in files])} cannot be read "
                f"({one_line(error)}): a file is damaged; fetch it again"
            ) from error
        return AttachedSource(
            address=shown(path),
            files=files,
            tables=tuple(_VIEWS),
            rows=sum(read.values()),
            test_rows=0,
            quarantined=quarantined,
        )

    def _find(
        self, connection: duckdb.DuckDBPyConnection, path: str, options: AmazonReviewsOptions
    ) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Return the files of reviews and the files of items."""
        found = resolve(
            path, adapter=self.name, homepage=self.homepage, layouts=(_raw(options), _PARQUET)
        )
        named = found.files
        if found.layout != _PARQUET:
            reviews = _unique(file for name in found.layout.names[::2] for file in named[name])
            items = _unique(file for name in found.layout.names[1::2] for file in named[name])
            for file in (*reviews, *items):
                check_text_file(file)
            return reviews, items
        reviews, items = (), ()
        for file in named["*.parquet"]:
            if options.categories and not any(
                f"_{wanted}" in part or part == wanted
                for wanted in options.categories
                for part in (file.stem, file.parent.name, file.parent.parent.name)
            ):
                continue
            types = columns(connection, file)
            if "user_id" in types:
                require(file, types, _REVIEW_KEYS)
                reviews += (file,)
            else:
                require(file, types, _ITEM_KEYS)
                items += (file,)
        if not reviews or not items:
            lacking = "reviews (with 'user_id')" if not reviews else "items (without 'user_id')"
            raise SourceError(
                f"{self.name}: {listed([str(file) for file in named['*.parquet']])}: there is no "
                f"file of {lacking} among them: give the folder that holds both, and check "
                "`categories`"
            )
        return reviews, items


def _raw(options: AmazonReviewsOptions) -> Layout:
    """Return the names of the raw files: reviews and items in turn."""
    wanted = options.categories or ["[A-Z]*"]
    return Layout(
        tuple(name for each in wanted for name in (f"{each}.jsonl*", f"meta_{each}.jsonl*"))
    )


def _unique(files: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(files))


def _records(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], wanted: Mapping[str, str]
) -> str:
    if files[0].suffix != ".parquet":
        return raw_records(files, wanted)
    has: dict[str, None] = {}
    for file in files:
        has |= dict.fromkeys(columns(connection, file))
    return parquet_records(files, [*has], wanted)
