"""What one request costs: our own HTTP/1.1 next to aiohttp and the ``openai`` package.

    python benchmarks/wire.py --requests 15000 --in-flight 256 --runs 3

All of them post the same body to the server beside this script and read its answer; on uvloop's
event loop where it is installed, as the line does. Each way is a process of its own, in turn, so
that their ratio holds on a machine whose speed drifts; the processor time is what the requests took
and no imports. The ``openai`` package gets a tenth of the requests: it takes minutes for all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SAID = "Trail Running Shoe for Women, Breathable Mesh, Blue, Size 38 " * 4
ASKED = {
    "model": "m",
    "max_tokens": 280,
    "messages": [
        {"role": "system", "content": "You write for a shop."},
        {"role": "user", "content": f"⟦{SAID}⟧ Write one sentence on this product."},
    ],
}
BODY = json.dumps(ASKED).encode()
TIMEOUT = 60.0
#: Has one request answered.
Ask = Callable[[], Awaitable[object]]


async def ours(stack: AsyncExitStack, url: str) -> Ask:
    """Return the line's own transport."""
    from factory.llm.models import Endpoint
    from factory.llm.transport import HttpTransport

    transport = await stack.enter_async_context(HttpTransport(Endpoint(url, url), TIMEOUT))
    return lambda: transport.send(BODY)


async def with_aiohttp(stack: AsyncExitStack, url: str) -> Ask:
    """Return aiohttp, its answers read as JSON."""
    import aiohttp

    session = await stack.enter_async_context(
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
    )

    async def ask() -> object:
        async with session.post(f"{url}/chat/completions", data=BODY) as reply:
            return json.loads(await reply.read())["choices"][0]["message"]["content"]

    return ask


async def with_openai(stack: AsyncExitStack, url: str) -> Ask:
    """Return the ``openai`` package with its default transport."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", timeout=TIMEOUT)
    await stack.enter_async_context(client)
    return lambda: client.chat.completions.create(**ASKED)  # type: ignore[call-overload,no-any-return]


#: The part of the requests that a way gets.
SHARE = {"openai": 0.1}
WAYS = {"factory": ours, "aiohttp": with_aiohttp, "openai": with_openai}


async def measured(way: str, url: str, requests: int, width: int) -> tuple[float, float]:
    """Return the requests a second, and the processor milliseconds of one."""
    async with AsyncExitStack() as stack:
        ask = await WAYS[way](stack, url)
        await ask()
        left = iter(range(requests))

        async def work() -> None:
            for _ in left:
                await ask()

        started, spent = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(width)))
        seconds, spent = time.perf_counter() - started, time.process_time() - spent
    return requests / seconds, 1000 * spent / requests


def main() -> None:
    """Run the ways in turn, and print medians with their spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=15_000)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--port", type=int, default=8138)
    parser.add_argument("--way", choices=WAYS, help="measure this one in this process, as JSON")
    arguments = parser.parse_args()
    url = f"http://127.0.0.1:{arguments.port}/v1"
    if arguments.way:
        with suppress(ImportError):  # Windows has none
            import uvloop

            asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        requests = int(arguments.requests * SHARE.get(arguments.way, 1))
        asked = measured(arguments.way, url, requests, arguments.in_flight)
        print(json.dumps(asyncio.run(asked)))
        return
    server = subprocess.Popen(
        [
            *(sys.executable, str(PROJECT / "benchmarks" / "answering_server.py")),
            *("--port", str(arguments.port)),
        ],
        stdout=subprocess.PIPE,
    )
    if server.stdout is None or server.stdout.readline() != b"ready\n":
        sys.exit("the server does not start")
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    command = [sys.executable, __file__, "--requests", str(arguments.requests)]
    command += ["--in-flight", str(arguments.in_flight), "--port", str(arguments.port)]
    try:
        for _ in range(arguments.runs):
            for way, runs in found.items():
                said = subprocess.run([*command, "--way", way], check=True, stdout=subprocess.PIPE)
                runs.append(tuple(json.loads(said.stdout)))
    finally:
        server.kill()
        server.wait()
    print("| way | requests/s | ms of processor time a request | of ours, run by run |")
    print("|---|---|---|---|")
    for way, runs in found.items():
        ratios = [each / own for (_, each), (_, own) in zip(runs, found["factory"], strict=True)]
        columns = [[rate for rate, _ in runs], [spent for _, spent in runs], ratios]
        shown = [
            f"{statistics.median(each):.{digits}f} ({min(each):.{digits}f}-{max(each):.{digits}f})"
            for each, digits in zip(columns, (0, 3, 1), strict=True)
        ]
        print(f"| {way} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
