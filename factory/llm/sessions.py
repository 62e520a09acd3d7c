"""aiohttp's sessions to an endpoint: for what is no hot path, and for the way through a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from factory.hosts import is_loopback
from factory.llm.models import Endpoint
from factory.llm.replies import BrokenError, Reply

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, ClientTimeout


def headers_to(endpoint: Endpoint) -> dict[str, str]:
    """Return what each request to ``endpoint`` carries: its key, and who asks.

    Some gateways let nobody in who does not say.
    """
    own = {"Accept": "application/json", "User-Agent": "eshop-factory"}
    if endpoint.key:
        own["Authorization"] = f"Bearer {endpoint.key}"
    return own


def proxy_of(url: str) -> str | None:
    """Return the proxy that the environment names for ``url``; never one for this machine.

    What a proxy calls by its own address is not the server here, and it would read the prompts.
    """
    parts = urlsplit(url)
    if is_loopback(parts.hostname) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def open_session(
    endpoint: Endpoint, timeout: ClientTimeout, headers: Mapping[str, str]
) -> ClientSession:
    """Return a session that carries the endpoint's key in each request."""
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector

    return ClientSession(
        connector=TCPConnector(limit=0, ttl_dns_cache=300),
        timeout=timeout,
        headers={**headers_to(endpoint), **headers},
        cookie_jar=DummyCookieJar(),
        # With trust_env, aiohttp reads ~/.netrc for every request.
        proxy=proxy_of(endpoint.url),
    )


class ProxiedWire:
    """What :class:`factory.llm.wire.Wire` is, through the proxy that the environment names.

    Args:
        endpoint: whose key is sent.
        url: where bodies are posted.
        timeout: seconds for a whole request.
        longest: bytes of a reply at most.
    """

    def __init__(self, endpoint: Endpoint, url: str, timeout: float, longest: int) -> None:
        self._endpoint = endpoint
        self._url = url
        self._timeout = timeout
        self._longest = longest
        self._session: ClientSession | None = None

    async def post(self, body: bytes) -> Reply:
        """Return the reply to ``body``; raises what :meth:`factory.llm.wire.Wire.post` raises."""
        import aiohttp

        if self._session is None:
            self._session = open_session(
                self._endpoint,
                aiohttp.ClientTimeout(total=self._timeout),
                {"Content-Type": "application/json"},
            )
        try:
            async with self._session.post(
                self._url, data=aiohttp.BytesPayload(body), allow_redirects=False
            ) as response:
                content = await self._read(response)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenError(f"{type(error).__name__}: {error}") from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status, headers, content)

    async def _read(self, response: ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > self._longest:
                response.close()
                raise BrokenError("the answer does not end")
        return b"".join(parts)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            # The event loop closes the sockets in its next round.
            await asyncio.sleep(0)
            self._session = None
