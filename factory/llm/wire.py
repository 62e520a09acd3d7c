"""HTTP/1.1 to one address, as a line with a model call a row needs it: bodies posted, replies read.

A client for everything, aiohttp, spends three times the processor time on a request that this does
(measured, docs/performance.md): it makes objects for what never changes here. Connections are kept
and used again, the last one first; those of IPv6 and IPv4 are tried side by side, as aiohttp does.
Through a proxy :mod:`factory.llm.sessions` goes.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from aiohappyeyeballs import start_connection

from factory.hosts import split_address
from factory.llm.replies import BrokenError, Reading, Reply

#: Seconds for which an unused connection is used again: one that a router has forgotten is silent.
_UNUSED: Final = 15.0
#: Seconds for which an address is not looked up again.
_KNOWN: Final = 300.0
#: Seconds after which the next address is tried beside the first.
_HEAD_START: Final = 0.25

_Addresses: TypeAlias = Sequence[
    tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
]


class Wire:
    """Posts bodies to one address.

    Args:
        url: of http or https.
        headers: of each request, besides those of HTTP itself.
        timeout: seconds for a whole request.
        longest: bytes of a reply at most, packed or not.
    """

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float, longest: int) -> None:
        parts = split_address(url)
        secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if secure else 80)
        self._tls = _tls() if secure else None
        self._timeout = timeout
        self._longest = longest
        said = {
            "Host": parts.netloc.rpartition("@")[2],
            "Accept-Encoding": "identity",
            **headers,
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {each}" for name, each in said.items())]
        self._head = "\r\n".join(lines).encode("ascii") + b"\r\nContent-Length: %d\r\n\r\n"
        self._open: set[_Connection] = set()
        self._unused: list[_Connection] = []
        self._addresses: _Addresses = []
        self._looked_up = 0.0
        self._lookup = asyncio.Lock()

    async def post(self, body: bytes) -> Reply:
        """Return the reply to ``body``.

        Raises:
            BrokenError: no connection, no HTTP, or a reply that is too long.
            TimeoutError: no whole reply in time.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        ends = now + self._timeout
        connection = self._take_unused(now)
        if connection is None:
            async with asyncio.timeout_at(ends):
                connection = await self._connect(loop)
        reply = connection.send(self._head % len(body) + body, loop)
        clock = loop.call_at(ends, connection.expire)
        try:
            return await reply
        finally:
            clock.cancel()
            if connection.is_reusable:
                connection.unused_since = loop.time()
                self._unused.append(connection)
            else:
                connection.abort()

    async def close(self) -> None:
        """Close the connections."""
        for connection in tuple(self._open):
            connection.abort()
        # The event loop closes the sockets in its next round.
        await asyncio.sleep(0)

    def _take_unused(self, now: float) -> _Connection | None:
        while self._unused:
            connection = self._unused.pop()
            if connection.is_reusable and now - connection.unused_since < _UNUSED:
                return connection
            connection.abort()
        return None

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        try:
            plain = await start_connection(
                await self._found(loop), happy_eyeballs_delay=_HEAD_START, interleave=1, loop=loop
            )
            _, connection = await loop.create_connection(
                lambda: _Connection(self._open, self._longest),
                sock=plain,
                ssl=self._tls,
                server_hostname=self._host if self._tls else None,
            )
        except (OSError, RuntimeError) as error:  # uvloop raises either
            self._addresses = []
            raise BrokenError(
                f"no connection to {self._host}:{self._port} ({_why(error)}; does it run, is "
                "base_url right?)"
            ) from error
        return connection

    async def _found(self, loop: asyncio.AbstractEventLoop) -> _Addresses:
        """Return the host's addresses; who needs them at once looks them up once."""
        async with self._lookup:
            if not self._addresses or loop.time() - self._looked_up > _KNOWN:
                self._addresses = await loop.getaddrinfo(
                    self._host, self._port, type=socket.SOCK_STREAM
                )
                self._looked_up = loop.time()
            return self._addresses


class _Connection(asyncio.Protocol):
    """One connection: a request, its reply, the next request.

    Attributes:
        is_reusable: whether a next request may be sent.
        unused_since: when the last reply was whole, by the loop's clock.
    """

    def __init__(self, among: set[_Connection], longest: int) -> None:
        self._among = among
        self._longest = longest
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._reading = Reading(longest)
        self.unused_since = 0.0
        self.is_reusable = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._among.add(self)

    def connection_lost(self, failure: Exception | None) -> None:
        self._among.discard(self)
        self._transport = None
        self.is_reusable = False
        if failure is None and self._reading.ends_with_the_connection:
            self._finish()
        else:
            why = f"{type(failure).__name__}: {failure}" if failure else "it was closed"
            self._fail(BrokenError(f"the connection ended before the answer did ({why})"))

    def send(self, request: bytes, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Reply]:
        """Send a request; return what will be its reply."""
        reply = self._reply = loop.create_future()
        self.is_reusable = False
        if self._transport is None:
            self._fail(BrokenError("the connection ended before the request was sent"))
        else:
            self._transport.write(request)
        return reply

    def expire(self) -> None:
        """Give the reply up: its time is over."""
        self._fail(TimeoutError())

    def abort(self) -> None:
        """Close the connection, whatever is on its way."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._reply is None:
            # Nothing was asked: whatever it is, the next reply is not to begin with it.
            self.abort()
            return
        try:
            if self._reading.take(data):
                self._finish()
        except BrokenError as error:
            self._fail(error)

    def _finish(self) -> None:
        reading, self._reading = self._reading, Reading(self._longest)
        try:
            made = reading.reply()
        except BrokenError as error:
            self._fail(error)
            return
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            self.is_reusable = reading.keeps and self._transport is not None
            reply.set_result(made)

    def _fail(self, error: Exception) -> None:
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            reply.set_exception(error)
        self.abort()


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _why(error: OSError | RuntimeError) -> str:
    if isinstance(error, RuntimeError):
        return str(error)
    number = error.errno or 0
    # The numbers of TLS are its own: a certificate that nobody trusts is 1, as EPERM is.
    if number > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(number)
    return error.strerror or str(error)
