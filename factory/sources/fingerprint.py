"""The fingerprint of an upstream file: what a manifest says was read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

from factory.errors import SourceError
from factory.sources.base import SourceFile

_WHOLE_UP_TO: Final = 64 << 20
_END: Final = 1 << 20
_BLOCK: Final = 64 << 10
_BLOCKS: Final = 62


def fingerprint(path: Path) -> SourceFile:
    """Return ``path`` with its size in bytes and its fingerprint.

    A file up to 64 MiB is hashed whole. Of a larger one the hash takes the size (as decimal text),
    the first and the last MiB and between them 62 blocks of 64 KiB whose starts are evenly spaced.

    Raises:
        SourceError: where the file cannot be read.
    """
    digest = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            size = status.st_size
            if size <= _WHOLE_UP_TO:
                while block := file.read(_END):
                    digest.update(block)
            else:
                digest.update(str(size).encode())
                digest.update(file.read(_END))
                between = size - 2 * _END - _BLOCK
                for turn in range(_BLOCKS):
                    file.seek(_END + between * turn // (_BLOCKS - 1))
                    digest.update(file.read(_BLOCK))
                file.seek(size - _END)
                digest.update(file.read(_END))
    except OSError as error:
        raise SourceError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    return SourceFile(path, size, digest.hexdigest(), status.st_mtime_ns)


def changed_while_read(file: SourceFile) -> str:
    """Return what is told of a file that changed while a run read it."""
    return (
        f"{str(file.path)!r} changed while it was read, so nothing was made of it: run the same "
        "command again when it is whole"
    )


def changed(files: Iterable[SourceFile]) -> SourceFile | None:
    """Return a file that is another one now than when it was read; None where none is.

    One that was only touched is the same, as far as its fingerprint says all of its content: of
    a larger one nobody knows whether what was changed lies between the blocks.
    """
    for file in files:
        if file.changed_at is None:
            continue
        try:
            status = file.path.stat()
            if (status.st_size, status.st_mtime_ns) == (file.size, file.changed_at):
                continue
            if status.st_size > _WHOLE_UP_TO or fingerprint(file.path) != file:
                return file
        except (OSError, SourceError):
            return file
    return None
