"""What a push did, or would do, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from factory.hub.piece import Piece
from factory.hub.push import Pushed
from factory.terminal.text import visible


def print_pushed(pushed: Pushed) -> None:
    """Print what was sent, what was there, what was removed, and where it is now."""
    changes = pushed.changes
    if pushed.dry_run:
        _print_dry_run(pushed)
    elif pushed.commits:
        commits = "1 commit" if pushed.commits == 1 else f"{pushed.commits} commits"
        for name in changes.drop:
            typer.echo(f"removed {visible(name)}, which an earlier push had put there")
        typer.echo(f"{_files(changes.send)} sent in {commits}{_removed(changes.drop)}")
    else:
        typer.echo("nothing to send: all of it is there already, so no commit was made")
    kind = "private" if pushed.private else "public"
    typer.echo(f"{visible(pushed.pull_request or pushed.url)} ({kind}, {visible(pushed.revision)})")
    if pushed.commits and pushed.pull_request is None:
        at = "" if pushed.revision == "main" else f", revision={pushed.revision!r}"
        typer.echo(f'load it: datasets.load_dataset("{pushed.repository}"{at})')


def _print_dry_run(pushed: Pushed) -> None:
    changes = pushed.changes
    sent = {piece.name for piece in changes.send}
    pieces = sorted((*changes.send, *changes.same), key=lambda each: each.name)
    width = max(len(f"{piece.fingerprint.size:,}") for piece in pieces)
    for piece in pieces:
        mark = "send " if piece.name in sent else "there"
        typer.echo(f"{mark} {piece.fingerprint.size:>{width},} {visible(piece.name)}")
    for name in changes.drop:
        typer.echo(f"drop  {'':>{width}} {visible(name)}")
    typer.echo(f"would send {_files(changes.send)}{_removed(changes.drop)}; nothing was sent")
    if not pushed.known:
        typer.echo("nobody is logged in (HF_TOKEN), so what is there already is not known")
    elif pushed.new:
        typer.echo("the repository is not there yet and would be made")


def _files(pieces: Sequence[Piece]) -> str:
    size = sum(piece.fingerprint.size for piece in pieces)
    return f"{len(pieces)} {'file' if len(pieces) == 1 else 'files'} ({size:,} bytes)"


def _removed(names: Sequence[str]) -> str:
    return f", {len(names)} removed" if names else ""


def pushed_record(pushed: Pushed) -> dict[str, Any]:
    """Return what a push did, for machines."""
    return {
        "folder": str(pushed.folder),
        "repository": pushed.repository,
        "url": pushed.url,
        "private": pushed.private,
        "new": pushed.new,
        "known": pushed.known,
        "revision": pushed.revision,
        "commit": pushed.commit,
        "commits": pushed.commits,
        "pull_request": pushed.pull_request,
        "dry_run": pushed.dry_run,
        "sent": [_record(piece) for piece in pushed.changes.send],
        "there": [_record(piece) for piece in pushed.changes.same],
        "removed": list(pushed.changes.drop),
    }


def _record(piece: Piece) -> dict[str, Any]:
    return {
        "name": piece.name,
        "bytes": piece.fingerprint.size,
        "sha256": piece.fingerprint.sha256,
    }
