"""Amazon's Shopping Queries Dataset (ESCI; Reddy et al., arXiv:2206.06588) onto the tables.

Two forms of it are read: the upstream files (examples, products, and the sources of the queries),
and the joined copy on the Hub (``tasksource/esci``), in which every row is a judgement with its
product's columns, labels are spelled out, and the split stands in the file's name.

What the data may hold and the views must guard against: several judgements of one (query, product,
locale), and in the upstream products several rows of one (locale, product_id). To look for the
second takes 0.4 s at full scale, so attaching does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.errors import SourceError
from factory.sources.address import Found, resolve, shown
from factory.sources.base import TABLES, AttachedSource, Quarantine
from factory.sources.esci_tables import (
    Count,
    Selection,
    Upstream,
    count_judgements,
    count_products,
    judgements_view,
    products_view,
)
from factory.sources.fingerprint import fingerprint
from factory.sources.layout import Layout, listed
from factory.sources.parquet import (
    INTEGER,
    TEXT,
    Column,
    columns,
    may_be_missing,
    path_list,
    relation,
    require,
    row_count,
    unreadable,
)
from factory.sources.sql import identifier, text_literal

_EXAMPLES: Final = "shopping_queries_dataset_examples.parquet"
_PRODUCTS: Final = "shopping_queries_dataset_products.parquet"
_QUERY_SOURCES: Final = "shopping_queries_dataset_sources.csv"
_SHARDS: Final = "*.parquet"
_UPSTREAM: Final = Layout((_EXAMPLES, _PRODUCTS), (_QUERY_SOURCES,))
_JOINED: Final = Layout((_SHARDS,))

_PRODUCT_ID: Final = Column("product_id", ("VARCHAR",), "a number loses its leading zeros")
_LOCALE: Final = Column("product_locale", ("VARCHAR",))
_SPLIT: Final = Column("split", ("VARCHAR",))
_EXAMPLE_ID: Final = Column("example_id", INTEGER)
_SMALL_VERSION: Final = Column("small_version", (*INTEGER, "BOOLEAN"))
_JUDGEMENT_COLUMNS: Final = (
    Column("query", ("VARCHAR",)),
    Column("query_id", (*INTEGER, "VARCHAR")),
    _PRODUCT_ID,
    _LOCALE,
    Column("esci_label", ("VARCHAR",)),
)
_PRODUCT_COLUMNS: Final = (
    _PRODUCT_ID,
    _LOCALE,
    Column("product_title", TEXT),
    Column("product_description", TEXT),
    Column("product_bullet_point", TEXT),
    Column("product_brand", TEXT),
    Column("product_color", TEXT),
)

_NAME_PARTS: Final = re.compile(r"[-_.]")


class EsciOptions(BaseModel):
    """The keys that a recipe may give an ESCI source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal["large", "small"] = Field(
        "large",
        description="'small' takes the rows with small_version = 1 (the harder queries, of the "
        "ranking task); 'large' takes all.",
    )
    locales: Annotated[list[Literal["us", "es", "jp"]], Field(min_length=1)] | None = Field(
        None, description="The shops whose judgements and products are taken; all when absent."
    )


