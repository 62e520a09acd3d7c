"""Every line of a delimited file is a row or is counted as one that is none, however long it is."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import SourceError
from factory.sources.base import Quarantine
from factory.sources.tables_files import read_files
from factory.sources.text_lines import count_lines, first_line

HEAD = b"product_id,title\n"
GOOD = [b"%d,Lamp %d\n" % (number, number) for number in range(100)]
MANY = 2_000_000


def write(file: Path, pieces: Iterable[bytes]) -> Path:
    """Write a file, packed as its name says."""
    if file.suffix == ".gz":
        with gzip.open(file, "wb", compresslevel=1) as packed:
            packed.writelines(pieces)
    elif file.suffix == ".zst":
        with pa.output_stream(str(file), compression="zstd") as packed:
            for piece in pieces:
                packed.write(piece)
    else:
        with file.open("wb") as plain:
            plain.writelines(pieces)
    return file


def read(file: Path) -> tuple[int, tuple[Quarantine, ...]]:
    """Return how many rows a file has, and which lines of it are none."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("CREATE SCHEMA shop")
        found = read_files(connection, "shop", "products", [file])
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {found.sql}").fetchall()
    return rows, found.unreadable


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize("megabytes", [3, 40])
def test_a_line_that_is_too_long_costs_itself_and_is_counted(
    tmp_path: Path, packed: str, quote: bytes, megabytes: int
) -> None:
    long = [b"L," + quote, *[b"x" * 1_000_000] * megabytes, quote + b"\n"]
    file = write(tmp_path / f"products.csv{packed}", [HEAD, *GOOD, *long, *GOOD, *long])
    rows, unreadable = read(file)
    assert [(fault.cause, fault.rows) for fault in unreadable] == [("line-malformed", 2)]
    assert rows == 2 * len(GOOD)


def test_what_an_open_quote_swallows_is_counted_line_by_line(tmp_path: Path) -> None:
    many = b"".join(b"%d,Lamp\n" % number for number in range(MANY))
    file = write(tmp_path / "products.csv", [HEAD, *GOOD, b'L,"never closed\n', many])
    rows, unreadable = read(file)
    assert rows < len(GOOD) + MANY
    assert rows + unreadable[0].rows == len(GOOD) + 1 + MANY
    assert "a quote that is not closed" in unreadable[0].examples[0]


VALUES = st.text(st.one_of(st.sampled_from('\n\r",; a'), st.characters(exclude_categories=["C"])))


@settings(max_examples=40)
@given(
    table=st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    blank=st.integers(0, 2),
)
def test_every_row_that_is_well_formed_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[str, str, str]],
    end: str,
    quoting: Literal[1, 2],
    blank: int,
) -> None:
    file = tmp_path_factory.mktemp("csv") / "products.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator=end, quoting=quoting)
        writer.writerow(("product_id", "title", "brand"))
        for row in table:
            writer.writerow(row)
            opened.write(end * blank)
    assert read(file) == (len(table), ())


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@given(parts=st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bc", b"x" * 700_000])))
@settings(max_examples=25)
def test_lines_are_counted_across_the_pieces_that_are_read(
    tmp_path_factory: pytest.TempPathFactory, packed: str, parts: list[bytes]
) -> None:
    file = write(tmp_path_factory.mktemp("lines") / f"text.csv{packed}", parts)
    whole = b"".join(parts)
    assert count_lines(file) == sum(map(bool, whole.splitlines()))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * (2 << 20), "a line of over 1 MiB"),
        ("größe,name\n".encode("latin-1"), "no text in UTF-8"),
    ],
)
def test_a_file_without_a_header_is_told_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        first_line(write(tmp_path / "products.csv", [content]))


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / f"products.csv{ending}", [HEAD, *GOOD * 100])
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(SourceError, match="cannot be read") as error:
        count_lines(file)
    assert "\n" not in str(error.value)


def test_a_header_may_have_a_mark_before_it_and_any_end(tmp_path: Path) -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        named = b"\xef\xbb\xbf" + HEAD.strip() + end + b"1,Lamp" + end
        assert first_line(write(tmp_path / "products.csv", [named])) == "product_id,title"
    assert first_line(write(tmp_path / "empty.csv", [])) == ""
