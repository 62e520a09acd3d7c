from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import SourceError
from factory.sources.amazon_category import AmazonCategoryOptions
from tests.sources.amazon_category_files import copy_bundled
from tests.sources.instruction_cases import attach, check_table, quarantined, rows


def options(**values: object) -> AmazonCategoryOptions:
    return AmazonCategoryOptions.model_validate(values)


def test_plausible_names_and_separators_are_guessed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = [",Product Name,Category", '0,"Mug, blue",Home | Kitchen | Mugs', "1,Lamp,Home|Lamps"]
    text = "\n".join([*lines, "2,x", "3,,A", ""])
    (tmp_path / "convfile.csv").write_text(text, encoding="utf-8")
    source = attach(connection, "amazon_category", tmp_path)
    found = {row["title"]: row["category"] for row in rows(connection, "products")}
    assert found == {"Mug, blue": ["Home", "Kitchen", "Mugs"], "Lamp": ["Home", "Lamps"]}
    assert quarantined(source) == {"row-unreadable": 1, "title-missing": 1}
    assert source.rows == 4


def test_unknown_columns_are_listed_with_the_way_to_name_them(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "convfile.csv").write_text("colA,col/B\nMug,Home>Mugs\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"'col/B', 'colA'.*with: \{columns: \{title: <column>"):
        attach(connection, "amazon_category", tmp_path)
    given = options(columns={"title": "colA", "category": "col/B"}, locale="jp")
    attach(connection, "amazon_category", tmp_path, given)
    (row,) = rows(connection, "products")
    assert (row["title"], row["category"], row["locale"]) == ("Mug", ["Home", "Mugs"], "jp")


def test_a_map_to_a_column_that_is_not_there_is_an_error(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "convfile.csv").write_text("title,category\na,b\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no column 'titel'"):
        attach(connection, "amazon_category", tmp_path, options(columns={"title": "titel"}))


def test_levels_may_stand_in_columns_of_their_own(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = [json.dumps({"title": "Mug", "l1": "Home", "l2": "Mugs", "asin": "B1"})]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    attach(connection, "amazon_category", tmp_path, options(columns={"category": ["l1", "l2"]}))
    (row,) = rows(connection, "products")
    assert (row["product_id"], row["category"]) == ("B1", ["Home", "Mugs"])


def test_the_hubs_parquet_is_read(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table = pa.table({"title": ["Mug"], "categories": [["Home", "Mugs"]]})
    pq.write_table(table, str(tmp_path / "0000.parquet"))
    attach(connection, "amazon_category", tmp_path)
    assert rows(connection, "products")[0]["category"] == ["Home", "Mugs"]


def test_rows_are_the_same_wherever_they_stand(tmp_path: Path) -> None:
    seen = []
    for shuffled in (False, True):
        with duckdb.connect() as each:
            folder = copy_bundled(tmp_path / str(shuffled), shuffled=shuffled)
            attach(each, "amazon_category", folder)
            check_table(each, "amazon_category", "products")
            seen.append(rows(each, "products"))
    assert seen[0] == seen[1]
    assert len(seen[0]) >= 400
