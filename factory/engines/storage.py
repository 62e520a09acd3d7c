"""Files that several machines read: any address that fsspec knows."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

from factory.errors import OutputError, UsageError


@dataclass(frozen=True)
class Storage:
    """A folder on storage; it travels to other processes as its address.

    Who may read and write is for the environment of each machine to say (keys, tokens).

    Args:
        address: a path, ``s3://bucket/folder``, ``gs://...``, ``hf://...``, ``memory://...``.
    """

    address: str
    _opened: tuple[Any, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_opened", _opened(self.address))

    def __reduce__(self) -> tuple[Any, ...]:
        return Storage, (self.address,)

    def below(self, name: str) -> Storage:
        """Return a folder in this one."""
        return Storage(f"{self.address.rstrip('/')}/{name}")

    def write(self, name: str, data: bytes) -> None:
        """Let a file appear, whole or not at all; one that is there is replaced."""
        files, root = self._opened
        try:
            if not self.local:
                # An object store shows an object when all of it has come.
                files.pipe_file(f"{root}/{name}", data)
                return
            folder = Path(root)
            folder.mkdir(parents=True, exist_ok=True)
            partial = folder / f"{uuid4().hex}.partial"
            partial.write_bytes(data)
            partial.replace(folder / name)
        except Exception as error:  # noqa: BLE001  (each kind of storage has errors of its own)
            self._refuse(error)

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None where there is none."""
        files, root = self._opened
        try:
            return bytes(files.cat_file(f"{root}/{name}"))
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001  (each kind of storage has errors of its own)
            self._refuse(error)

    @property
    def local(self) -> bool:
        """Whether it is a folder that can be opened as one of this machine."""
        return _local(self._opened[0])

    def folder_at_hand(self) -> Path:
        """Return the folder as one of this machine, which stays to the end of this process."""
        return _copied(self)

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """Give a file as one of this machine; raises :class:`OutputError` where it is gone."""
        if self.local:
            yield Path(self._opened[1]) / name
            return
        data = self.read(name)
        if data is None:
            raise OutputError(f"{self.address}/{name}: is gone; run the same command again")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / name
            copy.write_bytes(data)
            yield copy

    def clear(self) -> None:
        """Remove the folder with all that is in it, where it is there."""
        files, root = self._opened
        with suppress(FileNotFoundError):
            try:
                files.rm(root, recursive=True)
            except FileNotFoundError:
                raise
            except Exception as error:  # noqa: BLE001  (each kind has errors of its own)
                self._refuse(error)

    def _refuse(self, error: Exception) -> NoReturn:
        said = " ".join(str(error).split()) or type(error).__name__
        raise OutputError(
            f"{self.address}: cannot be read or written ({said}); choose another --storage"
        ) from error


def _local(files: Any) -> bool:
    protocol = files.protocol
    return "file" in ((protocol,) if isinstance(protocol, str) else protocol)


@cache
def _copied(storage: Storage) -> Path:
    files, root = storage._opened
    if storage.local:
        return Path(root)
    folder = Path(tempfile.mkdtemp(prefix="eshop-factory-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        files.get(f"{root}/", f"{folder}/", recursive=True)
    except Exception as error:  # noqa: BLE001  (each kind of storage has errors of its own)
        storage._refuse(error)
    return folder


def _opened(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]

    try:
        files, root = url_to_fs(address)
    except Exception as error:
        said = " ".join(str(error).split())
        raise UsageError(
            f"--storage {address}: cannot be used ({said}): give a path, s3://, gs:// or hf://"
        ) from error
    return files, root
