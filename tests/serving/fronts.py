"""The served address on a port of this machine, before an engine that a test scripts."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from factory.llm.local import SMOLLM2_FILE
from factory.llm.models import Endpoint
from factory.serving.backends import Backend
from factory.serving.front import Front, Limits
from factory.serving.layer import Dialect, Switches

#: Where a fetched model may lie: the user's own cache, which the tests are kept out of otherwise.
WEIGHTS = Path(
    os.environ.get("FACTORY_TEST_WEIGHTS")
    or Path.home() / ".cache" / "eshop-factory" / "models" / SMOLLM2_FILE
)
MODEL = "m"
CHOICE = "Which is a fruit?\n0. table\n1. apple\nAnswer: "


@dataclass
class Reply:
    """What came back: ``data`` is the body as JSON."""

    status: int
    data: Any
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return str(self.data["choices"][0]["message"]["content"])


@contextmanager
def fronted(
    upstream: str,
    switches: Switches | None = None,
    limits: Limits | None = None,
    *,
    dialect: Dialect = "llama.cpp",
    engine_key: str = "",
    key: str = "",
) -> Iterator[str]:
    """Serve until the block ends; gives the address."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()
    found: list[int] = []

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            backend = Backend(MODEL, Endpoint(upstream, upstream, engine_key), dialect)
            front = Front(backend, session, switches or Switches(), limits or Limits(), key)
            runner = web.AppRunner(
                front.application(), access_log=None, handler_cancellation=True, shutdown_timeout=1
            )
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            found.append(runner.addresses[0][1])
            ready.set()
            await stop.wait()
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield f"http://127.0.0.1:{found[0]}/v1"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def ask(
    url: str,
    body: Any,
    path: str = "/v1/chat/completions",
    method: str = "POST",
    **headers: str,
) -> Reply:
    """Send a body (bytes as they are, else as JSON) and return the reply."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = HTTPConnection(url.removeprefix("http://").partition("/")[0], timeout=60)
    connection.request(method, path, raw if method == "POST" else None, headers)
    response = connection.getresponse()
    reply = Reply(response.status, json.loads(response.read()), dict(response.headers))
    connection.close()
    return reply


def chat(text: str = CHOICE, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def completion(text: str, **more: Any) -> web.Response:
    """Return an engine's reply that says ``text``."""
    message = {"role": "assistant", "content": text, **more}
    return web.json_response(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "file.gguf",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        }
    )
