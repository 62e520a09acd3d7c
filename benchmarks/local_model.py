r"""Every task that asks a language model, made on the local one: no key, no network.

    python benchmarks/local_model.py --out /data/out
    python benchmarks/local_model.py --out /data/out --weights /models/mine.gguf --limit 3 \
        --minutes 5 --tasks ask_query label_m2_types task1

For each task ``plan`` and then ``run`` are called as a user calls them, in processes of their own
that know no key and whose proxies lead nowhere, over one ledger, so that what a task needs of
another one is not asked twice. A row says what became of it:

- *accepted of wanted*, of a table of labels five times the limit, and how many candidates were
  dropped for which reason;
- *plan* and *asked*: requests and prompt tokens that ``plan`` foretold, with what the task needs of
  others, and those that the model's own server reported of the run's new requests (the ledger's
  sums after the run less those before it);
- *a prompt*: tokens of one request of the task itself, foretold and reported;
- seconds by the clock, and of the processor, of the run.

``plan`` cannot know what a check will drop before anything was asked. With ``--then N`` a task that
was finished is planned again for N samples, with what the ledger knows by then, and run to N: a
second row.

A run that takes longer than ``--minutes`` is interrupted as by Ctrl-C, and said to be stopped. What
is done is kept in ``results.json`` of the out folder: the same command goes on from there. Without
``--weights`` it is SmolLM2, which ``python -m factory fetch smollm2`` brings; of most steps it
passes the check so seldom that nearly all rows there are get asked. The exit code is 1 where a run
failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

from factory.llm.ledger import Ledger
from factory.llm.local import SMOLLM2_FILE
from factory.llm.names import LEDGER_FILE
from factory.recipe import Recipe, load_recipe
from factory.sources.download import cache_folder

PROJECT: Final = Path(__file__).parents[1]
RECIPE: Final = PROJECT / "recipes.yaml"
#: What takes no connections: whoever asks a proxy for the network fails at once.
NOWHERE: Final = "http://127.0.0.1:9"
#: A request that is under way when a run is interrupted ends first.
GRACE_SECONDS: Final = 90
INTERRUPTED: Final = 130
COLUMNS: Final = (
    *("task", "accepted", "dropped", "for", "plan, requests", "asked", "plan, tokens", "reported"),
    *("a prompt, plan", "reported", "s", "processor s"),
)


def offline(cache: Path) -> dict[str, str]:
    """Return an environment without a key, a way out, or any cache but ``cache``."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OPENAI_") and name.lower() != "no_proxy"
    }
    proxies = {
        name: NOWHERE for each in ("http_proxy", "https_proxy") for name in (each, each.upper())
    }
    return environment | proxies | {"ESHOP_FACTORY_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}


def written_recipe(weights: Path | None, out: Path) -> Path:
    """Return the recipe as it is shipped; with other weights, a copy that names them."""
    if weights is None:
        return RECIPE
    path = out / "recipes.yaml"
    default = json.dumps({"engine": "local", "model": str(weights)})
    path.write_text(f"{RECIPE.read_text('utf-8')}\nmodels: {{default: {default}}}\n", "utf-8")
    return path


def with_needs(recipe: Recipe, task: str) -> list[str]:
    """Return the tables that ``task`` needs, those that they need before them, and itself."""
    needs = [each for need in recipe.tasks[task].needs for each in with_needs(recipe, need)]
    return list(dict.fromkeys([*needs, task]))


def by_needs(recipe: Recipe) -> list[str]:
    """Return the tasks that ask a model, those that need nothing first and tables before users."""
    asking = [name for name in recipe.tasks if recipe.asks(name)]
    return sorted(asking, key=lambda name: len(with_needs(recipe, name)))


class Runs:
    """What calls the two verbs for one model, and keeps what came of it."""

    def __init__(self, out: Path, weights: Path | None, minutes: float) -> None:
        self._out, self._seconds = out, minutes * 60
        self._cache = out / "cache"
        (self._cache / "models").mkdir(parents=True, exist_ok=True)
        linked = self._cache / "models" / SMOLLM2_FILE
        if weights is None and not linked.exists():
            linked.symlink_to(cache_folder() / "models" / SMOLLM2_FILE)
        self._recipe = written_recipe(weights, out)
        self._file = out / "results.json"
        self.done: dict[str, dict[str, Any]] = (
            json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
        )

    def make(self, task: str, limit: int) -> dict[str, Any]:
        """Return what became of ``limit`` samples of ``task``."""
        wanted = [str(self._recipe), "--task", task, "--limit", str(limit), "--json"]
        quotes, planned = self._verb("plan", wanted)
        before = self._asked()
        results, ran = self._verb("run", [*wanted, "--out", str(self._out)])
        after = self._asked()
        made = {
            "wanted": next((each["samples"] for each in quotes or () if each["task"] == task), 0),
            "plan": [] if quotes is None else [part for each in quotes for part in parts(each)],
            "asked": {
                name: (requests - before[name][0], tokens - before[name][1])
                for name, (requests, tokens) in after.items()
                if after[name] != before[name]
            },
            "planned": planned,
            "ran": ran,
            **counts(results),
        }
        self.done[f"{task} {limit}"] = made
        self._file.write_text(json.dumps(self.done, indent=1), "utf-8")
        return made

    def _asked(self) -> defaultdict[str, tuple[int, int]]:
        """Return requests and prompt tokens that the ledger has, by task."""
        with Ledger(self._cache / LEDGER_FILE) as ledger:
            found: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
            for each in ledger.spent():
                requests, tokens = found[each.task]
                found[each.task] = (requests + each.requests, tokens + each.prompt_tokens)
            return found

    def _verb(self, verb: str, options: list[str]) -> tuple[Any, dict[str, Any]]:
        """Call a verb; return what it printed as JSON, and how it went."""
        began = time.monotonic()
        said, complaint = self._out / f"{verb}.json", self._out / f"{verb}.log"
        with said.open("wb") as stdout, complaint.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "factory", verb, *options],
                cwd=PROJECT,
                env=offline(self._cache),
                stdout=stdout,
                stderr=stderr,
            )
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            while not pid:
                late = time.monotonic() - began - self._seconds
                if late > GRACE_SECONDS:
                    process.kill()
                elif late > 0 and verb == "run":
                    process.send_signal(signal.SIGINT)
                    time.sleep(min(GRACE_SECONDS, 10))
                time.sleep(0.2)
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        code = os.waitstatus_to_exitcode(status)
        process.returncode = code
        went = {
            "code": code,
            "seconds": round(time.monotonic() - began, 1),
            "processor": round(usage.ru_utime + usage.ru_stime, 1),
            "complaint": complaint.read_text("utf-8", "replace")[-600:] if code else "",
        }
        text = said.read_text("utf-8")
        return (json.loads(text) if code == 0 and text else None), went


