"""Did the data help? The measured claim of docs/results.md, from samples to served answers.

Run ``python benchmarks/results.py --out DIR --development development.json`` in an environment with
the extras ``train`` and ``local``, after ``python -m factory fetch smollm2``. It makes the mixtures
of ``benchmarks/results.yaml``, tunes SmolLM2-135M on each for the same number of steps, and puts
four sets of questions to the base and to the tuned models as llama.cpp serves them: held-out
samples of the tasks that are labelled and of those that derive from them, tasks that nothing was
trained on, and ShopBench's development set, where its file is given (it may not be passed on, so it
is not here). What was made stays in the folder and is not made again: the same command goes on
where it was stopped. The last thing is ``results.md`` with the tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.verbs import BASE, ROOT, run_verbs
from factory.recipe import load_recipe
from factory.terminal.intervals import with_interval

RECIPE = ROOT / "benchmarks" / "results.yaml"
#: The mixture whose held-out samples everybody is asked; its model is served in 4 bits too.
WHOLE = "full"
#: Mixtures that change the prompts and not what is asked; ShopBench is not put to their models.
REWORDED = ("described", "unconstrained", "one_wording")
VARIANTS = ("without_derived", *REWORDED)
SETS = ("labelled", "derived", "held_out", "development")
OVERALL = "mean over tasks"


class Stages:
    """Verbs of the command line, each run once; how long each took is kept in the folder."""

    def __init__(self, out: Path) -> None:
        self._file = out / "seconds.json"
        known = self._file.is_file()
        self.seconds: dict[str, float] = json.loads(self._file.read_text()) if known else {}

    def run(self, name: str, *verbs: Sequence[str]) -> None:
        """Run verbs, as many at once as there are processors; end where one fails.

        What all of them took by the clock is added to what they took before.
        """
        took, failed = run_verbs(*verbs)
        self.seconds[name] = self.seconds.get(name, 0.0) + took
        self._file.write_text(json.dumps(self.seconds, indent=1), encoding="utf-8")
        print(f"{time.strftime('%H:%M:%S')} {took:7.1f} s  {name}", flush=True)
        if failed is not None:
            sys.exit(f"{name}: {failed}")


def tuned(
    stages: Stages, out: Path, variants: Sequence[str], steps: int, alpha: float
) -> dict[str, str]:
    """Tune the base on mixtures and put ``alpha`` of that into its weights; return them by name."""
    for variant in variants:
        if not (out / variant / "manifest.json").is_file():
            made = ("run", str(RECIPE), "--mixture", variant, "--out", str(out))
            stages.run(f"samples: {variant}", made)
    models = {variant: out / "models" / variant for variant in variants}
    missing = {name: each for name, each in models.items() if not (each / "merged").is_dir()}
    learned, merged = [], []
    for variant, folder in missing.items():
        training = folder / "training"
        preset = ("--preset", "tiny", "--precision", "bf16", "--steps", str(steps))
        if not (training / "adapter").is_dir():
            learned.append(("train", str(out / variant), *preset, "--out", str(training)))
        weight = ("--weight", str(alpha), "--into-weights", "--out", str(folder / "merged"))
        merged.append(("merge", str(training / "adapter"), *weight))
    if learned:
        stages.run(f"train: {len(learned)} mixtures", *learned)
    for merge in merged:
        stages.run("merge", merge)
    return {name: str(each / "merged") for name, each in models.items()}


def served(stages: Stages, model: str, file: Path, kind: str) -> Path:
    """Return the file of ``model`` in the precision ``kind``, made where it is missing."""
    if not file.is_file():
        verb = ("quantize", model, "--to", kind, "--out", str(file))
        stages.run(f"quantize: {file.parent.name} {kind}", verb)
    return file


def tasks_of(run: Path) -> dict[str, list[str]]:
    """Return the tasks of a mixture by set: trained as labelled, as derived, and held out."""
    recipe = load_recipe(RECIPE)
    sets: dict[str, list[str]] = {"labelled": [], "derived": [], "held_out": []}
    tasks = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["tasks"]
    for name, each in tasks.items():
        derived = recipe.tasks[name].derive is not None
        sets["held_out" if each["held_out"] else "derived" if derived else "labelled"].append(name)
    return sets


def evaluations(
    stages: Stages,
    out: Path,
    models: dict[str, Path],
    development: Path | None,
    most: int,
    limits: dict[str, int],
) -> dict[str, dict[str, Any]]:
    """Put every set of questions to every model; return the results by set.

    A task of the mixture is asked at most its set's ``limits`` of questions, an answer has at most
    ``most`` tokens.
    """
    run = out / WHOLE
    folders = {name: out / "evaluations" / name for name in SETS}
    asked = {name: f"--model={name}={path}" for name, path in models.items()}
    common = ("--sets", "2000", "--max-tokens", str(most))
    verbs = {
        name: (
            *("evaluate", str(run), "--out", str(folders[name]), "--limit", str(limits[name])),
            *(*common, *asked.values(), *(f"--task={task}" for task in tasks)),
        )
        for name, tasks in tasks_of(run).items()
    }
    if development is not None:
        # Its embeddings and its Japanese BLEU need models and a dictionary of their own.
        without = ("--without", "sent-transformer", "--without", "jp-bleu")
        place = ("--out", str(folders["development"]))
        chosen = (each for name, each in asked.items() if name not in REWORDED)
        verbs["development"] = ("evaluate", str(development), *place, *common, *without, *chosen)
    stages.run(f"evaluate: {len(models)} models", *verbs.values())
    return {name: json.loads((folders[name] / "results.json").read_bytes()) for name in verbs}


def beyond_chance(difference: dict[str, float]) -> str:
    """Return a difference with its interval, and how likely it is where there is none."""
    return f"{with_interval(difference)} | {difference['p']:.4f}"


def table(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table of one set of questions: each model, and beside the base."""
    yield "| model | mean over tasks (95 %) | beside the base (95 %) | p | faults of form |"
    yield "|---|---|---|---|---|"
    beside = {
        each["second"]: each[OVERALL] for each in results["comparisons"] if each["first"] == "base"
    }
    for name, each in results["models"].items():
        difference = beside.get(name)
        compared = "| |" if difference is None else f"{beyond_chance(difference)} |"
        faults = sum(each["faults_of_form"].values())
        yield f"| {name} | {with_interval(each['overall'][OVERALL])} | {compared} {faults} |"


