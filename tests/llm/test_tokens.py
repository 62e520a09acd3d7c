"""How the tokens of a prompt are counted before it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from factory.llm.models import Endpoint
from factory.llm.tokens import LocalTokenCounter
from tests.llm.server import name_proxy


class CountingServer(BaseHTTPRequestHandler):
    """The two calls of llama.cpp's server that count: a token for each word."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/apply-template":
            answer = {"prompt": " ".join(each["content"] for each in body["messages"])}
        else:
            answer = {"tokens": body["content"].split()}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a server that counts."""
    with HTTPServer(("127.0.0.1", 0), CountingServer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_server_in_this_process_is_asked_past_a_proxy(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_proxy(monkeypatch, "http://127.0.0.1:9")
    counter = LocalTokenCounter(Endpoint(f"{address}/v1", "gguf:0"))
    assert counter.count([("system", "You count."), ("user", "One two three")]) == 5
