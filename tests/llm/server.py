"""A server that speaks the API on a port of this machine, with the faults that a test asks for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from factory.llm.scripted import ScriptedModel

#: Given the number of the request (from 0) and its body, says what to answer instead, or None.
Fault = Callable[[int, bytes], web.StreamResponse | None]


@dataclass
class Seen:
    """What the server was asked: ``answered`` counts good answers by body."""

    url: str
    requests: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answered: Counter[bytes] = field(default_factory=Counter)

    @property
    def paid_twice(self) -> int:
        """Good answers to a request that had been answered before."""
        return sum(count - 1 for count in self.answered.values())


def name_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str | None) -> None:
    """Let the environment name this proxy of http, or none, and no host that goes past it."""
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    if proxy is not None:
        monkeypatch.setenv("http_proxy", proxy)


@contextmanager
def serve(
    fault: Fault | None = None,
    latency: float = 0.0,
    port: int = 0,
    routes: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Iterator[Seen]:
    """Serve until the block ends; answers are those of the scripted model.

    ``routes`` are further ones, by path, each a function from JSON to JSON.
    """
    model = ScriptedModel()
    seen = Seen("")

    async def chat(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        number = seen.requests
        seen.requests += 1
        seen.bodies.append(body)
        seen.headers.append(dict(request.headers))
        seen.in_flight += 1
        seen.most_in_flight = max(seen.most_in_flight, seen.in_flight)
        try:
            if latency:
                await asyncio.sleep(latency)
            if fault is not None and (instead := fault(number, body)) is not None:
                return instead
            seen.answered[body] += 1
            return web.json_response(reply(model, body))
        finally:
            seen.in_flight -= 1

    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def main() -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/chat/completions", chat)
        for path, answer in (routes or {}).items():
            app.router.add_post(path, _answering(answer))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        assert site._server is not None
        bound = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        seen.url = f"http://127.0.0.1:{bound}/v1"
        started.set()
        await stop.wait()
        await runner.cleanup()

    async def begin() -> None:
        nonlocal stop
        stop = asyncio.Event()
        await main()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(begin(),), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield seen
    finally:
        loop.call_soon_threadsafe(lambda: stop.set())  # noqa: PLW0108  (it is set by then)
        thread.join(20)
        loop.close()


def _answering(answer: Callable[[Any], Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(answer(await request.json()))

    return handle


def reply(model: ScriptedModel, body: bytes) -> dict[str, Any]:
    """Return the scripted answer in the form of the API."""
    answer = model.answer(body)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": json.loads(body)["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text},
                "finish_reason": answer.finish,
            }
        ],
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
        },
    }


def error(status: int, message: str = "no", **headers: str) -> web.Response:
    """Return an error as the API writes one."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": {"message": message}}, status=status, headers=named)
