"""``evaluate``: how good models are on questions whose answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import BudgetOption, JsonOption, print_json


def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="QUESTIONS",
            help="A file in ShopBench's form, a run or mixture, or EcomInstruct's task folders.",
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="[NAME=]MODEL",
            help="Who answers: a model of the recipe, scripted, smollm2, a .gguf file, a "
            "checkpoint's folder, or ID@URL of an endpoint; repeat to compare.",
        ),
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE", help="Answers that stand in a file: JSON lines with id and text."
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that gets answers and results.")
    ] = Path("evaluations"),
    recipe: Annotated[
        Path | None, typer.Option(metavar="RECIPE", help="Where models are named.")
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="SPLIT", help="test or train, of a run's folder.")
    ] = "test",
    task: Annotated[
        list[str] | None,
        typer.Option("--task", "-t", metavar="NAME", help="Only this task; repeat for several."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC", help="Leave out the tasks of this metric."),
    ] = None,
    unseen_by: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Leave out the questions of a search.json of merge --search."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="At most this many questions of each task."),
    ] = None,
    system: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="The system prompt: task-type (as trained), none, or words of your own.",
        ),
    ] = "task-type",
    max_tokens: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Of an answer; else what its task type needs."),
    ] = None,
    sets: Annotated[
        int,
        typer.Option(
            min=100, metavar="N", help="How many times questions are resampled for intervals."
        ),
    ] = 1000,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the resampling, and of --limit.")] = 0,
    budget: BudgetOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what this folder has answers to.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Score models on questions with known answers, with intervals and a paired test.

    Parsers and metrics are the benchmarks' own. Answers are kept in the folder: an endpoint that
    dies midway costs nothing that it had said.

    Examples:
        python -m factory evaluate development.json --model base=smollm2 --model tuned=tuned.gguf
        python -m factory evaluate out/mine --model my-model@http://127.0.0.1:8000/v1
    """
    from factory.api import evaluate as evaluate_models
    from factory.evaluation.page import PAGE
    from factory.terminal.bars import answer_bars
    from factory.terminal.evaluations import print_results

    with answer_bars(silent=as_json) as bars:
        results = evaluate_models(
            *(questions, model or (), out),
            answers=answers or (),
            recipe=recipe,
            split=split,
            tasks=task or (),
            without=without or (),
            unseen_by=unseen_by,
            limit=limit,
            system=system,
            max_tokens=max_tokens,
            sets=sets,
            seed=seed,
            budget=budget,
            fresh=fresh,
            watch=bars.update,
        )
    if as_json:
        print_json(results)
    else:
        print_results(results, out, out / PAGE)
