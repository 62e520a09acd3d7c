"""The state of a Hub on this machine, how it misbehaves, and who asks it for what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from tests.hub.storage import Commit, Repository, Storage, User


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
        page: entries on one page of a tree; xet: whether large files may come as Xet.
        xet_keys: what may write, and to which repository; xorbs: the chunks of each.
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
    xet: bool = False
    xet_keys: dict[str, Repository] = field(default_factory=dict)
    xorbs: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def store(self) -> str:
        """Where large files lie: under another name, as on the Hub, so that no token goes there."""
        return self.url.replace("127.0.0.1", "localhost") + "/store"

    def asked(self, pattern: str) -> int:
        """Return how many requests match a pattern."""
        return sum(re.search(pattern, line) is not None for line in self.requests)


HUB: Final = web.AppKey("hub", Hub)


class Refused(Exception):  # noqa: N818  (it is an answer)
    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


def refusal(status: int, message: str, **headers: str) -> web.Response:
    return web.json_response(
        {"error": message}, status=status, headers={"X-Error-Message": message, **headers}
    )


def user_of(request: web.Request) -> User | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer":
        return None
    if token not in request.app[HUB].storage.tokens:
        raise Refused(401, "Invalid credentials in Authorization header")
    return request.app[HUB].storage.tokens[token]


def repository_of(request: web.Request) -> Repository:
    user = user_of(request)
    owner, name = request.match_info["owner"], request.match_info["name"]
    found = request.app[HUB].storage.repositories.get(f"{owner}/{name}")
    if found is not None and (not found.private or (user and _belongs(user, owner))):
        return found
    if user is None:
        raise Refused(401, "Invalid username or password.")
    raise Refused(404, "Repository not found", code="RepoNotFound")


def writable_by(request: web.Request, *, proposes: bool) -> tuple[Repository, User]:
    repository = repository_of(request)
    user = user_of(request)
    if user is None:
        raise Refused(401, "Invalid username or password.")
    if not proposes and not user.may_write(repository.owner):
        raise Refused(
            403, "Authorization error: you don't have the rights to write to this repository"
        )
    return repository, user


def commit_of(request: web.Request, repository: Repository) -> Commit:
    head = repository.head(request.match_info.get("revision", "main"))
    if head is None:
        raise Refused(404, "Invalid rev id", code="RevisionNotFound")
    return head


def _belongs(user: User, owner: str) -> bool:
    return owner in (user.name, *user.organisations)
