"""Datasets on the Hugging Face Hub: their addresses, and their files through the Hub's own cache.

``HF_ENDPOINT``, ``HF_TOKEN``, ``HF_HOME``, ``HF_HUB_CACHE`` and ``HF_HUB_OFFLINE`` mean what they
mean everywhere else.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from factory.errors import SourceError
from factory.hosts import advice, is_loopback, is_named, split_address
from factory.sources import download, progress
from factory.sources.layout import Layout

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_PUBLIC: Final = "https://huggingface.co"
_PUBLIC_HOSTS: Final = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_HF: Final = re.compile(
    rf"hf://datasets/(?P<repo>{_NAME}/{_NAME})"
    r"(?:@(?P<revision>refs/(?:convert|pr)/[^/]+|[^/]+))?(?:/(?P<path>.*))?"
)
_WEB: Final = re.compile(
    rf"/datasets/(?P<repo>{_NAME}/{_NAME})/(?:tree|resolve|blob)/"
    r"(?P<revision>refs/(?:convert|pr)/[^/]+|[^/]+)(?:/(?P<path>.*))?"
)
_WEB_ROOT: Final = re.compile(rf"/datasets/(?P<repo>{_NAME}/{_NAME})/?")


@dataclass(frozen=True, slots=True)
class Place:
    """A dataset on a Hub, or a part of it.

    Attributes:
        endpoint: the Hub, such as ``https://huggingface.co``.
        repo: ``owner/name``; revision: branch, tag or commit, None for the default branch.
        path: a folder, a file or a glob inside it; empty for the whole.
        trusted: whether this is the Hub that the user's token belongs to.
    """

    endpoint: str
    repo: str
    revision: str | None
    path: str
    trusted: bool

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        path = f"/{self.path}" if self.path else ""
        return f"hf://datasets/{self.repo}{revision}{path} ({self.endpoint})"

    def holds(self, name: str) -> bool:
        """Return whether the file ``name`` of the dataset lies in the part that is meant."""
        return (
            not self.path
            or name == self.path
            or name.startswith(f"{self.path}/")
            or fnmatchcase(name, self.path)
        )


def parse(address: str) -> Place | None:
    """Return the place that ``address`` names on a Hub, or None where it is no Hub address.

    Raises:
        SourceError: where it starts like one and is not whole.
    """
    ours = (os.environ.get("HF_ENDPOINT") or _PUBLIC).rstrip("/")
    endpoint = ours
    if address.startswith("hf:"):
        match = _HF.fullmatch(address)
    else:
        try:
            parts = split_address(address)
        except ValueError:
            return None  # no address of a Hub: whoever reads the others says what is wrong
        match = _WEB.fullmatch(parts.path) if parts.scheme in ("http", "https") else None
        public = parts.scheme == "https" and parts.netloc in _PUBLIC_HOSTS
        if match is None and public:
            match = _WEB_ROOT.fullmatch(parts.path)
        if match is None:
            return None
        # The public Hub's addresses are what people paste; HF_ENDPOINT may name a mirror of it.
        endpoint = ours if public else f"{parts.scheme}://{parts.netloc}"
        if endpoint != ours:
            download.check(address, "hub")
            if not (is_loopback(parts.hostname) or is_named(parts.hostname)):
                raise SourceError(
                    f"{parts.hostname} is no Hub of yours, and what it sends on where is not "
                    f"looked at: set HF_ENDPOINT, or, {advice(parts.hostname)}"
                )
    groups = match.groupdict() if match else {}
    path = unquote(groups.get("path") or "").strip("/")
    if match is None or ".." in path.split("/"):
        raise SourceError(
            f"{address!r} is no address of a dataset on the Hub: write "
            "hf://datasets/<owner>/<name>, then @<revision> and /<path> where they are needed"
        )
    revision = groups.get("revision")
    # A recipe may come from a stranger: the user's token goes to the user's own Hub, and to no
    # other host that an address happens to name.
    trusted = endpoint == ours
    return Place(endpoint, match["repo"], unquote(revision) if revision else None, path, trusted)


def snapshot(place: Place, layout: Layout, adapter: str) -> tuple[Path, list[str]]:
    """Return the cached folder of ``place`` and the names in it that ``layout`` asks for.

    Fetches what the cache lacks of them, and nothing else. Without a network the cache alone
    answers, where it holds all of them.

    Raises:
        SourceError: where the dataset cannot be found, read or fetched whole.
    """
    from huggingface_hub import snapshot_download

    patterns = [f"{prefix}{name}" for name in layout.names for prefix in ("", "*/")]
    try:
        folder = Path(
            snapshot_download(
                place.repo,
                repo_type="dataset",
                revision=place.revision,
                cache_dir=_cache(),
                allow_patterns=_within(place, patterns),
                endpoint=place.endpoint,
                token=None if place.trusted else False,
                local_files_only=_offline(),
                tqdm_class=progress.hub_bars(place.repo),
            )
        )
    except client_errors() as error:
        raise _explained(error, place, adapter) from error
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return folder, sorted(name for name in names if place.holds(name) and layout.matches(name))


def listing(place: Place, adapter: str) -> list[str]:
    """Return the names of all files at ``place``, for saying what is there."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if _offline():
        raise _explained(LocalEntryNotFoundError(str(place)), place, adapter)
    try:
        names = _api(place).list_repo_files(
            place.repo, repo_type="dataset", revision=place.revision
        )
    except client_errors() as error:
        raise _explained(error, place, adapter) from error
    return sorted(name for name in names if place.holds(name))


