"""``merge``: adapters weighted, put together, and put into a model's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import JsonOption, print_json
from factory.errors import UsageError


def merge(
    adapters: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FOLDER...", help="LoRA adapters of one base, such as training/adapter."
        ),
    ],
    weight: Annotated[
        list[str] | None,
        typer.Option(
            "--weight",
            "-w",
            metavar="[NAME=]W",
            help="How much of an adapter is taken: 1 unless given; wise-ft's alpha.",
        ),
    ] = None,
    nvidia_track: Annotated[
        int | None,
        typer.Option(
            metavar="1-5", min=1, max=5, help="The paper's weights: give v7, v8, v7b, v9b by name."
        ),
    ] = None,
    into_weights: Annotated[
        bool, typer.Option("--into-weights", help="A whole model in place of one adapter.")
    ] = False,
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Where the base is, if not where the adapters say."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that gets the adapter or model.")
    ] = Path("merged"),
    as_json: JsonOption = False,
) -> None:
    """Take a share of an adapter (wise-ft), or weighted shares of several, exactly.

    Examples:
        python -m factory merge training/adapter --weight 0.56 --out wise
        python -m factory merge v8=a/adapter v9b=b/adapter --nvidia-track 1 --into-weights
    """
    from factory.sources.download import cache_folder
    from factory.training.merge import (
        merge_adapters,
        merge_into_weights,
        read_adapter,
        weights_of_track,
    )

    folders = _folders(adapters)
    weights = _weights(weight or (), list(folders))
    if nvidia_track is not None:
        weights = weights_of_track(nvidia_track, list(folders))
        folders = {name: folders[name] for name in weights}
    chosen = [read_adapter(name, path, weights[name]) for name, path in folders.items()]
    made = (
        merge_into_weights(chosen, base, out, cache_folder())
        if into_weights
        else merge_adapters(chosen, out)
    )
    taken = {each.name: each.weight for each in chosen}
    if as_json:
        print_json({"folder": str(made), "weights": taken})
    else:
        said = ", ".join(f"{share:g} of {name}" for name, share in taken.items())
        typer.echo(f"{made}: {said}")


def _folders(adapters: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for each in adapters:
        name, named, path = each.partition("=")
        folder = Path(path if named else each)
        called = name if named else (folder.parent.name or folder.name)
        if called in found:
            raise UsageError(f"two adapters are called {called!r}: give each a name, NAME=FOLDER")
        found[called] = folder
    return found


def _weights(given: list[str] | tuple[str, ...], names: list[str]) -> dict[str, float]:
    weights = dict.fromkeys(names, 1.0)
    for each in given:
        name, named, share = each.rpartition("=")
        if not named and len(names) > 1:
            raise UsageError(f"--weight {each}: of which adapter? Write NAME={each}")
        name = name or names[0]
        if name not in weights:
            raise UsageError(f"--weight {each}: there is no adapter {name!r}: {', '.join(names)}")
        try:
            weights[name] = float(share)
        except ValueError as error:
            raise UsageError(f"--weight {each}: {share!r} is no number") from error
    return weights
