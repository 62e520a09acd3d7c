r"""Where the processor time of a mixture goes, stage by stage.

    python benchmarks/stages.py nvidia_all --files /data/full --limit 2000
    python benchmarks/stages.py pairs_and_ranks --files /data/full \
        --recipe benchmarks/scale/recipes.yaml

The mixture runs in this one process, without workers, so that nothing goes on elsewhere; DuckDB's
threads are this process's too. A timer stands around each stage, and what one stage does inside
another is counted once, for itself. A timer costs about 0.3 us, counted with the stage around it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mixtures import make_files, without_models

from factory.engines import LocalEngine, rarely_look_for_cycles
from factory.line import build, mixture, run, splits
from factory.line.build import SampleBuilder
from factory.line.fold import Fold
from factory.line.plan import KeyWalk
from factory.outputs.files import LineFile
from factory.outputs.run_folder import RunFolder
from factory.recipe import load_recipe
from factory.sources import SOURCES

#: The stages in the order of the line.
STAGES = (
    *("start", "recipe and checks", "sources", "keys and plan", "facts", "rows, arranged, worded"),
    *("filters", "hashes and JSON", "fold", "writing", "probes", "mixing", "all else"),
)


class Stages:
    """The processor seconds of each stage; those of a stage inside another are its own."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._within = ["all else"]
        self._since = time.process_time()

    def enter(self, stage: str) -> None:
        """Let time count for ``stage``."""
        self._count()
        self._within.append(stage)

    def leave(self) -> None:
        """Let time count for the stage around this one again."""
        self._count()
        self._within.pop()

    def _count(self) -> None:
        now = time.process_time()
        self.seconds[self._within[-1]] += now - self._since
        self._since = now

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Count every call of a function or method for a stage."""
        function: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        setattr(owner, name, timed)

    def around_steps(self, owner: Any, name: str, stage: str) -> None:
        """Count every step of what a generator function gives for a stage."""
        function: Callable[..., Iterator[Any]] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Iterator[Any]:
            steps = function(*args, **kwargs)
            while True:
                self.enter(stage)
                try:
                    step = next(steps)
                except StopIteration:
                    return
                finally:
                    self.leave()
                yield step

        setattr(owner, name, timed)


def timers() -> Stages:
    """Stand a timer around every stage."""
    stages = Stages()
    stages.around(run, "compile_task", "recipe and checks")
    for kind in {type(source) for source in SOURCES.values()}:
        stages.around(kind, "attach", "sources")
    stages.around(run, "make_plan", "keys and plan")
    stages.around(KeyWalk, "__init__", "keys and plan")
    stages.around(KeyWalk, "next_window", "keys and plan")
    stages.around_steps(splits, "read_facts", "facts")
    stages.around(SampleBuilder, "packed", "rows, arranged, worded")
    stages.around(build, "run_filters", "filters")
    stages.around(SampleBuilder, "_judged", "hashes and JSON")
    stages.around(Fold, "offer", "fold")
    stages.around(LineFile, "write", "writing")
    stages.around(RunFolder, "publish", "writing")
    stages.around(splits, "_probes", "probes")
    stages.around(mixture, "_mix", "mixing")
    return stages


def main() -> None:
    """Print each stage's seconds and its share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mixture", default="nvidia_all", nargs="?")
    parser.add_argument("--files", type=Path, required=True, help="where the full-scale files are")
    parser.add_argument("--recipe", type=Path, help="the mixture's, taken as it is")
    parser.add_argument("--limit", type=int, help="at most so many samples a task")
    arguments = parser.parse_args()
    started = time.process_time()
    places = make_files(arguments.files)
    path, name = arguments.recipe, arguments.mixture
    if path is None:
        path = without_models(name, arguments.files / "without-models.yaml")
        name = f"{name}_by_rules"
    recipe = load_recipe(path).with_changes(
        limit=arguments.limit,
        paths={source: str(place) for source, place in places.items()},
        allow_test=("mmlu",),
    )
    stages = timers()
    stages.seconds["start"] = started
    stages.seconds["recipe and checks"] = time.process_time() - started
    rarely_look_for_cycles()
    with tempfile.TemporaryDirectory(dir=arguments.files) as out:
        result = mixture.run_mixture(recipe, name, Path(out), LocalEngine())
    stages.enter("all else")
    rows = result.manifest["files"]["train.jsonl"]["rows"]
    whole = sum(stages.seconds.values())
    print(f"{rows:,} samples, {whole:.1f} s of processor time\n\n| stage | CPU s | share |")
    print("|---|---|---|")
    for stage in STAGES:
        print(f"| {stage} | {stages.seconds[stage]:.1f} | {stages.seconds[stage] / whole:.0%} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
