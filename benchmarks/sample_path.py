"""What one sample costs between its facts row and its line in a file, step by step.

    python benchmarks/sample_path.py answer_question --source mmlu=/data/mmlu --allow-test mmlu

The facts of the task's first ``--rows`` keys are fetched once; then each step is run over all of
them in this one process, ``--repeat`` times, and the quickest time counts. Microseconds are of
processor time, a sample; ``rows`` is what the view's mapper takes, which is the task's own.
``all`` is the whole way from the row to the candidate that is sent back, and ``sent`` what it costs
to send the row to another process and the candidate back. Nothing is written.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from factory.draw import Draw
from factory.engines import rarely_look_for_cycles
from factory.filters import run_filters
from factory.line import run_task
from factory.line.rows import Draft, cleaned_row
from factory.outputs.jsonl import to_line
from factory.recipe import load_recipe

PROJECT = Path(__file__).parents[1]


class _RecordedError(Exception):
    """The shards of a task are at hand, and the run may end."""


class Recorder:
    """An engine that runs nothing and keeps the shards it was given."""

    storage = None

    def __init__(self, rows: int) -> None:
        self.builder: Any = None
        self.rows: list[Any] = []
        self._most = rows

    def map_shards(self, run: Callable[[Any], Any], shards: Iterable[Any]) -> Generator[Any]:
        """Keep the rows of the shards, and end the run."""
        self.builder = run.__self__  # type: ignore[attr-defined]
        self.rows = list(islice((row for shard in shards for row in shard), self._most))
        raise _RecordedError
        yield


def fetched(arguments: argparse.Namespace) -> Recorder:
    """Return the facts rows of a task, and the builder that makes samples of them."""
    recipe = load_recipe(PROJECT / "recipes.yaml").with_changes(
        limit=arguments.rows,
        paths=dict(each.split("=", 1) for each in arguments.source),
        allow_test=tuple(arguments.allow_test),
    )
    recorder = Recorder(arguments.rows)
    with tempfile.TemporaryDirectory() as out:
        try:
            run_task(recipe, arguments.task, Path(out), recorder)
        except _RecordedError:
            return recorder
    raise SystemExit(f"{arguments.task} has no rows")


def microseconds(step: Callable[[Any], object], each: list[Any], repeat: int) -> float:
    """Return the processor time of ``step``, by item: the quickest of some passes."""
    quickest = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        for item in each:
            step(item)
        quickest = min(quickest, time.process_time() - start)
    return quickest / len(each) * 1e6


def steps(recorder: Recorder, repeat: int) -> dict[str, float]:
    """Return the microseconds that each step takes."""
    builder, rows = recorder.builder, recorder.rows
    task, seed = builder._task, builder._seed
    took: dict[str, float] = {}

    def timed(name: str, step: Callable[[Any], object], each: list[Any]) -> None:
        took[name] = microseconds(step, each, repeat)

    timed("clean", cleaned_row, rows)
    made = [each for row in rows for each in builder._drafts(row) if isinstance(each, Draft)]
    if task.view.mapper and not task.derivation:
        clean = [cleaned_row(row) for row in rows]
        mapper = task.view.mapper

        def mapped(row: dict[str, Any]) -> None:
            with suppress(ValueError):
                list(mapper(row, Draw(seed, task.name, row["key"])))

        timed("rows", mapped, clean)

    def arranged(draft: Draft) -> object:
        row = draft.made
        return task.type.arrange(row.columns, Draw(seed, task.name, row.key), task.options)

    timed("arrange", arranged, made)
    for one in task.filters:
        timed(f"filter {one.name}", lambda draft, one=one: one.judge(draft.sample), made)
    timed("filters", lambda draft: run_filters(task.filters, draft.sample), made)
    timed("draft, filters too", lambda draft: builder._draft(draft.made), made)
    timed("JSON", lambda draft: to_line(draft.sample, draft.verdicts, draft.slots_text), made)
    timed("judged, JSON too", lambda draft: builder._judged(*draft), made)
    shards = [rows[start : start + 128] for start in range(0, len(rows), 128)]
    timed("all", builder.packed, shards)
    took["all"] /= len(rows) / len(shards)

    answers = [builder.packed(shard) for shard in shards]
    timed("sent", _sent, [*shards, *answers])
    took["sent"] /= len(rows) / len(shards) / 2
    return took


def _sent(shard: object) -> object:
    return pickle.loads(pickle.dumps(shard, 5))  # noqa: S301  (our own bytes)


def main() -> None:
    """Print the steps of each task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--source", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--allow-test", action="append", default=[], metavar="SOURCE")
    arguments = parser.parse_args()
    rarely_look_for_cycles()
    recorder = fetched(arguments)
    print(f"{arguments.task}: {len(recorder.rows):,} rows")
    for name, took in steps(recorder, arguments.repeat).items():
        print(f"{name:24} {took:8.1f}")


if __name__ == "__main__":
    main()
