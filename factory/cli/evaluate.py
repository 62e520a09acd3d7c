"""``evaluate``: how good models are on questions whose answers are known."""

from __future__ import annotations

from contextlib import ExitStack
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
            help="Who answers: a model of the recipe, scripted, smollm2, a .gguf file, or ID@URL "
            "of an endpoint; repeat to compare.",
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
    from factory.evaluation.contestants import contestant, from_file, told_apart
    from factory.evaluation.evaluate import (
        LEDGER,
        Protocol,
        check_metrics,
        evaluate,
        identity,
    )
    from factory.evaluation.page import write_page
    from factory.evaluation.questions import read_benchmark
    from factory.llm.pool import ModelPool
    from factory.outputs.run_folder import RunFolder
    from factory.recipe import load_recipe
    from factory.sources.download import cache_folder
    from factory.terminal.bars import answer_bars
    from factory.terminal.evaluations import print_results

    models = load_recipe(recipe).models if recipe else {}
    who = told_apart(
        [*(contestant(each, models) for each in model or ()), *map(from_file, answers or ())]
    )
    benchmark = read_benchmark(
        questions,
        split=split,
        tasks=tuple(task or ()),
        without=tuple(without or ()),
        limit=limit,
        seed=seed,
    )
    check_metrics(benchmark)
    protocol = Protocol(system, max_tokens, sets, seed)
    asked = {each.name: each.spec for each in who if each.spec is not None}
    with ExitStack() as stack:
        folder = stack.enter_context(RunFolder(out))
        pool = stack.enter_context(
            ModelPool(
                asked, cache_folder(), budget=budget, fresh=fresh, ledger=folder.work / LEDGER
            )
        )
        folder.claim(said := identity(benchmark, protocol), fresh=fresh)
        folder.keep_plan(said)
        bars = stack.enter_context(answer_bars(silent=as_json))
        results = evaluate(benchmark, who, pool, folder, protocol, bars.update)
    page = write_page(out, results)
    if as_json:
        print_json(results)
    else:
        print_results(results, out, page)
