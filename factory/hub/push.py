"""A finished run to the Hugging Face Hub: looked at, compared, sent, and committed.

::

    contents_of(folder)      what goes, read once and held to the manifest's checksums
    Repository.look          what is there, at one commit
    compare                  what has to change, and what stands in the way
    upload, commit           large files first; then one commit on top of the one that was compared

Whoever reads the repository sees the dataset as it was before or as it is after.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from factory.errors import HubError, OutputError, UsageError
from factory.hub.changes import Changes, Remote, compare, record_piece
from factory.hub.client import (
    MAIN,
    Committed,
    Repository,
    RevisionMissingError,
    quiet_client,
    worth_another_try,
)
from factory.hub.contents import Contents, contents_of
from factory.hub.failures import MOVED, status_of
from factory.hub.piece import Fingerprint, Piece
from factory.hub.terms import refuse_to_publish
from factory.sources.hub import client_errors

#: Files that the Hub may keep in git itself travel in the commit's own request, all at once.
_IN_COMMIT: Final = 10 << 20
_MOST_IN_COMMIT: Final = 100 << 20
_TRIES: Final = 5

Watcher = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PushOptions:
    """How a folder is pushed.

    Attributes:
        public: make a new repository public; without it a repository must be private.
        branch: the branch that gets it, made where there is none; pull_request: propose it instead.
        message: the commit's title, in place of one that names the task and its samples.
        dry_run: look and compare, send nothing.
        with_rejected: let what was rejected go too; formats: exported formats that go too.
        publish_anyway: sources whose samples may be public although their licence does not say so.
        replace: write over files that earlier pushes did not put there.
    """

    public: bool = False
    branch: str | None = None
    pull_request: bool = False
    message: str | None = None
    dry_run: bool = False
    with_rejected: bool = False
    formats: Sequence[str] = ()
    publish_anyway: Sequence[str] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did, or would do.

    Attributes:
        folder: what was pushed; repository: ``owner/name``; url: its page.
        private: whether only its owners see it; new: whether there was none before.
        known: whether the Hub could be asked what is there; False in a dry run of nobody's.
        revision: the branch, or ``refs/pr/N``; commit: its head now, empty where there is none.
        changes: what was sent, is there already, and was removed.
        commits: how many commits it took; pull_request: its address, where one was asked for.
        dry_run: nothing was sent.
    """

    folder: Path
    repository: str
    url: str
    private: bool
    new: bool
    known: bool
    revision: str
    commit: str
    changes: Changes
    commits: int = 0
    pull_request: str | None = None
    dry_run: bool = False


@dataclass(slots=True)
class _Target:
    """Where commits go: a branch, or a pull request once it is open."""

    revision: str
    opens: bool = False
    pull_request: str | None = None
    commits: int = 0
    sent: dict[str, Piece] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)


def push(
    folder: Path,
    repository: str,
    options: PushOptions | None = None,
    *,
    watcher: Watcher | None = None,
    bars: bool = False,
) -> Pushed:
    """Bring a finished run or mixture to the dataset repository ``owner/name`` of a Hub.

    What is there already is not sent again, and where nothing changed no commit is made.
    ``watcher`` is told what is being done, a line at a time; ``bars`` shows the client's own bars.

    Raises:
        UsageError: the folder is no finished run, the options contradict each other or the
            repository, or samples of it may not be public.
        OutputError: a file is not what the run wrote, or changed while it was sent.
        HubError: nobody is logged in, or the Hub refuses or cannot be reached.
    """
    options = options or PushOptions()
    if options.branch and options.pull_request:
        raise UsageError("--branch and --pull-request: choose one; a pull request is against main")
    tell = watcher or (lambda _line: None)
    tell(f"reading {folder}")
    contents = contents_of(
        folder, with_rejected=options.with_rejected, formats=tuple(options.formats)
    )
    with quiet_client(bars=bars):
        there = Repository(repository, tell)
        if options.public:
            refuse_to_publish(folder, contents, options.publish_anyway)
        if there.token is None:
            if not options.dry_run:
                raise HubError(
                    f"nobody is logged in: set HF_TOKEN to a token that may write "
                    f"({there.endpoint}/settings/tokens), or log in with: hf auth login"
                )
            return _unasked(folder, there, contents, options)
        return _pushed(folder, there, contents, options, tell)


