"""Small pieces of SQL text, escaped, and the database's complaints on one line."""

from __future__ import annotations

import duckdb


def text_literal(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def one_line(error: duckdb.Error) -> str:
    """Return what the database said, without its excerpt of the statement, on one line."""
    return " ".join(str(error).split("LINE ", maxsplit=1)[0].split())
