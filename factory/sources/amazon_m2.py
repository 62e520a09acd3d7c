"""Amazon-M2, the shopping sessions of KDD Cup 2023 (Jin et al., arXiv:2307.09688), onto the tables.

Two forms of it are read: upstream's CSV files, whose lists are as numpy prints them, and Parquet
copies with real lists. A session is what a shopper viewed, in order: its earlier items and the next
one. It has no queries, no purchases and no times.

What the data may hold and the views must guard against: items that repeat within a session, equal
sessions (they share their id), products of which there is no title, titles and texts that were
never translated, and sessions whose items the products file does not list for that shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, ClassVar, Final, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.errors import SourceError
from factory.sources.address import resolve, shown
from factory.sources.amazon_m2_files import (
    PRODUCT_COLUMNS,
    SESSION_COLUMNS,
    TEST_COLUMNS,
    Rows,
    read_files,
)
from factory.sources.amazon_m2_tables import (
    Count,
    count_products,
    count_sessions,
    fill_store,
    read_counts,
    views,
)
from factory.sources.base import TABLES, AttachedSource
from factory.sources.fingerprint import fingerprint
from factory.sources.layout import Layout, listed
from factory.sources.sql import identifier, one_line
from factory.sources.store import open_store

_TEST: Final = ("*sessions_test*.csv", "*sessions_test*.parquet")
#: Changes whenever a store would hold something else.
_FORM: Final = "amazon_m2 2"
_LAYOUTS: Final = tuple(
    Layout((f"products_train*.{form}", f"sessions_train*.{form}"), _TEST)
    for form in ("csv", "parquet")
)


class AmazonM2Options(BaseModel):
    """The keys that a recipe may give an Amazon-M2 source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    locales: (
        Annotated[list[Literal["de", "es", "fr", "it", "jp", "uk"]], Field(min_length=1)] | None
    ) = Field(None, description="The shops whose products and sessions are taken; all when absent.")


class AmazonM2Source:
    """The adapter of Amazon-M2; :class:`factory.sources.base.Source` says what an adapter does.

    Its tables are ``products`` (upstream's ``desc`` is ``description``; size, model, material and
    author are ``attributes``; a missing price, which upstream writes as 40000000.07, NaN or 0, is
    NULL) and ``sessions`` (events of the kind ``view``, without a time; no user). A session's id is
    the hash of its shop and items: the same in either form of the files and wherever it stands in
    them. Equal sessions share it.

    Training sessions stand in ``sessions_train*``, those of the test part in ``*sessions_test*``:
    their next item is held back, so that ``items`` end before it. ``AttachedSource.rows`` counts
    the rows of all files that the options select.
    """

    name: ClassVar[str] = "amazon_m2"
    licence: ClassVar[str] = "unknown"
    homepage: ClassVar[str] = "https://kddcup23.github.io"
    citation: ClassVar[str] = """\
@article{jin2024amazon,
  title={Amazon-m2: A multilingual multi-locale shopping session dataset for
         recommendation and text generation},
  author={Jin, Wei and Mao, Haitao and Li, Zheng and Jiang, Haoming and Luo, Chen and
          Wen, Hongzhi and Han, Haoyu and Lu, Hanqing and Wang, Zhengyang and Li, Ruirui
          and others},
  journal={Advances in Neural Information Processing Systems},
  volume={36},
  year={2024}
}"""
    options: ClassVar[type[BaseModel]] = AmazonM2Options
    published: ClassVar[str] = ""

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return what Amazon-M2 has: no bullets, no categories, no users."""
        absent = {"parent_id", "bullets", "category"}
        return {
            "products": tuple(name for name in TABLES["products"] if name not in absent),
            "sessions": tuple(name for name in TABLES["sessions"] if name != "user_id"),
        }

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema`` with Amazon-M2's tables as views over its files.

        Reads the files twice at first, to count and to keep their rows; after that, 0.3 s, from a
        store in the cache.

        Raises:
            SourceError: in one line, where a file is missing, unreadable, empty or of another
                schema, or where no product or no session is usable.
        """
        if not isinstance(options, AmazonM2Options):
            raise TypeError(f"amazon_m2 takes AmazonM2Options, not {type(options).__name__}")
        locales = None if options.locales is None else frozenset[str](options.locales)
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=_LAYOUTS)
        product_files, session_files = (found.files[name] for name in found.layout.required)
        test_files = tuple(file for name in _TEST for file in found.files[name])
        files = (*product_files, *session_files, *test_files)
        products = read_files(connection, product_files, PRODUCT_COLUMNS)
        sessions = read_files(connection, session_files, SESSION_COLUMNS)
        tests = read_files(connection, test_files, TEST_COLUMNS)
        with ThreadPoolExecutor(2) as pool:
            fingerprints = tuple(pool.map(fingerprint, files))
        store = f"{schema}_store"

        def fill(database: str) -> None:
            sold = [(rows, count_products(connection, rows, locales)) for rows in products]
            viewed = [
                (rows, count_sessions(connection, rows, locales, test=test), test)
                for part, test in ((sessions, False), (tests, True))
                for rows in part
            ]
            _check([*sold, *((rows, count) for rows, count, _ in viewed)], options)
            fill_store(connection, database, sold, viewed, locales)

        try:
            form = f"{_FORM} {listed(sorted(locales))}" if locales else _FORM
            open_store(connection, store, fingerprints, form, fill)
            read, test_rows, quarantined = read_counts(connection, store)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
            selects = views(store, allow_test=allow_test)
            for table, query in selects.items():
                name = f"{identifier(schema)}.{identifier(table)}"
                connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")
        except duckdb.Error as error:
            raise SourceError(
                f"{listed([str(file) for file in files])} cannot be read ({one_line(error)}): "
                "a file is damaged; fetch it again"
            ) from error
        return AttachedSource(
            address=shown(path),
            files=fingerprints,
            tables=tuple(selects),
            rows=read,
            test_rows=0 if allow_test else test_rows,
            quarantined=quarantined,
        )


def _check(parts: Sequence[tuple[Rows, Count]], options: AmazonM2Options) -> None:
    """Raise :class:`SourceError` for files of which no row is usable."""
    for rows, count in parts:
        if count.usable:
            continue
        asked = f" of the locales {listed(options.locales)}" if options.locales else ""
        causes = "".join(
            f"; {fault.rows} rows {fault.cause} ({fault.examples[0]})"
            for fault in count.quarantined
        )
        advice = (
            "choose other locales" if asked and not causes else "fetch the upstream files again"
        )
        raise SourceError(
            f"no usable row{asked} in {listed([str(file) for file in rows.files])}{causes}: "
            f"{advice}"
        )
