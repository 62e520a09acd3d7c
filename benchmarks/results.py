"""Did the data help? The measured claim of docs/results.md, from samples to served answers.

Run ``python benchmarks/results.py --out DIR --development development.json`` in an environment with
the extras ``train`` and ``local``, after ``python -m factory fetch smollm2``. It makes the mixtures
of ``benchmarks/results.yaml``, tunes SmolLM2-135M on each for the same number of steps, and puts
four sets of questions to the base and to the tuned models as llama.cpp serves them: held-out
samples of the tasks that are labelled and of those that derive from them, tasks that nothing was
trained on, and ShopBench's development set, where its file is given (it may not be passed on, so it
is not here). What was made stays in the folder and is not made again: the same command goes on
where it was stopped. The last thing is ``results.md`` with the tables.

With ``--unquantised`` the checkpoints themselves answer, through ``transformers``: the way where
there is a card. ``--languages`` adds the two mixtures of ``benchmarks/languages.yaml``, and the
held-out samples of each as questions: the same ones, in English and in their own language.
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
from factory.sources.download import cache_folder
from factory.terminal.intervals import with_interval
from factory.training.base import base_folder

RECIPE = ROOT / "benchmarks" / "results.yaml"
LANGUAGES = ROOT / "benchmarks" / "languages.yaml"
#: The mixture whose held-out samples everybody is asked; its model is served in 4 bits too.
WHOLE = "full"
#: Mixtures that change the prompts and not what is asked; ShopBench is not put to their models.
REWORDED = ("described", "unconstrained", "one_wording")
VARIANTS = ("without_derived", *REWORDED)
#: The same samples asked in English and each in its own language, and where they are told.
BY_LANGUAGE = ("many_languages", "own_language")
RECIPES = dict.fromkeys((WHOLE, *VARIANTS), RECIPE) | dict.fromkeys(BY_LANGUAGE, LANGUAGES)
SETS = ("labelled", "derived", "held_out", "development", *BY_LANGUAGE)
#: What a CPU that multiplies numbers of 16 bits says of itself.
HALVES = frozenset({"amx_bf16", "avx512_bf16"})
#: How models are served; the second where 4 bits are compared.
KINDS = ("q8_0", "q4_0")
OVERALL = "mean over tasks"


class Stages:
    """Verbs of the command line, each run once; how long each took is kept in the folder."""

    def __init__(self, out: Path, at_once: int | None) -> None:
        self._at_once = at_once
        self._file = out / "seconds.json"
        known = self._file.is_file()
        self.seconds: dict[str, float] = json.loads(self._file.read_text()) if known else {}

    def run(self, name: str, *verbs: Sequence[str]) -> None:
        """Run verbs, as many at once as was asked for; end where one fails.

        What all of them took by the clock is added to what they took before.
        """
        took, failed = run_verbs(*verbs, at_once=self._at_once)
        self.seconds[name] = self.seconds.get(name, 0.0) + took
        self._file.write_text(json.dumps(self.seconds, indent=1), encoding="utf-8")
        print(f"{time.strftime('%H:%M:%S')} {took:7.1f} s  {name}", flush=True)
        if failed is not None:
            sys.exit(f"{name}: {failed}")


def tuned(
    stages: Stages, out: Path, variants: Sequence[str], asked: argparse.Namespace
) -> dict[str, str]:
    """Tune the base on mixtures and put ``alpha`` of that into its weights; return them by name."""
    how = ("--preset", "tiny", "--precision", precision(), "--base", asked.base)
    how += ("--steps", str(asked.steps), "--seed", str(asked.seed))
    if asked.learning_rate is not None:
        how += ("--learning-rate", str(asked.learning_rate))
    for variant in variants:
        if not (out / variant / "manifest.json").is_file():
            made = ("run", str(RECIPES[variant]), "--mixture", variant, "--out", str(out))
            stages.run(f"samples: {variant}", made)
    models = {variant: out / "models" / variant for variant in variants}
    missing = {name: each for name, each in models.items() if not (each / "merged").is_dir()}
    learned, merged = [], []
    for variant, folder in missing.items():
        training = folder / "training"
        if not (training / "adapter").is_dir():
            learned.append(("train", str(out / variant), *how, "--out", str(training)))
        weight = ("--weight", str(asked.alpha), "--into-weights", "--out", str(folder / "merged"))
        merged.append(("merge", str(training / "adapter"), *weight))
    if learned:
        stages.run(f"train: {len(learned)} mixtures", *learned)
    if merged:
        stages.run(f"merge: {len(merged)} adapters", *merged)
    return {name: str(each / "merged") for name, each in models.items()}


def contestants(stages: Stages, out: Path, asked: argparse.Namespace) -> dict[str, Path]:
    """Return who answers, by name: the base and what was tuned, as it is served or as it is."""
    variants = (WHOLE, *asked.variants, *(BY_LANGUAGE if asked.languages else ()))
    base = base_folder(asked.base, cache_folder()) if asked.unquantised else asked.base
    merged = {"base": base, **tuned(stages, out, variants, asked)}
    if asked.unquantised:
        return {name: Path(folder) for name, folder in merged.items()}
    models = {}
    for name, model in merged.items():
        for kind in KINDS if name in ("base", WHOLE) else KINDS[:1]:
            shown = name if kind == KINDS[0] else f"{name}-{kind}"
            models[shown] = served(stages, model, out / "models" / name / f"{kind}.gguf", kind)
    return models


def precision() -> str:
    """Return the bits that this machine multiplies fastest: 16 on a card or a CPU that knows them.

    A CPU that does not takes minutes a step with them.
    """
    import torch

    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text(encoding="utf-8").split() if cpu.is_file() else ()
    return "bf16" if torch.cuda.is_available() or HALVES.intersection(flags) else "fp32"


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
    for name in (each for each in BY_LANGUAGE if each in models):
        place = ("--out", str(folders[name]), "--limit", str(limits[name]))
        chosen = (each for who, each in asked.items() if who in ("base", WHOLE, *BY_LANGUAGE))
        verbs[name] = ("evaluate", str(out / name), *place, *common, *chosen)
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
    """Yield the table of tuned models beside that of the whole mixture.

    And of 4 bits beside 4 bits, and of prompts by language beside prompts in English.
    """
    yield "| | minus | difference (95 %) | p |"
    yield "|---|---|---|---|"
    for each in results["comparisons"]:
        first, second = each["first"], each["second"]
        if first == WHOLE or (first, second) in (("base-q4_0", f"{WHOLE}-q4_0"), BY_LANGUAGE):
            yield f"| {second} | {first} | {beyond_chance(each[OVERALL])} |"


def by_task(results: dict[str, Any]) -> Iterator[str]:
    """Yield the table of each task's own score."""
    own = ("base", WHOLE, *VARIANTS, *BY_LANGUAGE)
    shown = [name for name in results["models"] if name in own]
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
        if name not in found and name in BY_LANGUAGE:
            continue
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
    parser.add_argument("--learning-rate", type=float, help="in place of the preset's, 1e-3")
    parser.add_argument("--alpha", type=float, default=1.0, help="wise-ft's")
    parser.add_argument("--questions", type=int, default=8, help="of each trained task, at most")
    parser.add_argument("--unseen", type=int, default=16, help="of each held-out task, at most")
    parser.add_argument("--max-tokens", type=int, default=64, help="of an answer")
    parser.add_argument("--variants", nargs="*", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--languages", action="store_true", help="train and ask by language too")
    parser.add_argument("--base", default=BASE, help="a Hub's name, a folder, or a GGUF file")
    parser.add_argument("--seed", type=int, default=42, help="of the order of samples")
    parser.add_argument("--unquantised", action="store_true", help="transformers answer, on a card")
    parser.add_argument("--at-once", type=int, help="processes; else one a processor")
    asked = parser.parse_args()
    out = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    stages = Stages(out, asked.at_once)
    limits = {"held_out": asked.unseen}
    limits |= dict.fromkeys(("labelled", "derived", *BY_LANGUAGE), asked.questions)
    models = contestants(stages, out, asked)
    found = evaluations(stages, out, models, asked.development, asked.max_tokens, limits)
    text = report(found, stages.seconds)
    (out / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
