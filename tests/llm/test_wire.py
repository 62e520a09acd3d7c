"""Connections: kept where that is safe, given up where it is not, over TLS, IPv6 and proxies."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from factory.llm import wire
from factory.llm.models import Endpoint
from factory.llm.replies import BrokenError, Reply
from factory.llm.transport import HttpTransport, TryAgainError
from factory.llm.wire import Wire
from tests.llm.server import name_proxy, serve

BODY = b'{"model": "m", "messages": [{"role": "user", "content": "one two"}]}'
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD_END = b"\r\n\r\n"

#: Given the number of the connection, the number of the request on it and what to write with.
Act = Callable[[int, int, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Says what ``act`` says; counts connections and keeps what was sent to it."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.connections = 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self._talks: set[asyncio.Task[None]] = set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (talk := asyncio.current_task()) is not None:
            self._talks.add(talk)
        number = self.connections
        self.connections += 1
        for request in range(1000):
            try:
                head = (await reader.readuntil(HEAD_END)).decode()
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
            self.heads.append(head)
            self.bodies.append(await reader.readexactly(length))
            await self.act(number, request, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._talks)


def run(
    act: Act, work: Callable[[Wire], Awaitable[Any]], *, timeout: float = 5
) -> tuple[Any, Server]:
    """Return what ``work`` made of a wire to such a server; errors are returned, too."""

    async def main() -> tuple[Any, Server]:
        async with Server(act) as server:
            own = Wire(f"http://127.0.0.1:{server.port}/v1/x?a=b", {"X": "y"}, timeout, 1000)
            try:
                return await work(own), server
            except (BrokenError, TimeoutError) as error:
                return error, server
            finally:
                await own.close()

    return asyncio.run(main())


async def ok(_: int, __: int, writer: asyncio.StreamWriter) -> None:
    writer.write(REPLY)


async def three(own: Wire) -> list[bytes]:
    return [(await own.post(str(number).encode())).content for number in range(3)]


def test_a_connection_is_used_again() -> None:
    made, server = run(ok, three)
    assert made == [b"ok"] * 3
    assert server.connections == 1
    assert server.bodies == [b"0", b"1", b"2"]
    first, *lines = server.heads[0].strip().split("\r\n")
    assert first == "POST /v1/x?a=b HTTP/1.1"
    assert set(lines) == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept-Encoding: identity",
        "X: y",
        "Content-Length: 1",
    }


def test_as_many_connections_as_requests_at_once() -> None:
    async def late(_: int, __: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(REPLY)

    async def eight(own: Wire) -> list[Reply]:
        await asyncio.gather(*(own.post(b"x") for _ in range(8)))
        return list(await asyncio.gather(*(own.post(b"x") for _ in range(8))))

    made, server = run(late, eight)
    assert len(made) == 8
    assert server.connections == 8


def test_a_host_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = []
    own = asyncio.BaseEventLoop.getaddrinfo

    async def counted(loop: asyncio.BaseEventLoop, *given: Any, **more: Any) -> Any:
        looked_up.append(given)
        return await own(loop, *given, **more)

    async def eight(own: Wire) -> None:
        await asyncio.gather(*(own.post(b"x") for _ in range(8)))

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", counted)
    _, server = run(ok, eight)
    assert server.connections == 8
    assert [port for _, port in looked_up] == [server.port]


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    async def once(_: int, __: int, writer: asyncio.StreamWriter) -> None:
        writer.write(REPLY)
        await writer.drain()
        writer.close()

    async def spaced(own: Wire) -> list[bytes]:
        made = []
        for _ in range(3):
            made.append((await own.post(b"x")).content)
            await asyncio.sleep(0.05)
        return made

    made, server = run(once, spaced)
    assert made == [b"ok"] * 3
    assert server.connections == 3


def test_a_connection_that_was_long_unused_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "_UNUSED", 0.0)
    made, server = run(ok, three)
    assert made == [b"ok"] * 3
    assert server.connections == 3


@pytest.mark.parametrize("head", ["Connection: close\r\n", "X: y\r\n"])
def test_a_reply_may_end_with_its_connection(head: str) -> None:
    async def close(_: int, __: int, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\nok".encode())
        await writer.drain()
        writer.close()

    made, server = run(close, three)
    assert made == [b"ok"] * 3
    assert server.connections == 3


def test_what_nobody_asked_for_is_no_reply_to_the_next_request() -> None:
    async def twice(connection: int, _: int, writer: asyncio.StreamWriter) -> None:
        writer.write(REPLY.replace(b"ok", str(connection).zfill(2).encode()))
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(REPLY.replace(b"ok", b"!!"))

    async def spaced(own: Wire) -> list[bytes]:
        made = []
        for _ in range(2):
            made.append((await own.post(b"x")).content)
            await asyncio.sleep(0.1)
        return made

    assert run(twice, spaced)[0] == [b"00", b"01"]


def test_a_reply_that_breaks_off_is_told() -> None:
    async def broken(_: int, __: int, writer: asyncio.StreamWriter) -> None:
        writer.write(REPLY[:-1])
        await writer.drain()
        writer.close()

    made, _ = run(broken, three)
    assert isinstance(made, BrokenError)
    assert str(made) == "the connection ended before the answer did (it was closed)"


def test_a_reply_that_comes_too_late_is_given_up_and_its_connection_with_it() -> None:
    async def slow(connection: int, _: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3 if not connection else 0)
        writer.write(REPLY.replace(b"ok", str(connection).zfill(2).encode()))

    async def again(own: Wire) -> bytes:
        with pytest.raises(TimeoutError):
            await own.post(b"x")
        return (await own.post(b"x")).content

    made, server = run(slow, again, timeout=0.15)
    assert made == b"01"
    assert server.connections == 2


def test_a_request_that_is_cancelled_leaves_no_reply_to_the_next() -> None:
    async def slow(connection: int, _: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(REPLY.replace(b"ok", str(connection).zfill(2).encode()))

    async def again(own: Wire) -> bytes:
        first = asyncio.create_task(own.post(b"x"))
        await asyncio.sleep(0.05)
        first.cancel()
        return (await own.post(b"x")).content

    assert run(slow, again)[0] == b"01"


def test_nothing_stays_open() -> None:
    async def count(own: Wire) -> int:
        await asyncio.gather(*(own.post(b"x") for _ in range(4)))
        await own.close()
        return len(own._open)

    assert run(ok, count)[0] == 0


def test_where_nothing_listens_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        own = Wire(f"http://127.0.0.1:{taken.getsockname()[1]}/", {}, 5, 1000)
        with pytest.raises(BrokenError, match="Connection refused; does it run, is base_url right"):
            asyncio.run(own.post(b"x"))


def test_a_name_that_nobody_has_is_told() -> None:
    own = Wire("http://nobody.invalid/", {}, 5, 1000)
    with pytest.raises(BrokenError, match=r"no connection to nobody\.invalid:80 \(.+; does it run"):
        asyncio.run(own.post(b"x"))


def test_an_address_that_does_not_answer_does_not_hide_one_that_does() -> None:
    """``localhost`` is ::1 first, where nothing listens."""

    async def main() -> bytes:
        async with Server(ok) as server:
            own = Wire(f"http://localhost:{server.port}/", {}, 5, 1000)
            try:
                return (await own.post(b"x")).content
            finally:
                await own.close()

    assert asyncio.run(main()) == b"ok"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of ``localhost``, signed by itself, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_name("key.pem")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(path), "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


async def _over_tls(certificate: Path) -> list[bytes]:
    """Return two replies of a server with that certificate."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0, ssl_context=context)
    await site.start()
    own = Wire(f"https://localhost:{runner.addresses[0][1]}/", {}, 5, 1000)
    try:
        return [(await own.post(body)).content for body in (b"one", b"two")]
    finally:
        await own.close()
        await runner.cleanup()


