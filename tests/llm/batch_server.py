"""A server that speaks the Batch API on a port of this machine, with faults that a test asks for.

It keeps to what the API says of itself: files go up as multipart, a batch is validated, worked on
and finalized, results come in another order than requests, answers and errors in files of their
own, lists in pages with the newest first.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web
from pydantic_core import to_json

from factory.llm.scripted import ScriptedModel
from tests.llm.server import error, reply

#: Given the body of one request of a batch and the batch's number (from 0), says what its line is
#: instead of an answer: a status with its message, a line as it stands, "" for none, or None.
LineFault = Callable[[dict[str, Any], int], "tuple[int, str] | str | None"]
#: Given a call ("POST /batches") and how often it was made before, says what to answer instead:
#: "drop" does what is asked and closes the connection without a word.
CallFault = Callable[[str, int], "web.Response | str | None"]


@dataclass
class Faults:
    """What goes wrong.

    Attributes:
        line, call: see above.
        status: by the batch's number, the state that it ends in instead of completed, after that
            part of its requests.
        errors: by the batch's number, why it fails to validate, as the API lists it.
        listed: batches of other people, newer than those that are created here.
        looks: how often a batch is looked at until it is done.
        seconds: how long a batch takes at least.
    """

    line: LineFault = lambda *_: None
    call: CallFault = lambda *_: None
    status: dict[int, tuple[str, float]] = field(default_factory=dict)
    errors: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 2
    seconds: float = 0.0


@dataclass
class Seen:
    """What the server was asked.

    Attributes:
        url: where it is.
        calls: how often each call was made; batches: those created, the oldest first.
        direct: requests that came without a batch; submitted: how often each request's body did
            in batches; answered: how often each was answered, either way.
    """

    url: str
    faults: Faults
    calls: Counter[str] = field(default_factory=Counter)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    direct: int = 0
    submitted: Counter[bytes] = field(default_factory=Counter)
    answered: Counter[bytes] = field(default_factory=Counter)

    def requests(self, batch: int) -> list[dict[str, Any]]:
        """Return the lines of a batch's file."""
        file = self.files[self.batches[batch]["input_file_id"]]
        return [json.loads(line) for line in file.splitlines()]


