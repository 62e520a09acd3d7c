"""The command line: verbs that parse, call one function and print; no logic of their own.

Everything heavy is imported inside the verb that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from factory.cli_models import cache, opened_models, plan
from factory.cli_options import (
    ClassifierOption,
    JsonOption,
    ModelOption,
    RecipeArgument,
    SourceOption,
    classifiers,
    name_and_path,
    one_of_two,
    print_json,
)
from factory.cli_quality import judge, review
from factory.errors import FactoryError, UsageError

if TYPE_CHECKING:
    from factory.line.task import Task
    from factory.llm.pool import ModelPool
    from factory.recipe import Recipe

app = typer.Typer(
    name="factory",
    help="Instruction data for shopping assistants, from e-commerce data, every answer checked.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code; an expected error is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        # Samples are in every script; an output that knows fewer letters gets them written out.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        # Ctrl-C comes back as a code, since the library below turns it into one.
        code = app(standalone_mode=False)
    except FactoryError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone: there is nobody to tell, and no reason to fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
            sys.exit(UsageError.exit_code)
        _fail(f"{error.format_message()} (see python -m factory --help)", UsageError.exit_code)
    if code == INTERRUPTED:
        typer.echo(
            "interrupted; nothing half-written. The same command goes on from here.", err=True
        )
    sys.exit(code or 0)


def _fail(message: str, code: int) -> NoReturn:
    from factory.terminal import visible

    for line in message.splitlines():
        typer.echo(f"error: {visible(line)}", err=True)
    sys.exit(code)


@app.command()
def run(
    recipe: RecipeArgument,
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", help="A task to run; repeat for several.")
    ] = None,
    mixture: Annotated[
        str | None,
        typer.Option("--mixture", "-m", metavar="NAME", help="A mixture of tasks, in one folder."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most this many samples of each task.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the recipe's seed.")] = None,
    out: Annotated[Path, typer.Option(help="The folder that gets one folder a task.")] = Path(
        "out"
    ),
    source: SourceOption = None,
    allow_test: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-test",
            metavar="SOURCE",
            help="Let the test part of this source into the samples; repeat for several.",
        ),
    ] = None,
    model: ModelOption = None,
    classifier: ClassifierOption = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0, metavar="USD", help="Stop before language models cost more than this."),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Start over, whatever the folder holds, and ask models again."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the samples of tasks or of a mixture, from upstream files to checked JSONL."""
    from factory.recipe import load_recipe, resolve_mixture

    loaded = load_recipe(recipe).with_changes(
        seed=seed,
        limit=limit,
        paths=dict(name_and_path(each) for each in source or ()),
        allow_test=tuple(allow_test or ()),
        model=model,
    )
    loaded = loaded.with_classifiers(classifiers(classifier))
    one_of_two(recipe, task, mixture)
    if mixture is not None:
        shares = resolve_mixture(loaded, mixture).shares
        with opened_models(loaded, [share.task for share in shares], budget, fresh=fresh) as models:
            _run_mixture(loaded, mixture, out, models, fresh=fresh, as_json=as_json)
    else:
        names = tuple(dict.fromkeys(task or ()))
        for name in names:
            loaded.task(name)
        with opened_models(loaded, names, budget, fresh=fresh) as models:
            _run_tasks(loaded, names, out, models, fresh=fresh, as_json=as_json)


def _run_tasks(
    recipe: Recipe,
    tasks: tuple[str, ...],
    out: Path,
    models: ModelPool | None,
    *,
    fresh: bool,
    as_json: bool,
) -> None:
    from factory.bills import print_bill
    from factory.displays import RunDisplay
    from factory.engines import LocalEngine, rarely_look_for_cycles, spare_workers
    from factory.line import compile_task, run_task
    from factory.terminal import print_run

    # A mistake in the last task should not wait until the first ones are made.
    for name in tasks[1:]:
        compile_task(recipe, name)
    rarely_look_for_cycles()
    results = []
    workers = spare_workers(max(recipe.task(name).size for name in tasks))
    with LocalEngine(workers, preload="factory.line.build") as engine:
        for name in tasks:
            with RunDisplay(name, silent=as_json, models=models) as display:
                result = run_task(
                    *(recipe, name, out, engine),
                    fresh=fresh,
                    progress=display.update,
                    models=models,
                )
            results.append(result)
            if not as_json:
                print_run(result)
    if models is not None and not as_json:
        print_bill(models.bill)
    if as_json:
        print_json(
            [
                {"folder": str(result.folder), "fresh": result.fresh, "manifest": result.manifest}
                for result in results
            ]
        )


def _run_mixture(
    recipe: Recipe,
    name: str,
    out: Path,
    models: ModelPool | None,
    *,
    fresh: bool,
    as_json: bool,
) -> None:
    from factory.bills import print_bill
    from factory.displays import MixtureDisplay
    from factory.engines import LocalEngine, rarely_look_for_cycles, spare_workers
    from factory.line import compile_task, run_mixture
    from factory.recipe import resolve_mixture
    from factory.terminal import print_mixture

    shares = resolve_mixture(recipe, name).shares
    compiled: dict[str, Task] = {}
    for share in shares:
        compile_task(recipe, share.task, compiled)
    rarely_look_for_cycles()
    workers = spare_workers(sum(share.size for share in shares))
    with (
        LocalEngine(workers, preload="factory.line.build") as engine,
        MixtureDisplay(name, len(shares), silent=as_json, models=models) as display,
    ):
        result = run_mixture(
            *(recipe, name, out, engine), fresh=fresh, progress=display.begin, models=models
        )
    if as_json:
        print_json({"folder": str(result.folder), "manifest": result.manifest})
    else:
        print_mixture(result)
        if models is not None:
            print_bill(models.bill)


