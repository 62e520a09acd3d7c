"""What a push has to change: this folder's files against the repository's, and against our last.

A push leaves a record of what it put into a repository, in the repository: so the next one knows,
on any machine, which files are its own to replace or remove, and which somebody else wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from factory.hub.piece import Fingerprint, Piece, fingerprint_of

#: Hidden, so that neither loaders of data nor the Hub's viewer take it for data.
RECORD: Final = ".eshop-factory.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository: its size, its git blob's SHA-1, and its SHA-256 where it is large."""

    size: int
    git: str
    sha256: str | None

    def holds(self, content: Fingerprint) -> bool:
        """Return whether the file has exactly this content."""
        if self.size != content.size:
            return False
        # The git blob of a large file is a pointer to it; its own content has the SHA-256.
        return self.sha256 == content.sha256 if self.sha256 else self.git == content.git


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository as it is at one commit.

    Attributes:
        commit: its hash; private: whether only its owners see it.
        files: what it holds, by path; record: what earlier pushes put there.
    """

    commit: str
    private: bool
    files: Mapping[str, RemoteFile]
    record: Mapping[str, Fingerprint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a push does to a repository.

    Attributes:
        send: files that are new or hold something else; same: files that are there already.
        drop: files that an earlier push left and this folder has no more.
        others: files that are in the way: an earlier push did not put there what they hold.
    """

    send: tuple[Piece, ...]
    same: tuple[Piece, ...]
    drop: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Whether the repository holds all of it already, and nothing that should go."""
        return not self.send and not self.drop


def compare(pieces: Iterable[Piece], remote: Remote | None) -> Changes:
    """Return what has to change in a repository; None is one that is not there yet."""
    pieces = tuple(pieces)
    if remote is None:
        return Changes(send=pieces, same=(), drop=(), others=())
    send, same, others = [], [], []
    for piece in pieces:
        there = remote.files.get(piece.name)
        if there is not None and there.holds(piece.fingerprint):
            same.append(piece)
            continue
        send.append(piece)
        if there is not None and not _is_ours(piece.name, remote):
            others.append(piece.name)
    names = {piece.name for piece in pieces}
    gone = sorted(name for name in remote.record if name not in names and name in remote.files)
    return Changes(
        send=tuple(send),
        same=tuple(same),
        # What somebody has written over since is theirs, and stays.
        drop=tuple(name for name in gone if _is_ours(name, remote)),
        others=tuple(others),
    )


def _is_ours(name: str, remote: Remote) -> bool:
    recorded = remote.record.get(name)
    return recorded is not None and remote.files[name].holds(recorded)


def record_piece(record: Mapping[str, Fingerprint]) -> Piece:
    """Return the file that says what pushes put into a repository."""
    data = {
        "format": _FORMAT,
        "files": {
            name: {"size": each.size, "git": each.git, "sha256": each.sha256}
            for name, each in sorted(record.items())
        },
    }
    content = f"{json.dumps(data, ensure_ascii=False, indent=1)}\n".encode()
    return Piece(RECORD, None, fingerprint_of(content), content=content)


def read_record(content: bytes) -> dict[str, Fingerprint]:
    """Return what a record says; nothing where it cannot be read, so that no file counts as ours.

    A record is as untrusted as the rest of a repository: it can only make files ours that hold what
    it says, so that a wrong one costs files that are in the way, and none that somebody wrote.
    """
    try:
        files = json.loads(content)["files"]
        return {
            str(name): Fingerprint(int(each["size"]), str(each["git"]), str(each["sha256"]))
            for name, each in files.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}
