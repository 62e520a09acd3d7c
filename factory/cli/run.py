"""``run``: the samples of tasks or of a mixture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli import completion
from factory.cli.engines import AddressOption, EngineOption, Machines, StorageOption
from factory.cli.export import described, tell, tell_stale, with_formats
from factory.cli.options import (
    WHERE,
    BudgetOption,
    ClassifierOption,
    FormatOption,
    JsonOption,
    LimitOption,
    MixtureOption,
    ModelOption,
    RecipeArgument,
    SeedOption,
    SourceOption,
    TasksOption,
    classifiers,
    one_of_two,
    print_json,
    source_paths,
)

if TYPE_CHECKING:
    from factory.line.task import Task
    from factory.llm.pool import ModelPool
    from factory.recipe import Recipe


def run(
    recipe: RecipeArgument,
    task: TasksOption = None,
    mixture: MixtureOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The folder that gets a folder for each task or mixture.",
            rich_help_panel=WHERE,
        ),
    ] = Path("out"),
    source: SourceOption = None,
    allow_test: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-test",
            metavar="SOURCE",
            help="Let the test part of this source into the samples; repeat for several.",
            autocompletion=completion.sources,
            rich_help_panel=WHERE,
        ),
    ] = None,
    model: ModelOption = None,
    budget: BudgetOption = None,
    classifier: ClassifierOption = None,
    formats: FormatOption = None,
    engine: EngineOption = "local",
    address: AddressOption = None,
    storage: StorageOption = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Start over, whatever the folder holds, and ask models again."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the samples of tasks or of a mixture, from upstream files to checked JSONL.

    A run that was interrupted goes on where it was; a finished one is left as it is.

    Examples:
        python -m factory run recipes.yaml --task task12
        python -m factory run recipes.yaml --task task12 --source esci=/data/esci
        python -m factory run recipes.yaml --mixture v9b --limit 100 --format messages
        python -m factory run recipes.yaml --task task1 --budget 2.50
        python -m factory run recipes.yaml --mixture v9b --engine ray --address auto
    """
    from factory.line.opened import opened_models
    from factory.recipe import load_recipe, resolve_mixture

    machines = Machines(engine, address, storage)
    loaded = load_recipe(recipe).with_changes(
        seed=seed,
        limit=limit,
        paths=source_paths(source),
        allow_test=tuple(allow_test or ()),
        model=model,
    )
    loaded = loaded.with_classifiers(classifiers(classifier))
    one_of_two(recipe, task, mixture)
    loaded = with_formats(loaded, formats)
    if mixture is not None:
        wanted = [share.task for share in resolve_mixture(loaded, mixture).shares]
        with opened_models(loaded, wanted, budget=budget, fresh=fresh) as models:
            _run_mixture(loaded, mixture, out, machines, models, fresh=fresh, as_json=as_json)
    else:
        names = tuple(dict.fromkeys(task or ()))
        for name in names:
            loaded.task(name)
        with opened_models(loaded, names, budget=budget, fresh=fresh) as models:
            _run_tasks(loaded, names, out, machines, models, fresh=fresh, as_json=as_json)


def _run_tasks(
    recipe: Recipe,
    tasks: tuple[str, ...],
    out: Path,
    machines: Machines,
    models: ModelPool | None,
    *,
    fresh: bool,
    as_json: bool,
) -> None:
    from factory.line import compile_task, run_task
    from factory.runs.export import export_formats
    from factory.terminal.bills import print_bill
    from factory.terminal.displays import RunDisplay
    from factory.terminal.results import print_run

    # A mistake in the last task should not wait until the first ones are made.
    for name in tasks[1:]:
        compile_task(recipe, name)
    results = []
    with machines.opened(max(recipe.task(name).size for name in tasks)) as engine:
        for name in tasks:
            with RunDisplay(name, silent=as_json, models=models) as display:
                result = run_task(
                    *(recipe, name, out, engine),
                    fresh=fresh,
                    progress=display.update,
                    models=models,
                )
            exported = export_formats(result.folder, recipe.formats_of(name))
            results.append((result, exported))
            if not as_json:
                print_run(result)
                tell(exported)
                tell_stale(result.folder)
    if models is not None and not as_json:
        print_bill(models.bill)
    if as_json:
        print_json(
            [
                {
                    "folder": str(result.folder),
                    "fresh": result.fresh,
                    "manifest": result.manifest,
                    "formats": [described(each) for each in exported],
                }
                for result, exported in results
            ]
        )


def _run_mixture(
    recipe: Recipe,
    name: str,
    out: Path,
    machines: Machines,
    models: ModelPool | None,
    *,
    fresh: bool,
    as_json: bool,
) -> None:
    from factory.line import compile_task, run_mixture
    from factory.recipe import resolve_mixture
    from factory.runs.export import export_formats
    from factory.terminal.bills import print_bill
    from factory.terminal.displays import MixtureDisplay
    from factory.terminal.results import print_mixture

    shares = resolve_mixture(recipe, name).shares
    compiled: dict[str, Task] = {}
    for share in shares:
        compile_task(recipe, share.task, compiled)
    with (
        machines.opened(sum(share.size for share in shares)) as engine,
        MixtureDisplay(name, shares, silent=as_json, models=models) as display,
    ):
        result = run_mixture(
            *(recipe, name, out, engine), fresh=fresh, progress=display.begin, models=models
        )
    exported = export_formats(result.folder, recipe.formats_of())
    if as_json:
        formats = [described(each) for each in exported]
        manifest = result.manifest
        print_json({"folder": str(result.folder), "manifest": manifest, "formats": formats})
    else:
        print_mixture(result)
        tell(exported)
        tell_stale(result.folder)
        if models is not None:
            print_bill(models.bill)
