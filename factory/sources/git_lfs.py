"""The files that Git LFS leaves where the real ones were not fetched: a few lines of text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from factory.errors import SourceError

_POINTER: Final = b"version https://git-lfs"
#: How many bytes at the start of a file show whether it is a pointer.
HEAD: Final = len(_POINTER)


def check_no_pointer(file: Path, head: bytes) -> None:
    """Raise :class:`SourceError` where ``head``, the start of ``file``, is that of a pointer."""
    if head.startswith(_POINTER):
        raise SourceError(
            f"{str(file)!r} is a Git LFS pointer, not the file itself: run 'git lfs pull' in its "
            "repository, or download the file from the repository's page"
        )