def pairs(results: dict[str, Any]) -> Iterator[str]:
    """Yield the table of tuned models beside that of the whole mixture, and of 4 bits by 4 bits."""
    yield "| | minus | difference (95 %) | p |"
    yield "|---|---|---|---|"
    for each in results["comparisons"]:
        first, second = each["first"], each["second"]
        if first == WHOLE or (first, second) == ("base-q4_0", f"{WHOLE}-q4_0"):
            yield f"| {second} | {first} | {beyond_chance(each[OVERALL])} |"


def by_task(results: dict[str, Any]) -> Iterator[str]:
    """Yield the table of each task's own score."""
    shown = [name for name in results["models"] if name in ("base", WHOLE, *VARIANTS)]
    yield f"| task | questions | metric | {' | '.join(shown)} |"
    yield f"|---|---|---|{'---|' * len(shown)}"
    for task, each in results["models"]["base"]["tasks"].items():
        scores = [
            f"{results['models'][name]['tasks'][task]['measures'][each['metric']]['value']:.2f}"
            for name in shown
        ]
        yield f"| {task} | {each['questions']} | {each['metric']} | {' | '.join(scores)} |"


def report(found: dict[str, dict[str, Any]], seconds: dict[str, float]) -> str:
    """Return the tables."""
    lines: list[str] = []
    for name in SETS:
        if name not in found:
            lines += [f"## {name}: left out", ""]
            continue
        results = found[name]
        questions = results["benchmark"]["questions"]
        lines += [f"## {name}: {questions} questions", "", *table(results), "", *pairs(results), ""]
        lines += [*by_task(results), ""]
    lines += ["| stage | seconds |", "|---|---|"]
    lines += [f"| {name} | {took:.0f} |" for name, took in seconds.items()]
    lines += [f"| all | {sum(seconds.values()):.0f} |"]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--development", type=Path, help="ShopBench's development.json")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--alpha", type=float, default=1.0, help="wise-ft's")
    parser.add_argument("--questions", type=int, default=8, help="of each trained task, at most")
    parser.add_argument("--unseen", type=int, default=16, help="of each held-out task, at most")
    parser.add_argument("--max-tokens", type=int, default=64, help="of an answer")
    parser.add_argument("--variants", nargs="*", default=VARIANTS, choices=VARIANTS)
    asked = parser.parse_args()
    out = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    stages = Stages(out)
    limits = {"labelled": asked.questions, "derived": asked.questions, "held_out": asked.unseen}
    models = {
        name: served(stages, BASE, out / "models" / "base" / f"{kind}.gguf", kind)
        for name, kind in (("base", "q8_0"), ("base-q4_0", "q4_0"))
    }
    variants = (WHOLE, *asked.variants)
    for variant, merged in tuned(stages, out, variants, asked.steps, asked.alpha).items():
        folder = out / "models" / variant
        models[variant] = served(stages, merged, folder / "q8_0.gguf", "q8_0")
        if variant == WHOLE:
            models[f"{variant}-q4_0"] = served(stages, merged, folder / "q4_0.gguf", "q4_0")
    found = evaluations(stages, out, models, asked.development, asked.max_tokens, limits)
    text = report(found, stages.seconds)
    (out / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
