"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from factory.errors import OutputError


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's refusal to write ``path`` into one :class:`OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(why_not_written(path, error)) from error


def why_not_written(path: Path, error: OSError) -> str:
    """Return one line: what could not be written, why, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{path}: no space left on the disk; free some or choose another folder with --out, "
            "then run the same command again"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: cannot be written ({error.strerror}); choose a folder of yours with --out"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{path}: is in the way of a folder; choose another one with --out"
    return f"{path}: cannot be written ({error.strerror or error}); try another folder with --out"


def open_own(path: Path, mode: str) -> BinaryIO:
    """Open a file that only a run writes; a link that stands in its place is refused."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o666)

    return cast(BinaryIO, open(path, mode, buffering=1 << 20, opener=opener))


def checksum(path: Path) -> str:
    """Return the blake2b (16 bytes, hex) of a whole file, as manifests list it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()


class LineFile:
    """A file of lines that is written aside and appears under its name at :meth:`publish`.

    The partial file lies in ``aside``, on the same file system, so that publishing is one rename.
    """

    def __init__(self, target: Path, aside: Path) -> None:
        self.target = target
        self.rows = 0
        self.bytes = 0
        self.partial = aside / f"{target.name}.partial"
        self._digest = blake2b(digest_size=16)
        with explained(self.partial):
            self._file = open_own(self.partial, "wb")

    def write(self, line: bytes) -> None:
        """Append one line; ``line`` comes without its newline."""
        line += b"\n"
        self._digest.update(line)
        try:
            self._file.write(line)
        except OSError as error:
            raise OutputError(why_not_written(self.target, error)) from error
        self.rows += 1
        self.bytes += len(line)

    def without(self, unwanted: Callable[[bytes], bool]) -> Iterator[bytes]:
        """Write the file again without some of its lines; yield those, in order."""
        with explained(self.target):
            self._file.flush()
            whole = self.partial.with_suffix(".whole.partial")
            self.partial.rename(whole)
            self._file.close()
            self._file = open_own(self.partial, "wb")
        self.rows = self.bytes = 0
        self._digest = blake2b(digest_size=16)
        with open_own(whole, "rb") as lines:
            for line in lines:
                if unwanted(line):
                    yield line.rstrip(b"\n")
                else:
                    self.write(line.rstrip(b"\n"))
        whole.unlink()

    def describe(self) -> dict[str, int | str]:
        """Return rows, bytes and blake2b checksum (16 bytes, hex) of the lines so far."""
        return {"rows": self.rows, "bytes": self.bytes, "blake2b": self._digest.hexdigest()}

    def finish(self) -> None:
        """Bring everything to the disk; the file does not yet appear under its name."""
        if self._file.closed:
            return
        with explained(self.target):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def publish(self) -> None:
        """Let the file appear under its name."""
        with explained(self.target):
            self.partial.replace(self.target)

    def discard(self) -> None:
        """Remove what was written; nothing happens after :meth:`publish`."""
        # A full disk refuses the last buffer, which is not wanted anyway.
        with suppress(OSError):
            self._file.close()
        self.partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what was written appears under it at the end.

    On an error nothing appears and nothing is left. Whoever writes the same file meanwhile, here or
    in another process, is waited for.
    """
    partial = path.with_name(f"{path.name}.partial")
    with explained(path), _alone(partial):
        try:
            yield partial
            publish(partial, path)
        except BaseException:
            # Once it has its place, a file of this name is the next writer's.
            partial.unlink(missing_ok=True)
            raise


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only one to write ``path``, a file that is renamed or removed at the end."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # What was waited for may be another file by now: the one that its writer let appear.
            if is_at(path, descriptor):
                yield
                return
        finally:
            os.close(descriptor)


def is_at(path: Path, descriptor: int) -> bool:
    """Return whether an open file or folder is still the one of the name ``path``."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def write_whole(path: Path, content: bytes) -> None:
    """Write one file whole, synced to the disk."""
    with aside(path) as partial, open_own(partial, "wb") as file:
        file.write(content)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write one JSON file whole, synced to the disk, with sorted keys."""
    text = json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True)
    # Half a surrogate pair (in a path of other bytes) is written as JSON's own escape.
    write_whole(path, f"{text}\n".encode(errors="backslashreplace"))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object that a JSON file holds; None where it is missing or holds none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def publish(partial: Path, target: Path) -> None:
    """Let a file that something else has written appear under its name, once it is on the disk."""
    with explained(target):
        descriptor = os.open(partial, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(target)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk, after renames."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
