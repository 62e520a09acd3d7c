"""A reply over HTTP/1.1 is the same in whatever pieces it comes; what is none is told."""

from __future__ import annotations

import gzip
import zlib

import pytest

from factory.llm.replies import BrokenError, Reading, Reply

LONGEST = 1000
BODY = b'{"choices": []}'
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n"
    b'4;name=value\r\n{"ch\r\n0B\r\noices": []}\r\n0\r\nExpires: never\r\n\r\n'
)
REST = b"HTTP/1.0 200 OK\r\n\r\n" + BODY
GZIP = gzip.compress(BODY, mtime=0)
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (
    len(GZIP),
    GZIP,
)


def read(*parts: bytes, longest: int = LONGEST) -> Reading:
    """Return a reply that came in ``parts``; the last of them must be what makes it whole."""
    reading = Reading(longest)
    whole = [reading.take(part) for part in parts]
    assert not any(whole[:-1])
    assert whole[-1] or reading.ends_with_the_connection
    return reading


def answer(status: int = 200, headers: str = "", body: bytes = b"") -> bytes:
    """Return a reply with these header lines."""
    return f"HTTP/1.1 {status} X\r\n{headers}\r\n".encode() + body


@pytest.mark.parametrize(
    "reply", [COUNTED, CHUNKED, REST, PACKED], ids=["counted", "chunked", "rest", "packed"]
)
def test_pieces_make_no_difference(reply: bytes) -> None:
    whole = read(reply).reply()
    assert (whole.status, whole.content) == (200, BODY)
    for at in range(1, len(reply)):
        assert read(reply[:at], reply[at:]).reply() == whole
    assert read(*(bytes([each]) for each in reply)).reply() == whole


def test_names_of_headers_are_in_lower_case_and_one_that_comes_twice_is_one() -> None:
    made = read(
        answer(429, "Retry-After:  2 \r\nVia: a\r\nvia: b\r\nContent-Length: 0\r\n")
    ).reply()
    assert made == Reply(429, {"retry-after": "2", "via": "a, b", "content-length": "0"}, b"")


def test_what_says_that_the_reply_is_to_come_is_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + COUNTED).reply().content == BODY


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(status: int) -> None:
    assert read(answer(status)).reply().content == b""


@pytest.mark.parametrize(
    ("reply", "keeps"),
    [
        (COUNTED, True),
        (CHUNKED, True),
        (COUNTED + b"H", False),
        (CHUNKED + b"H", False),
        (REST, False),
        (answer(200, "Connection: Close\r\nContent-Length: 0\r\n"), False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_a_connection_is_kept_where_the_next_reply_begins_where_this_one_ended(
    reply: bytes, keeps: bool
) -> None:
    assert read(reply).keeps is keeps


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/2 200\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 20\r\n\r\n", "does not speak HTTP"),
        ("HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode(), "does not speak HTTP"),
        (answer(headers="no colon\r\n"), "not in the form"),
        (answer(headers=" folded: x\r\n"), "not in the form"),
        (answer(headers="name : x\r\n"), "not in the form"),
        (answer(headers="Content-Length: 3\r\nContent-Length: 4\r\n"), "two lengths"),
        (answer(headers="Content-Length: -1\r\n"), "says that its length is '-1'"),
        (answer(headers="Content-Length: 1_0\r\n"), "says that its length"),
        (answer(headers=f"Content-Length: {LONGEST + 1}\r\n"), "does not end"),
        (answer(headers="Content-Length: " + "9" * 5000 + "\r\n"), "does not end"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000, "head of the answer does not end"),
        (answer(body=b"x" * (LONGEST + 1)), "does not end"),
        (answer(headers="Transfer-Encoding: gzip\r\n", body=b"x" * (LONGEST + 1)), "does not end"),
    ],
)
def test_what_is_no_reply_is_told(reply: bytes, said: str) -> None:
    with pytest.raises(BrokenError, match=said):
        Reading(LONGEST).take(reply)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (b"\r\n", "does not say its length"),
        (b"0x4\r\nabcd\r\n", "does not say its length"),
        (b"+4\r\nabcd\r\n", "does not say its length"),
        (b"00000000000000000\r\n", "does not say its length"),
        (b"4\r\nabcde\r\n", "longer than it says"),
        (b"3e9\r\n", "does not end"),
        (b"1f4\r\n%b\r\n1f5\r\n" % (b"x" * 500), "does not end"),
        (b"4;" + b"x" * 5000, "head of a part"),
        (b"0\r\n" + b"more: headers\r\n" * 100, "does not end"),
    ],
)
def test_parts_that_do_not_say_what_they_are_are_told(parts: bytes, said: str) -> None:
    with pytest.raises(BrokenError, match=said):
        Reading(LONGEST).take(answer(headers="Transfer-Encoding: chunked\r\n", body=parts))


@pytest.mark.parametrize(
    ("packing", "content", "said"),
    [
        ("br", b"x", "packed as 'br'"),
        ("gzip", b"not packed", "damaged"),
        ("gzip", GZIP[:-4], "not whole"),
        ("deflate", zlib.compress(b"x" * (LONGEST + 1)), "does not end"),
    ],
)
def test_a_packed_body_is_unpacked_whole_or_told(packing: str, content: bytes, said: str) -> None:
    head = f"Content-Encoding: {packing}\r\nContent-Length: {len(content)}\r\n"
    with pytest.raises(BrokenError, match=said):
        read(answer(headers=head, body=content)).reply()


def test_a_reply_is_not_whole_before_it_is() -> None:
    reading = Reading(LONGEST)
    assert not reading.take(COUNTED[:-1])
    assert not reading.ends_with_the_connection
    with pytest.raises(BrokenError, match="not whole"):
        Reading(LONGEST).reply()
