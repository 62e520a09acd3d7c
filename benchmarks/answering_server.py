"""An OpenAI-compatible server that answers after a drawn time, for benchmarks.

    python benchmarks/answering_server.py --port 8100 --median-ms 50

Latencies are log-normal. A request with a JSON schema gets an object with one text, the shop's own
in the prompt; the shares of 429 and 500 are drawn by the request's number.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random

_HEAD_END = b"\r\n\r\n"


class Chat(asyncio.Protocol):
    """One connection: requests one after another."""

    def __init__(self, options: argparse.Namespace, draw: random.Random) -> None:
        self._options = options
        self._draw = draw
        self._bytes = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Forget it."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._bytes += data
        while (end := self._bytes.find(_HEAD_END)) >= 0:
            head = self._bytes[:end].lower()
            start = head.index(b"content-length:") + len(b"content-length:")
            length = int(head[start:].split(b"\r\n", 1)[0])
            whole = end + len(_HEAD_END) + length
            if len(self._bytes) < whole:
                return
            body, self._bytes = self._bytes[whole - length : whole], self._bytes[whole:]
            seconds = self._options.median_ms / 1000 * math.exp(self._draw.gauss(0, 0.4))
            asyncio.get_running_loop().call_later(seconds, self._answer, body)

    def _answer(self, body: bytes) -> None:
        share = self._draw.random()
        if share < self._options.e429:
            self._send(b"429 X", b'{"error":{"message":"slow"}}', b"retry-after: 0.2\r\n")
        elif share < self._options.e429 + self._options.e500:
            self._send(b"500 X", b'{"error":{"message":"tired"}}')
        else:
            asked = json.loads(body)["messages"][-1]["content"]
            # What stands between the marks is the shop's text: said again, every check holds.
            said = json.dumps(json.dumps({"text": f"{asked.split('⟦')[-1].split('⟧')[0]}."}))
            reply = (
                '{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":'
                f'{{"role":"assistant","content":{said}}},"finish_reason":"stop"}}],"usage":'
                f'{{"prompt_tokens":{len(body) // 4},"completion_tokens":30}}}}'
            )
            self._send(b"200 OK", reply.encode())

    def _send(self, status: bytes, body: bytes, more: bytes = b"") -> None:
        if self._transport is None:
            return
        self._transport.write(
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n%s"
            % (status, len(body), more, body)
        )


async def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--median-ms", type=float, default=50)
    parser.add_argument("--e429", type=float, default=0)
    parser.add_argument("--e500", type=float, default=0)
    options = parser.parse_args()
    draw = random.Random(1)  # noqa: S311
    server = await asyncio.get_running_loop().create_server(
        lambda: Chat(options, draw), "127.0.0.1", options.port, backlog=4096
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
