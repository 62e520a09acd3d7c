"""Tables of a shop's own database, streamed into the database of the run through ADBC.

Every value is asked for as text, a list or an object as JSON: what a driver makes of the types of a
database differs, and SQLite's columns may hold any type in any row.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import duckdb

from factory.errors import MissingExtraError, SourceError, did_you_mean
from factory.hosts import advice, is_loopback, is_named
from factory.sources.base import SourceFile
from factory.sources.layout import listed
from factory.sources.sql import identifier
from factory.sources.tables_files import Rows

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_PORT: Final = re.compile(r":(?:\d*|\$\{\w+\})$")
#: Parameters that connect to another machine, read files of this one, or may hold either.
_ELSEWHERE: Final = re.compile(
    r"(?:^|&)((?:host|hostaddr|service|servicefile|passfile|sslcert|sslkey|sslrootcert|sslcrl\w*)|\w*[%$]\S*)"
    r"(?==|$|&)",
    re.IGNORECASE,
)
_STREAM: Final = "database stream"
_SCHEMES: Final = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}
#: The text of a value, unquoted; of a list or an object its JSON.
_AS_TEXT: Final = {"sqlite": "CAST({0} AS TEXT)", "postgresql": "to_jsonb({0}) #>> '{{}}'"}


def database_shown(address: str) -> str:
    """Return a database's address as it may be shown and kept: without user, password or query."""
    if "://" not in address:
        return address
    scheme, rest = address.split("://", 1)
    rest = rest.partition("?")[0].partition("#")[0]
    place, slash, name = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{name}"


def read_database(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    folder: str,
    address: str,
    database_table: str | None,
    query: str | None,
    wanted: Sequence[str] | None,
) -> Rows:
    """Return the rows of a database's table or query, read into ``schema`` batch by batch.

    ``wanted`` are the columns that are read, all where it is None. ``${NAME}`` in the address is
    taken from the environment. The fingerprint is of the rows read, in whatever order they came.

    Raises:
        SourceError: where the database cannot be reached, or has no such table or column.
        MissingExtraError: where the driver is not installed.
    """
    _check_host(address)
    address = _filled(address)
    shown = database_shown(address)
    origin = database_table or "the query"
    where = f"tables: {origin!r} of {shown}" if database_table else f"tables: the query of {shown}"
    scheme = _SCHEMES.get(address.partition("://")[0].lower(), "")
    if not scheme:
        raise SourceError(
            f"tables: cannot read the database address {shown!r}: it must start with sqlite:/// or "
            "postgresql://"
        )
    # In parentheses a query can be nothing but one SELECT; the line's end ends a comment.
    relation = f"({query.strip().rstrip(';')}\n)" if query else _quoted(database_table or "")
    raw = f"{identifier(schema)}.{identifier(f'raw {table}')}"
    driver = _driver(scheme)
    place = _place(scheme, address, folder)
    try:
        with driver.connect(place) as database, database.cursor() as cursor:
            if scheme == "postgresql":
                # The first of the transaction; SQLite's file is opened for reading alone.
                cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(f"SELECT * FROM {relation} AS origin LIMIT 0")
            has = [name for name, *_ in cursor.description or ()]
            names = has if wanted is None else list(wanted)
            for name in names:
                if name not in has:
                    raise SourceError(
                        f"{where} has no column {name!r}: {did_you_mean(name, has)}"
                        f"It has {listed(has)}"
                    )
            texts = ", ".join(
                f"{_AS_TEXT[scheme].format(identifier(name))} AS {identifier(name)}"
                for name in names
            )
            cursor.execute(f"SELECT {texts} FROM {relation} AS origin")
            connection.register(_STREAM, cursor.fetch_record_batch())
            try:
                connection.execute(f"CREATE OR REPLACE TABLE {raw} AS FROM {identifier(_STREAM)}")
            finally:
                connection.unregister(_STREAM)
    except (driver.Error, duckdb.Error) as error:
        said = " ".join(str(error).split()).replace(place, shown)
        raise SourceError(f"{where} cannot be read: {_without(said, place)}") from error
    kinds = dict.fromkeys(names, "VARCHAR")
    read = SourceFile(Path(f"{shown}#{database_table or table}"), *_fingerprint(connection, raw))
    return Rows(where, raw, kinds, text=True, read=(read,))


