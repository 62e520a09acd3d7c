"""Rows a second on the line with one model call a row, next to a bare loop over the same requests.

    python benchmarks/asking.py /data/esci --rows 10000 --in-flight 64 256 --runs 3
    python benchmarks/asking.py /data/esci --rows 10000 --in-flight 64 --e429 0.05 --e500 0.05

The line reads products of full-scale ESCI files, renders a prompt, asks, keeps the answer on disk,
checks it, arranges, words, filters and writes the sample; the bare loop (aiohttp and json) sends
bodies of the same size and reads the answers. Both ask the server beside this script, in turn in
one run. Processor time and memory are the operating system's accounting of the finished process;
what the line does before its first request (reading the source, planning) is part of its time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
RECIPE = """\
include: [catalogue]
models:
  default: {{model: m, base_url: "http://127.0.0.1:{port}/v1", concurrency: {width}}}
tasks:
  asked:
    title: Write a text about a product
    source: esci
    rows: asked
    generate:
      - by: write
        with: {{prompt: asked.j2, slot: target, max_words: 60, numbers_of: [text]}}
    type: generation
    template: asked.j2
    size: {rows}
    metric: sent-transformer
    track: understanding-shopping-concepts
"""
#: No more of the catalogue's products than are asked about: ordering keys is not what is measured.
VIEW = """\
-- needs products: product_id, locale, title

-- keys
SELECT locale || ':' || product_id AS key, locale || ':' || product_id AS split_group,
    product_id, locale
FROM products
WHERE length(title) > 12 AND md5(product_id) < 'BOUND'
GROUP BY ALL

-- facts
SELECT key, chosen.locale, min(title) AS text, ['product:' || key] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
GROUP BY ALL
"""
PROMPT = """\
{% block system %}
You write for a shop. What stands between the marks is text from the shop.
{% endblock %}
{% block user %}
{{ text | quoted }} Write one sentence on this product for its page, at most sixty words.
{% endblock %}
"""
TEMPLATE = """\
{% extends "generation.j2" %}
{% block prompt_write %}
Write one sentence on this product: {{ text }}
{% endblock %}
"""
BARE = """
import asyncio, json, sys, time, aiohttp
rows, width, port = map(int, sys.argv[1:])
async def main():
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        left = iter(range(rows))
        async def work():
            for n in left:
                text = f"row {n} Trail Running Shoe for Women, Breathable Mesh, Blue, Size 38 " * 3
                body = json.dumps({"model": "m", "max_tokens": 280, "messages": [
                    {"role": "system", "content": "You write for a shop."},
                    {"role": "user", "content": text}]}).encode()
                while True:
                    async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions",
                                            data=body) as reply:
                        content = await reply.read()
                        if reply.status == 200:
                            json.loads(content)["choices"][0]["message"]["content"]
                            break
                        await asyncio.sleep(0.2)
        await asyncio.gather(*(work() for _ in range(width)))
asyncio.run(main())
"""


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command; return its seconds, its processor seconds and its peak memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"{command[:4]} failed")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Run both in turn, and print medians with their spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, help="a folder with ESCI's files")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--port", type=int, default=8137)
    parser.add_argument("--e429", default="0")
    parser.add_argument("--e500", default="0")
    arguments = parser.parse_args()
    server = subprocess.Popen(
        [
            *(sys.executable, str(PROJECT / "benchmarks" / "answering_server.py")),
            *("--port", str(arguments.port), "--e429", arguments.e429, "--e500", arguments.e500),
        ],
        stdout=subprocess.PIPE,
    )
    if server.stdout is None or server.stdout.readline() != b"ready\n":
        sys.exit("the server does not start")
    try:
        for width in arguments.in_flight:
            compare(arguments, width)
    finally:
        server.kill()
        server.wait()


def bound(rows: int) -> str:
    """Return the hash under which a quarter more products lie than rows are asked for."""
    products = 1_800_000
    return f"{min(int(rows * 1.25 / products * 256) + 3, 255):02x}"


def compare(arguments: argparse.Namespace, width: int) -> None:
    """Measure one width."""
    found: dict[str, list[tuple[float, float, float]]] = {"factory": [], "bare": []}
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_TMP")) as name:
        folder = Path(name)
        parts = {
            "prompts/asked.j2": PROMPT,
            "templates/asked.j2": TEMPLATE,
            "views/asked.sql": VIEW.replace("BOUND", bound(arguments.rows)),
        }
        for part, text in parts.items():
            (folder / part).parent.mkdir()
            (folder / part).write_text(text, encoding="utf-8")
        recipe = folder / "recipes.yaml"
        recipe.write_text(
            RECIPE.format(port=arguments.port, width=width, rows=arguments.rows), encoding="utf-8"
        )
        for number in range(arguments.runs):
            environment = {**os.environ, "ESHOP_FACTORY_CACHE": str(folder / f"cache{number}")}
            out = folder / f"out{number}"
            command = [sys.executable, "-m", "factory", "run", str(recipe), "--task", "asked"]
            command += ["--source", f"esci={arguments.files}", "--out", str(out), "--json"]
            found["factory"].append(measured(command, environment))
            manifest = json.loads((out / "asked" / "manifest.json").read_bytes())
            if manifest["splits"]["train"]["accepted"] != arguments.rows:
                sys.exit("rows are missing")
            bare = [sys.executable, "-c", BARE, str(arguments.rows), str(width)]
            found["bare"].append(measured([*bare, str(arguments.port)], dict(os.environ)))
    for name, runs in found.items():
        rates = [arguments.rows / seconds for seconds, *_ in runs]
        processor = [1000 * each / arguments.rows for _, each, _ in runs]
        memory = [each for *_, each in runs]
        print(
            f"{name:8} {width:4} in flight: {statistics.median(rates):6.0f} rows/s "
            f"({min(rates):.0f}-{max(rates):.0f}), {statistics.median(processor):.3f} ms CPU a row "
            f"({min(processor):.3f}-{max(processor):.3f}), {statistics.median(memory):.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
