"""What a Hub keeps: users, dataset repositories, their commits, branches and large files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ATTRIBUTES = ".gitattributes"
LARGE = (
    b"*.parquet filter=lfs diff=lfs merge=lfs -text\n*.zip filter=lfs diff=lfs merge=lfs -text\n"
)


@dataclass(frozen=True)
class User:
    """Who a token belongs to, and whose repositories it may write; ``reads_only`` are others."""

    name: str
    organisations: tuple[str, ...] = ()
    role: str = "write"

    def may_write(self, owner: str) -> bool:
        return self.role == "write" and owner in (self.name, *self.organisations)


@dataclass(frozen=True)
class Blob:
    """A file of a commit: in git where ``sha256`` is None, else a pointer to a large file."""

    size: int
    git: str
    sha256: str | None = None


@dataclass(frozen=True)
class Commit:
    id: str
    parent: str | None
    title: str
    description: str
    author: str
    tree: Mapping[str, Blob]


@dataclass
class PullRequest:
    number: int
    title: str
    author: str
    status: str = "open"


@dataclass
class Repository:
    """A dataset repository; contents in git are kept in memory, large files in ``folder``."""

    owner: str
    name: str
    private: bool
    folder: Path
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    pull_requests: list[PullRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.commit("main", "initial commit", "system", {ATTRIBUTES: self.keep(LARGE)})

    @property
    def id(self) -> str:
        return f"{self.owner}/{self.name}"

    def keep(self, content: bytes) -> Blob:
        """Keep a content in git."""
        blob = git_blob(content)
        self.blobs[blob.git] = content
        return blob

    def large_file(self, sha256: str) -> Path:
        return self.folder / sha256

    def pointer(self, sha256: str) -> Blob:
        """Return the blob of a large file that has been uploaded."""
        size = self.large_file(sha256).stat().st_size
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
        return Blob(size, git_blob(text.encode()).git, sha256)

    def head(self, revision: str) -> Commit | None:
        """Return the commit of a branch, a pull request's ref or a commit's own hash."""
        return self.commits.get(self.refs.get(revision, revision))

    def commit(
        self,
        revision: str,
        title: str,
        author: str,
        changes: Mapping[str, Blob | None],
        description: str = "",
        base: str | None = None,
    ) -> Commit:
        """Put a commit on a branch, on top of ``base`` where the branch is new; None removes."""
        parent = self.refs.get(revision, base)
        tree = dict(self.commits[parent].tree) if parent else {}
        for path, blob in changes.items():
            if blob is None:
                del tree[path]
            else:
                tree[path] = blob
        seed = repr((parent, title, author, sorted(tree.items()), len(self.commits)))
        made = Commit(
            hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(),
            *(parent, title, description, author, dict(sorted(tree.items()))),
        )
        self.commits[made.id] = made
        self.refs[revision] = made.id
        return made

    def content(self, blob: Blob) -> bytes:
        return self.large_file(blob.sha256).read_bytes() if blob.sha256 else self.blobs[blob.git]

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Return every file of a revision but ``.gitattributes``, which the Hub makes itself."""
        head = self.head(revision)
        assert head is not None
        return {path: self.content(blob) for path, blob in head.tree.items() if path != ATTRIBUTES}

    def history(self, revision: str = "main") -> list[Commit]:
        """Return the commits of a revision, the newest first."""
        found, each = [], self.head(revision)
        while each is not None:
            found.append(each)
            each = self.commits[each.parent] if each.parent else None
        return found

    def write(self, path: str, content: bytes, revision: str = "main") -> Commit:
        """Commit a file as somebody on the Hub's pages would."""
        return self.commit(revision, f"Update {path}", "somebody", {path: self.keep(content)})


@dataclass
class Storage:
    """Everything on one Hub.

    Attributes:
        folder: where large files lie; tokens: users by token; repositories: by ``owner/name``.
        taken: names that no repository may get.
        sent: how often the bytes of each large file arrived, by SHA-256; received: bytes of bodies.
    """

    folder: Path
    tokens: dict[str, User] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)

    def create(self, owner: str, name: str, *, private: bool) -> Repository:
        made = Repository(owner, name, private, self.folder / owner / name)
        self.repositories[made.id] = made
        return made


def git_blob(content: bytes) -> Blob:
    head = b"blob %d\0" % len(content)
    return Blob(len(content), hashlib.sha1(head + content, usedforsecurity=False).hexdigest())
