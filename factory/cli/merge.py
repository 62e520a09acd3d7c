"""``merge``: adapters weighted, put together, and put into a model's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from factory.cli.options import JsonOption, print_json
from factory.errors import UsageError

if TYPE_CHECKING:
    from factory.training.merge import Adapter

_GRID: Final = "0,0.25,0.5,0.75,1"


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
    search: Annotated[
        Literal["alpha", "weights"] | None,
        typer.Option(
            metavar="[alpha|weights]",
            help="Try shares of it all, or every combination of weights, and take the best.",
        ),
    ] = None,
    on: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Half of whose held-out samples decide the search."),
    ] = None,
    metric: Annotated[
        Literal["tasks", "questions"] | None,
        typer.Option(
            metavar="[tasks|questions]", help="The mean over which decides: else over tasks."
        ),
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(
            metavar="W,W,...", help=f"The shares or weights that are tried: else {_GRID}."
        ),
    ] = None,
    questions: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many of each task decide.")
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
        python -m factory merge training/adapter --search alpha --on out/mine
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
        if weight:
            raise UsageError("--nvidia-track has weights of its own: leave --weight out")
        weights = weights_of_track(nvidia_track, list(folders))
        folders = {name: folders[name] for name in weights}
    if search is None and any(each is not None for each in (on, metric, grid, questions)):
        raise UsageError(
            "--on, --metric, --grid and --questions are of a search: give --search alpha or "
            "weights too"
        )
    if base is not None and not into_weights and search is None:
        raise UsageError(
            "--base is for --into-weights and --search: an adapter is merged without it"
        )
    chosen = [read_adapter(name, path, weights[name]) for name, path in folders.items()]
    record: dict[str, Any] | None = None
    if search is not None:
        if on is None:
            raise UsageError(f"--search {search}: on which held-out samples? Give --on RUN")
        summary, tried = f"mean over {metric or 'tasks'}", _grid(_GRID if grid is None else grid)
        record = _searched(chosen, search, on, summary, tried, questions, base, out, as_json)
        chosen = [replace(each, weight=record["best"][each.name]) for each in chosen]
    made = (
        merge_into_weights(chosen, base, out, cache_folder())
        if into_weights
        else merge_adapters(chosen, out)
    )
    taken = {each.name: each.weight for each in chosen}
    if as_json:
        found = {} if record is None else {"search": record}
        print_json({"folder": str(made), "weights": taken, **found})
    else:
        said = ", ".join(f"{share:g} of {name}" for name, share in taken.items())
        typer.echo(f"{made}: {said}")


def _searched(
    adapters: Sequence[Adapter],
    kind: Literal["alpha", "weights"],
    run: Path,
    summary: str,
    grid: Sequence[float],
    questions: int | None,
    base: str | None,
    out: Path,
    as_json: bool,
) -> dict[str, Any]:
    """Return what a search found, kept beside ``out`` and shown."""
    from factory.sources.download import cache_folder
    from factory.terminal.bars import answer_bars
    from factory.terminal.searched import print_searched
    from factory.training.search import (
        SUFFIX,
        checksums,
        deciding_half,
        merged_answers,
        named,
        search,
        trials_of,
    )

    trials = trials_of(kind, {each.name: each.weight for each in adapters}, grid)
    benchmark = deciding_half(run, questions)
    folder = out.with_name(out.name + SUFFIX)
    answer = merged_answers(adapters, base, folder / ".merged", cache_folder())
    with answer_bars(silent=as_json) as bars:
        record = search(
            *(benchmark, trials, answer, folder, summary, checksums(adapters)), watch=bars.update
        )
    if not as_json:
        print_searched(record, [named(each) for each in trials])
    return record


def _grid(said: str) -> list[float]:
    try:
        found = [float(each) for each in said.split(",")]
    except ValueError:
        found = []
    if not found or not all(map(isfinite, found)):
        raise UsageError(f"--grid {said}: write numbers, such as 0,0.5,1")
    return found


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
        if not isfinite(weights[name]):
            raise UsageError(f"--weight {each}: {share!r} is no share of an adapter")
    return weights
