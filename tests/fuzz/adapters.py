"""The target that reads upstream files which were damaged, by every adapter."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.sources import SOURCES
from factory.sources.base import TABLES
from tests.fuzz.choices import Choices

_SAMPLES: Final = Path(__file__).parents[2] / "factory" / "sources" / "samples"
_LINES: Final = 12
_NAMES: Final = tuple(sorted(path.name for path in _SAMPLES.iterdir() if path.name in SOURCES))
_COLUMNS: Final = ("id", "title", "x\"; DROP TABLE t; --'", "é", "select", "a b", "A", "a")


@cache
def _short(name: str) -> dict[str, bytes]:
    """Return the first records of each bundled file of an adapter, by its path in the folder."""
    files: dict[str, bytes] = {}
    for file in sorted(each for each in (_SAMPLES / name).rglob("*") if each.is_file()):
        content = file.read_bytes()
        if file.suffix == ".json" and content.lstrip().startswith(b"["):
            content = json.dumps(json.loads(content)[:_LINES]).encode()
        elif file.suffix in (".csv", ".jsonl", ".txt", ".json"):
            content = b"".join(content.splitlines(keepends=True)[:_LINES])
        files[file.relative_to(_SAMPLES / name).as_posix()] = content
    return files


def attached(data: bytes, folder: Path) -> None:
    """Attach a source whose files were damaged, and read every table of it whole.

    What the database says of a row is explained by the line in one sentence; what it says of a
    file, the adapter itself has to.
    """
    choices = Choices(data)
    name = choices.pick((*_NAMES, "shop"))
    options: dict[str, Any] = {}
    if name == "shop":
        name, options = "tables", _own_table(choices, folder)
    else:
        files = _short(name)
        damaged = choices.pick(tuple(files))
        for path, content in files.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(choices.spoiled(content) if path == damaged else content)
    source = SOURCES[name]
    with suppress(FactoryError, ValidationError), duckdb.connect() as connection:
        made = source.attach(
            connection,
            "s",
            str(folder / name),
            source.options.model_validate(options),
            allow_test=bool(choices.number(2)),
        )
        for table in made.tables:
            with suppress(duckdb.Error):
                found = connection.execute(f"SELECT * FROM s.{table}")
                assert table not in TABLES or _names_of(found) == list(TABLES[table])
                found.fetchall()


def _names_of(result: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name, *_ in result.description]


def _own_table(choices: Choices, folder: Path) -> dict[str, Any]:
    """Write a shop's own file with hostile columns and values; return a mapping of it."""
    ending = choices.pick(("jsonl", "csv", "tsv", "ndjson"))
    names = [choices.pick(_COLUMNS) + choices.text((), 2) for _ in range(1 + choices.number(4))]
    rows = [{each: choices.value() for each in names} for _ in range(choices.number(5))]
    if ending in ("jsonl", "ndjson"):
        lines = [json.dumps(row, ensure_ascii=bool(choices.number(2))) for row in rows]
    else:
        mark = "\t" if ending == "tsv" else choices.pick(",;|")
        quoted = [[str(value).replace('"', '""') for value in row.values()] for row in rows]
        lines = [mark.join(names), *(mark.join(f'"{each}"' for each in row) for row in quoted)]
    (folder / "tables").mkdir(exist_ok=True)
    content = "\n".join(lines).encode(errors="surrogatepass")
    if choices.number(2):
        content = choices.spoiled(content)
    (folder / "tables" / f"p.{ending}").write_bytes(content)
    mapping = {"product_id": choices.pick(names), "title": choices.pick(names)}
    return {
        "tables": {
            "products": {
                "file": f"p.{ending}",
                "columns": mapping,
                "constants": {"locale": choices.text(("us",), 1) or "us"},
            }
        }
    }
