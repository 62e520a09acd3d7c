"""Xet, the storage that the Hub's client prefers: chunks in xorbs, and shards that say which files.

From the public description of the protocol: a xorb is chunks one after another, each with a header
of eight bytes; a shard lists, in records of 48 bytes, of which chunks of which xorbs each file is
made, and the file's SHA-256. What is uploaded becomes large files like any other.
"""

from __future__ import annotations

import secrets
import struct
import time
from hashlib import sha256

from aiohttp import web

from tests.hub.asking import HUB, Refused, writable_by

RECORD = 48
BOOKEND = b"\xff" * 32
VERIFIED, DESCRIBED = 1 << 31, 1 << 30


async def write_token(request: web.Request) -> web.Response:
    """Give what may write to the storage of one repository for a while, and where that is."""
    hub = request.app[HUB]
    repository, _ = writable_by(request, proposes=request.query.get("create_pr") == "1")
    if not hub.xet:
        raise Refused(404, "no Xet here")
    key = f"xet_{secrets.token_hex(8)}"
    hub.xet_keys[key] = repository
    return web.json_response(
        {
            "accessToken": key,
            "exp": int(time.time()) + 3600,
            "casUrl": hub.url.replace("127.0.0.1", "localhost") + "/xet",
        }
    )


async def xorb(request: web.Request) -> web.Response:
    """Take one xorb."""
    hub = request.app[HUB]
    _allowed(request)
    name = request.match_info["hash"]
    new = name not in hub.xorbs
    hub.xorbs[name] = chunks_of(await request.read())
    hub.storage.sent[name] += 1
    return web.json_response({"was_inserted": new})


async def shard(request: web.Request) -> web.Response:
    """Take a shard, and make the files that it describes."""
    hub = request.app[HUB]
    repository = hub.xet_keys[_allowed(request)]
    for digest, terms in files_of(await request.read()):
        content = b"".join(b"".join(hub.xorbs[name][start:end]) for name, start, end in terms)
        if sha256(content).hexdigest() != digest:
            raise Refused(400, f"the chunks of {digest} are another file")
        repository.large_file(digest).write_bytes(content)
    return web.json_response({"result": 1})


def _allowed(request: web.Request) -> str:
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if key not in request.app[HUB].xet_keys:
        raise Refused(401, "Unauthorized")
    return key


def chunks_of(content: bytes) -> list[bytes]:
    """Return the chunks of a xorb."""
    found, at = [], 0
    while at < len(content):
        packed = int.from_bytes(content[at + 1 : at + 4], "little")
        scheme = content[at + 4]
        size = int.from_bytes(content[at + 5 : at + 8], "little")
        data = content[at + 8 : at + 8 + packed]
        if scheme > 1:
            raise Refused(400, f"a chunk is packed in a way that is not known here: {scheme}")
        chunk = unpacked(data) if scheme else data
        if len(chunk) != size:
            raise Refused(400, "a chunk is not as long as it says")
        found.append(chunk)
        at += 8 + packed
    return found


def files_of(content: bytes) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """Return SHA-256 and terms (xorb, first chunk, end) of each file of a shard."""
    records = [content[at : at + RECORD] for at in range(RECORD, len(content), RECORD)]
    found, at = [], 0
    while records[at][:32] != BOOKEND:
        flags, count = struct.unpack_from("<II", records[at], 32)
        terms = []
        for record in records[at + 1 : at + 1 + count]:
            start, end = struct.unpack_from("<II", record, 40)
            terms.append((_hash(record), start, end))
        at += 1 + count * (2 if flags & VERIFIED else 1)
        if not flags & DESCRIBED:
            raise Refused(400, "a file without its SHA-256")
        found.append((_hash(records[at]), terms))
        at += 1
    return found


def _hash(record: bytes) -> str:
    """Return a hash as it is written: four numbers of eight bytes, each in hex."""
    return "".join(f"{number:016x}" for number in struct.unpack_from("<4Q", record))


def unpacked(frame: bytes) -> bytes:
    """Return what an LZ4 frame holds."""
    flags = frame[4]
    at = 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
    out = bytearray()
    while size := int.from_bytes(frame[at : at + 4], "little"):
        stored, size = bool(size >> 31), size & 0x7FFFFFFF
        block = frame[at + 4 : at + 4 + size]
        if stored:
            out += block
        else:
            _unpack_block(block, out)
        at += 4 + size + (4 if flags & 16 else 0)
    return bytes(out)


def _unpack_block(block: bytes, out: bytearray) -> None:
    at = 0

    def length(start: int) -> int:
        nonlocal at
        total = start
        while start == 15:
            total += block[at]
            at += 1
            if block[at - 1] != 255:
                break
        return total

    while at < len(block):
        token = block[at]
        at += 1
        literal = length(token >> 4)
        out += block[at : at + literal]
        at += literal
        if at >= len(block):
            return
        offset = int.from_bytes(block[at : at + 2], "little")
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