class EsciSource:
    """The adapter of ESCI; :class:`factory.sources.base.Source` says what an adapter does.

    Its tables are ``products`` and ``judgements``, and with the upstream file of the queries'
    sources also ``query_sources`` (query_id, source: ``behavioral``, ``negations`` and so on).
    ``category`` and ``attributes`` are empty, ``price`` and ``currency`` NULL, since ESCI has none;
    texts are as upstream, HTML and all.

    ``AttachedSource.rows`` counts the rows of judgements and products that the options select:
    those visible, those of the test part and those set aside add up to it. In a joined copy only
    the judgements are rows.
    """

    name: ClassVar[str] = "esci"
    licence: ClassVar[str] = "Apache-2.0"
    homepage: ClassVar[str] = "https://github.com/amazon-science/esci-data"
    citation: ClassVar[str] = """\
@article{reddy2022shopping,
  title={Shopping Queries Dataset: A Large-Scale {ESCI} Benchmark for Improving Product
         Search},
  author={Chandan K. Reddy and Lluís Màrquez and Fran Valero and Nikhil Rao and
          Hugo Zaragoza and Sambaran Bandyopadhyay and Arnab Biswas and Anlu Xing and
          Karthik Subbian},
  year={2022},
  eprint={2206.06588},
  archivePrefix={arXiv}
}"""
    options: ClassVar[type[BaseModel]] = EsciOptions
    published: ClassVar[str] = "hf://datasets/tasksource/esci"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return what ESCI has: no categories, prices or attributes."""
        products = ("product_id", "locale", "title", "description", "bullets", "brand", "color")
        return {"products": products, "judgements": tuple(TABLES["judgements"])}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema`` with ESCI's tables as views over its files.

        Reads footers and a few narrow columns, 0.1 s at full scale. Products that only the test
        part judges are visible in either form: the upstream products file does not tell them apart.

        Raises:
            SourceError: in one line, where a file is missing, unreadable, empty or of another
                schema, where no row is usable, or where all belong to the test part and
                ``allow_test`` is not given.
        """
        if not isinstance(options, EsciOptions):
            raise TypeError(f"esci takes EsciOptions, not {type(options).__name__}")
        locales = None if options.locales is None else frozenset[str](options.locales)
        selection = Selection(small=options.version == "small", locales=locales)
        found = resolve(
            path, adapter=self.name, homepage=self.homepage, layouts=(_UPSTREAM, _JOINED)
        )
        read = _read_upstream if found.layout == _UPSTREAM else _read_joined
        upstream = read(connection, found, selection)
        parquet_files = tuple(dict.fromkeys(upstream.judgement_files + upstream.product_files))
        query_sources = found.files.get(_QUERY_SOURCES, ())
        # Hashing and counting both wait for the machine, not for each other.
        with ThreadPoolExecutor(1) as pool:
            files = pool.map(fingerprint, (*parquet_files, *query_sources))
            try:
                judged = count_judgements(connection, upstream, selection)
                _check_judgements(judged, upstream, options, schema, allow_test=allow_test)
                sold = count_products(connection, upstream, selection)
                if not sold.usable:
                    raise _nothing_usable("product", sold, upstream.product_files, options)
                views = {
                    "products": products_view(upstream, sold, selection),
                    "judgements": judgements_view(
                        upstream, judged, selection, allow_test=allow_test
                    ),
                }
                if query_sources:
                    views["query_sources"] = _query_sources_view(query_sources[0])
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
                for table, query in views.items():
                    name = f"{identifier(schema)}.{identifier(table)}"
                    connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")
            except duckdb.Error as error:
                raise unreadable(parquet_files, error) from error
        counts = {"judgements": judged} | ({} if upstream.joined else {"products": sold})
        return AttachedSource(
            address=shown(path),
            files=tuple(files),
            tables=tuple(views),
            rows=sum(count.rows for count in counts.values()),
            test_rows=0 if allow_test else judged.splits.get("test", 0),
            quarantined=_quarantined(counts),
        )


def _read_upstream(
    connection: duckdb.DuckDBPyConnection, found: Found, selection: Selection
) -> Upstream:
    (examples,), (products,) = found.files[_EXAMPLES], found.files[_PRODUCTS]
    types = columns(connection, examples)
    version = (_SMALL_VERSION,) if selection.small else ()
    require(examples, types, (*_JUDGEMENT_COLUMNS, _SPLIT, *version))
    require(products, columns(connection, products), _PRODUCT_COLUMNS)
    for file in (examples, products):
        _check_rows(connection, (file,))
    return Upstream(
        judgement_files=(examples,),
        product_files=(products,),
        judgements=relation([examples]),
        products=relation([products]),
        query_id_is_text=types["query_id"] == "VARCHAR",
        may_miss_judged=may_be_missing(connection, [examples]),
        may_miss_sold=may_be_missing(connection, [products]),
    )


def _read_joined(
    connection: duckdb.DuckDBPyConnection, found: Found, selection: Selection
) -> Upstream:
    shards = found.files[_SHARDS]
    types = {shard: columns(connection, shard) for shard in shards}
    if not any({"query", "product_title"} <= found_types.keys() for found_types in types.values()):
        raise SourceError(
            f"esci: {listed([str(file) for file in shards])} are neither {_EXAMPLES!r} and "
            f"{_PRODUCTS!r} nor a joined copy of them (no columns 'query' and 'product_title'): "
            f"give the address of files as {EsciSource.homepage} or "
            "hf://datasets/tasksource/esci names them"
        )
    version = (_SMALL_VERSION,) if selection.small else ()
    wanted = (_EXAMPLE_ID, *_JUDGEMENT_COLUMNS, *_PRODUCT_COLUMNS, *version)
    by_split: dict[str, list[Path]] = {}
    for shard in shards:
        require(shard, types[shard], wanted)
        by_split.setdefault(_split_of(shard, types[shard]), []).append(shard)
    _check_rows(connection, shards)
    names = ", ".join(dict.fromkeys(column.name for column in wanted))
    parts = [
        f"SELECT {names}, {text_literal(split) if split else 'split'} AS split "
        f"FROM {relation(files)}"
        for split, files in sorted(by_split.items())
    ]
    may_miss = may_be_missing(connection, shards)
    return Upstream(
        judgement_files=shards,
        product_files=shards,
        judgements=f"({' UNION ALL '.join(parts)})",
        products=f"(SELECT {names}, file_index AS in_file, file_row_number "
        f"FROM {relation(shards, rows=True)})",
        query_id_is_text=any(each["query_id"] == "VARCHAR" for each in types.values()),
        may_miss_judged=may_miss,
        may_miss_sold=may_miss,
    )