def _unasked(folder: Path, there: Repository, contents: Contents, options: PushOptions) -> Pushed:
    return Pushed(
        *(folder, there.name, there.url, not options.public),
        new=False,
        known=False,
        revision=options.branch or MAIN,
        commit="",
        changes=compare(contents.pieces, None),
        dry_run=True,
    )


def _pushed(
    folder: Path, there: Repository, contents: Contents, options: PushOptions, tell: Watcher
) -> Pushed:
    tell(f"looking at {there.url}")
    remote = there.look(MAIN)
    new = remote is None
    _check_visibility(there, remote, options)
    private = not options.public if remote is None else remote.private
    target = _Target(options.branch or MAIN)
    if options.branch and remote is not None:
        try:
            remote = there.look(options.branch)
        except RevisionMissingError:
            # The branch would start where main is.
            if not options.dry_run:
                there.branch_off(options.branch)
                remote = there.look(options.branch)
    if options.pull_request:
        if remote is None:
            raise UsageError(
                f"{there.url} is not there, so nothing can be proposed to it: push without "
                "--pull-request first"
            )
        target.opens = True
        remote = _already_proposed(there, contents, remote, target)
    changes = compare(contents.pieces, remote)
    _check_others(there, changes, options)
    if remote is None and not options.dry_run:
        tell(f"making {there.url} ({'private' if private else 'public'})")
        there.create(private=private)
        if options.branch:
            there.branch_off(options.branch)
        remote = _seen(there, target.revision)
    if remote is not None and not options.dry_run:
        remote = _send(there, contents, remote, target, options, tell)
        changes = replace(
            changes, send=tuple(target.sent.values()), drop=tuple(sorted(target.dropped))
        )
    return Pushed(
        *(folder, there.name, there.url, private),
        new=new,
        known=True,
        revision=target.revision,
        commit=remote.commit if remote else "",
        changes=changes,
        commits=target.commits,
        pull_request=target.pull_request,
        dry_run=options.dry_run,
    )


def _check_visibility(there: Repository, remote: Remote | None, options: PushOptions) -> None:
    """Raise :class:`UsageError` where the repository's visibility is not what was asked for."""
    if remote is None:
        return
    if not remote.private and not options.public:
        raise UsageError(
            f"{there.url} is public: everybody would see what is pushed. Say that this is meant "
            "with --public, or push to another name, which will be private"
        )
    if remote.private and options.public:
        raise UsageError(
            f"{there.url} is private, and a push does not change that: leave --public out, or make "
            f"it public first at {there.url}/settings"
        )


def _check_others(there: Repository, changes: Changes, options: PushOptions) -> None:
    if changes.others and not options.replace:
        first, more = changes.others[0], len(changes.others) - 1
        raise UsageError(
            f"{there.url} has {first}{f' and {more} more' if more else ''} that no push from here "
            "wrote, or that somebody changed since: --replace writes over it, another name keeps "
            "both"
        )


def _already_proposed(
    there: Repository, contents: Contents, main: Remote, target: _Target
) -> Remote:
    """Return this user's open pull request that holds these very files, else the main branch."""
    if compare(contents.pieces, main).none:
        return main
    for number, address in there.open_pull_requests():
        revision = f"refs/pr/{number}"
        try:
            proposed = there.look(revision)
        except RevisionMissingError:
            continue
        if proposed is not None and compare(contents.pieces, proposed).none:
            target.revision, target.pull_request = revision, address
            return proposed
    return main


def _send(
    there: Repository,
    contents: Contents,
    remote: Remote,
    target: _Target,
    options: PushOptions,
    tell: Watcher,
) -> Remote:
    """Bring the repository to these contents and return what is there then."""
    for pieces, last in _parts(compare(contents.pieces, remote).send):
        remote = _brought(there, contents, pieces, remote, target, options, tell, last=last)
    return remote


