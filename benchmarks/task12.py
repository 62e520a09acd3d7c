"""Time the whole task12 command on full-scale ESCI files against two plain ways to the same rows.

    python benchmarks/task12.py /data/esci --runs 5

The folder holds ESCI's upstream files at full scale (2.6 M judgements, 1.8 M products). Each way
is a process of its own, run in turn (A B C A B C ...), so that the ratios hold on a machine whose
speed drifts; time and memory are the operating system's own accounting of the finished process.

* ``factory``: ``python -m factory run recipes.yaml --task task12``, everything it does included.
* ``duckdb``: DuckDB reads and joins only the sampled rows, a bare Jinja loop renders them, JSON
  lines are written. Nothing is cleaned, checked, filtered or recorded.
* ``pandas``: both files read whole and merged, as most notebooks do, then the same loop.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]

COMMON = """
import sys
from jinja2 import Environment
from pydantic_core import to_json
folder, out = sys.argv[1], sys.argv[2]
template = Environment().from_string(
    "A user has made a query with keyword '{{ query }}'. Given the following numbered list of 5 "
    "products, please rank the products according their relevance with the query. \\nProduct List: "
    "\\n{% for title in titles %}{{ loop.index }}. {{ title }}\\n{% endfor %}You should output a "
    "permutation of 1 to 5. There should be a comma separating two numbers. Each product and its "
    "number should appear only once in the output. Only respond with the ranking results. Do not "
    "say any word or explanations.\\nOutput: ")
GAIN = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}

def write(rows):
    with open(out + "/train.jsonl", "wb") as file:
        for query, titles, labels in rows:
            relevance = [GAIN[label] for label in labels]
            order = sorted(range(5), key=lambda item: -relevance[item])
            file.write(to_json({
                "input_field": template.render(query=query, titles=titles),
                "output_field": ",".join(str(item + 1) for item in order),
                "gold": relevance, "task_type": "ranking", "metric": "ndcg",
            }) + b"\\n")
"""

DUCKDB = (
    COMMON
    + """
import duckdb
examples = folder + "/shopping_queries_dataset_examples.parquet"
products = folder + "/shopping_queries_dataset_products.parquet"
write(duckdb.execute(f\"\"\"
WITH queries AS (
    SELECT query_id FROM '{examples}' WHERE split = 'train' GROUP BY query_id
    HAVING count(*) >= 5 AND bool_or(esci_label = 'E') AND bool_or(esci_label <> 'E')
    ORDER BY hash(query_id) LIMIT 16728),
five AS (
    SELECT query_id, query, product_id, product_locale, esci_label
    FROM '{examples}' SEMI JOIN queries USING (query_id)
    QUALIFY row_number() OVER (PARTITION BY query_id ORDER BY hash(product_id)) <= 5)
SELECT any_value(query), list(product_title), list(esci_label)
FROM five JOIN '{products}' USING (product_id, product_locale) GROUP BY query_id
\"\"\").fetchall())
"""
)

PANDAS = (
    COMMON
    + """
import pandas
examples = pandas.read_parquet(folder + "/shopping_queries_dataset_examples.parquet")
products = pandas.read_parquet(folder + "/shopping_queries_dataset_products.parquet")
merged = examples.merge(products, on=["product_locale", "product_id"], how="left")
merged = merged[merged["split"] == "train"]
rows = []
for _, group in merged.groupby("query_id", sort=False):
    if len(group) >= 5 and 0 < (group["esci_label"] == "E").sum() < len(group):
        five = group.sample(5, random_state=7)
        rows.append((five["query"].iloc[0], list(five["product_title"]), list(five["esci_label"])))
        if len(rows) == 16728:
            break
write(rows)
"""
)


@dataclass(frozen=True)
class Timing:
    """One finished process: wall and CPU in seconds, peak resident memory in MB."""

    wall: float
    cpu: float
    memory: float


def measure(command: list[str]) -> Timing:
    """Run ``command`` to its end and return what the operating system says of it."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=PROJECT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} ended with {process.returncode}")
    wall = time.perf_counter() - started
    return Timing(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    """Print one line a way: median, minimum and maximum, and the ratio to ``duckdb``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="ESCI's upstream files at full scale")
    parser.add_argument("--runs", type=int, default=5, help="counted runs after one warm-up")
    parser.add_argument("--no-pandas", action="store_true", help="leave out the slowest way")
    arguments = parser.parse_args()
    out = Path(tempfile.mkdtemp(prefix="factory-benchmark-"))
    folder = str(arguments.folder.resolve())
    ways = {
        "factory": [
            *[sys.executable, "-m", "factory", "run", "recipes.yaml", "--task", "task12"],
            *["--source", f"esci={folder}", "--out", str(out), "--fresh"],
        ],
        "duckdb": [sys.executable, "-c", DUCKDB, folder, str(out)],
    }
    if not arguments.no_pandas:
        ways["pandas"] = [sys.executable, "-c", PANDAS, folder, str(out)]
    timings: dict[str, list[Timing]] = {name: [] for name in ways}
    try:
        for number in range(arguments.runs + 1):
            for name, command in ways.items():
                timing = measure(command)
                if number:
                    timings[name].append(timing)
    finally:
        shutil.rmtree(out)
    print(f"{arguments.runs} runs in turn after one warm-up: median (minimum-maximum)")
    print("| way | wall s | CPU s | peak memory MB | wall / duckdb, pair by pair |")
    print("|---|---|---|---|---|")
    for name, measured in timings.items():
        ratios = [a.wall / b.wall for a, b in zip(measured, timings["duckdb"], strict=True)]
        cells = [
            spread([each.wall for each in measured], 2),
            spread([each.cpu for each in measured], 2),
            spread([each.memory for each in measured], 0),
            spread(ratios, 2),
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def spread(values: list[float], digits: int) -> str:
    """Return ``median (minimum-maximum)``."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


if __name__ == "__main__":
    main()
