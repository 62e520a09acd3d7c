"""What of a folder goes to a Hub: the files of a run or an export, held to their checksums.

A folder may come from anybody, and its manifest says which files it has: names stay inside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from factory.errors import OutputError, UsageError
from factory.hub.card import card_with_formats, files_of_card
from factory.hub.piece import Piece, inside, made_of, read_piece
from factory.outputs.dataset_folder import EXPORT, finished_export
from factory.outputs.run_folder import CARD, JUDGE, MANIFEST, PAGE, REJECTED, REVIEW
from factory.runs.folder import read_manifest

_PARQUET: Final = ".parquet"
#: What goes beside the samples where it stands; the manifest lists none of it.
_BESIDE: Final = (CARD, MANIFEST, PAGE, JUDGE, REVIEW)


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes of one folder.

    Attributes:
        title: what it is, in the words of a commit; rows: its samples in all splits.
        run: the folder of the run that the samples are of; None where it is not at hand.
        pieces: the files, by name.
    """

    title: str
    rows: int
    run: Path | None
    pieces: tuple[Piece, ...]


def contents_of(
    folder: Path, *, with_rejected: bool = False, formats: Sequence[str] = ()
) -> Contents:
    """Return what of a folder goes to a Hub, read and checked.

    The folder is a run's, a mixture's, or that of one exported format; ``formats`` are those in a
    run's folder that go with it.

    Raises:
        UsageError: the folder is none of these, or has no such format, or one of other samples.
        OutputError: a file is not what is listed, is missing, or leads out of the folder.
    """
    if not (folder / MANIFEST).exists() and (said := finished_export(folder)) is not None:
        if formats or with_rejected:
            raise UsageError(
                f"{folder} is an exported format, which goes alone: --format and --with-rejected "
                "are for the run's own folder"
            )
        return _export(folder, said)
    manifest = read_manifest(folder)
    pieces = list(_run_pieces(folder, "", manifest, with_rejected=with_rejected))
    for task in manifest["tasks"] if "mixture" in manifest else ():
        inner = inside(folder, task)
        if (inner / MANIFEST).is_file():
            pieces += _run_pieces(inner, f"{task}/", None, with_rejected=with_rejected)
    for name in dict.fromkeys(formats):
        pieces += _format_pieces(folder, name, manifest)
    if formats:
        card = made_of(CARD, card_with_formats(folder, formats))
        pieces = [card if piece.name == CARD else piece for piece in pieces]
    _check_card(folder, pieces)
    rows = sum(
        file.get("rows", 0)
        for name, file in manifest["files"].items()
        if name in ("train.jsonl", "test.jsonl")
    )
    title = manifest["mixture"] if "mixture" in manifest else manifest["task"]
    return Contents(title, rows, folder, _by_name(pieces))


def _by_name(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(pieces, key=lambda each: each.name))


def _run_pieces(
    folder: Path, prefix: str, manifest: dict[str, Any] | None, *, with_rejected: bool
) -> Iterator[Piece]:
    manifest = manifest or read_manifest(folder)
    if not manifest["files"]:
        raise OutputError(f"{folder}: its manifest lists no files; run it again with --fresh")
    paths = {name: inside(folder, name) for name in manifest["files"]}
    # What lies in a folder below is an exported format, which goes when it is asked for.
    names = [name for name in paths if "/" not in name]
    if not with_rejected:
        names = [name for name in names if name != REJECTED]
    beside = [name for name in _BESIDE if name not in names and (folder / name).is_file()]
    for name in (*names, *beside):
        listed = manifest["files"].get(name)
        yield read_piece(
            *(inside(folder, name), f"{prefix}{name}", listed.get("blake2b") if listed else None),
            again="run the task again with --fresh",
        )


def _format_pieces(folder: Path, name: str, manifest: dict[str, Any]) -> Iterator[Piece]:
    there = {
        each.parent.name: said
        for each in sorted(folder.glob(f"*/{EXPORT}"))
        if (said := finished_export(each.parent)) is not None
    }
    again = f"python -m factory export {folder} --format {name}"
    if name not in there:
        known = f"it has {', '.join(there)}" if there else "it has none"
        raise UsageError(f"{folder} has no format {name!r} ({known}): {again}")
    if not _is_of(there[name], manifest):
        raise UsageError(
            f"{folder / name} was made of other samples than {folder} has now: {again}"
        )
    if any(each.endswith(_PARQUET) for each in there[name]["files"]):
        # datasets reads all configs of one dataset with one reader, that of the first.
        raise UsageError(
            f"{folder / name} is Parquet and the run's samples are JSON lines, and one dataset "
            f"loads as one of them: {again} --to jsonl, or push {folder / name} by itself"
        )
    yield from _listed_pieces(folder / name, f"{name}/", there[name])


def _listed_pieces(folder: Path, prefix: str, said: dict[str, Any]) -> Iterator[Piece]:
    listed = {EXPORT: {}, **said["files"]}
    for name, path in [(name, inside(folder, name)) for name in listed]:
        checksum = listed[name].get("blake2b")
        yield read_piece(path, f"{prefix}{name}", checksum, again="export the run again")


def _export(folder: Path, said: dict[str, Any]) -> Contents:
    pieces = _by_name(list(_listed_pieces(folder, "", said)))
    _check_card(folder, pieces)
    run = folder.resolve().parent
    at_hand = (run / MANIFEST).is_file() and _is_of(said, read_manifest(run))
    title = f"{said.get('of', folder.name)} as {said.get('format', folder.name)}"
    rows = sum(said.get("rows", {}).values())
    return Contents(title, rows, run if at_hand else None, pieces)


def _is_of(said: dict[str, Any], manifest: dict[str, Any]) -> bool:
    """Return whether an export was made of the very samples that a manifest lists."""
    made = said.get("made_of") or {}
    return bool(made) and all(
        manifest["files"].get(name, {}).get("blake2b") == checksum
        for name, checksum in made.items()
    )


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
                "nobody could load it; write it again"
            )
