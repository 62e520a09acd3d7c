"""The ESCI adapter over small files in the upstream schema: what the tables then hold."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.errors import SourceError
from factory.sources import SOURCES, TABLES, AttachedSource
from factory.sources.esci import EsciOptions, EsciSource

from .esci_files import (
    EXAMPLE_TYPES,
    EXAMPLES,
    PRODUCT_TYPES,
    PRODUCTS,
    QUERY_SOURCES,
    joined,
    judgement,
    product,
    write,
    write_shard,
    write_upstream,
)

EXCERPT = Path(__file__).parents[2] / ".." / "shared" / "data" / "esci"


def attach(
    connection: duckdb.DuckDBPyConnection,
    path: Path | str,
    *,
    allow_test: bool = False,
    schema: str = "esci",
    **options: Any,
) -> AttachedSource:
    return EsciSource().attach(
        connection, schema, str(path), EsciOptions(**options), allow_test=allow_test
    )


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def test_the_adapter_is_found_by_its_name() -> None:
    source = SOURCES["esci"]
    assert (source.name, source.licence) == ("esci", "Apache-2.0")
    assert source.options().model_dump() == {"version": "large", "locales": None}


@pytest.mark.parametrize(
    "bad", [{"version": "tiny"}, {"locales": []}, {"locales": ["uk"]}, {"x": 1}]
)
def test_options_that_do_not_exist_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        EsciOptions.model_validate(bad)


def test_tables_have_the_columns_and_types_of_the_house(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    attached = attach(connection, write_upstream(tmp_path, [judgement(1)]))
    assert attached.tables == ("products", "judgements")
    for table in attached.tables:
        described = rows(connection, f"DESCRIBE esci.{table}")
        assert {row[0]: row[1] for row in described} == dict(TABLES[table])


def test_the_bundled_sample_is_whole_and_free_of_faults(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    attached = attach(connection, "bundled")
    assert attached.quarantined == ()
    assert rows(connection, "SELECT DISTINCT split FROM esci.judgements") == [("train",)]
    without_product = (
        "SELECT count(*) FROM esci.judgements ANTI JOIN esci.products USING (locale, product_id)"
    )
    assert rows(connection, without_product) == [(0,)]


def test_judgements_are_upstream_rows_with_ids_as_text(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    judged = [
        judgement(1, query="!lamp", query_id=0, product_id="0007123456", esci_label="C"),
        judgement(2, query="自転車", query_id=9, product_locale="jp", esci_label="I"),
    ]
    attached = attach(connection, write_upstream(tmp_path, judged))
    assert rows(connection, "FROM esci.judgements ORDER BY ALL") == [
        ("0", "!lamp", "0007123456", "us", "C", "train"),
        ("9", "自転車", "B000002", "jp", "I", "train"),
    ]
    assert (attached.rows, attached.test_rows, attached.quarantined) == (4, 0, ())


def test_products_keep_their_text_and_part_their_bullets(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    sold = [
        product(
            "A",
            product_bullet_point="<b>one</b>, two \n\n\u3000three\xa0\r\n \t ",
            product_brand="",
        ),
        product("B", product_bullet_point=None, product_description="<p> a &nbsp;</p> "),
        product("C", product_bullet_point="", product_title=None, product_color="0"),
    ]
    attach(connection, write_upstream(tmp_path, [judgement(1)], sold))
    found = rows(
        connection,
        "SELECT product_id, parent_id, title, description, bullets, brand, color "
        "FROM esci.products ORDER BY 1",
    )
    assert found == [
        ("A", "A", "Lamp A", None, ["<b>one</b>, two ", "\u3000three\xa0\r", " \t "], None, None),
        ("B", "B", "Lamp B", "<p> a &nbsp;</p> ", [], "Lumo", None),
        ("C", "C", None, None, [], "Lumo", "0"),
    ]
    empty = "SELECT DISTINCT category, price, currency, attributes FROM esci.products"
    assert rows(connection, empty) == [([], None, None, {})]


def test_the_test_part_is_hidden_until_it_is_allowed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_upstream(tmp_path, [judgement(1), judgement(2, split="test"), judgement(3, split="test")])
    hidden = attach(connection, tmp_path)
    assert hidden.test_rows == 2
    assert rows(connection, "SELECT split FROM esci.judgements") == [("train",)]
    allowed = attach(connection, tmp_path, allow_test=True)
    assert allowed.test_rows == 0
    assert rows(connection, "SELECT count(*) FROM esci.judgements") == [(3,)]


def test_options_choose_the_version_and_the_locales(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    judged = [
        judgement(1),
        judgement(2, small_version=0),
        judgement(3, product_locale="jp"),
        judgement(4, product_locale="es", esci_label="?"),
    ]
    write_upstream(tmp_path, judged)
    small = attach(connection, tmp_path, version="small")
    assert rows(connection, "SELECT product_id FROM esci.judgements ORDER BY 1") == [
        ("B000001",),
        ("B000003",),
    ]
    assert small.rows == 3 + 4
    japan = attach(connection, tmp_path, locales=["jp"])
    assert rows(connection, "SELECT DISTINCT locale FROM esci.judgements") == [("jp",)]
    assert rows(connection, "SELECT product_id FROM esci.products") == [("B000003",)]
    assert (japan.rows, japan.quarantined) == (2, ())


def test_rows_that_cannot_be_used_are_set_aside_with_their_cause(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    judged = [
        judgement(1),
        judgement(2, esci_label="X"),
        judgement(3, esci_label="X"),
        judgement(4, product_id=None),
        judgement(5, query_id=None),
        judgement(6, query=""),
        judgement(7, esci_label=None),
        judgement(8, product_locale="uk"),
        judgement(9, split="val"),
        judgement(10, query=None, esci_label="X"),
        judgement(11, product_id=""),
    ]
    sold = [product("B000001"), product("P", product_locale="fr"), product("Q", product_locale="")]
    attached = attach(connection, write_upstream(tmp_path, judged, sold))
    faults = {fault.cause: (fault.rows, fault.examples) for fault in attached.quarantined}
    assert {cause: count for cause, (count, _) in faults.items()} == {
        "label-unknown": 2,
        "locale-unknown": 2,
        "split-unknown": 1,
        "value-missing": 7,
    }
    assert faults["label-unknown"][1][0] == (
        "judgements: query_id=7, product_id='B000002', label='X', locale='us', split='train'"
    )
    assert faults["locale-unknown"][1][-1] == "products: product_id='P', locale='fr'"
    assert rows(connection, "SELECT product_id FROM esci.judgements") == [("B000001",)]
    assert rows(connection, "SELECT product_id FROM esci.products") == [("B000001",)]


def test_spellings_in_another_case_are_read_as_ours(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    judged = [
        judgement(1, esci_label="e", product_locale="US", split="Train"),
        judgement(2, esci_label="substitute"),
    ]
    attached = attach(connection, write_upstream(tmp_path, judged))
    assert attached.quarantined == ()
    assert rows(connection, "SELECT label, locale, split FROM esci.judgements ORDER BY 1") == [
        ("E", "us", "train"),
        ("S", "us", "train"),
    ]
    assert rows(connection, "SELECT DISTINCT locale FROM esci.products") == [("us",)]


def test_extra_columns_narrow_integers_and_large_strings_are_accepted(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_upstream(tmp_path, [judgement(1)])
    types = EXAMPLE_TYPES | {
        "query_id": pa.int16(),
        "small_version": pa.bool_(),
        "query": pa.large_string(),
        "esci_label": pa.dictionary(pa.int8(), pa.string()),
        "__index_level_0__": pa.int64(),
    }
    written = [
        judgement(1, small_version=True, __index_level_0__=4),
        judgement(2, small_version=False),
    ]
    write(tmp_path / EXAMPLES, written, types)
    attach(connection, tmp_path, version="small")
    assert rows(connection, "FROM esci.judgements") == [
        ("7", "desk lamp", "B000001", "us", "E", "train")
    ]


def test_a_product_column_without_a_single_value_is_accepted(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_upstream(tmp_path, [judgement(1)])
    types = PRODUCT_TYPES | {"product_color": pa.null(), "product_bullet_point": pa.null()}
    write(tmp_path / PRODUCTS, [product("A", product_bullet_point=None)], types)
    attach(connection, tmp_path)
    assert rows(connection, "SELECT bullets, color FROM esci.products") == [([], None)]


def test_query_ids_written_as_text_must_be_numbers(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_upstream(tmp_path, [judgement(1)])
    written = [judgement(1, query_id="007"), judgement(2, query_id="q-8")]
    write(tmp_path / EXAMPLES, written, EXAMPLE_TYPES | {"query_id": pa.string()})
    attached = attach(connection, tmp_path)
    assert rows(connection, "SELECT query_id FROM esci.judgements") == [("7",)]
    (fault,) = attached.quarantined
    assert (fault.cause, fault.rows) == ("query-id-malformed", 1)
    assert "query_id='q-8'" in fault.examples[0]


def test_files_without_statistics_are_scanned_for_missing_values(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_upstream(tmp_path, [judgement(1)])
    written = [judgement(1), judgement(2, query=None)]
    write(tmp_path / EXAMPLES, written, EXAMPLE_TYPES, write_statistics=False)
    assert [fault.rows for fault in attach(connection, tmp_path).quarantined] == [1]
    assert rows(connection, "SELECT count(*) FROM esci.judgements") == [(1,)]


def test_the_sources_of_the_queries_become_a_table_of_their_own(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_upstream(tmp_path, [judgement(1)])
    (tmp_path / QUERY_SOURCES).write_bytes(b"query_id,source\r\n7,negations\r\n8,other\r\n")
    attached = attach(connection, tmp_path)
    assert attached.tables == ("products", "judgements", "query_sources")
    assert [file.path.name for file in attached.files] == [EXAMPLES, PRODUCTS, QUERY_SOURCES]
    joined_rows = "SELECT source FROM esci.judgements JOIN esci.query_sources USING (query_id)"
    assert rows(connection, joined_rows) == [("negations",)]
    (tmp_path / QUERY_SOURCES).write_text("id;origin\n7;negations\n")
    with pytest.raises(SourceError, match="must start with the line 'query_id,source'"):
        attach(connection, tmp_path)


@pytest.mark.parametrize(
    "name",
    ["o'hare's", "a b", "日本 ü", "x[1]", "st*r", "what?", "br{a,b}", "locale=fr", "%s {0} $1"],
)
def test_any_folder_and_schema_name_works(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    # Were the brackets and stars read as patterns, these decoys would be read in its place.
    for decoy in ("x1", "star"):
        write_upstream(tmp_path / decoy, [judgement(1, query="decoy")])
    write_upstream(tmp_path / name, [judgement(1, query="meant")])
    attach(connection, tmp_path / name, schema=f'{name}"; DROP')
    quoted = '"' + name + '""; DROP"'
    assert rows(connection, f"SELECT query FROM {quoted}.judgements") == [("meant",)]
    assert rows(connection, f"SELECT DISTINCT locale FROM {quoted}.products") == [("us",)]


def test_a_title_query_reads_only_the_keys_and_the_title(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    attach(connection, write_upstream(tmp_path, [judgement(1)]))
    plan = rows(
        connection,
        "EXPLAIN SELECT title FROM esci.products WHERE locale = 'us' AND product_id = 'B000001'",
    )
    assert "product_title" in plan[0][1]
    for wide in ("product_description", "product_bullet_point", "product_brand"):
        assert wide not in plan[0][1]


causes = st.sampled_from(["E", "S", "C", "I", "x", "", None])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "esci_label": causes,
                "product_locale": st.sampled_from(["us", "es", "jp", "JP", "de", None]),
                "split": st.sampled_from(["train", "train", "test", "dev", None]),
                "query": st.sampled_from(["lamp", "", None]),
                "small_version": st.sampled_from([0, 1, None]),
            }
        ),
        max_size=12,
    ),
    st.booleans(),
    st.sampled_from(["large", "small"]),
    st.sampled_from([None, ["us"], ["es", "jp"]]),
)
def test_every_selected_row_is_visible_hidden_or_set_aside(
    tmp_path: Path, varied: list[dict[str, Any]], allow_test: bool, version: str, locales: Any
) -> None:
    plain = [judgement(0, product_locale=locale) for locale in ("us", "jp")]
    judged = plain + [judgement(number, **values) for number, values in enumerate(varied, 1)]
    write_upstream(tmp_path, judged, [product("A"), product("B", product_locale="jp")])
    with duckdb.connect() as connection:
        attached = attach(
            connection, tmp_path, allow_test=allow_test, version=version, locales=locales
        )
        visible = rows(connection, "SELECT count(*) FROM esci.judgements")[0][0]
        sold = rows(connection, "SELECT count(*) FROM esci.products")[0][0]
        wrong = rows(
            connection,
            "SELECT * FROM esci.judgements WHERE label NOT IN ('E', 'S', 'C', 'I') OR query = '' "
            "OR query IS NULL OR locale NOT IN ('us', 'es', 'jp') "
            "OR split NOT IN ('train', 'test')",
        )
    set_aside = sum(fault.rows for fault in attached.quarantined)
    assert visible + sold + attached.test_rows + set_aside == attached.rows
    assert wrong == []
    if (version, locales) == ("large", None):
        assert attached.rows == len(judged) + 2


class TestJoinedCopy:
    def test_labels_split_and_products_come_from_its_rows(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        write_shard(
            tmp_path / "data" / "train-00000-of-00002-0a1b.parquet",
            [
                joined(5, product_id="A", product_title="late", esci_label="Substitute"),
                joined(6, product_id="A", product_locale="jp", product_title="japan"),
            ],
        )
        write_shard(
            tmp_path / "data" / "train-00001-of-00002-2c3d.parquet",
            [joined(2, product_id="A", product_title="early", esci_label="COMPLEMENT")],
        )
        write_shard(
            tmp_path / "data" / "test-00000-of-00001-4e5f.parquet",
            [joined(9, product_id="T", esci_label="Irrelevant")],
        )
        attached = attach(connection, tmp_path)
        assert rows(
            connection, "SELECT product_id, locale, label, split FROM esci.judgements ORDER BY ALL"
        ) == [
            ("A", "jp", "E", "train"),
            ("A", "us", "C", "train"),
            ("A", "us", "S", "train"),
        ]
        assert rows(
            connection, "SELECT product_id, locale, title FROM esci.products ORDER BY ALL"
        ) == [
            ("A", "jp", "japan"),
            ("A", "us", "early"),
            ("T", "us", "Lamp B000009"),
        ]
        assert (attached.rows, attached.test_rows, len(attached.files)) == (4, 1, 3)
        attach(connection, tmp_path, allow_test=True)
        test_rows = "SELECT product_id, label FROM esci.judgements WHERE split = 'test'"
        assert rows(connection, test_rows) == [("T", "I")]

    def test_rows_of_equal_example_ids_still_make_one_product(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        again = [
            joined(1, product_id="A", product_title=title) for title in ("one", "two", "three")
        ]
        write_shard(tmp_path / "train-00000-of-00001.parquet", again)
        write_shard(tmp_path / "train-00001-of-00001.parquet", again[::-1])
        attach(connection, tmp_path)
        assert rows(connection, "SELECT title FROM esci.products") == [("one",)]

    @pytest.mark.parametrize(
        "name",
        ["esci-train-00000-of-00011.parquet", "default/train/0000.parquet", "TRAIN.parquet"],
    )
    def test_the_split_is_read_from_the_names_that_the_hub_uses(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
    ) -> None:
        write_shard(tmp_path / name, [joined(1)])
        attach(connection, tmp_path)
        assert rows(connection, "SELECT split FROM esci.judgements") == [("train",)]

    def test_a_split_column_says_more_than_a_name(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        types = EXAMPLE_TYPES | PRODUCT_TYPES
        both = [joined(1, split="train"), joined(2, split="test")]
        write(tmp_path / "all.parquet", both, types)
        assert attach(connection, tmp_path / "all.parquet").test_rows == 1

    @pytest.mark.parametrize(
        "name", ["esci-0000.parquet", "train-or-test.parquet", "test_data/latest.parquet"]
    )
    def test_a_name_that_does_not_say_one_split_is_refused(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
    ) -> None:
        write_shard(tmp_path / name, [joined(1)])
        with pytest.raises(SourceError, match="does not say which split"):
            attach(connection, tmp_path)

    def test_shards_may_differ_in_width_order_and_extra_columns(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        plain = write_shard(tmp_path / "train-0.parquet", [joined(1)])
        turned = pq.read_table(plain).to_pydict()
        turned["query_id"] = pa.array([8], pa.int32())
        turned["locale"] = pa.array(["extra"])
        pq.write_table(pa.table(dict(reversed(turned.items()))), str(tmp_path / "train-1.parquet"))
        attach(connection, tmp_path)
        assert rows(connection, "SELECT query_id FROM esci.judgements ORDER BY 1") == [
            ("7",),
            ("8",),
        ]
        assert rows(connection, "SELECT count(*) FROM esci.products") == [(1,)]


@pytest.mark.skipif(not EXCERPT.is_dir(), reason="the excerpt of the upstream files is not here")
class TestUpstreamExcerpt:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        sample = EXCERPT / "shopping_queries_dataset_examples.sample16.parquet"
        sold = EXCERPT / "shopping_queries_dataset_products.sample16_renamed_from_vespa.parquet"
        shutil.copy(sample, tmp_path / EXAMPLES)
        shutil.copy(sold, tmp_path / PRODUCTS)
        shutil.copy(EXCERPT / QUERY_SOURCES, tmp_path / QUERY_SOURCES)
        return tmp_path

    def test_its_judgements_join_their_products(
        self, connection: duckdb.DuckDBPyConnection, folder: Path
    ) -> None:
        attached = attach(connection, folder, allow_test=True)
        assert (attached.rows, attached.test_rows, attached.quarantined) == (32, 0, ())
        labels = "SELECT query_id, label, count(*) FROM esci.judgements GROUP BY ALL ORDER BY ALL"
        assert rows(connection, labels) == [("535", "E", 3), ("535", "I", 7), ("535", "S", 6)]
        matched = (
            "SELECT count(title) FROM esci.judgements JOIN esci.products USING (locale, product_id)"
        )
        assert rows(connection, matched) == [(16,)]
        sources = "SELECT count(*), count(DISTINCT query_id) FROM esci.query_sources"
        assert rows(connection, sources) == [(130_652, 130_652)]

    def test_it_is_all_test_and_says_so(
        self, connection: duckdb.DuckDBPyConnection, folder: Path
    ) -> None:
        with pytest.raises(SourceError, match=r"all 16 usable judgements .* --allow-test esci"):
            attach(connection, folder)