def _split_of(shard: Path, types: Mapping[str, str]) -> str:
    """Return the split that a shard's name or folder says, or '' where a column says it."""
    if "split" in types:
        require(shard, types, (_SPLIT,))
        return ""
    # ``train-00000-of-00009-<hash>``, ``esci-test-00000-of-00004``, or ``train/0000``. Of a folder
    # the whole name counts: one named "test_data" says nothing about a split.
    parts = set(_NAME_PARTS.split(shard.stem.lower()))
    for said in (parts, {shard.parent.name.lower()}):
        splits = said & {"train", "test"}
        if len(splits) == 1:
            return splits.pop()
        if splits:
            break
    raise SourceError(
        f"{str(shard)!r} does not say which split its rows belong to: it has no column 'split', "
        "and its name or its folder's is neither of 'train' and 'test': rename it, such as "
        "'train-0000.parquet'"
    )


def _check_rows(connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> None:
    if row_count(connection, files) == 0:
        raise SourceError(
            f"{listed([str(file) for file in files])} has no rows: fetch the upstream file again"
        )


def _query_sources_view(file: Path) -> str:
    try:
        with file.open(encoding="utf-8-sig") as lines:
            header = lines.readline(1000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read {str(file)!r} ({error}): fetch it again") from error
    if header != "query_id,source":
        raise SourceError(
            f"{str(file)!r} starts with {header[:60]!r} and must start with the line "
            "'query_id,source': fetch the upstream file, or take this one away (it is optional)"
        )
    return (
        f"SELECT query_id, source FROM read_csv({path_list([file])}, header = true, "
        "auto_detect = false, hive_partitioning = false, "
        "columns = {'query_id': 'VARCHAR', 'source': 'VARCHAR'})"
    )


def _check_judgements(
    count: Count, upstream: Upstream, options: EsciOptions, schema: str, *, allow_test: bool
) -> None:
    """Raise :class:`SourceError` where no judgement would be visible."""
    if not count.usable:
        raise _nothing_usable("judgement", count, upstream.judgement_files, options)
    if not allow_test and count.splits.get("test", 0) == count.usable:
        raise SourceError(
            f"all {count.usable} usable judgements in "
            f"{listed([str(file) for file in upstream.judgement_files])} belong to the upstream "
            "test part, which is left out unless it is asked for by name: add "
            f"--allow-test {schema}, or give files with a train part"
        )


def _nothing_usable(
    what: str, count: Count, files: tuple[Path, ...], options: EsciOptions
) -> SourceError:
    asked = options.model_dump(exclude_defaults=True)
    chosen = " with " + ", ".join(f"{key}={asked[key]!r}" for key in asked) if asked else ""
    causes = "".join(
        f"; {fault.rows} rows {fault.cause} ({fault.examples[0]})" for fault in count.quarantined
    )
    advice = "choose other options" if asked and not causes else "fetch the upstream files again"
    return SourceError(
        f"no usable {what}{chosen} in {listed([str(file) for file in files])}{causes}: {advice}"
    )


def _quarantined(counts: Mapping[str, Count]) -> tuple[Quarantine, ...]:
    """Return the faults of all relations by cause, the examples saying which one they are of."""
    merged: dict[str, Quarantine] = {}
    for table, count in counts.items():
        for fault in count.quarantined:
            before = merged.get(fault.cause, Quarantine(fault.cause, 0, ()))
            merged[fault.cause] = Quarantine(
                cause=fault.cause,
                rows=before.rows + fault.rows,
                examples=before.examples + tuple(f"{table}: {row}" for row in fault.examples),
            )
    return tuple(merged[cause] for cause in sorted(merged))
