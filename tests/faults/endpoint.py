"""An OpenAI-compatible endpoint, a process of its own, that does what endpoints do to long runs.

    python -m tests.faults.endpoint --port 8100 --log paid.txt --fault endless --first 20

The first requests meet the fault, the others get the scripted model's answers, and for each of
those a line of the log: the hash of what was asked. So what was paid for, and what twice, is known
also of a server that was killed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import zlib
from collections.abc import Callable, Iterator
from email.utils import formatdate
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from factory.llm.scripted import ScriptedModel

_HEAD_END: Final = b"\r\n\r\n"
_SLOW: Final = b'{"error":{"message":"slow down"}}'
#: What may pass, or concerns its own try: no status of these ends a run.
_PASSING: Final = (500, 502, 503, 504, 529, 408, 409, 425, 429)
_HTML: Final = b"<html><body>Bad gateway, but 200</body></html>"
_WRONG_BODIES: Final = (
    _HTML,
    b"",
    b"null",
    b'{"choices":[]}',
    b'{"choices":[{"message"',
    b"\xff\xfe",
)


class Connection(asyncio.Protocol):
    """One connection: requests one after another."""

    def __init__(self, serve: Callable[[Connection, bytes], None]) -> None:
        self._serve = serve
        self._bytes = b""
        self.transport: asyncio.Transport | None = None
        self.open_to_write = asyncio.Event()
        self.open_to_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Forget it."""
        self.transport = None
        self.open_to_write.set()

    def pause_writing(self) -> None:
        """Wait until the client has read."""
        self.open_to_write.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self.open_to_write.set()

    def data_received(self, data: bytes) -> None:
        """Serve every whole request."""
        self._bytes += data
        while (end := self._bytes.find(_HEAD_END)) >= 0:
            head = self._bytes[:end].lower()
            start = head.index(b"content-length:") + len(b"content-length:")
            whole = end + len(_HEAD_END) + int(head[start:].split(b"\r\n", 1)[0])
            if len(self._bytes) < whole:
                return
            body, self._bytes = self._bytes[end + len(_HEAD_END) : whole], self._bytes[whole:]
            self._serve(self, body)

    def send(self, status: int, body: bytes, *more: str, length: int | None = None) -> None:
        """Write one answer; ``length`` is what is said of it where that is not true."""
        if self.transport is None:
            return
        head = (
            f"HTTP/1.1 {status} X",
            "content-type: application/json",
            f"content-length: {len(body) if length is None else length}",
            *more,
        )
        self.transport.write("\r\n".join(head).encode() + _HEAD_END + body)


class Endpoint:
    """Answers, or does what ``fault`` says to the first requests."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._model = ScriptedModel()
        self._log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        self._requests = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, connection: Connection, body: bytes) -> None:
        """Answer one request, or let it meet the fault."""
        number = self._requests
        self._requests += 1
        if number < self._options.first:
            getattr(self, f"_{self._options.fault}")(connection, number)
        else:
            seconds = self._options.latency / 1000
            asyncio.get_running_loop().call_later(seconds, self._answer, connection, body)

    def _answer(self, connection: Connection, body: bytes) -> None:
        answer = self._model.answer(body)
        reply = {
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
        os.write(self._log, blake2b(body, digest_size=16).hexdigest().encode() + b"\n")
        connection.send(200, json.dumps(reply).encode())

    def _hang(self, connection: Connection, number: int) -> None:
        """Say nothing; every third says that it will."""
        if number % 3 == 0:
            connection.send(200, b"", length=1000)

    def _drip(self, connection: Connection, number: int) -> None:  # noqa: ARG002
        self._begin(self._dripped(connection))

    async def _dripped(self, connection: Connection) -> None:
        connection.send(200, b"{", length=100_000)
        while connection.transport is not None:
            await asyncio.sleep(0.05)
            if connection.transport is not None:
                connection.transport.write(b" ")

    def _status(self, connection: Connection, number: int) -> None:
        connection.send(_PASSING[number % len(_PASSING)], _SLOW, "retry-after-ms: 1")

    def _redirect(self, connection: Connection, number: int) -> None:
        connection.send((302, 204, 301)[number % 3], b"", "location: http://127.0.0.1:1/")

    def _limit(self, connection: Connection, number: int) -> None:  # noqa: ARG002
        connection.send(429, _SLOW, "retry-after-ms: 1")

    def _date(self, connection: Connection, number: int) -> None:  # noqa: ARG002
        """Limit the rate, and say with dates when to come back: in a second."""
        now = formatdate(usegmt=True)
        connection.send(429, _SLOW, f"date: {now}", f"retry-after: {now}")

    def _wrong(self, connection: Connection, number: int) -> None:
        connection.send(200, _WRONG_BODIES[number % len(_WRONG_BODIES)])

    def _cut(self, connection: Connection, number: int) -> None:
        """Close in the middle of a head, of a body, or with a reset."""
        transport = connection.transport
        if transport is None:
            return
        if number % 3 == 0:
            transport.write(b"HTTP/1.1 200 OK\r\ncontent-le")
        elif number % 3 == 1:
            connection.send(200, b'{"choices": [{"mess', length=4000)
        else:
            transport.abort()
            return
        transport.close()

    def _endless(self, connection: Connection, number: int) -> None:
        if connection.transport is None:
            return
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        if number % 3 == 2:  # a head that does not end
            self._begin(
                self._without_end(connection, head, iter(lambda: b"x-more: 1\r\n" * 5000, b""))
            )
            return
        parts: Iterator[bytes]
        if number % 3 == 1:
            head += b"content-encoding: gzip\r\n"
            parts = _zeros()
        else:
            parts = iter(lambda: b" " * 65_536, b"")
        chunks = (b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        head += b"transfer-encoding: chunked\r\n\r\n"
        self._begin(self._without_end(connection, head, chunks))

    def _bomb(self, connection: Connection, number: int) -> None:  # noqa: ARG002
        """Send a body of the length that it says, some hundredths of what it unpacks to."""
        connection.send(200, _packed(), "content-encoding: gzip")

    async def _without_end(
        self, connection: Connection, head: bytes, parts: Iterator[bytes]
    ) -> None:
        if connection.transport is not None:
            connection.transport.write(head)
        for part in parts:
            await connection.open_to_write.wait()
            if connection.transport is None:
                return
            connection.transport.write(part)
            await asyncio.sleep(0)

    def _begin(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@cache
def _packed() -> bytes:
    """Return half a gigabyte, packed."""
    packed = zlib.compressobj(1, wbits=31)
    return b"".join(packed.compress(bytes(1 << 24)) for _ in range(32)) + packed.flush()


def _zeros() -> Iterator[bytes]:
    packed = zlib.compressobj(9, wbits=31)
    while True:
        if part := packed.compress(bytes(1 << 20)):
            yield part


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--fault", default="hang")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--latency", type=float, default=5, help="milliseconds")
    endpoint = Endpoint(parser.parse_args())
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(endpoint.serve),
        "127.0.0.1",
        endpoint._options.port,
        backlog=4096,
        reuse_address=True,
    )
    print("ready", flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
