"""Files from a web server into the cache: whole or not at all, and only once."""

from __future__ import annotations

import http.client
import logging
import os
import secrets
import socket
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from factory.errors import SourceError
from factory.hosts import advice, is_loopback, is_named, is_public, split_address
from factory.sources import progress

_LOG = logging.getLogger(__name__)
_BLOCK: Final = 1 << 20
_TIMEOUT_SECONDS: Final = 60
#: Bytes; what a file is written under while it comes is longer by some.
_LONGEST_NAME: Final = 200


def cache_folder() -> Path:
    """Return the folder that keeps downloads: ``$ESHOP_FACTORY_CACHE``, or the user's own cache."""
    chosen = os.environ.get("ESHOP_FACTORY_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "eshop-factory"


def check(address: str, adapter: str) -> None:
    """Raise :class:`SourceError` where ``address`` may not be fetched from.

    Plain http is for this machine only: what comes over it can be changed on the way. A password in
    an address would end in the manifest.
    """
    try:
        parts = split_address(address)
    except ValueError as error:
        raise SourceError(f"{adapter}: {address!r} is no web address: {error}") from error
    if parts.username or parts.password:
        raise SourceError(
            f"{adapter}: the address on {parts.hostname!r} holds a user name or password: take it "
            "out of the address, and download files that need one by hand"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise SourceError(
            f"{adapter}: {parts.scheme}://{parts.hostname} is not fetched, since files over plain "
            "http can be changed on the way: use the https:// address"
        )


def fetch(address: str, name: str, adapter: str) -> Path | None:
    """Return the cached file of ``address``, downloading it first; None where there is none (404).

    The file is written under a temporary name and renamed once its size is what the server said, so
    that a file with the final name is always whole and is never fetched again.

    Raises:
        SourceError: where the server cannot be reached, refuses, or stops half-way.
    """
    check(address, adapter)
    target = _target(address, name, adapter)
    if target.is_file():
        return target
    where = urlsplit(address)._replace(query="", fragment="").geturl()
    temporary = target.with_name(f".{name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            if not _receive(address, where, file, adapter):
                return None
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except (URLError, http.client.HTTPException, OSError) as error:
        # A bare URLError wraps the reason; its subclass HTTPError says its code itself.
        reason = _line(error.reason if type(error) is URLError else error)
        raise SourceError(
            f"{adapter}: downloading {where} failed ({reason}): check the address and the "
            "network, then run again; what is there whole is not fetched twice"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _receive(address: str, where: str, file: IO[bytes], adapter: str) -> bool:
    """Write the body of ``address`` to ``file``; return False where the server has no such file."""
    opener, watcher = build_opener(_Redirects(adapter), _Https(adapter)), progress.watcher()
    name = unquote(urlsplit(address).path.rpartition("/")[2])
    request = Request(address, headers={"User-Agent": "eshop-factory"})  # noqa: S310 - see check()
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            # None where the server says none, or says what is no number.
            length = response.length
            _LOG.info("downloading %s (%s bytes)", where, length or "unknown")
            received = 0
            while block := response.read(_BLOCK):
                file.write(block)
                received += len(block)
                if watcher is not None:
                    watcher(received, length or None, name)
    except HTTPError as error:
        error.close()
        if error.code in (404, 410):
            return False
        raise
    if length is not None and received != length:
        raise SourceError(
            f"{adapter}: {where} was cut off after {received} of {length} bytes: run again; what "
            "is there whole is not fetched twice"
        )
    return True


def _target(address: str, name: str, adapter: str) -> Path:
    wrong = name in ("", ".", "..") or any(mark in name for mark in ("/", "\\", "\x00"))
    if wrong or len(name.encode(errors="replace")) > _LONGEST_NAME:
        raise SourceError(f"{adapter}: {name!r} is no file name: correct the end of the address")
    # The query belongs to the key: it may hold the revision that is asked for.
    folder = address.rpartition("/")[0] + "/" + urlsplit(address).query
    key = blake2b(folder.encode(), digest_size=8).hexdigest()
    return cache_folder() / "downloads" / f"{urlsplit(address).hostname}-{key}" / name


def _line(reason: object) -> str:
    return " ".join(str(reason).split()) or type(reason).__name__


class _Redirects(HTTPRedirectHandler):
    """Follows redirects only to where a download may come from."""

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        try:
            check(newurl, self._adapter)
            if is_loopback(urlsplit(newurl).hostname) and not is_loopback(req.host.split(":")[0]):
                raise SourceError(
                    f"{self._adapter}: {req.host} sends the download on to this machine itself: "
                    "give the address of the files"
                )
        except SourceError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Https(HTTPSHandler):
    """Opens connections that end outside private networks, whatever a host's name resolves to."""

    def __init__(self, adapter: str) -> None:
        super().__init__()
        self._adapter = adapter

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        """Open ``req`` over a connection of :class:`_Connection`."""

        def connection(host: str, **options: Any) -> _Connection:
            made = _Connection(host, **options)
            made.adapter = self._adapter
            return made

        return self.do_open(connection, req)


class _Connection(http.client.HTTPSConnection):
    """A connection that is given up where it reached a machine of a private network.

    What is looked at is the peer and not the name: a name may resolve to anything, and to something
    else the next time. Behind a proxy the proxy decides what can be reached.
    """

    adapter = ""
    _tunnel_host: str | None

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        # What the base class connects with, before it says a word.
        self._create_connection = self._reached

    def _reached(self, *where: Any) -> socket.socket:
        reached = socket.create_connection(*where)
        peer = str(reached.getpeername()[0])
        allowed = is_public(peer) or is_named(self.host) or is_loopback(self.host)
        if self._tunnel_host is None and not allowed:
            reached.close()
            raise SourceError(
                f"{self.adapter}: {self.host} is a machine of a private network ({peer}): "
                f"{advice(self.host)}"
            )
        return reached
