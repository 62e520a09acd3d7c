"""A Hub on a port of this machine: the endpoints that its client needs to push and to load.

It speaks the documented protocol over real connections, keeps what it gets in real files, and
misbehaves where a test asks for it. As a command it is a Hub to try a push on::

    python -m tests.hub.server
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import fnmatch
import hashlib
import json
import re
import secrets
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from aiohttp import web

from tests.hub.storage import ATTRIBUTES, Blob, Commit, PullRequest, Repository, Storage, User

CLOCK = "2026-01-01T00:00:00.000Z"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,94}[A-Za-z0-9_]|[A-Za-z0-9]")


@dataclass
class Fault:
    """How the server misbehaves: the next ``times`` requests ``METHOD path`` that match ``where``.

    Attributes:
        status, message, headers: the answer in place of the right one, where a status is given.
        cut_after: break the connection off after this many bytes of the request's body.
        lose_answer: do as asked, then break the connection off; slow: wait these seconds first.
        before: what happens first, such as somebody else's commit.
    """

    where: str
    times: int = 1
    status: int | None = None
    message: str = "no"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    lose_answer: bool = False
    slow: float = 0.0
    before: Callable[[], object] | None = None


@dataclass
class Hub:
    """A running server.

    Attributes:
        url: its address; storage: what it keeps; faults: how it misbehaves.
        requests: ``METHOD path`` of everything asked; tokens: what came as authorization.
        large_from: files of this many bytes are large; part_from: from here they come in parts.
        page: entries on one page of a tree.
    """

    storage: Storage
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    large_from: int = 10 << 20
    part_from: int = 64 << 20
    part: int = 16 << 20
    page: int = 1000

    @property
    def store(self) -> str:
        """Where large files lie: under another name, as on the Hub, so that no token goes there."""
        return self.url.replace("127.0.0.1", "localhost") + "/store"

    def asked(self, pattern: str) -> int:
        """Return how many requests match a pattern."""
        return sum(re.search(pattern, line) is not None for line in self.requests)

    def application(self) -> web.Application:
        """Return the application, ready to be served."""
        app = web.Application(client_max_size=1 << 32, middlewares=[self._watched])
        api = "/api/datasets/{owner}/{name}"
        page = "/datasets/{owner}/{name}"
        app.add_routes(
            [
                web.get("/api/whoami-v2", self._whoami),
                web.post("/api/repos/create", self._create),
                web.post("/api/validate-yaml", self._validate),
                web.get(api, self._info),
                web.get(api + "/revision/{revision}", self._info),
                web.get(api + "/tree/{revision}", self._tree),
                web.get(api + "/tree/{revision}/{path:.+}", self._tree),
                web.post(api + "/paths-info/{revision}", self._paths_info),
                web.get(api + "/refs", self._refs),
                web.get(api + "/commits/{revision}", self._commits),
                web.post(api + "/branch/{branch}", self._branch),
                web.get(api + "/discussions", self._discussions),
                web.post(api + "/preupload/{revision}", self._preupload),
                web.post(api + "/commit/{revision}", self._commit),
                web.post(page + ".git/info/lfs/objects/batch", self._batch),
                web.post(page + ".git/info/lfs/objects/verify", self._verify),
                web.get(page + "/resolve/{revision}/{path:.+}", self._resolve),
                web.put("/store/{owner}/{name}/{oid}", self._put),
                web.put("/store/{owner}/{name}/{oid}/{number}", self._put_part),
                web.post("/store/{owner}/{name}/{oid}/complete", self._complete),
                web.get("/store/{owner}/{name}/{oid}", self._download),
            ]
        )
        return app

    # Who asks, and how the server misbehaves

    @web.middleware
    async def _watched(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        line = f"{request.method} {request.path}"
        self.requests.append(line)
        self.tokens.append(request.headers.get("Authorization"))
        fault = next((each for each in self.faults if re.search(each.where, line)), None)
        if fault is None:
            return await _answered(request, handler)
        fault.times -= 1
        if fault.times <= 0:
            self.faults.remove(fault)
        if fault.before is not None:
            fault.before()
        await asyncio.sleep(fault.slow)
        if fault.cut_after is not None:
            await _take(request, fault.cut_after)
        elif fault.status is not None:
            await request.read()
            return _refusal(fault.status, fault.message, **fault.headers)
        else:
            answer = await _answered(request, handler)
            if not fault.lose_answer:
                return answer
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def _user(self, request: web.Request) -> User | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            return None
        if token not in self.storage.tokens:
            raise _Refused(401, "Invalid credentials in Authorization header")
        return self.storage.tokens[token]

    def _repository(self, request: web.Request) -> Repository:
        user = self._user(request)
        owner, name = request.match_info["owner"], request.match_info["name"]
        found = self.storage.repositories.get(f"{owner}/{name}")
        if found is not None and (not found.private or (user and _belongs(user, owner))):
            return found
        if user is None:
            raise _Refused(401, "Invalid username or password.")
        raise _Refused(404, "Repository not found", code="RepoNotFound")

    def _writable(self, request: web.Request, *, proposes: bool) -> tuple[Repository, User]:
        repository = self._repository(request)
        user = self._user(request)
        if user is None:
            raise _Refused(401, "Invalid username or password.")
        if not proposes and not user.may_write(repository.owner):
            raise _Refused(
                403, "Authorization error: you don't have the rights to write to this repository"
            )
        return repository, user

    def _revision(self, request: web.Request, repository: Repository) -> Commit:
        head = repository.head(request.match_info.get("revision", "main"))
        if head is None:
            raise _Refused(404, "Invalid rev id", code="RevisionNotFound")
        return head

    # Repositories

    async def _whoami(self, request: web.Request) -> web.Response:
        user = self._user(request)
        if user is None:
            raise _Refused(401, "Invalid username or password.")
        return web.json_response(
            {
                "type": "user",
                "name": user.name,
                "orgs": [{"name": each, "type": "org"} for each in user.organisations],
                "auth": {"type": "access_token", "accessToken": {"role": user.role}},
            }
        )

    async def _create(self, request: web.Request) -> web.Response:
        user = self._user(request)
        if user is None:
            raise _Refused(401, "Invalid username or password.")
        body = await request.json()
        owner, name = body.get("organization") or user.name, body["name"]
        if not user.may_write(owner):
            raise _Refused(
                403,
                f'You don\'t have the rights to create a dataset under the namespace "{owner}"',
            )
        if not NAME.fullmatch(name) or name.endswith(".git"):
            raise _Refused(400, f"Invalid repo name: {name}")
        url = f"{self.url}/datasets/{owner}/{name}"
        if f"{owner}/{name}" in {*self.storage.repositories, *self.storage.taken}:
            refused = _refusal(409, "You already created this dataset repo")
            refused.text = json.dumps(
                {"error": "You already created this dataset repo", "url": url}
            )
            return refused
        self.storage.create(owner, name, private=body.get("visibility") == "private")
        return web.json_response({"url": url, "id": f"{owner}/{name}"})

    async def _validate(self, request: web.Request) -> web.Response:
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

    async def _info(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        head = self._revision(request, repository)
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

    async def _tree(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        head = self._revision(request, repository)
        below = request.match_info.get("path", "")
        recursive = request.query.get("recursive", "").lower() == "true"
        entries = _entries(head, below, recursive=recursive)
        if below and not entries:
            raise _Refused(404, f"{below} does not exist", code="EntryNotFound")
        start = int(request.query.get("cursor", 0))
        page = entries[start : start + self.page]
        headers = {}
        if start + self.page < len(entries):
            following = request.url.update_query(cursor=str(start + self.page))
            headers["Link"] = f'<{following}>; rel="next"'
        return web.json_response(page, headers=headers)

    async def _paths_info(self, request: web.Request) -> web.Response:
        head = self._revision(request, self._repository(request))
        wanted = (await request.post()).getall("paths", [])
        everything = {each["path"]: each for each in _entries(head, "", recursive=True)}
        return web.json_response([everything[path] for path in wanted if path in everything])

    async def _refs(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        branches, requests = [], []
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

    async def _commits(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        head = self._revision(request, repository)
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

    async def _branch(self, request: web.Request) -> web.Response:
        repository, _ = self._writable(request, proposes=False)
        branch = request.match_info["branch"]
        if branch in repository.refs:
            raise _Refused(409, f"Reference {branch} already exists")
        start = (await request.json()).get("startingPoint", "main")
        head = repository.head(start)
        if head is None:
            raise _Refused(404, "Invalid rev id", code="RevisionNotFound")
        repository.refs[branch] = head.id
        return web.json_response({})

    async def _discussions(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
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

    # Files on their way in

    async def _preupload(self, request: web.Request) -> web.Response:
        proposes = request.query.get("create_pr") == "1"
        repository, _ = self._writable(request, proposes=proposes)
        head = self._revision(request, repository)
        attributes = repository.content(head.tree[ATTRIBUTES]).decode()
        patterns = [line.split()[0] for line in attributes.splitlines() if "filter=lfs" in line]
        files = []
        for each in (await request.json())["files"]:
            name, sample = each["path"], base64.b64decode(each["sample"])
            large = (
                each["size"] >= self.large_from
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

    async def _batch(self, request: web.Request) -> web.Response:
        repository, _ = self._writable(request, proposes=True)
        objects = []
        for each in (await request.json())["objects"]:
            oid, size = each["oid"], each["size"]
            answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
            if not repository.large_file(oid).exists():
                # What such an address may do it may do without a token: it is a secret itself.
                key = secrets.token_hex(8)
                base = f"{self.store}/{repository.id}/{oid}"
                upload: dict[str, Any] = {"href": f"{base}?X-Amz-Signature={key}"}
                if size >= self.part_from:
                    count = -(-size // self.part)
                    upload["href"] = f"{base}/complete?X-Amz-Signature={key}"
                    upload["header"] = {"chunk_size": str(self.part)} | {
                        str(number): f"{base}/{number}?X-Amz-Signature={key}"
                        for number in range(1, count + 1)
                    }
                verify = f"{self.url}/datasets/{repository.id}.git/info/lfs/objects/verify"
                answer["actions"] = {"upload": upload, "verify": {"href": verify}}
            objects.append(answer)
        return web.json_response({"transfer": "basic", "objects": objects})

    async def _put(self, request: web.Request) -> web.Response:
        repository, oid = self._stored(request)
        partial = repository.large_file(f"{oid}.{secrets.token_hex(4)}.partial")
        digest = hashlib.sha256()
        try:
            with partial.open("wb") as file:
                async for block in request.content.iter_chunked(1 << 16):
                    digest.update(block)
                    file.write(block)
            if digest.hexdigest() != oid:
                raise _Refused(400, "XAmzContentSHA256Mismatch")
            partial.rename(repository.large_file(oid))
        finally:
            partial.unlink(missing_ok=True)
        self.storage.sent[oid] += 1
        return web.Response()

    async def _put_part(self, request: web.Request) -> web.Response:
        repository, oid = self._stored(request)
        content = await request.read()
        repository.large_file(f"{oid}.part{request.match_info['number']}").write_bytes(content)
        return web.Response(headers={"ETag": hashlib.sha256(content).hexdigest()})

    async def _complete(self, request: web.Request) -> web.Response:
        repository, oid = self._stored(request)
        content = b""
        for part in (await request.json())["parts"]:
            path = repository.large_file(f"{oid}.part{part['partNumber']}")
            if hashlib.sha256(path.read_bytes()).hexdigest() != part["etag"]:
                raise _Refused(400, "InvalidPart")
            content += path.read_bytes()
            path.unlink()
        if hashlib.sha256(content).hexdigest() != oid:
            raise _Refused(400, "the parts are not the file")
        repository.large_file(oid).write_bytes(content)
        self.storage.sent[oid] += 1
        return web.json_response({})

    def _stored(self, request: web.Request) -> tuple[Repository, str]:
        if "X-Amz-Signature" not in request.query:
            raise _Refused(403, "AccessDenied")
        info = request.match_info
        return self.storage.repositories[f"{info['owner']}/{info['name']}"], info["oid"]

    async def _verify(self, request: web.Request) -> web.Response:
        repository, _ = self._writable(request, proposes=True)
        body = await request.json()
        path = repository.large_file(body["oid"])
        if not path.exists() or path.stat().st_size != body["size"]:
            raise _Refused(400, "The object is not the one that was announced")
        return web.json_response({})

    async def _commit(self, request: web.Request) -> web.Response:
        proposes = request.query.get("create_pr") == "1"
        repository, user = self._writable(request, proposes=proposes)
        head = self._revision(request, repository)
        lines = [json.loads(line) for line in (await request.read()).splitlines() if line.strip()]
        header = next(each["value"] for each in lines if each["key"] == "header")
        if header.get("parentCommit", head.id) != head.id:
            raise _Refused(412, "A commit has happened since. Please refresh and try again.")
        changes = _changes(repository, head, lines)
        revision, title = request.match_info["revision"], header["summary"]
        if proposes:
            number = len(repository.pull_requests) + 1
            repository.pull_requests.append(PullRequest(number, title, user.name))
            revision = f"refs/pr/{number}"
        elif revision not in repository.refs:
            raise _Refused(404, "Invalid rev id", code="RevisionNotFound")
        made = repository.commit(
            *(revision, title, user.name, changes, header.get("description", "")), base=head.id
        )
        page = f"{self.url}/datasets/{repository.id}"
        answer = {
            "success": True,
            "commitOid": made.id,
            "commitUrl": f"{page}/commit/{made.id}",
            "hookOutput": "",
        }
        if proposes:
            answer["pullRequestUrl"] = f"{page}/discussions/{number}"
        return web.json_response(answer)

    # Files on their way out

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        repository = self._repository(request)
        head = self._revision(request, repository)
        blob = head.tree.get(request.match_info["path"])
        if blob is None:
            raise _Refused(404, "Entry not found", code="EntryNotFound")
        headers = {"X-Repo-Commit": head.id, "ETag": f'"{blob.sha256 or blob.git}"'}
        if blob.sha256 is None:
            return _part_of(request, repository.content(blob), headers)
        return web.Response(
            status=302,
            headers=headers
            | {
                "X-Linked-Size": str(blob.size),
                "X-Linked-ETag": f'"{blob.sha256}"',
                "Location": f"{self.store}/{repository.id}/{blob.sha256}"
                f"?X-Amz-Signature={secrets.token_hex(8)}",
            },
        )

    async def _download(self, request: web.Request) -> web.StreamResponse:
        repository, oid = self._stored(request)
        return _part_of(request, repository.large_file(oid).read_bytes(), {"ETag": f'"{oid}"'})


class _Refused(Exception):  # noqa: N818  (it is an answer)
    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


async def _answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except _Refused as refused:
        headers = {"X-Error-Code": refused.code} if refused.code else {}
        return _refusal(refused.status, refused.message, **headers)


def _refusal(status: int, message: str, **headers: str) -> web.Response:
    return web.json_response(
        {"error": message}, status=status, headers={"X-Error-Message": message, **headers}
    )


async def _take(request: web.Request, size: int) -> None:
    """Read at least so many bytes of a body, where it has them."""
    with suppress(asyncio.IncompleteReadError):
        await request.content.readexactly(size)


def _belongs(user: User, owner: str) -> bool:
    return owner in (user.name, *user.organisations)


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
                raise _Refused(400, f"LFS pointer of {value['path']} points to no file")
            changes[value["path"]] = repository.pointer(value["oid"])
        elif each["key"] == "deletedFile":
            if value["path"] not in head.tree:
                raise _Refused(404, "A file with this name doesn't exist", code="EntryNotFound")
            changes[value["path"]] = None
        elif each["key"] != "header":
            raise _Refused(400, f"unknown operation {each['key']}")
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


@contextmanager
def serve(folder: Path, port: int = 0) -> Iterator[Hub]:
    """Serve a Hub until the block ends; large files lie in ``folder``."""
    hub = Hub(Storage(folder))
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stop = asyncio.Event()

    async def main() -> None:
        runner = web.AppRunner(hub.application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        bound = runner.addresses[0][1]
        hub.url = f"http://127.0.0.1:{bound}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield hub
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def main() -> None:
    """Serve a Hub for people to push to, until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A Hub on this machine, to try a push on.")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--user", default="ann", help="who the token belongs to")
    parser.add_argument("--token", default="hf_local", help="the token that may write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), arguments.port) as hub:
        hub.storage.tokens[arguments.token] = User(arguments.user)
        told = f"export HF_ENDPOINT={quote(hub.url, safe=':/')} HF_TOKEN={arguments.token}"
        print(told, flush=True)  # noqa: T201  (the shell's next line)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
