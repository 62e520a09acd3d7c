"""What of a run's folder goes to a Hub: its files, read once, and held to the manifest's checksums.

A folder may come from anybody, and its manifest says which files it has: names stay inside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b, sha1, sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final

from factory.errors import OutputError, UsageError
from factory.hub.card import CARD, card_with_formats, files_of_card
from factory.outputs.run_folder import JUDGE, MANIFEST, REJECTED, REVIEW
from factory.runs.story import read_manifest

PAGE: Final = "report.html"
#: What goes beside the samples where it stands; the manifest lists none of it.
_BESIDE: Final = (CARD, MANIFEST, PAGE, JUDGE, REVIEW)
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


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes of one folder.

    Attributes:
        title: the task or mixture; rows: its samples in all splits; manifest: its manifest.
        pieces: the files, by name.
    """

    title: str
    rows: int
    manifest: dict[str, Any]
    pieces: tuple[Piece, ...]


def contents_of(
    folder: Path, *, with_rejected: bool = False, formats: Sequence[str] = ()
) -> Contents:
    """Return what of a run's or a mixture's folder goes to a Hub, read and checked.

    Raises:
        UsageError: the folder is no finished run, or has no such format.
        OutputError: a file is not what the manifest lists, is missing, or leads out of the folder.
    """
    manifest = read_manifest(folder)
    pieces = list(_run_pieces(folder, "", manifest, with_rejected=with_rejected))
    for task in manifest["tasks"] if "mixture" in manifest else ():
        inner = _inside(folder, task)
        if (inner / MANIFEST).is_file():
            pieces += _run_pieces(inner, f"{task}/", None, with_rejected=with_rejected)
    for name in dict.fromkeys(formats):
        pieces += _format_pieces(folder, name)
    if formats:
        pieces = [
            _made_of(piece.name, card_with_formats(folder, formats))
            if piece.name == CARD
            else piece
            for piece in pieces
        ]
    _check_card(folder, pieces)
    rows = sum(
        file.get("rows", 0)
        for name, file in manifest["files"].items()
        if name in ("train.jsonl", "test.jsonl")
    )
    title = manifest["mixture"] if "mixture" in manifest else manifest["task"]
    return Contents(title, rows, manifest, tuple(sorted(pieces, key=lambda each: each.name)))


def _run_pieces(
    folder: Path, prefix: str, manifest: dict[str, Any] | None, *, with_rejected: bool
) -> Iterator[Piece]:
    manifest = manifest or read_manifest(folder)
    if not manifest["files"]:
        raise OutputError(f"{folder}: its manifest lists no files; run it again with --fresh")
    paths = {name: _inside(folder, name) for name in manifest["files"]}
    # What lies in a folder below is an exported format, which goes when it is asked for.
    names = [name for name in paths if "/" not in name]
    if not with_rejected:
        names = [name for name in names if name != REJECTED]
    beside = [name for name in _BESIDE if name not in names and (folder / name).is_file()]
    for name in (*names, *beside):
        listed = manifest["files"].get(name)
        yield read_piece(
            _inside(folder, name), f"{prefix}{name}", listed.get("blake2b") if listed else None
        )


def _format_pieces(folder: Path, name: str) -> Iterator[Piece]:
    there = sorted(
        each.parent.name
        for each in folder.glob(f"*/{CARD}")
        if not (each.parent / MANIFEST).exists()
    )
    if name not in there:
        known = f"it has {', '.join(there)}" if there else "it has none"
        raise UsageError(
            f"{folder} has no format {name!r} ({known}): "
            f"python -m factory export {folder} --format {name}"
        )
    inner = _inside(folder, name)
    for path in sorted(inner.rglob("*")):
        relative = path.relative_to(folder)
        # The format's own card would say nothing in a subfolder: its configs go into the root's.
        if (
            path.is_file()
            and path.name != CARD
            and not any(part.startswith(".") for part in relative.parts)
        ):
            yield read_piece(_inside(folder, relative.as_posix()), relative.as_posix(), None)


def read_piece(path: Path, name: str, listed: str | None) -> Piece:
    """Return the piece ``name`` of the file ``path``, read once from end to end.

    ``listed`` is its blake2b (16 bytes, hex) in the manifest, None where it is not listed. Raises
    :class:`OutputError` where the file cannot be read, or holds something else than was listed.
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
            f"{path}: cannot be read ({error.strerror or error}), and the manifest lists it: run "
            "the task again with --fresh"
        ) from error
    checksum, git, content = (digest.hexdigest() for digest in digests)
    if listed is not None and checksum != listed:
        raise OutputError(
            f"{path}: is not the file that the run wrote (the manifest has another checksum): "
            "nothing was sent; run the task again with --fresh"
        )
    return Piece(name, path, Fingerprint(size, git, content), seen)


def _made_of(name: str, content: bytes) -> Piece:
    return Piece(name, None, fingerprint_of(content), content=content)


def fingerprint_of(content: bytes) -> Fingerprint:
    """Return the fingerprint of bytes in memory."""
    blob = sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    blob.update(content)
    return Fingerprint(len(content), blob.hexdigest(), sha256(content).hexdigest())


def _seen(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _inside(folder: Path, name: str) -> Path:
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


def _check_card(folder: Path, pieces: Sequence[Piece]) -> None:
    """Raise :class:`OutputError` where the card names data that does not go with it."""
    card = next((piece for piece in pieces if piece.name == CARD), None)
    if card is None:
        return
    names = [piece.name for piece in pieces]
    for pattern in files_of_card(card.content or (folder / CARD).read_bytes(), folder / CARD):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise OutputError(
                f"{folder / CARD}: names the data file {pattern!r}, which does not go with it: "
                "nobody could load the dataset; run the task again"
            )