@app.command("list")
def list_tasks(recipe: RecipeArgument, as_json: JsonOption = False) -> None:
    """List the tasks and mixtures of a recipe: what each is, from where, for which paper's row."""
    from factory.line import missing_columns
    from factory.recipe import load_recipe, resolve_mixture
    from factory.terminal import print_tasks

    loaded = load_recipe(recipe)
    mixtures = {name: resolve_mixture(loaded, name) for name in _possible_mixtures(loaded)}
    rows = [
        {
            "name": name,
            "title": spec.title,
            "type": spec.task_type.name,
            "track": spec.track,
            "metric": spec.metric or spec.task_type.metrics[0],
            "source": spec.source,
            "size": spec.size,
            "needs_llm": loaded.asks(name),
            "nvidia": spec.nvidia,
            "eshop": spec.eshop,
            "dev": spec.dev,
            "ecom": spec.ecom,
            "parent": spec.derive and spec.derive.from_,
            "operator": spec.derive and spec.derive.operator,
            "map": spec.derive and spec.derive.map,
            "missing": missing_columns(loaded, name),
            "mixtures": [
                mixture
                for mixture, each in mixtures.items()
                if any(share.task == name for share in each.shares)
            ],
        }
        for name, spec in loaded.tasks.items()
    ]
    if as_json:
        print_json(rows)
        return
    print_tasks(
        rows,
        [
            {
                "name": name,
                "title": each.spec.title,
                "tasks": len(each.shares),
                "size": each.spec.size,
                "absent": [absent.number for absent in each.absent],
            }
            for name, each in mixtures.items()
        ],
    )


def _possible_mixtures(recipe: Recipe) -> list[str]:
    """Return the mixtures of which the recipe has a task: another shop has none of the papers'."""
    from factory.recipe import resolve_mixture

    possible = []
    for name in recipe.mixtures:
        with suppress(UsageError):
            resolve_mixture(recipe, name)
            possible.append(name)
    return possible


@app.command()
def validate(recipe: RecipeArgument, as_json: JsonOption = False) -> None:
    """Check a recipe with its views and templates, without reading a source's files."""
    from factory.errors import RecipeError
    from factory.line import compile_task
    from factory.recipe import load_recipe

    loaded = load_recipe(recipe)
    problems: list[str] = []
    wordings = 0
    compiled: dict[str, Task] = {}
    for name in loaded.tasks:
        try:
            wordings += len(compile_task(loaded, name, compiled).template.wordings)
        except RecipeError as error:
            problems += str(error).splitlines()
    if problems:
        raise RecipeError("\n".join(problems))
    if as_json:
        print_json({"recipe": str(recipe), "tasks": len(loaded.tasks), "wordings": wordings})
    else:
        typer.echo(f"{recipe} is in order: tasks {len(loaded.tasks)}, wordings {wordings}")


app.command()(plan)
app.command()(cache)
app.command()(judge)
app.command()(review)


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A run, such as out/task12.")],
    limit: Annotated[int, typer.Option(min=1, help="How many samples.")] = 3,
    split: Annotated[str, typer.Option(help="train, test or rejected.")] = "train",
    skip: Annotated[int, typer.Option(min=0, help="How many samples to pass over first.")] = 0,
    why: Annotated[
        str | None,
        typer.Option("--why", metavar="ID", help="The whole story of one sample, kept or dropped."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show samples as a person would read them."""
    from factory.quality import print_measured, print_reviewed
    from factory.review import earlier_review, measured_judges
    from factory.story import read_samples_of, tell_story
    from factory.terminal import print_records, print_story

    if why is not None:
        story = tell_story(folder, why)
        if as_json:
            print_json(story)
        else:
            print_story(story)
        return
    records = read_samples_of(folder, split, skip, limit)
    if as_json:
        print_json(records)
        return
    print_records(records)
    print_measured(measured_judges(folder))
    if said := earlier_review(folder):
        print_reviewed(said)


@app.command()
def fetch(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A source, such as esci or mmlu; or smollm2.")
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

    ``smollm2`` brings the weights of the embedded language model.
    """
    from dataclasses import asdict

    from factory.displays import FetchDisplay
    from factory.fetch import fetch_source

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
    options = {key: json_or_text(value) for key, value in map(name_and_path, option or ())}
    with FetchDisplay(silent=as_json) as display:
        fetched = fetch_source(name, address=address, options=options, watcher=display.update)
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


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to begin in.")],
) -> None:
    """Begin with a shop's own data: a recipe, and example files that it works on at once."""
    from factory.init import init_shop

    for path in init_shop(folder):
        typer.echo(str(path))
    typer.echo(f"next: python -m factory list {folder / 'recipes.yaml'}")
