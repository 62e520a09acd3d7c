"""What an HTTP/1.1 server replies, read as it comes: no sockets here.

What is not in the form of RFC 9112, or larger than it may be, is told by :class:`BrokenError` as
soon as it is seen: a server may be anything, and what it sends is never kept past its bound.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, NamedTuple

#: Bytes; no head of a reply is longer.
_LONGEST_HEAD: Final = 1 << 16
#: The same of a part's head, and of a header behind the last part.
_LONGEST_LINE: Final = 1 << 12
_HEAD_END: Final = b"\r\n\r\n"
_LINE_END: Final = b"\r\n"
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_HEX_DIGITS: Final = 16
_OK: Final = 200
_WITHOUT_BODY: Final = frozenset({204, 304})
#: What ``zlib`` calls the ways of packing that it knows.
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class BrokenError(Exception):
    """No connection, or what came over it is no whole reply."""


class Reply(NamedTuple):
    """What came back; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Reading:
    """One reply as it comes.

    Args:
        longest: bytes of its body at most, packed or not.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._unread = b""
        self._head: _Head | None = None
        self._body: _Body | None = None

    def take(self, data: bytes) -> bool:
        """Take what came; return whether the reply is whole. Raises :class:`BrokenError`."""
        if self._body is None:
            data = self._take_head(data)
        return self._body is not None and self._body.take(data)

    def _take_head(self, data: bytes) -> bytes:
        """Return what of ``data`` is behind the head."""
        data = self._unread + data
        while (end := data.find(_HEAD_END)) >= 0:
            head = _read_head(data[:end])
            data = data[end + len(_HEAD_END) :]
            if head.status >= _OK:  # else it says that the reply is still to come
                self._head = head
                self._body = _body_of(head, self._longest)
                return data
        if len(data) > _LONGEST_HEAD:
            raise BrokenError("the head of the answer does not end")
        self._unread = data
        return b""

    @property
    def ends_with_the_connection(self) -> bool:
        """Whether nothing but the connection's end says that the reply is whole."""
        return isinstance(self._body, _Rest)

    @property
    def keeps(self) -> bool:
        """Whether another request may follow on the connection, once the reply is whole."""
        return bool(self._head and self._head.keeps and self._body and not self._body.is_over)

    def reply(self) -> Reply:
        """Return the reply, once it is whole. Raises :class:`BrokenError`."""
        if self._head is None or self._body is None:
            raise BrokenError("the answer is not whole")
        headers, content = self._head.headers, self._body.content
        if (packed := headers.get("content-encoding", "identity").lower()) != "identity":
            content = _unpacked(content, packed, self._longest)
        return Reply(self._head.status, headers, content)


class _Head(NamedTuple):
    """The head of a reply; ``keeps`` is whether the connection may be used again."""

    status: int
    headers: Mapping[str, str]
    keeps: bool


def _read_head(head: bytes) -> _Head:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not (version.startswith("HTTP/1.") and len(status) == len("200") and _is_number(status)):
        raise BrokenError("what answers does not speak HTTP/1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BrokenError("the head of the answer is not in the form of HTTP")
        name = name.lower()
        value = value.strip(" \t")
        if name not in headers:
            headers[name] = value
        elif name != "content-length":
            headers[name] += f", {value}"
        elif headers[name] != value:
            raise BrokenError("the answer says two lengths")
    wish = headers.get("connection", "").lower()
    keeps = "keep-alive" in wish if version == "HTTP/1.0" else "close" not in wish
    return _Head(int(status), headers, keeps)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _body_of(head: _Head, longest: int) -> _Body:
    coding = head.headers.get("transfer-encoding", "").lower()
    if coding.rpartition(",")[2].strip() == "chunked":
        return _Chunked(longest)
    if head.status in _WITHOUT_BODY:
        return _Counted(0)
    length = head.headers.get("content-length")
    if length is None or coding:
        return _Rest(longest)
    if not _is_number(length):
        raise BrokenError(f"the answer says that its length is {length[:20]!r}")
    if len(length) > len(str(longest)) or int(length) > longest:
        raise BrokenError("the answer does not end")
    return _Counted(int(length))


class _Body(ABC):
    """What has come of a body; ``room`` is for how many bytes more there is room.

    Attributes:
        is_over: whether more came than belongs to it.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._parts: list[bytes] = []
        self.is_over = False

    @property
    def content(self) -> bytes:
        return b"".join(self._parts)

    @abstractmethod
    def take(self, data: bytes) -> bool:
        """Take what came; return whether the body is whole."""

    def _reserve(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise BrokenError("the answer does not end")


class _Counted(_Body):
    """A body whose length was said."""

    def take(self, data: bytes) -> bool:
        if len(data) > self._room:
            self.is_over = True
            data = data[: self._room]
        self._room -= len(data)
        self._parts.append(data)
        return not self._room


class _Chunked(_Body):
    """A body in parts, each with its length before it."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self._unread = bytearray()
        #: Bytes of the part under way, with the end of its line; 0 between parts.
        self._size = 0
        self._had_last = False

    def take(self, data: bytes) -> bool:
        self._unread += data
        while len(self._unread) >= self._size:
            if self._size:
                self._take_part()
            line = self._take_line()
            if line is None:
                return False
            if self._had_last:  # a header behind the body, or the empty line that ends all
                self._reserve(len(line) + len(_LINE_END))
                if not line:
                    self.is_over = bool(self._unread)
                    return True
            elif size := _size_in(line):
                self._reserve(size)
                self._size = size + len(_LINE_END)
            else:
                self._had_last = True
        return False

    def _take_part(self) -> None:
        size = self._size - len(_LINE_END)
        if self._unread[size : self._size] != _LINE_END:
            raise BrokenError("a part of the answer is longer than it says")
        self._parts.append(bytes(self._unread[:size]))
        del self._unread[: self._size]
        self._size = 0

    def _take_line(self) -> bytes | None:
        end = self._unread.find(_LINE_END, 0, _LONGEST_LINE)
        if end < 0:
            if len(self._unread) >= _LONGEST_LINE:
                raise BrokenError("the head of a part of the answer does not end")
            return None
        line = bytes(self._unread[:end])
        del self._unread[: end + len(_LINE_END)]
        return line


def _size_in(line: bytes) -> int:
    digits = line.partition(b";")[0].strip(b" \t")
    if not 0 < len(digits) <= _HEX_DIGITS or not _HEX.issuperset(digits):
        raise BrokenError("a part of the answer does not say its length")
    return int(digits, 16)


class _Rest(_Body):
    """A body that ends where the connection does: nothing can follow it."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.is_over = True

    def take(self, data: bytes) -> bool:
        self._reserve(len(data))
        self._parts.append(data)
        return False


def _unpacked(content: bytes, packed: str, longest: int) -> bytes:
    if packed not in _WINDOWS:
        raise BrokenError(f"the answer is packed as {packed[:20]!r}, which nobody asked for")
    unpacking = zlib.decompressobj(_WINDOWS[packed])
    try:
        made = unpacking.decompress(content, longest)
    except zlib.error as error:
        raise BrokenError(f"a packed answer is damaged ({error})") from error
    if unpacking.unconsumed_tail:
        raise BrokenError("the answer does not end")
    if not unpacking.eof:
        raise BrokenError("a packed answer is not whole")
    return made