def _within(place: Place, patterns: list[str]) -> list[str]:
    """Return the patterns of the wanted files that lie in the part of the dataset that is meant."""
    if not place.path:
        return patterns
    name = place.path.rpartition("/")[2]
    if glob.has_magic(place.path) or any(fnmatchcase(name, pattern) for pattern in patterns):
        return [place.path]
    return [f"{place.path}/{pattern}" for pattern in patterns]


def _api(place: Place) -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(endpoint=place.endpoint, token=None if place.trusted else False)


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _cache() -> str | None:
    """Return the Hub's cache as the environment names it now; None for the library's default."""
    home = os.environ.get("HF_HOME")
    return os.environ.get("HF_HUB_CACHE") or (str(Path(home) / "hub") if home else None)


def client_errors() -> tuple[type[Exception], ...]:
    """Return what the Hub's client raises: its own errors, and those of its transport.

    The transport is httpx in its version 1 and httpx2 in version 2; either way the base of its
    errors is a base of the Hub's own. What carries large files knows ``RuntimeError`` alone.
    """
    from huggingface_hub.errors import HfHubHTTPError

    transport = [
        base
        for base in HfHubHTTPError.__mro__
        if base.__name__ == "HTTPError" and issubclass(base, Exception)
    ]
    return (OSError, ValueError, RuntimeError, *transport)


def _explained(error: Exception, place: Place, adapter: str) -> SourceError:
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    page = f"{place.endpoint}/datasets/{place.repo}"
    if isinstance(error, GatedRepoError):
        advice = f"accept its terms at {page} and set HF_TOKEN"
        what = "is open only to those who accepted its terms"
    elif isinstance(error, RepositoryNotFoundError):
        advice = "correct the name, or set HF_TOKEN if the dataset is private"
        what = "does not exist, or is private"
    elif isinstance(error, RevisionNotFoundError):
        advice = f"choose a branch, tag or commit of {page}"
        what = "has no such revision"
    elif isinstance(error, LocalEntryNotFoundError):
        advice = (
            "unset HF_HUB_OFFLINE to fetch it"
            if _offline()
            else "check the network and HF_ENDPOINT, and run again"
        )
        what = "is not whole in the local cache, and the Hub was not reached"
    else:
        advice = "run again; what is there whole is not fetched twice"
        lines = str(error).split("\n")
        what = f"could not be fetched ({lines[0].strip() or type(error).__name__})"
    return SourceError(f"{adapter}: {place} {what}: {advice}")
