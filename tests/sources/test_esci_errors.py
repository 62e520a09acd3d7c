"""ESCI files that cannot be used: each is refused in one line: what, where and what next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from factory.errors import SourceError
from factory.sources.esci import EsciOptions, EsciSource

from .esci_files import (
    EXAMPLE_TYPES,
    EXAMPLES,
    PRODUCT_TYPES,
    PRODUCTS,
    joined,
    judgement,
    product,
    write,
    write_shard,
    write_upstream,
)


@pytest.fixture
def refusal(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., str]:
    """Returns a function that attaches ``tmp_path`` and returns the refusal, one line by now."""

    def attach(path: Path = tmp_path, **options: Any) -> str:
        with pytest.raises(SourceError) as caught:
            EsciSource().attach(
                connection, "esci", str(path), EsciOptions(**options), allow_test=False
            )
        message = str(caught.value)
        assert "\n" not in message
        # Nothing half-made is left behind.
        assert connection.execute(
            "SELECT count(*) FROM duckdb_views() WHERE NOT internal"
        ).fetchall() == [(0,)]
        return message

    write_upstream(tmp_path, [judgement(1), judgement(2)])
    return attach


def without(types: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: kind for name, kind in types.items() if name not in names}


def test_a_missing_column_is_named_with_the_nearest(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    types = without(EXAMPLE_TYPES, "esci_label") | {"esci_labels": pa.string()}
    write(tmp_path / EXAMPLES, [judgement(1)], types)
    message = refusal()
    assert str(tmp_path / EXAMPLES) in message
    assert "no column 'esci_label' (VARCHAR); the nearest it has is 'esci_labels'" in message


def test_the_older_products_schema_is_told_apart(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    types = without(PRODUCT_TYPES, "product_color") | {"product_color_name": pa.string()}
    write(tmp_path / PRODUCTS, [product("A")], types)
    assert "'product_color' (VARCHAR); the nearest it has is 'product_color_name'" in refusal()


def test_product_ids_as_numbers_are_refused_for_their_zeros(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    write(
        tmp_path / PRODUCTS,
        [product("A", product_id=7123456)],
        PRODUCT_TYPES | {"product_id": pa.int64()},
    )
    message = refusal()
    assert "column 'product_id' is BIGINT and must be VARCHAR" in message
    assert "leading zeros" in message


def test_a_column_of_another_type_is_named_with_both_types(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    types = EXAMPLE_TYPES | {"query_id": pa.float64()}
    write(tmp_path / EXAMPLES, [judgement(1)], types)
    assert "column 'query_id' is DOUBLE and must be BIGINT" in refusal()


def test_the_small_version_needs_its_column(refusal: Callable[..., str], tmp_path: Path) -> None:
    write(tmp_path / EXAMPLES, [judgement(1)], without(EXAMPLE_TYPES, "small_version"))
    assert "no column 'small_version'" in refusal(version="small")


@pytest.mark.parametrize("name", [EXAMPLES, PRODUCTS])
def test_an_empty_file_is_named(refusal: Callable[..., str], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert f"{str(tmp_path / name)!r} is empty (0 bytes)" in refusal()


@pytest.mark.parametrize("name", [EXAMPLES, PRODUCTS])
def test_a_file_that_is_cut_off_is_named(
    refusal: Callable[..., str], tmp_path: Path, name: str
) -> None:
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    assert f"{str(tmp_path / name)!r} is cut off" in refusal()


def test_a_damaged_footer_is_named(refusal: Callable[..., str], tmp_path: Path) -> None:
    whole = (tmp_path / EXAMPLES).read_bytes()
    (tmp_path / EXAMPLES).write_bytes(whole[:-200] + b"\xff" * 190 + whole[-10:])
    assert "cannot be read as Parquet" in refusal()


def test_a_damaged_body_is_named(refusal: Callable[..., str], tmp_path: Path) -> None:
    whole = (tmp_path / EXAMPLES).read_bytes()
    (tmp_path / EXAMPLES).write_bytes(whole[:4] + b"\x00" * 1000 + whole[1004:])
    message = refusal()
    assert "cannot be read as Parquet" in message
    assert str(tmp_path / EXAMPLES) in message


def test_text_under_a_parquet_name_is_told(refusal: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / PRODUCTS).write_text("product_id,product_title\nA,Lamp\n")
    message = refusal()
    assert "is not a Parquet file, whatever its name says" in message
    assert "product_id" in message


def test_a_git_lfs_pointer_is_told(refusal: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / PRODUCTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "is a Git LFS pointer" in refusal()
    assert "git lfs pull" in refusal()


@pytest.mark.parametrize("name", [EXAMPLES, PRODUCTS])
def test_a_file_without_rows_is_named(
    refusal: Callable[..., str], tmp_path: Path, name: str
) -> None:
    write(tmp_path / name, [], EXAMPLE_TYPES if name == EXAMPLES else PRODUCT_TYPES)
    assert f"{str(tmp_path / name)!r} has no rows" in refusal()


def test_a_missing_file_is_named_with_what_is_there(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / PRODUCTS).rename(tmp_path / "shopping_queries_products.parquet")
    message = refusal()
    assert f"looked for {PRODUCTS!r}" in message
    assert f"found {EXAMPLES!r}, 'shopping_queries_products.parquet'" in message
    assert "nearest: 'shopping_queries_products.parquet'" in message


def test_other_parquet_files_are_neither_form(refusal: Callable[..., str], tmp_path: Path) -> None:
    for name in (EXAMPLES, PRODUCTS):
        (tmp_path / name).rename(tmp_path / f"my_{name}")
    assert f"are neither {EXAMPLES!r} and {PRODUCTS!r} nor a joined copy" in refusal()


def test_only_test_rows_name_the_flag(refusal: Callable[..., str], tmp_path: Path) -> None:
    write_upstream(tmp_path, [judgement(1, split="test"), judgement(2, split="test")])
    message = refusal()
    assert "all 2 usable judgements" in message
    assert "--allow-test esci" in message


def test_only_faulty_rows_name_their_cause(refusal: Callable[..., str], tmp_path: Path) -> None:
    write_upstream(tmp_path, [judgement(1, esci_label="4"), judgement(2, esci_label="a\nb")])
    message = refusal()
    assert "no usable judgement" in message
    assert "2 rows label-unknown" in message
    assert "label='4'" in message


def test_options_that_leave_nothing_are_named(refusal: Callable[..., str]) -> None:
    assert "no usable judgement with locales=['jp']" in refusal(locales=["jp"])


def test_products_of_other_locales_only_are_named(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    write(tmp_path / PRODUCTS, [product("A", product_locale="uk")], PRODUCT_TYPES)
    message = refusal()
    assert "no usable product" in message
    assert "1 rows locale-unknown" in message


def test_a_joined_shard_without_a_column_is_named(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    folder = tmp_path / "hub"
    write_shard(folder / "train-0.parquet", [joined(1)])
    types = without(EXAMPLE_TYPES, "split", "example_id") | PRODUCT_TYPES
    shard = write(folder / "train-1.parquet", [joined(2)], types)
    message = refusal(folder)
    assert f"{str(shard)!r} has no column 'example_id'" in message
