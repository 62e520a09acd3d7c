"""Files on their way into a Hub and out of it: small ones in commits, large ones beside them."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import json
import re
import secrets
from typing import Any

from aiohttp import web

from tests.hub.asking import HUB, Refused, commit_of, repository_of, writable_by
from tests.hub.storage import ATTRIBUTES, Blob, Commit, PullRequest, Repository


async def preupload(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    proposes = request.query.get("create_pr") == "1"
    repository, _ = writable_by(request, proposes=proposes)
    head = commit_of(request, repository)
    attributes = repository.content(head.tree[ATTRIBUTES]).decode()
    patterns = [line.split()[0] for line in attributes.splitlines() if "filter=lfs" in line]
    files = []
    for each in (await request.json())["files"]:
        name, sample = each["path"], base64.b64decode(each["sample"])
        large = (
            each["size"] >= hub.large_from
            or b"\0" in sample
            or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
        )
        there = head.tree.get(name)
        files.append(
            {
                "path": name,
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": False,
                **({"oid": there.sha256 or there.git} if there else {}),
            }
        )
    return web.json_response({"files": files, "commitOid": head.id})


async def batch(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    repository, _ = writable_by(request, proposes=True)
    objects = []
    for each in (await request.json())["objects"]:
        oid, size = each["oid"], each["size"]
        answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
        if not repository.large_file(oid).exists():
            # What such an address may do it may do without a token: it is a secret ithub.
            key = secrets.token_hex(8)
            base = f"{hub.store}/{repository.id}/{oid}"
            upload: dict[str, Any] = {"href": f"{base}?X-Amz-Signature={key}"}
            if size >= hub.part_from:
                count = -(-size // hub.part)
                upload["href"] = f"{base}/complete?X-Amz-Signature={key}"
                upload["header"] = {"chunk_size": str(hub.part)} | {
                    str(number): f"{base}/{number}?X-Amz-Signature={key}"
                    for number in range(1, count + 1)
                }
            verify = f"{hub.url}/datasets/{repository.id}.git/info/lfs/objects/verify"
            answer["actions"] = {"upload": upload, "verify": {"href": verify}}
        objects.append(answer)
    return web.json_response({"transfer": "basic", "objects": objects})


async def put(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    repository, oid = _stored(request)
    partial = repository.large_file(f"{oid}.{secrets.token_hex(4)}.partial")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as file:
            async for block in request.content.iter_chunked(1 << 16):
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != oid:
            raise Refused(400, "XAmzContentSHA256Mismatch")
        partial.rename(repository.large_file(oid))
    finally:
        partial.unlink(missing_ok=True)
    hub.storage.sent[oid] += 1
    return web.Response()


async def put_part(request: web.Request) -> web.Response:
    repository, oid = _stored(request)
    content = await request.read()
    repository.large_file(f"{oid}.part{request.match_info['number']}").write_bytes(content)
    return web.Response(headers={"ETag": hashlib.sha256(content).hexdigest()})


async def complete(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    repository, oid = _stored(request)
    content = b""
    for part in (await request.json())["parts"]:
        path = repository.large_file(f"{oid}.part{part['partNumber']}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != part["etag"]:
            raise Refused(400, "InvalidPart")
        content += path.read_bytes()
        path.unlink()
    if hashlib.sha256(content).hexdigest() != oid:
        raise Refused(400, "the parts are not the file")
    repository.large_file(oid).write_bytes(content)
    hub.storage.sent[oid] += 1
    return web.json_response({})


def _stored(request: web.Request) -> tuple[Repository, str]:
    hub = request.app[HUB]
    if "X-Amz-Signature" not in request.query:
        raise Refused(403, "AccessDenied")
    info = request.match_info
    return hub.storage.repositories[f"{info['owner']}/{info['name']}"], info["oid"]


async def verify(request: web.Request) -> web.Response:
    repository, _ = writable_by(request, proposes=True)
    body = await request.json()
    path = repository.large_file(body["oid"])
    if not path.exists() or path.stat().st_size != body["size"]:
        raise Refused(400, "The object is not the one that was announced")
    return web.json_response({})


async def commit(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    proposes = request.query.get("create_pr") == "1"
    repository, user = writable_by(request, proposes=proposes)
    head = commit_of(request, repository)
    lines = [json.loads(line) for line in (await request.read()).splitlines() if line.strip()]
    header = next(each["value"] for each in lines if each["key"] == "header")
    if header.get("parentCommit", head.id) != head.id:
        raise Refused(412, "A commit has happened since. Please refresh and try again.")
    changes = _changes(repository, head, lines)
    revision, title = request.match_info["revision"], header["summary"]
    if proposes:
        number = len(repository.pull_requests) + 1
        repository.pull_requests.append(PullRequest(number, title, user.name))
        revision = f"refs/pr/{number}"
    elif revision not in repository.refs:
        raise Refused(404, "Invalid rev id", code="RevisionNotFound")
    made = repository.commit(
        *(revision, title, user.name, changes, header.get("description", "")), base=head.id
    )
    page = f"{hub.url}/datasets/{repository.id}"
    answer = {
        "success": True,
        "commitOid": made.id,
        "commitUrl": f"{page}/commit/{made.id}",
        "hookOutput": "",
    }
    if proposes:
        answer["pullRequestUrl"] = f"{page}/discussions/{number}"
    return web.json_response(answer)


async def resolve(request: web.Request) -> web.StreamResponse:
    hub = request.app[HUB]
    repository = repository_of(request)
    head = commit_of(request, repository)
    blob = head.tree.get(request.match_info["path"])
    if blob is None:
        raise Refused(404, "Entry not found", code="EntryNotFound")
    headers = {"X-Repo-Commit": head.id, "ETag": f'"{blob.sha256 or blob.git}"'}
    if blob.sha256 is None:
        return _part_of(request, repository.content(blob), headers)
    return web.Response(
        status=302,
        headers=headers
        | {
            "X-Linked-Size": str(blob.size),
            "X-Linked-ETag": f'"{blob.sha256}"',
            "Location": f"{hub.store}/{repository.id}/{blob.sha256}"
            f"?X-Amz-Signature={secrets.token_hex(8)}",
        },
    )


async def download(request: web.Request) -> web.StreamResponse:
    repository, oid = _stored(request)
    return _part_of(request, repository.large_file(oid).read_bytes(), {"ETag": f'"{oid}"'})


def _changes(
    repository: Repository, head: Commit, lines: list[dict[str, Any]]
) -> dict[str, Blob | None]:
    changes: dict[str, Blob | None] = {}
    for each in lines:
        value = each["value"]
        if each["key"] == "file":
            changes[value["path"]] = repository.keep(base64.b64decode(value["content"]))
        elif each["key"] == "lfsFile":
            if not repository.large_file(value["oid"]).exists():
                raise Refused(400, f"LFS pointer of {value['path']} points to no file")
            changes[value["path"]] = repository.pointer(value["oid"])
        elif each["key"] == "deletedFile":
            if value["path"] not in head.tree:
                raise Refused(404, "A file with this name doesn't exist", code="EntryNotFound")
            changes[value["path"]] = None
        elif each["key"] != "header":
            raise Refused(400, f"unknown operation {each['key']}")
    return changes


def _part_of(request: web.Request, content: bytes, headers: dict[str, str]) -> web.Response:
    """Return a content, or the range of it that is asked for."""
    headers["Accept-Ranges"] = "bytes"
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if not wanted:
        return web.Response(body=content, headers=headers)
    start, end = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    if start >= len(content):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return web.Response(status=206, body=content[start : end + 1], headers=headers)
