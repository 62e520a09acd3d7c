"""A file that goes to a Hub: read once, named as the Hub names contents, and kept an eye on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b, sha1, sha256
from pathlib import Path, PurePosixPath
from typing import Final

from factory.errors import OutputError

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A content as the Hub names it.

    Attributes:
        size: bytes; git: SHA-1 of the git blob, hex, by which small files are known; sha256: of the
            content, hex, by which large files (LFS) are.
    """

    size: int
    git: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that goes to the Hub.

    Attributes:
        name: its path in the repository; path: the file here, None for one that is made up of
            others; content: what it holds where no file here does.
        fingerprint: what it held when it was read; seen: the file's identity on the disk then.
    """

    name: str
    path: Path | None
    fingerprint: Fingerprint
    seen: tuple[int, int, int] = (0, 0, 0)
    content: bytes = b""

    @property
    def unchanged(self) -> bool:
        """Whether the file is still the one that was read."""
        try:
            return self.path is None or _seen(self.path.stat()) == self.seen
        except OSError:
            return False


def read_piece(path: Path, name: str, listed: str | None, again: str) -> Piece:
    """Return the piece ``name`` of the file ``path``, read once from end to end.

    ``listed`` is the blake2b (16 bytes, hex) that it was written with, None where nobody says;
    ``again`` is how to write it again. Raises :class:`OutputError` where the file cannot be read,
    or holds something else than was listed.
    """
    try:
        with path.open("rb") as file:
            seen = _seen(os.fstat(file.fileno()))
            size = seen[1]
            digests = (
                blake2b(digest_size=16),
                sha1(b"blob %d\0" % size, usedforsecurity=False),
                sha256(),
            )
            while block := file.read(_BLOCK):
                for digest in digests:
                    digest.update(block)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be read ({error.strerror or error}), and is listed: {again}"
        ) from error
    checksum, git, content = (digest.hexdigest() for digest in digests)
    if listed is not None and checksum != listed:
        raise OutputError(
            f"{path}: is not the file that was written (it has another checksum), so nothing was "
            f"sent: {again}"
        )
    return Piece(name, path, Fingerprint(size, git, content), seen)


def made_of(name: str, content: bytes) -> Piece:
    """Return the piece ``name`` of bytes in memory, where no file here holds them."""
    return Piece(name, None, fingerprint_of(content), content=content)


def fingerprint_of(content: bytes) -> Fingerprint:
    """Return the fingerprint of bytes in memory."""
    blob = sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    blob.update(content)
    return Fingerprint(len(content), blob.hexdigest(), sha256(content).hexdigest())


def _seen(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def inside(folder: Path, name: str) -> Path:
    """Return the path of ``name``; raises :class:`OutputError` where it leads out of the folder."""
    pure = PurePosixPath(name)
    path = folder / name
    parts = pure.parts
    if (
        pure.is_absolute()
        or not parts
        or any(part == ".." or part.startswith(".") for part in parts)
        or not path.resolve().is_relative_to(folder.resolve())
    ):
        raise OutputError(f"{folder}: its manifest names {name!r}, which is not in the folder")
    return path
