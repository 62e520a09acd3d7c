"""How fast a finished run is written in each format.

    python benchmarks/export.py out/task12

Prints rows a second by wall clock and by processor time (other work on the machine slows the
first), and the size of what was written.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from factory.outputs.formats import FORMATS
from factory.runs.export import export


def main() -> None:
    """Export the run in every format and kind of file, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    run: Path = parser.parse_args().run
    print(f"{'format':24} {'kind':8} {'rows':>8} {'rows/s':>8} {'rows/cpu s':>10} {'MB':>7}")
    for name, form in FORMATS.items():
        for kind in form.stored:
            with tempfile.TemporaryDirectory() as out:
                wall, cpu = time.perf_counter(), time.process_time()
                made = export(run, name, stored=kind, out=Path(out))
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                files = [path for path in made.folder.rglob("*") if path.is_file()]
                size = sum(path.stat().st_size for path in files) / 1e6
            rows = sum(made.rows.values())
            print(
                f"{name:24} {kind:8} {rows:8,} {rows / wall:8,.0f} {rows / cpu:10,.0f} {size:7.1f}"
            )


if __name__ == "__main__":
    main()