def test_over_tls_where_the_certificate_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert asyncio.run(_over_tls(certificate)) == [b"one", b"two"]


def test_a_certificate_that_nobody_trusts_is_told(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(BrokenError, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(_over_tls(certificate))


@pytest.mark.parametrize("way", ["straight", "through a proxy"])
def test_an_answer_comes_either_way(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of http is asked for the whole address: the server takes that as the path's end."""
    name_proxy(monkeypatch, None)
    with serve() as seen:
        url = seen.url
        if way != "straight":
            name_proxy(monkeypatch, seen.url.removesuffix("/v1"))
            url = "http://models.internal/v1"

        async def main() -> str:
            async with HttpTransport(Endpoint(url, "here", "sk-key"), 5) as transport:
                return (await transport.send(BODY)).text

        assert asyncio.run(main())
    assert seen.headers[0]["Authorization"] == "Bearer sk-key"
    assert seen.headers[0]["Host"] == url.split("/")[2]
    assert seen.headers[0]["User-Agent"] == "eshop-factory"


def test_a_proxy_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        name_proxy(monkeypatch, f"http://127.0.0.1:{taken.getsockname()[1]}")

        async def main() -> None:
            async with HttpTransport(Endpoint("http://models.internal/v1", "here"), 5) as transport:
                await transport.send(BODY)

        with pytest.raises(TryAgainError, match=r"127\.0\.0\.1"):
            asyncio.run(main())
