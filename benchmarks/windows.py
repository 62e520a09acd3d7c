"""What a window of facts costs: the same keys of one view, asked for in so many windows.

    python benchmarks/windows.py relate_judged_pairs --source esci=/data/esci --windows 4

Processor seconds are those of the windows alone, memory the peak of the process before and after
them: source attached, keys found and ordered. ``width`` is what a window is bounded by.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from factory.line import compile_task
from factory.line.facts import Widths, read_facts
from factory.recipe import load_recipe
from factory.sources.view import prepare

RECIPE = Path(__file__).parent / "scale" / "recipes.yaml"


def peak() -> int:
    """Return the most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task")
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--source", required=True, metavar="NAME=PATH")
    parser.add_argument("--keys", type=int, default=131_072)
    parser.add_argument("--windows", type=int, default=4)
    asked = parser.parse_args()
    recipe = load_recipe(asked.recipe)
    task = compile_task(recipe, asked.task)
    name, _, path = asked.source.partition("=")
    spec = recipe.sources[name]
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        spec.source.attach(connection, name, path, spec.options, allow_test=False)
        connection.execute(f"SET schema = '{name}'")
        prepare(connection, recipe.seed, task.name, task.view_options)
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY draw(key, 'order'), key) "
            f"AS ordinal, * FROM ({task.view.keys})"
        )
        before, began, rows, widths = peak(), time.process_time(), 0, Widths()
        for window in range(asked.windows):
            low, high = (asked.keys * each // asked.windows for each in (window, window + 1))
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE chosen AS SELECT *, ordinal AS rank FROM keys "
                f"WHERE ordinal > {low} AND ordinal <= {high}"
            )
            rows += sum(map(len, widths.of(read_facts(task.view, connection, grouped=False))))
        took = time.process_time() - began
    print(
        f"{asked.windows} windows, {rows:,} keys of {widths.mean or 0:.0f} bytes: {took:.1f} s of "
        f"processor time; {before} MB before, {peak()} MB at the most"
    )


if __name__ == "__main__":
    main()
