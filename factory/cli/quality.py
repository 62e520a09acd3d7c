"""The verbs that measure: a judge against samples whose truth is known, samples against people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli import completion
from factory.cli.models import tell_quotes
from factory.cli.options import (
    WHERE,
    BudgetOption,
    ClassifierOption,
    JsonOption,
    RecipeArgument,
    RunArgument,
    SeedOption,
    SourceOption,
    classifiers,
    print_json,
    source_paths,
)


def judge(
    recipe: RecipeArgument,
    task: Annotated[
        list[str],
        typer.Option(
            "--task",
            "-t",
            metavar="NAME",
            help="A task that is made without a model; repeat for several.",
            autocompletion=completion.tasks,
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="The judge, in place of the recipe's own; repeat for a panel.",
            autocompletion=completion.models,
        ),
    ] = None,
    samples: Annotated[
        int,
        typer.Option(min=4, metavar="N", help="How many samples it reads; half are made wrong."),
    ] = 200,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=1, max=5, metavar="SCORE", help="What a sample needs, in place of the recipe's own."
        ),
    ] = None,
    seed: SeedOption = None,
    source: SourceOption = None,
    classifier: ClassifierOption = None,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The folder of the task's folder, which gets judge.json.",
            rich_help_panel=WHERE,
        ),
    ] = Path("out"),
    budget: BudgetOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be asked and what it costs; ask nothing."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a judge: its precision and recall on samples of which half are made wrong.

    Examples:
        python -m factory judge recipes.yaml --task task12 --model gpt-5-mini --budget 1
        python -m factory judge recipes.yaml --task task12 --model scripted --samples 20
        python -m factory judge recipes.yaml --task task12 --model gpt-5-mini --dry-run
    """
    from factory.line.measured import judge_options, keep_measured, measure_judge
    from factory.llm.pool import ModelPool
    from factory.recipe import load_recipe
    from factory.sources.download import cache_folder
    from factory.terminal.bills import print_bill
    from factory.terminal.displays import RunDisplay
    from factory.terminal.quality import print_judge

    loaded = load_recipe(recipe).with_changes(seed=seed, paths=source_paths(source))
    loaded = loaded.with_classifiers(classifiers(classifier))
    chosen = {
        name: judge_options(loaded, name, models=model, threshold=threshold)
        for name in dict.fromkeys(task)
    }
    if dry_run:
        from factory.line.quote import quote_judge

        tell_quotes(quote_judge(loaded, chosen, samples, cache_folder()), as_json=as_json)
        return
    measured = []
    with ModelPool(loaded.models, cache_folder(), budget=budget) as pool:
        for name, options in chosen.items():
            with RunDisplay(name, silent=as_json, models=pool) as display:
                measured.append(
                    measure_judge(
                        *(loaded, name, options, pool),
                        samples=samples,
                        watch=lambda done, wanted: display.update("judged", done, wanted, 0),
                    )
                )
            path = keep_measured(out / name, measured[-1])
            if not as_json:
                print_judge(measured[-1], path)
    if as_json:
        print_json(measured)
    else:
        print_bill(pool.bill)


def review(
    folder: RunArgument,
    samples: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many accepted samples of each task.")
    ] = 200,
    dropped: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="How many of each task that the judge dropped, unmarked."
        ),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The table to write; review.csv in the folder."),
    ] = None,
    read: Annotated[
        Path | None,
        typer.Option("--read", metavar="FILE", help="Read back a table that people filled in."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let people judge: a table of drawn samples for a spreadsheet, and what they said of them.

    Examples:
        python -m factory review out/task12
        python -m factory review out/task12 --read out/task12/review.csv
    """
    from factory.runs.review import export_review, read_review
    from factory.terminal.quality import print_review

    if read is not None:
        said = read_review(folder, read)
        if as_json:
            print_json(said)
        else:
            print_review(said, folder)
        return
    exported = export_review(folder, out, samples=samples, dropped=dropped)
    if as_json:
        print_json({"file": str(exported.path), "tasks": dict(exported.tasks)})
        return
    typer.echo(
        f"{sum(exported.tasks.values()):,} samples in {exported.path}: fill in the column verdict "
        "with ok, wrong or unclear"
    )
    typer.echo(f"then: python -m factory review {folder} --read {exported.path}")
