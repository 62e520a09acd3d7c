"""Print what the cheats score on every task of the catalogue, next to chance, as a table.

    python benchmarks/probes.py --out /tmp/probes                 # on the bundled shop
    python benchmarks/probes.py --out /tmp/probes --source esci=/data/esci --task task12

A row is a task whose strongest cheat scores more than ten points over chance; ``--all`` prints the
others as well. Tasks that ask a language model are left out: what they say is the model's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def main() -> None:
    """Run the tasks, and print the strongest cheats of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--source", action="append", default=[])
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    program = [sys.executable, "-m", "factory"]
    listed = subprocess.run(
        [*program, "list", "recipes.yaml", "--json"], check=True, cwd=PROJECT, capture_output=True
    )
    tasks = arguments.task or [
        task["name"] for task in json.loads(listed.stdout) if not task["needs_llm"]
    ]
    command = [*program, "run", "recipes.yaml", "--json", "--limit", str(arguments.limit)]
    command += ["--out", str(arguments.out)]
    for option, values in (("--task", tasks), ("--source", arguments.source)):
        command += [part for value in values for part in (option, value)]
    subprocess.run(command, check=True, cwd=PROJECT, stdout=subprocess.DEVNULL)
    print("| task | samples | chance | cheats |\n|---|---|---|---|")
    for task in tasks:
        manifest = json.loads((arguments.out / task / "manifest.json").read_bytes())
        probes = manifest["probes"]
        found = sorted(
            ((each["score"], name) for name, each in probes.items() if each["gives_away"]),
            reverse=True,
        )
        if not found and not arguments.all:
            continue
        chance = max((each["chance"] for each in probes.values()), default=0.0)
        said = ", ".join(f"{name.replace('_', ' ')} {score:.2f}" for score, name in found[:3])
        rows = manifest["splits"]["train"]["accepted"]
        print(f"| {task} | {rows} | {chance:.2f} | {said or '-'} |")


if __name__ == "__main__":
    main()