def _driver(scheme: str) -> Any:
    """Return the driver's module, which has ``connect`` and ``Error`` (PEP 249)."""
    try:
        return importlib.import_module(f"adbc_driver_{scheme}.dbapi")
    except ImportError as error:
        package = f"adbc-driver-{scheme}"
        raise MissingExtraError(package, "databases", "reading a database") from error


def _quoted(table: str) -> str:
    """Return a table's name, or 'schema.table', as SQL."""
    return ".".join(identifier(part) for part in table.split(".", 1))


def _check_host(address: str) -> None:
    """Raise for a database on a machine that only the recipe names.

    A recipe may come from a stranger, and ``${NAME}`` may stand for any secret of the environment.
    Where the host itself comes from the environment, whoever set it has named it.
    """
    scheme, parting, rest = address.partition("://")
    if _VARIABLE.fullmatch(address) or scheme.lower() == "sqlite":
        return  # the environment's own address, or a file
    if not parting:
        raise SourceError(
            f"tables: cannot read the database address {address!r}: it must start with sqlite:/// "
            "or postgresql://, or be one variable of the environment"
        )
    place, _, query = rest.partition("?")
    if found := _ELSEWHERE.search(query):
        raise SourceError(
            f"tables: a database address in a recipe cannot say {found[1]!r} of its connection: "
            "put the whole address into a variable of the environment and write ${NAME}"
        )
    hosts = place.partition("/")[0].rpartition("@")[2]
    for each in hosts.split(","):
        host = _PORT.sub("", each).strip("[]")
        if host and not (_VARIABLE.fullmatch(host) or is_loopback(host) or is_named(host)):
            raise SourceError(
                f"tables: {host!r} is a machine that nobody but the recipe names: {advice(host)}, "
                "or put the address into a variable of the environment"
            )


def _filled(address: str) -> str:
    """Return an address with the variables of the environment put in."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise SourceError(
                f"tables: the database address needs the environment variable {found[1]}, which "
                "is not set"
            )
        return os.environ[found[1]]

    return _VARIABLE.sub(value, address)


def _place(scheme: str, address: str, folder: str) -> str:
    """Return what the driver connects to: an address, or SQLite's file."""
    if scheme != "sqlite":
        return address
    file = Path(folder).expanduser() / address.partition("://")[2].removeprefix("/")
    if not file.is_file():
        raise SourceError(
            f"tables: there is no database {str(file)!r}: sqlite:///<file> is a file in the "
            "source's folder, sqlite:////<path> one elsewhere"
        )
    return f"{file.absolute().as_uri()}?mode=ro"


def _without(text: str, place: str) -> str:
    """Return what a driver said without the password that it may have quoted."""
    user = place.partition("://")[2].partition("/")[0].rpartition("@")[0]
    password = unquote(user.partition(":")[2])
    return text.replace(password, "***") if password else text


def _fingerprint(connection: duckdb.DuckDBPyConnection, raw: str) -> tuple[int, str]:
    """Return the size in bytes of the rows as JSON, and a fingerprint that no order changes."""
    found = connection.execute(
        "SELECT coalesce(sum(strlen(line)), 0), count(*), "
        "coalesce(sum(md5_number_lower(line)::HUGEINT), 0), coalesce(bit_xor(md5_number(line)), 0) "
        f"FROM (SELECT CAST(to_json(each_row) AS VARCHAR) AS line FROM {raw} AS each_row)"
    ).fetchall()
    size, *parts = found[0]
    text = "/".join(map(str, parts)).encode()
    return int(size), blake2b(text, digest_size=16).hexdigest()
