"""What happens to long runs, injected: kills, full disks, changed sources, hostile endpoints.

    python benchmarks/faults.py --seed 1 --kills 100 --out DIR

Every kind of fault of ``tests/faults/table.py`` is put to real runs of the command line; after
each, no file of the output is half-written, no process is left, and the same command goes on to the
bytes of a run that nothing disturbed. The table is printed as Markdown and kept with all that was
said in ``DIR/faults.json``. It ends with 1 where something does not hold. Needs Linux; full, slow
and read-only disks need the right to mount (root, or user namespaces) and ``strace``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)

from tests.conftest import copy_shop  # noqa: E402
from tests.faults.table import KINDS, Kind  # noqa: E402
from tests.faults.trial import Bench, Found, NotPossibleError  # noqa: E402


def main() -> int:
    """Inject what is asked for, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=100, help="kill -9 in all")
    parser.add_argument("--share", type=float, default=1.0, help="of the other faults")
    parser.add_argument("--only", default="", help="kinds whose names match this expression")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    _in_a_namespace_of_its_own()
    options.out.mkdir(parents=True, exist_ok=True)
    work = options.out / "work"
    shutil.rmtree(work, ignore_errors=True)
    bench = Bench(work, copy_shop(work / "shop", copies=2))
    rows = []
    for kind in KINDS:
        if not re.search(options.only, kind.name):
            continue
        share = options.kills / 100 if kind.kills else options.share
        rows.append(_row(bench, kind, options.seed, max(round(kind.long * share), 1)))
        print(_line(rows[-1]), flush=True)
    report = {"seed": options.seed, "machine": _machine(), "kinds": rows}
    (options.out / "faults.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    shutil.rmtree(work, ignore_errors=True)
    print(f"\nseed {options.seed}; {_machine()}\n\n{_markdown(rows)}")
    return 1 if any(row["broken"] for row in rows) else 0


def _in_a_namespace_of_its_own() -> None:
    """Start again where disks may be mounted, and are gone when this ends, however it ends."""
    if "FAULTS_NAMESPACE" in os.environ or shutil.which("unshare") is None:
        return
    options = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
    os.environ["FAULTS_NAMESPACE"] = "own"
    if os.system(f"unshare {' '.join(options)} true 2>/dev/null") == 0:  # noqa: S605
        os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])  # noqa: S606


def _row(bench: Bench, kind: Kind, seed: int, count: int) -> dict[str, object]:
    began = time.monotonic()
    draw = random.Random(f"{seed} {kind.name}")  # noqa: S311
    skipped = ""
    try:
        found = kind.inject(bench, draw, count)
    except NotPossibleError as error:
        found, skipped = Found(), str(error)
    return {
        "kind": kind.name,
        "how": kind.how(),
        "injected": found.injected,
        "broken": found.broken,
        "notes": {name: count for name, count in sorted(found.notes.items()) if count},
        "skipped": skipped,
        "words": sorted(set(found.words) - {""})[:20],
        "seconds": round(time.monotonic() - began, 1),
    }


def _line(row: dict[str, object]) -> str:
    return f"{row['seconds']:>7} s  {row['kind']}: {row['injected']}, {_result(row)}"


def _result(row: dict[str, object]) -> str:
    if row["skipped"]:
        return f"not injected: {row['skipped']}"
    if row["broken"]:
        return f"BROKEN: {row['broken']}"
    notes = row["notes"]
    said = ", ".join(f"{count} {name}" for name, count in notes.items()) if notes else ""  # type: ignore[attr-defined]
    return f"held ({said})" if said else "held"


def _markdown(rows: list[dict[str, object]]) -> str:
    lines = ["| kind | injected by | faults | result |", "|---|---|---|---|"]
    lines += [
        f"| {row['kind']} | {row['how']} | {row['injected']:,} | {_result(row)} |" for row in rows
    ]
    total = sum(int(str(row["injected"])) for row in rows)
    return "\n".join([*lines, f"| {len(rows)} kinds | | {total:,} | |"])


def _machine() -> str:
    system, python = platform.release(), platform.python_version()
    return f"{platform.system()} {system}, {os.cpu_count()} cores, Python {python}"


if __name__ == "__main__":
    sys.exit(main())
