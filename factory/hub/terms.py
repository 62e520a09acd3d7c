"""Whether a run may be shown to everybody: the last question before it is public."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.hub.contents import Contents
from factory.outputs.licences import Objection, forbids_publication, terms_of
from factory.outputs.run_folder import CARD, MANIFEST
from factory.runs.folder import read_manifest, task_manifests


def refuse_to_publish(folder: Path, contents: Contents, anyway: Collection[str]) -> None:
    """Raise :class:`UsageError` where samples of this folder may not be public.

    ``anyway`` names the sources whose publication the user has settled. A run without a card states
    no licence and no source, which nobody should be given.
    """
    if contents.run is None:
        raise UsageError(
            f"{folder} may not be public: the run that it was made of is not beside it, so nobody "
            "can tell what its sources allow. Push it from the run's folder, or leave --public out"
        )
    manifest = read_manifest(contents.run)
    terms = terms_of(task_manifests(contents.run, manifest).values())
    objections = [
        *forbids_publication(terms, anyway),
        *(each for each in _untold(contents.run, manifest) if each.source not in anyway),
    ]
    if objections:
        told = "; ".join(f"{each.source}: {each.reason}" for each in objections)
        options = " ".join(f"--publish-anyway {each.source}" for each in objections)
        raise UsageError(
            f"{folder} may not be public. {told}. Leave --public out to keep it to yourself; where "
            f"you have the right to publish it, say so with {options}"
        )
    named = {each.source for each in terms} | set(manifest.get("tasks", ()))
    if wrong := sorted(set(anyway) - named):
        raise UsageError(
            f"--publish-anyway {wrong[0]}: {folder} has no such source; it has "
            f"{', '.join(sorted(each.source for each in terms))}"
        )
    if not any(piece.name == CARD for piece in contents.pieces):
        raise UsageError(
            f"{folder} has no {CARD}, and a public dataset without one says neither what it is nor "
            "under which licence: run the task again, or leave --public out"
        )


def _untold(folder: Path, manifest: dict[str, Any]) -> Sequence[Objection]:
    """Return the tasks of a mixture whose sources nobody can tell, since their folders are gone."""
    if "mixture" not in manifest:
        return ()
    return [
        Objection(task, f"{folder / task} is gone, so its source cannot be told")
        for task, part in manifest["tasks"].items()
        if part.get("accepted") and not (folder / task / MANIFEST).is_file()
    ]
