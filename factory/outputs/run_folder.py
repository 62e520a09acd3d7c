"""The folder of one task's run: who may write it, and whether it is a run of this very recipe.

::

    out/task12/
      train.jsonl  test.jsonl  rejected.jsonl
      README.md                  the card, made of the files above, so it is no part of the run
      manifest.json              written last: where it stands, everything else is whole
      judge.json  review.json    how good a judge is, what people found: of the verbs of those names
      .work/                     the plan, the lock, and what is being written

``.work/plan.json`` names the run: recipe, seed, sizes and the fingerprints of the source files.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final, Self

from factory.errors import OutputError, UsageError
from factory.outputs.files import (
    LineFile,
    checksum,
    explained,
    open_own,
    sync_folder,
    write_json,
)

#: The format of the folder; a reader refuses a newer one.
FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
TRAIN: Final = "train.jsonl"
REJECTED: Final = "rejected.jsonl"
JUDGE: Final = "judge.json"
REVIEW: Final = "review.json"
CARD: Final = "README.md"
PAGE: Final = "report.html"
WORK: Final = ".work"
SPILL: Final = "spill"
_PLAN: Final = "plan.json"
# What a run may leave; anything else in the folder is somebody's, and stays.
_OWN_FILES: Final = (TRAIN, "test.jsonl", REJECTED)
_MADE: Final = (MANIFEST, *_OWN_FILES)


class RunFolder:
    """One task's output folder, locked for one run at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.work = path / WORK
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        with explained(self.path):
            self.work.mkdir(parents=True, exist_ok=True)
            self._lock = open_own(self.work / "lock", "ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise OutputError(
                f"{self.path}: another run is writing here; wait for it or choose another folder "
                "with --out"
            ) from error
        except OSError as error:
            self._lock.close()
            raise OutputError(
                f"{self.path}: its disk locks no files ({error.strerror or error}), so two runs "
                "could write here at once; choose a folder on another with --out"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest of a finished run; None where there is none."""
        return _read_json(self.path / MANIFEST)

    def claim(
        self, identity: Mapping[str, Any], *, fresh: bool, made: Sequence[str] = _MADE
    ) -> bool:
        """Make this folder the folder of the run ``identity``; return whether its plan is kept.

        Another run that has come to nothing but its plan makes way: there is nothing to lose where
        none of the files ``made`` is there, which are what such a run is for.

        Raises:
            UsageError: the folder holds another run, and ``fresh`` was not given.
        """
        if fresh:
            return False
        kept = _read_json(self.work / _PLAN)
        if kept == identity:
            return True
        if not any((self.path / name).exists() for name in made):
            return False
        if kept is not None:
            changed = sorted(
                name for name in {*kept, *identity} if kept.get(name) != identity.get(name)
            )
            raise UsageError(
                f"{self.path} holds another run (it differs in {', '.join(changed)}): "
                "--fresh replaces it, --out keeps both"
            )
        if (self.path / MANIFEST).exists():
            raise UsageError(
                f"{self.path} holds a run whose plan is gone: --fresh replaces it, --out keeps it"
            )
        return False

    def keep_plan(self, identity: Mapping[str, Any]) -> None:
        """Record that the plan in the work folder is whole and belongs to ``identity``."""
        write_json(self.work / _PLAN, identity)

    def forget_plan(self) -> None:
        """Take back :meth:`keep_plan` before the plan is made again.

        The manifest goes too: beside a new plan, an earlier run's would pass for the new run's.
        """
        with explained(self.path):
            (self.path / MANIFEST).unlink(missing_ok=True)
            (self.work / _PLAN).unlink(missing_ok=True)

    @contextmanager
    def line_files(self, names: Sequence[str]) -> Iterator[dict[str, LineFile]]:
        """Give new files of this folder, and one for what is dropped, written aside.

        They are discarded together unless they are published.
        """
        with ExitStack() as stack:
            yield {
                name: stack.enter_context(LineFile(self.path / name, self.work))
                for name in (*names, REJECTED)
            }

    def publish(
        self,
        files: Mapping[str, LineFile],
        manifest: Mapping[str, Any],
        beside: Callable[[Path], None] | None = None,
    ) -> None:
        """Let the files appear, then the manifest; what an earlier run left is replaced.

        ``beside`` is called with the folder in between: what is told of the files (a card) is
        there before the manifest says that the folder is whole.
        """
        for file in files.values():
            file.finish()
        with explained(self.path):
            (self.path / MANIFEST).unlink(missing_ok=True)
            for name in _OWN_FILES:
                if name not in files:
                    (self.path / name).unlink(missing_ok=True)
        for file in files.values():
            file.publish()
        if beside is not None:
            beside(self.path)
        sync_folder(self.path)
        write_json(self.path / MANIFEST, manifest)
        sync_folder(self.path)

    def is_whole(self, manifest: Mapping[str, Any]) -> bool:
        """Return whether the files of a finished run still are what its manifest lists."""
        return bool(manifest.get("files")) and all(
            (self.path / name).is_file() and checksum(self.path / name) == file.get("blake2b")
            for name, file in manifest["files"].items()
        )

    def clear_partials(self) -> None:
        """Remove what a killed run was writing, and what its database had spilled."""
        with explained(self.path):
            for partial in self.work.glob("*.partial"):
                partial.unlink()
            shutil.rmtree(self.work / SPILL, ignore_errors=True)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: cannot be read ({error}); --fresh replaces the run, --out keeps it"
        ) from error
    return data if isinstance(data, dict) else None
