"""Repositories of a Hub: made, looked at, branched, proposed to."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import yaml
from aiohttp import web

from tests.hub.asking import HUB, Refused, commit_of, refusal, repository_of, user_of, writable_by
from tests.hub.storage import Blob, Commit

CLOCK = "2026-01-01T00:00:00.000Z"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,94}[A-Za-z0-9_]|[A-Za-z0-9]")


async def whoami(request: web.Request) -> web.Response:
    user = user_of(request)
    if user is None:
        raise Refused(401, "Invalid username or password.")
    return web.json_response(
        {
            "type": "user",
            "name": user.name,
            "orgs": [{"name": each, "type": "org"} for each in user.organisations],
            "auth": {"type": "access_token", "accessToken": {"role": user.role}},
        }
    )


async def create(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    user = user_of(request)
    if user is None:
        raise Refused(401, "Invalid username or password.")
    body = await request.json()
    owner, name = body.get("organization") or user.name, body["name"]
    if not user.may_write(owner):
        raise Refused(
            403,
            f'You don\'t have the rights to create a dataset under the namespace "{owner}"',
        )
    if not NAME.fullmatch(name) or name.endswith(".git"):
        raise Refused(400, f"Invalid repo name: {name}")
    url = f"{hub.url}/datasets/{owner}/{name}"
    if f"{owner}/{name}" in {*hub.storage.repositories, *hub.storage.taken}:
        refused = refusal(409, "You already created this dataset repo")
        refused.text = json.dumps({"error": "You already created this dataset repo", "url": url})
        return refused
    hub.storage.create(owner, name, private=body.get("visibility") == "private")
    return web.json_response({"url": url, "id": f"{owner}/{name}"})


async def validate(request: web.Request) -> web.Response:
    content = (await request.json())["content"]
    parts = content.split("---\n", 2)
    problems: dict[str, list[dict[str, str]]] = {"errors": [], "warnings": []}
    if len(parts) < 3 or parts[0]:
        problems["warnings"].append({"message": "empty or missing yaml metadata in repo card"})
    else:
        try:
            yaml.safe_load(parts[1])
        except yaml.YAMLError as error:
            problems["errors"].append({"message": str(error)})
    return web.json_response(problems, status=400 if problems["errors"] else 200)


async def info(request: web.Request) -> web.Response:
    repository = repository_of(request)
    head = commit_of(request, repository)
    return web.json_response(
        {
            "_id": hashlib.md5(repository.id.encode(), usedforsecurity=False).hexdigest()[:24],
            "id": repository.id,
            "author": repository.owner,
            "sha": head.id,
            "private": repository.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "createdAt": CLOCK,
            "lastModified": CLOCK,
            "siblings": [{"rfilename": path} for path in head.tree],
        }
    )


async def tree(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    repository = repository_of(request)
    head = commit_of(request, repository)
    below = request.match_info.get("path", "")
    recursive = request.query.get("recursive", "").lower() == "true"
    entries = _entries(head, below, recursive=recursive)
    if below and not entries:
        raise Refused(404, f"{below} does not exist", code="EntryNotFound")
    start = int(request.query.get("cursor", 0))
    page = entries[start : start + hub.page]
    headers = {}
    if start + hub.page < len(entries):
        following = request.url.update_query(cursor=str(start + hub.page))
        headers["Link"] = f'<{following}>; rel="next"'
    return web.json_response(page, headers=headers)


async def paths_info(request: web.Request) -> web.Response:
    head = commit_of(request, repository_of(request))
    wanted = (await request.post()).getall("paths", [])
    everything = {each["path"]: each for each in _entries(head, "", recursive=True)}
    return web.json_response([everything[path] for path in wanted if path in everything])


async def refs(request: web.Request) -> web.Response:
    repository = repository_of(request)
    branches: list[dict[str, str]] = []
    requests: list[dict[str, str]] = []
    for name, commit in repository.refs.items():
        inner = name.startswith("refs/pr/")
        ref = {
            "name": name.removeprefix("refs/pr/"),
            "ref": name if inner else f"refs/heads/{name}",
            "targetCommit": commit,
        }
        (requests if inner else branches).append(ref)
    found = {"branches": branches, "converts": [], "tags": []}
    return web.json_response(found | {"pullRequests": requests})


async def commits(request: web.Request) -> web.Response:
    repository = repository_of(request)
    head = commit_of(request, repository)
    return web.json_response(
        [
            {
                "id": each.id,
                "title": each.title,
                "message": each.description,
                "authors": [{"user": each.author}],
                "date": CLOCK,
            }
            for each in repository.history(head.id)
        ]
    )


async def branch(request: web.Request) -> web.Response:
    repository, _ = writable_by(request, proposes=False)
    branch = request.match_info["branch"]
    if branch in repository.refs:
        raise Refused(409, f"Reference {branch} already exists")
    start = (await request.json()).get("startingPoint", "main")
    head = repository.head(start)
    if head is None:
        raise Refused(404, "Invalid rev id", code="RevisionNotFound")
    repository.refs[branch] = head.id
    return web.json_response({})


async def discussions(request: web.Request) -> web.Response:
    repository = repository_of(request)
    author, status = request.query.get("author"), request.query.get("status", "all")
    found = [
        each
        for each in repository.pull_requests
        if author in (None, each.author) and status in ("all", each.status)
    ]
    return web.json_response(
        {
            "count": len(found),
            "start": 0,
            "discussions": [
                {
                    "num": each.number,
                    "title": each.title,
                    "author": {"name": each.author},
                    "createdAt": CLOCK,
                    "status": each.status,
                    "isPullRequest": True,
                    "repo": {"name": repository.id, "type": "dataset"},
                }
                for each in found
            ],
        }
    )


def _entries(head: Commit, below: str, *, recursive: bool) -> list[dict[str, Any]]:
    prefix = f"{below}/" if below else ""
    found: dict[str, dict[str, Any]] = {}
    for path, blob in head.tree.items():
        if not path.startswith(prefix):
            continue
        parts = path.removeprefix(prefix).split("/")
        for depth in range(1, len(parts)):
            folder = prefix + "/".join(parts[:depth])
            if recursive or depth == 1:
                oid = hashlib.sha1(folder.encode(), usedforsecurity=False).hexdigest()
                found[folder] = {"type": "directory", "oid": oid, "size": 0, "path": folder}
        if recursive or len(parts) == 1:
            found[path] = _entry(path, blob)
    return [found[path] for path in sorted(found)]


def _entry(path: str, blob: Blob) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "oid": blob.git, "size": blob.size, "path": path}
    if blob.sha256:
        entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 134}
    return entry
