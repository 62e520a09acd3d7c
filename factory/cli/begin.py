"""``fetch`` and ``init``: published files and models into the cache, a shop's own recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from factory.cli import completion
from factory.cli.options import JsonOption, print_json, two_sides


def fetch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A source, such as esci or mmlu; or smollm2.",
            autocompletion=completion.fetched,
        ),
    ],
    address: Annotated[
        str | None,
        typer.Option("--from", metavar="ADDRESS", help="In place of the published address."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="KEY=VALUE", help="An option of the source's adapter."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a source's published files into the cache, and record their licence.

    smollm2 brings the weights of the embedded language model.

    Examples:
        python -m factory fetch esci
        python -m factory fetch smollm2
    """
    from dataclasses import asdict

    from factory.fetch import fetch_source
    from factory.terminal.bars import download_bars

    if name == "smollm2":
        from factory.llm.weights import fetch_weights
        from factory.sources.download import cache_folder

        weights = fetch_weights(cache_folder(), address)
        size = weights.stat().st_size
        if as_json:
            print_json({"model": name, "file": str(weights), "bytes": size})
        else:
            typer.echo(f"{name}: {size / 1e6:,.1f} MB in {weights} (Apache-2.0)")
        return
    given = (two_sides("--with", each, "KEY=VALUE, such as version=small") for each in option or ())
    options = {key: json_or_text(value) for key, value in given}
    with download_bars(silent=as_json) as bars:
        fetched = fetch_source(
            name,
            address=address,
            options=options,
            watcher=lambda done, total, file: bars.update(file, done, total),
        )
    if as_json:
        print_json(asdict(fetched))
        return
    typer.echo(f"{fetched.source}: {fetched.size / 1e6:,.1f} MB from {fetched.address}")
    typer.echo(f"licence: {fetched.licence} ({fetched.homepage})")
    typer.echo(f"recorded in {fetched.record}")


def json_or_text(value: str) -> Any:
    """Return an option's value as JSON where it is some, else as the text that it is."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to begin in.")],
    catalogue: Annotated[
        bool,
        typer.Option(
            "--catalogue",
            help="Write the project's own recipe, with every data set and task, instead.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Begin with a shop's own data: a recipe, and example files that it works on at once.

    Examples:
        python -m factory init myshop
        python -m factory init --catalogue .
    """
    from factory.init import init_catalogue, init_shop

    written = init_catalogue(folder) if catalogue else init_shop(folder)
    if as_json:
        print_json({"folder": str(folder), "files": [str(path) for path in written]})
        return
    for path in written:
        typer.echo(str(path))
    typer.echo(f"next: python -m factory list {folder / 'recipes.yaml'}")
