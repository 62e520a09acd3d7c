"""Where the rows of large files are kept once they have been read: a DuckDB file in the cache.

Each scan of a gigabyte of JSON or CSV takes seconds, and a task reads its source three times and
more. So the files are read once, into a store under a name made of their fingerprints; what is not
worth a file stays in memory.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import SourceError
from factory.sources.base import SourceFile
from factory.sources.download import cache_folder
from factory.sources.fingerprint import changed, changed_while_read
from factory.sources.sql import identifier, one_line, text_literal

#: Bytes of text; what is smaller is not worth a file (14 MB are read again in 0.2 s).
_IN_MEMORY_UP_TO: Final = 32 << 20
_GZIP_RATIO: Final = 5
_LOCK: Final = ".lock"


def open_store(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    files: Sequence[SourceFile],
    form: str,
    fill: Callable[[str], None],
) -> None:
    """Attach a database ``name`` that holds what ``fill`` makes of ``files``.

    ``form`` says how they are filled: it and the files' fingerprints name the store, and one that
    is there already is used as it is. ``fill`` is given the name of an empty database.

    Raises:
        SourceError: where the cache cannot be written.
    """
    connection.execute(f"DETACH DATABASE IF EXISTS {identifier(name)}")
    sizes = (file.size * (_GZIP_RATIO if file.path.suffix == ".gz" else 1) for file in files)
    if sum(sizes) <= _IN_MEMORY_UP_TO:
        connection.execute(f"ATTACH ':memory:' AS {identifier(name)}")
        fill(name)
        return
    digest = blake2b(digest_size=16)
    for part in (form, duckdb.__version__, *(file.fingerprint for file in files)):
        digest.update(f"{part}\n".encode())
    path = cache_folder() / "stores" / f"{digest.hexdigest()}.duckdb"
    if not _attach(connection, name, path):
        _write(connection, name, path, files, fill)
        if not _attach(connection, name, path):
            raise SourceError(f"{str(path)!r} was taken away while it was written: run again")


def _attach(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> bool:
    """Attach the store at ``path`` for reading; False where there is none, or a damaged one."""
    if not path.is_file():
        return False
    try:
        connection.execute(f"ATTACH {text_literal(str(path))} AS {identifier(name)} (READ_ONLY)")
    except duckdb.IOException:
        path.unlink(missing_ok=True)
        return False
    return True


def _write(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    path: Path,
    files: Sequence[SourceFile],
    fill: Callable[[str], None],
) -> None:
    """Fill a store under a name of its own, and give it the final one when it is whole."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent)
        with _alive(partial):
            _begin(connection, name, partial)
            try:
                fill(name)
            finally:
                connection.execute(f"DETACH DATABASE IF EXISTS {identifier(name)}")
            # Under this name, what came of other files would pass for these for good.
            if file := changed(files):
                raise SourceError(changed_while_read(file))
            partial.replace(path)
    except OSError as error:
        raise _unwritten(path, error.strerror or str(error)) from error
    except duckdb.IOException as error:
        if "No space left" in str(error) or str(partial) in str(error):
            raise _unwritten(path, one_line(error)) from error
        raise


def _begin(connection: duckdb.DuckDBPyConnection, name: str, partial: Path) -> None:
    try:
        connection.execute(f"ATTACH {text_literal(str(partial))} AS {identifier(name)}")
    except duckdb.Error as error:
        raise _unwritten(partial, one_line(error)) from error


def _unwritten(path: Path, why: str) -> SourceError:
    return SourceError(
        f"cannot write {str(path)!r} ({why}): free some space, or set ESHOP_FACTORY_CACHE to a "
        "folder that can be written"
    )


@contextmanager
def _alive(partial: Path) -> Iterator[None]:
    """Hold a lock beside a store while it is written, so that nobody takes it for abandoned."""
    with partial.with_suffix(_LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            _remove(partial)


def _remove_abandoned(folder: Path) -> None:
    """Remove what runs that were killed had begun: gigabytes that nobody would look for."""
    for path in folder.glob(f"*{_LOCK}"):
        with suppress(OSError), path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path.with_suffix(".partial"))


def _remove(partial: Path) -> None:
    for left in (partial, partial.with_name(f"{partial.name}.wal"), partial.with_suffix(_LOCK)):
        left.unlink(missing_ok=True)