def parts(quote: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a quote, each with its task."""
    names = ("part", "requests", "known", "prompt_tokens", "share", "answered")
    return [
        {"task": quote["task"], **{name: part[name] for name in names}} for part in quote["parts"]
    ]


def counts(results: Any) -> dict[str, Any]:
    """Return accepted and dropped samples of a finished run; nothing of another one."""
    if not results:
        return {}
    splits = results[0]["manifest"]["splits"].values()
    dropped: Counter[str] = Counter()
    for split in splits:
        dropped.update(split["rejected"])
    return {"accepted": sum(split["accepted"] for split in splits), "dropped": dict(dropped)}


def row(task: str, made: dict[str, Any]) -> list[str]:
    """Return the cells of a task."""
    plan = made["plan"]
    new = sum(each["requests"] - each["known"] for each in plan)
    unknown = any(each["prompt_tokens"] is None for each in plan)
    tokens = sum(each["prompt_tokens"] or 0 for each in plan)
    own = [each for each in plan if each["task"] == task and each["prompt_tokens"]]
    own_requests = sum(each["requests"] - each["known"] for each in own)
    own_tokens = sum(each["prompt_tokens"] for each in own)
    asked, reported = made["asked"].get(task, (0, 0))
    dropped = Counter(made.get("dropped", {}))
    ended = made["ran"]["code"]
    accepted = f"{made['accepted']} of {made['wanted']}" if "accepted" in made else "-"
    if ended:
        accepted = "stopped" if ended == INTERRUPTED else f"failed ({ended})"
    return [
        task,
        accepted,
        str(dropped.total()) if "dropped" in made else "-",
        ", ".join(f"{number} {reason}" for reason, number in dropped.most_common(2)),
        f"{new:,}",
        f"{sum(each[0] for each in made['asked'].values()):,}",
        f"{tokens:,}{'+' if unknown else ''}",
        f"{sum(each[1] for each in made['asked'].values()):,}",
        f"{own_tokens / own_requests:.0f}" if own_requests else "-",
        f"{reported / asked:.0f}" if asked else "-",
        f"{made['ran']['seconds']:.0f}",
        f"{made['ran']['processor']:.0f}",
    ]


def show(cells: list[str]) -> None:
    """Print a row of a table in Markdown."""
    print("|", " | ".join(cells), "|", flush=True)


def main() -> None:
    """Make the tasks, and print a row of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="a GGUF file in place of SmolLM2's")
    parser.add_argument("--limit", type=int, default=5, help="samples of each task")
    parser.add_argument("--then", type=int, help="of what is finished, go on to so many")
    parser.add_argument("--minutes", type=float, default=10, help="for one run at most")
    parser.add_argument("--hours", type=float, help="begin no task after so many")
    parser.add_argument("--tasks", nargs="+", help="these, in this order; else all that ask")
    arguments = parser.parse_args()
    # Of a process in the background a shell lets Ctrl-C pass, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    out, weights = arguments.out.resolve(), arguments.weights
    runs = Runs(out, weights and weights.resolve(), arguments.minutes)
    names = arguments.tasks or by_needs(load_recipe(RECIPE))
    show(list(COLUMNS))
    show(["---"] * len(COLUMNS))
    for name in names:
        for limit in filter(None, (arguments.limit, arguments.then)):
            made = runs.done.get(f"{name} {limit}")
            if made is None:
                if arguments.hours and time.monotonic() - began > arguments.hours * 3600:
                    break
                made = runs.make(name, limit)
            show(row(name, made))
            if made["ran"]["code"]:
                break
    failed = [
        name for name, made in runs.done.items() if made["ran"]["code"] not in (0, INTERRUPTED)
    ]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
