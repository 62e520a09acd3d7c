"""From samples to a served model, for real: run, train, merge, quantize, evaluate in one go.

Run ``python benchmarks/chain.py --out DIR`` in an environment with the extras ``train`` and
``local``, after ``python -m factory fetch smollm2``. It tunes SmolLM2-135M on samples of the
bundled shop for some steps, takes 0.56 of the way (wise-ft), and serves it in 4 and 8 bits; then
the same held-out questions go to the base, the tuned model and both files. It ends with 1 where the
served answers in 8 bits are not nearer to the merged model's than the base's are: then the tuning
was lost on the way. The same command goes on with a training run that was stopped. So few steps and
questions say that the chain holds, and nothing about how good it is.

``--quick`` is the chain of a minute or two that every change goes through: fewer steps on shorter
prompts, with 16 bits in the place of 8. Those lose nothing, so it fails where fewer than three
quarters of the answers served in 16 bits are the merged model's, letter by letter.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.verbs import BASE, run_verbs
from factory.terminal.intervals import with_interval

RECIPE = "include: [catalogue]\ntasks:\n  {task}: {{size: {train}, test: {test}{english}}}\n"
ENGLISH = ", balance: {locale: {us: 1}}"
#: Of the served answers that the merged model gave too.
QUICK_SHARE = 0.75


def step(name: str, *arguments: str) -> None:
    """Run one verb of the command line and print how long it took; end where it fails."""
    took, failed = run_verbs(arguments)
    print(f"{took:6.1f} s  {name}", flush=True)
    if failed is not None:
        sys.exit(f"{name}: {failed}")


def answers_of(folder: Path) -> dict[str, dict[str, str]]:
    """Return what each model answered, by question."""
    found: dict[str, dict[str, str]] = {}
    for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        found.setdefault(said["model"], {})[said["id"]] = said["text"].strip()
    return found


def report(folder: Path, nearest: str, share: float) -> bool:
    """Print scores and agreements; return whether the tuning is in the served answers.

    It is where those of the file ``nearest`` are the merged model's more often than the base's are,
    and in ``share`` of the questions.
    """
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    answers = answers_of(folder)
    merged = answers["unquantised"]
    same = {
        name: sum(text == merged[asked] for asked, text in own.items())
        for name, own in answers.items()
    }
    print("\nmodel        score (95 %)             answers as the merged model's")
    for name, each in results["models"].items():
        score = each["overall"]["mean over questions"]
        print(f"{name:12} {with_interval(score):24} {same[name]} of {len(merged)}")
    return same[nearest] > same["base"] and same[nearest] >= share * len(merged)


def main() -> None:
    """Run the chain in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--samples", type=int, help="to train on: 80, or 48")
    parser.add_argument("--steps", type=int, help="20, or 12")
    parser.add_argument("--questions", type=int, help="held out: 16, or 8")
    asked = parser.parse_args()
    quick: bool = asked.quick
    samples, steps = asked.samples or (48 if quick else 80), asked.steps or (12 if quick else 20)
    questions = asked.questions or (8 if quick else 16)
    task, near = ("judge_review_sentence", "f16") if quick else ("task15", "q8_0")
    out = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    recipe = out / "recipes.yaml"
    english = ENGLISH if quick else ""
    written = RECIPE.format(task=task, train=samples, test=questions, english=english)
    recipe.write_text(written, encoding="utf-8")
    run, q4, other = out / task, out / "q4_0.gguf", out / f"{near}.gguf"
    base, merged = out / "base.gguf", out / "merged"
    step("samples", "run", str(recipe), "--task", task, "--out", str(out))
    tiny = ("--preset", "tiny", "--steps", str(steps), "--out", str(out / "training"))
    step("train", "train", str(run), *tiny)
    adapter = str(out / "training" / "adapter")
    step("merge", "merge", adapter, "--weight", "0.56", "--into-weights", "--out", str(merged))
    few = ("--questions", str(questions))
    step(
        "quantize to q4_0, and compare",
        *("quantize", str(merged), "--to", "q4_0", "--out", str(q4), "--compare", str(run), *few),
    )
    step(f"quantize to {near}", "quantize", str(merged), "--to", near, "--out", str(other))
    step(f"quantize the base to {near}", "quantize", BASE, "--to", near, "--out", str(base))
    step(
        "evaluate",
        *("evaluate", str(run), "--out", str(out / "evaluation"), "--sets", "1000"),
        *("--answers", f"unquantised={q4.with_suffix('.compared') / 'answers.jsonl'}"),
        *(f"--model={each.stem}={each}" for each in (base, other, q4)),
    )
    if not report(out / "evaluation", near, QUICK_SHARE if quick else 0):
        sys.exit("the served answers are not those of the merged model: the tuning was lost")


if __name__ == "__main__":
    main()
