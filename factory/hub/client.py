"""One dataset repository of a Hub: looked at, made, and committed to, with patience.

Everything that goes over the wire is ``huggingface_hub``'s: its own calls wait and try again where
it does so itself, and are tried again here where it does not.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from factory.errors import HubError, UsageError
from factory.hub.changes import RECORD, Remote, RemoteFile, read_record
from factory.hub.failures import explained, is_passing, retry_after, told_by
from factory.hub.piece import Fingerprint, Piece
from factory.sources.hub import client_errors

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi
    from tenacity import RetryCallState

PUBLIC_HUB: Final = "https://huggingface.co"
MAIN: Final = "main"
_TRIES: Final = 6
_LONGEST_WAIT: Final = 300.0
_DATASET: Final = "dataset"
_RECORD_LIMIT: Final = 32 << 20
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that was made; ``pull_request`` is the address of the one that it opened, if any."""

    commit: str
    url: str
    pull_request: str | None


class Repository:
    """A dataset repository ``owner/name`` of the Hub that ``HF_ENDPOINT`` names.

    Attributes:
        name: ``owner/name``; endpoint: the Hub; token: the user's, None where nobody is logged in.
    """

    def __init__(self, name: str, tell: Callable[[str], None]) -> None:
        from huggingface_hub import HfApi, get_token

        if not all(part for part in name.partition("/")):
            raise UsageError(
                f"{name!r}: write owner/name, where the owner is you or an organisation of yours"
            )
        self.name = name
        self._tell = tell
        self.endpoint = (os.environ.get("HF_ENDPOINT") or PUBLIC_HUB).rstrip("/")
        self.token = get_token()
        self._api: HfApi = HfApi(
            endpoint=self.endpoint, token=self.token or False, library_name="eshop-factory"
        )

    @property
    def url(self) -> str:
        """The page of the repository."""
        return f"{self.endpoint}/datasets/{self.name}"

    def look(self, revision: str) -> Remote | None:
        """Return the repository at a branch; None where there is none, or none that one may see.

        Raises:
            RevisionMissingError: the repository has no such branch.
            HubError: the Hub cannot be asked.
        """
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
        from huggingface_hub.hf_api import RepoFile

        try:
            with self.explaining():
                info = self._patiently(lambda: self._api.dataset_info(self.name, revision=revision))
                commit = str(info.sha)
                tree = list(
                    self._api.list_repo_tree(
                        self.name, recursive=True, revision=commit, repo_type=_DATASET
                    )
                )
                files = {
                    each.path: RemoteFile(
                        each.size, each.blob_id, each.lfs.sha256 if each.lfs else None
                    )
                    for each in tree
                    if isinstance(each, RepoFile)
                }
                record = self._record(files, commit)
        except RevisionNotFoundError as error:
            raise RevisionMissingError(f"{self.url} has no branch {revision!r}") from error
        except RepositoryNotFoundError:
            return None
        return Remote(commit, bool(info.private), files, record)

    def _record(self, files: Mapping[str, RemoteFile], commit: str) -> dict[str, Fingerprint]:
        if RECORD not in files or files[RECORD].size > _RECORD_LIMIT:
            return {}
        with TemporaryDirectory() as folder:
            path = self._patiently(
                lambda: self._api.hf_hub_download(
                    self.name, RECORD, repo_type=_DATASET, revision=commit, local_dir=folder
                )
            )
            return read_record(Path(path).read_bytes())

    def create(self, *, private: bool) -> None:
        """Make the repository; raises :class:`HubError` where that is not allowed."""
        with self.explaining():
            # Where an answer got lost the repository is there at the second try.
            self._patiently(
                lambda: self._api.create_repo(
                    self.name, repo_type=_DATASET, private=private, exist_ok=True
                )
            )

    def branch_off(self, branch: str) -> None:
        """Make a branch at the head of the main one, unless it is there."""
        with self.explaining():
            self._patiently(
                lambda: self._api.create_branch(
                    self.name, branch=branch, repo_type=_DATASET, exist_ok=True
                )
            )

    def open_pull_requests(self) -> list[tuple[int, str]]:
        """Return number and address of this user's open pull requests, the newest first."""
        with self.explaining():
            me = self._patiently(lambda: self._api.whoami(cache=True))["name"]
            found = self._patiently(
                lambda: list(
                    self._api.get_repo_discussions(
                        self.name,
                        repo_type=_DATASET,
                        author=me,
                        discussion_type="pull_request",
                        discussion_status="open",
                    )
                )
            )
        return sorted(((each.num, each.url) for each in found), reverse=True)

    def upload(self, pieces: Sequence[Piece], revision: str, *, pull_request: bool) -> Upload:
        """Send the large ones of these files; they are in no commit yet.

        What the Hub has of them is not sent. Raises :class:`HubError`.
        """
        from huggingface_hub import CommitOperationAdd

        additions = []
        for piece in pieces:
            addition = CommitOperationAdd(
                piece.name, piece.content if piece.path is None else str(piece.path)
            )
            # It was computed when the file was read and checked: the client need not read again.
            addition.upload_info.sha256 = bytes.fromhex(piece.fingerprint.sha256)
            additions.append(addition)
        with self.explaining(), self._storage(revision, pull_request=pull_request):
            _beside(
                lambda: self._api.preupload_lfs_files(
                    self.name,
                    additions,
                    repo_type=_DATASET,
                    revision=revision,
                    create_pr=pull_request,
                    free_memory=False,
                )
            )
        return Upload(tuple(additions))

    def commit(
        self,
        upload: Upload,
        drop: Sequence[str],
        *,
        title: str,
        parent: str,
        revision: str,
        pull_request: bool,
    ) -> Committed:
        """Commit what was uploaded on top of ``parent``, once.

        Whether an answer that got lost came after the commit is for the caller to look up; so this
        raises what the client raises.
        """
        from huggingface_hub import CommitOperationDelete

        info = self._api.create_commit(
            self.name,
            [*upload.additions, *(CommitOperationDelete(name) for name in drop)],
            commit_message=title,
            repo_type=_DATASET,
            revision=revision,
            create_pr=pull_request,
            parent_commit=parent,
        )
        return Committed(info.oid, str(info.commit_url), info.pr_url)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn what the client raises into one line, but for answers that mean something."""
        from huggingface_hub.errors import (
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        try:
            yield
        except HFValidationError as error:
            text = str(error).rstrip(".")
            raise UsageError(f"{self.name!r} is no name on the Hub: {text}") from None
        except (RepositoryNotFoundError, RevisionNotFoundError, HubError):
            raise
        except client_errors() as error:
            # The client's own error has signed addresses in it, which a traceback would show.
            raise self.explained(error) from None

    def explained(self, error: Exception) -> HubError:
        """Return in one line what stopped a push."""
        return explained(error, self.name, self.endpoint, self.token)

    def _patiently(self, call: Callable[[], _Answer]) -> _Answer:
        """Return what ``call`` does, tried again while the Hub is busy or away."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt

        return Retrying(
            retry=retry_if_exception(worth_another_try),
            wait=lambda state: self.wait_seconds(_failure(state), state.attempt_number),
            stop=stop_after_attempt(_TRIES),
            reraise=True,
        )(call)

    def wait_seconds(self, error: BaseException | None, attempt: int) -> float:
        """Return how long to wait after the try ``attempt``, from 1, and say so.

        As the Hub asks, else twice as long each time.
        """
        asked = retry_after(error) if error is not None else None
        # The Hub counts in whole seconds: one more is safe.
        wait = min(2.0 ** (attempt - 1), 16.0) if asked is None else asked + 1.0
        why = told_by(error, self.token) if error is not None else "no answer"
        self._tell(f"{self.endpoint}: {why}; trying again in {wait:.0f} s")
        return wait

    @contextmanager
    def _storage(self, revision: str, *, pull_request: bool) -> Iterator[None]:
        """Let the client send large files in the way that this Hub takes them.

        It takes Xet wherever the package is installed. A Hub of one's own may speak only the older
        way (LFS), which it would learn at the first file, as a failure.
        """
        from huggingface_hub import constants, get_session

        if constants.HF_HUB_DISABLE_XET or self.endpoint == PUBLIC_HUB:
            yield
            return
        answer = self._patiently(
            lambda: get_session().get(
                f"{self.endpoint}/api/datasets/{self.name}/xet-write-token/"
                f"{quote(revision, safe='')}",
                headers={"Authorization": f"Bearer {self.token}"},
                params={"create_pr": "1"} if pull_request else {},
            )
        )
        # The constant is what the variable of that name sets, which is read once at the start.
        constants.HF_HUB_DISABLE_XET = answer.status_code in (404, 405, 501)
        try:
            yield
        finally:
            constants.HF_HUB_DISABLE_XET = False