def _parts(pieces: Sequence[Piece]) -> Iterator[tuple[list[Piece], bool]]:
    """Yield the files a commit each, with whether it is the last.

    One commit, unless the small files together are too much for one request: then the samples of
    tasks go first and what names them (card, manifest) last, as the run itself writes it last.
    """
    ordered = sorted(pieces, key=lambda each: ("/" not in each.name, each.name))
    part: list[Piece] = []
    weight = 0
    for piece in ordered:
        own = piece.fingerprint.size if piece.fingerprint.size <= _IN_COMMIT else 0
        if part and weight + own > _MOST_IN_COMMIT:
            yield part, False
            part, weight = [], 0
        part.append(piece)
        weight += own
    yield part, True


def _brought(
    there: Repository,
    contents: Contents,
    pieces: Sequence[Piece],
    remote: Remote,
    target: _Target,
    options: PushOptions,
    tell: Watcher,
    *,
    last: bool,
) -> Remote:
    """Commit these files, and with the last of them what is to go; return what is there then.

    Where the branch moved meanwhile, or the answer got lost, it is looked at again: what was wanted
    may be there, or somebody's change may be in the way.
    """
    for attempt in range(1, _TRIES + 1):
        changes = compare(pieces, remote)
        drop = compare(contents.pieces, remote).drop if last else ()
        if not changes.send and not drop:
            return remote
        _check_others(there, changes, options)
        record = record_piece(_ours(contents, pieces, remote, drop))
        tell(_told(changes.send, there))
        upload = there.upload((*changes.send, record), target.revision, pull_request=target.opens)
        _check_unchanged(contents)
        try:
            done = there.commit(
                upload,
                drop,
                title=options.message or f"{contents.title}: {contents.rows:,} samples",
                parent=remote.commit,
                revision=target.revision,
                pull_request=target.opens,
            )
        except client_errors() as error:
            again = worth_another_try(error) or status_of(error) in MOVED
            if not again or attempt == _TRIES:
                raise there.explained(error) from None
            time.sleep(there.wait_seconds(error, attempt))
            remote = _again(there, contents, target)
            continue
        _note(target, done, changes, drop)
        return _seen(there, target.revision)
    raise HubError(f"{there.url} is changed by somebody else all the time: push again later")


def _ours(
    contents: Contents, pieces: Sequence[Piece], remote: Remote, drop: Sequence[str]
) -> dict[str, Fingerprint]:
    """Return what a repository holds of ours once these files are committed."""
    there = compare(contents.pieces, remote).same
    kept = {
        name: each
        for name, each in remote.record.items()
        if name not in drop and name in remote.files and remote.files[name].holds(each)
    }
    return kept | {piece.name: piece.fingerprint for piece in (*there, *pieces)}


def _again(there: Repository, contents: Contents, target: _Target) -> Remote:
    """Return what is there after a commit whose answer never came."""
    if not target.opens:
        return _seen(there, target.revision)
    # The pull request may be open: then it holds everything, under a number that is not known.
    found = _already_proposed(there, contents, _seen(there, MAIN), target)
    target.opens = target.pull_request is None
    return found


def _note(target: _Target, done: Committed, changes: Changes, drop: Sequence[str]) -> None:
    target.commits += 1
    target.sent |= {piece.name: piece for piece in changes.send}
    target.dropped |= set(drop)
    if target.opens and done.pull_request:
        target.opens = False
        target.pull_request = done.pull_request
        target.revision = f"refs/pr/{done.pull_request.rstrip('/').rpartition('/')[2]}"


def _seen(there: Repository, revision: str) -> Remote:
    remote = there.look(revision)
    if remote is None:
        raise HubError(
            f"{there.url} cannot be seen after it was made: its name is taken by a repository of "
            "another kind, or the token may not read it "
            f"({there.endpoint}/settings/tokens); push to another name"
        )
    return remote


def _check_unchanged(contents: Contents) -> None:
    for piece in contents.pieces:
        if not piece.unchanged:
            raise OutputError(
                f"{piece.path}: changed while it was sent, so nothing was committed: wait until "
                "whatever writes there has ended, and push again"
            )


def _told(pieces: Sequence[Piece], there: Repository) -> str:
    size = sum(piece.fingerprint.size for piece in pieces)
    files = "1 file" if len(pieces) == 1 else f"{len(pieces)} files"
    return f"sending {files}, {size:,} bytes, to {there.url}"
