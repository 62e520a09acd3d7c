"""Measures the page of a run with many samples: building it, and using it in a browser.

Run ``python benchmarks/report.py [--samples 20000] [--runs 3] [--task task15 ...]``: each task is
made from the bundled shop, its samples are repeated under other ids, and the page of all of them is
built and opened in a headless Chromium. Building is in processor seconds of this process, as the
machine may be shared; what the browser does is in wall-clock milliseconds, the median of the runs.
``--images FOLDER`` takes the pictures of docs/report.md instead.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from factory.report.overview import size
from factory.report.page import write_report
from tests.report.browser import Browser, opened_browser
from tests.report.folders import grown_run, mixture_run, task_run

#: A letter that nearly all have, words that some have, and words that none has.
QUERIES = ("b", "customer", "perfect bottle price", "zzzz")
_SEARCH = """
const field = document.getElementById("query");
const start = performance.now();
field.value = arguments[0];
field.dispatchEvent(new Event("input"));
document.body.offsetHeight;
return performance.now() - start;
"""
_STARTED = "return performance.getEntriesByType('navigation')[0].domInteractive"
_READY = "return performance.now()"


def measure(browser: Browser, folder: Path, runs: int) -> None:
    """Build the page of ``folder`` and use it; print what both took."""
    before = time.process_time()
    report = write_report(folder)
    built = time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{report.samples:,} samples: {size(report.bytes)}, built in {built:.1f} s of processor")
    print(f"  most memory so far {memory:,.0f} MB")
    interactive, ready = [], []
    searches: dict[str, list[float]] = {query: [] for query in QUERIES}
    for _ in range(runs):
        browser.open(report.path, "#samples")
        ready.append(float(browser.run(_READY)))
        interactive.append(float(browser.run(_STARTED)))
        for query in QUERIES:
            searches[query].append(float(browser.run(_SEARCH, query)))
    print(f"  to be used after {median(interactive):,.0f} ms, all unpacked {median(ready):,.0f} ms")
    for query, took in searches.items():
        print(f"  search {query!r}: {median(took):,.0f} ms, at worst {max(took):,.0f} ms")


def take_pictures(browser: Browser, out: Path, target: Path) -> None:
    """Write the three pictures of docs/report.md."""
    target.mkdir(parents=True, exist_ok=True)
    mixture = write_report(mixture_run(out / "mixture", limit=100)).path
    browser.open(mixture, width=1280, height=1010)
    browser.picture(target / "report-desktop.png")
    ranking = write_report(task_run(out, "task12", limit=1000)).path
    browser.open(ranking, "#samples", dark=True, width=1280, height=860)
    browser.search("zapatillas correr")
    browser.press("j")
    browser.picture(target / "report-dark.png")
    browser.open(mixture, "#samples", width=375, height=760, scale=2)
    browser.run("document.querySelectorAll('.row')[3].click()")
    browser.until("return document.body.classList.contains('reading')")
    browser.picture(target / "report-phone.png")


def main() -> None:
    """Measure, or take pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--task", action="append", help="task12 and task15 where none is named")
    parser.add_argument("--images", type=Path)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        opened_browser(Path(folder) / "profile") as browser,
    ):
        out = Path(folder)
        if given.images:
            take_pictures(browser, out, given.images)
            return
        for task in given.task or ("task12", "task15"):
            run = task_run(out, task, limit=5000)
            print(task, end=", ")
            measure(browser, grown_run(out / f"{task}-grown", run, given.samples), given.runs)


if __name__ == "__main__":
    main()