@dataclass(frozen=True, slots=True)
class Upload:
    """Files that are ready to be committed."""

    additions: tuple[CommitOperationAdd, ...]


class RevisionMissingError(HubError):
    """A repository that has no such branch."""


def _beside(call: Callable[[], None]) -> None:
    """Do ``call`` in a thread of its own, so that Ctrl-C is heard at once.

    The client would first wait for every file that is on its way.
    """
    done: Future[None] = Future()

    def work() -> None:
        try:
            call()
            done.set_result(None)
        except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
            done.set_exception(error)

    Thread(target=work, daemon=True).start()
    done.result()


def worth_another_try(error: BaseException) -> bool:
    """Return whether the Hub may do better soon: a day's quota is not waited for."""
    return is_passing(error) and (retry_after(error) or 0.0) <= _LONGEST_WAIT


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


@contextmanager
def quiet_client(*, bars: bool) -> Iterator[None]:
    """Keep the client from telling: the screen, of signed addresses; the Hub, of who uses it how.

    ``bars`` lets it show how far each large file is.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import logging as hub_logging
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    # The variable for what reads it later (hf_xet), the constant for what has read it already.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    tells = constants.HF_HUB_DISABLE_TELEMETRY
    constants.HF_HUB_DISABLE_TELEMETRY = True
    level = hub_logging.get_verbosity()
    hidden = are_progress_bars_disabled()
    hub_logging.set_verbosity(logging.CRITICAL)
    if not bars and not hidden:
        disable_progress_bars()
    try:
        with warnings.catch_warnings():
            # Of cards that say little, and of what the client's own transport will drop one day.
            warnings.simplefilter("ignore")
            yield
    finally:
        constants.HF_HUB_DISABLE_TELEMETRY = tells
        hub_logging.set_verbosity(level)
        if not bars and not hidden:
            enable_progress_bars()
