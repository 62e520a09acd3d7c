"""Folders of runs for the page: real ones, and what a hostile source would leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from factory.engines import LocalEngine
from factory.line import run_mixture, run_task
from factory.llm.pool import ModelPool
from factory.recipe import load_recipe

#: What a source may hold: markup, the end of a script, a turned direction, a zero byte, an emoji.
SCRIPT = "<script>window.hostile = 1</script>"
CLOSING = "</script></style></title><!-- <script>window.hostile = 2</script>"
IMAGE = "<img src=\"https://example.com/x.png\" onerror='window.hostile = 3'>"
TURNED = "safe \u202egpj.exe\u202c\u2067 end"
ZERO = "zero\x00byte \x1b[31m red"
EMOJI = "👩‍👩‍👧 🏷️"
MATHS = r"$\frac{1}{0}$ {{ 7 * 7 }} ${7*7} %s"
LONG = "long title " * 455
HOSTILE = (SCRIPT, CLOSING, IMAGE, TURNED, ZERO, EMOJI, MATHS, LONG)
TASK = f'"><b onmouseover=window.hostile=4>{SCRIPT}'


def task_run(out: Path, task: str = "task15", limit: int = 60) -> Path:
    recipe = load_recipe("recipes.yaml").with_changes(limit=limit)
    return run_task(recipe, task, out, LocalEngine()).folder


def mixture_run(out: Path, limit: int = 20) -> Path:
    recipe = load_recipe("recipes.yaml").with_changes(limit=limit)
    return run_mixture(recipe, "v9b", out, LocalEngine()).folder


def judged_run(out: Path, cache: Path) -> Path:
    """Return a run whose samples a scripted judge scored, and some of which it dropped."""
    text = (
        "include: [catalogue]\n"
        "filters: {grammar: true, judge: {models: [scripted], threshold: 2}}\n"
        "tasks: {judge_substitute: {size: 12}}\n"
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.yaml").write_text(text, encoding="utf-8")
    recipe = load_recipe(out / "recipe.yaml")
    with ModelPool(recipe.models, cache) as models:
        return run_task(recipe, "judge_substitute", out, LocalEngine(), models=models).folder


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_records(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def hostile_run(folder: Path, run: Path) -> Path:
    """Write a copy of a run whose texts, ids, reasons and names are all somebody's attack."""
    folder.mkdir(parents=True)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["task"] = TASK
    manifest["recipe"]["title"] = f"{SCRIPT} {TURNED} {ZERO} {MATHS}"
    for split in manifest["splits"].values():
        split["rejected"] = {f"{IMAGE}: {TURNED}{SCRIPT}": 3, f"rows: {ZERO}{MATHS}": 2}
        split["strata"] = {**split["strata"], f"{CLOSING}{TURNED}": {"keys": 1, "quota": 9}}
        split["strata"][f"{CLOSING}{TURNED}"]["accepted"] = 0
    manifest["probes"][f"{SCRIPT}{MATHS}{TURNED}"] = {
        "score": 0.9,
        "chance": 0.1,
        "rows": 9,
        "gives_away": True,
    }
    manifest["source"]["quarantined"] = [{"cause": CLOSING, "rows": 3, "examples": [SCRIPT]}]
    kept = records(run / "train.jsonl")
    for number, record in enumerate(kept):
        attack = HOSTILE[number % len(HOSTILE)]
        record |= {
            "id": f"{number}{CLOSING}{IMAGE}",
            "task": TASK,
            "lang": TURNED,
            "locale": SCRIPT,
            "input_field": f"{attack}\n{record['input_field']}",
            "input": attack,
            "options": [attack, SCRIPT],
            "reasoning": f"{attack}\n{CLOSING}",
            "slots": json.dumps({attack: attack, "list": [attack, {"deep": attack}]}),
            "scores": {f"judge.{SCRIPT}": 1.0},
            "description": attack,
            "gold": "0",
        }
        record["provenance"] |= {"source_ids": [attack], "model": SCRIPT, "wording": TURNED}
        record["verdicts"][0] |= {"reason": attack, "detail": CLOSING}
    kept[0]["output_field"] = CLOSING
    write_records(folder / "train.jsonl", kept)
    dropped = [
        {
            "id": f"dropped {attack}",
            "task": TASK,
            "split": "train",
            "filter": IMAGE,
            "reason": TURNED,
            "detail": attack,
            "record": json.dumps({"title": attack, attack: [attack]}),
        }
        for attack in HOSTILE
    ]
    write_records(folder / "rejected.jsonl", dropped)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def grown_run(folder: Path, run: Path, samples: int, change: Callable[[str], str] = str) -> Path:
    """Write a copy of a run in which its samples stand many times over, each with its own id."""
    folder.mkdir(parents=True)
    kept = records(run / "train.jsonl")
    grown = []
    for number in range(samples):
        record = dict(kept[number % len(kept)])
        record |= {"id": f"{number:016x}", "input_field": f"no {number} {record['input_field']}"}
        grown.append(record | {"input_field": change(record["input_field"])})
    write_records(folder / "train.jsonl", grown)
    for name in ("rejected.jsonl", "manifest.json"):
        (folder / name).write_bytes((run / name).read_bytes())
    return folder