class _Server:
    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._model = ScriptedModel()
        self._numbers = count()
        self._looked: Counter[str] = Counter()

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_post("/v1/files", self.upload)
        app.router.add_get("/v1/files/{id}/content", self.content)
        app.router.add_post("/v1/batches", self.create)
        app.router.add_get("/v1/batches", self.list)
        app.router.add_get("/v1/batches/{id}", self.retrieve)
        app.router.add_post("/v1/batches/{id}/cancel", self.cancel)

    @web.middleware
    async def faulty(self, request: web.Request, handler: Any) -> web.StreamResponse:
        resource = request.match_info.route.resource
        assert resource is not None
        call = f"{request.method} {resource.canonical.removeprefix('/v1')}"
        number = self._seen.calls[call]
        self._seen.calls[call] += 1
        self._seen.headers.append(dict(request.headers))
        instead = self._seen.faults.call(call, number)
        if isinstance(instead, web.Response):
            return instead
        response: web.StreamResponse = await handler(request)
        if instead == "drop":
            assert request.transport is not None
            request.transport.abort()
        return response

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._seen.direct += 1
        self._seen.answered[_canonical(json.loads(body))] += 1
        return web.json_response(reply(self._model, body))

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        if form["purpose"] != "batch" or not file.filename.endswith(".jsonl"):
            return error(400, "a batch's file is JSONL")
        content = file.file.read()
        return web.json_response(self._file(content, "batch", file.filename))

    def _file(self, content: bytes, purpose: str, name: str) -> dict[str, Any]:
        made = f"file-{next(self._numbers)}"
        self._seen.files[made] = content
        return {
            "id": made,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": purpose,
            "status": "processed",
        }

    async def content(self, request: web.Request) -> web.Response:
        content = self._seen.files.get(request.match_info["id"])
        return error(404, "no such file") if content is None else web.Response(body=content)

    async def create(self, request: web.Request) -> web.Response:
        given = await request.json()
        if given["endpoint"] != "/v1/chat/completions" or given["completion_window"] != "24h":
            return error(400, "unsupported")
        if given["input_file_id"] not in self._seen.files:
            return error(400, "no such file")
        number = len(self._seen.batches)
        batch = {
            "id": f"batch_{number}",
            "object": "batch",
            "endpoint": given["endpoint"],
            "completion_window": "24h",
            "input_file_id": given["input_file_id"],
            "metadata": given.get("metadata"),
            "created_at": int(time.time()),
            "status": "validating",
            "errors": None,
            "output_file_id": None,
            "error_file_id": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
        }
        self._seen.batches.append(batch)
        lines = self._seen.requests(number)
        assert len({line["custom_id"] for line in lines}) == len(lines)
        for line in lines:
            assert (line["method"], line["url"]) == ("POST", given["endpoint"])
            self._seen.submitted[_canonical(line["body"])] += 1
        batch["request_counts"]["total"] = len(lines)
        return web.json_response(batch)

    async def list(self, request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", "20"))
        newest = self._seen.faults.listed + self._seen.batches[::-1]
        if after := request.query.get("after"):
            place = next(n for n, batch in enumerate(newest) if batch["id"] == after)
            newest = newest[place + 1 :]
        page = newest[:limit]
        return web.json_response(
            {
                "object": "list",
                "data": page,
                "first_id": page[0]["id"] if page else None,
                "last_id": page[-1]["id"] if page else None,
                "has_more": len(newest) > limit,
            }
        )

    async def retrieve(self, request: web.Request) -> web.Response:
        batch = self._known(request)
        if batch is None:
            return error(404, "no such batch")
        self._looked[batch["id"]] += 1
        if batch["status"] in ("validating", "in_progress", "finalizing"):
            self._go_on(batch)
        return web.json_response(batch)

    async def cancel(self, request: web.Request) -> web.Response:
        batch = self._known(request)
        if batch is None:
            return error(404, "no such batch")
        batch["status"] = "cancelled"
        return web.json_response(batch)

    def _known(self, request: web.Request) -> dict[str, Any] | None:
        name = request.match_info["id"]
        return next((batch for batch in self._seen.batches if batch["id"] == name), None)

    def _go_on(self, batch: dict[str, Any]) -> None:
        faults = self._seen.faults
        number = self._seen.batches.index(batch)
        if number in faults.errors:
            batch["status"] = "failed"
            batch["errors"] = {"object": "list", "data": faults.errors[number]}
            return
        young = time.time() - batch["created_at"] < faults.seconds
        if self._looked[batch["id"]] < faults.looks or young:
            batch["status"] = "in_progress"
            return
        status, part = faults.status.get(number, ("completed", 1.0))
        lines = self._seen.requests(number)
        worked_on = lines[: round(part * len(lines))]
        good: list[str] = []
        bad: list[str] = []
        for line in worked_on:
            self._work(line, number, good, bad)
        cause = {"code": f"batch_{status}", "message": "This request could not be executed."}
        bad += [json.dumps(_line(line, None, cause)) for line in lines[len(worked_on) :]]
        batch["status"] = status
        batch["request_counts"].update(completed=len(good), failed=len(bad))
        for field_name, made in (("output_file_id", good), ("error_file_id", bad)):
            if made:
                # Results come in any order.
                content = "".join(f"{text}\n" for text in reversed(made)).encode()
                file = self._file(content, "batch_output", f"{batch['id']}_{field_name}.jsonl")
                batch[field_name] = file["id"]

    def _work(self, line: dict[str, Any], number: int, good: list[str], bad: list[str]) -> None:
        instead = self._seen.faults.line(line["body"], number)
        if isinstance(instead, str):
            if instead:
                good.append(instead)
        elif instead is not None:
            status, message = instead
            body = {"error": {"message": message, "code": "code"}}
            bad.append(json.dumps(_line(line, {"status_code": status, "body": body}, None)))
        else:
            body = to_json(line["body"])
            self._seen.answered[_canonical(line["body"])] += 1
            response = {"status_code": 200, "request_id": "r", "body": reply(self._model, body)}
            good.append(json.dumps(_line(line, response, None)))


def _line(request: dict[str, Any], response: Any, cause: Any) -> dict[str, Any]:
    return {
        "id": f"batch_req_{request['custom_id'][:8]}",
        "custom_id": request["custom_id"],
        "response": response,
        "error": cause,
    }


def _canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True).encode()


@contextmanager
def serve_batches(faults: Faults | None = None, port: int = 0) -> Iterator[Seen]:
    """Serve until the block ends; answers are those of the scripted model."""
    seen = Seen("", faults or Faults())
    server = _Server(seen)
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        app = web.Application(client_max_size=1 << 28, middlewares=[server.faulty])
        server.routes(app)
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

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield seen
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
