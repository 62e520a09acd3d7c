"""``Run``: a finished run or mixture, read back from its folder for a notebook or a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import OutputError, UsageError
from factory.outputs.jsonl import from_record, read_samples, to_record
from factory.outputs.records import MISREAD, rejected_records
from factory.outputs.run_folder import CARD, MANIFEST
from factory.runs.folder import (
    KEPT,
    SPLITS,
    kept_files,
    kept_records,
    read_manifest,
    read_samples_of,
    rejected_files,
    task_manifests,
)
from factory.runs.shown import Shown, Story
from factory.runs.story import tell_story
from factory.runs.summary import Summary, summarise
from factory.sample import Sample

if TYPE_CHECKING:
    import datasets  # type: ignore[import-untyped]
    import pandas  # type: ignore[import-untyped]
    from matplotlib.figure import Figure


class Run:
    """A finished run or mixture: its samples, what was rejected, and what can be said of both.

    Opening one reads its manifest and nothing else; the rest is read when it is asked for. A run
    is a path too: whatever takes a folder takes it.

    Attributes:
        folder: where it lies.
        manifest: the content of its ``manifest.json``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: Mapping[str, Any] = read_manifest(folder)

    def __fspath__(self) -> str:
        return str(self.folder)

    @property
    def name(self) -> str:
        """The task's name, or the mixture's."""
        return str(self.manifest["mixture" if self.is_mixture else "task"])

    @property
    def title(self) -> str:
        """What the recipe calls it."""
        described = self.manifest if self.is_mixture else self.manifest["recipe"]
        return str(described.get("title") or "")

    @property
    def is_mixture(self) -> bool:
        """Whether it is a mixture: samples of several tasks, each with a run of its own."""
        return "mixture" in self.manifest

    @cached_property
    def tasks(self) -> dict[str, Run]:
        """The runs of a mixture's tasks by name; of a task's run, itself.

        A task that made nothing has none.
        """
        if not self.is_mixture:
            return {self.name: self}
        return {
            name: Run(self.folder / name) for name in task_manifests(self.folder, self.manifest)
        }

    @cached_property
    def samples(self) -> datasets.Dataset:
        """The training samples as a table on disk, in the order of their file.

        ``gold`` and ``slots`` are JSON text, as in the file: a column cannot be a number in one
        task and a list in the next. ``run[0]`` and ``run.sample(id)`` have them typed.
        """
        return self._table("train")

    @cached_property
    def test(self) -> datasets.Dataset:
        """The test samples as :attr:`samples`; empty where the recipe asks for none."""
        return self._table("test")

    @cached_property
    def rejected(self) -> datasets.Dataset:
        """What was dropped: id, task, split, filter, reason, detail and the record as JSON text.

        Of a mixture that is what its mixed file left out, then what its tasks dropped.
        """
        return self._table("rejected")

    def _table(self, split: str) -> datasets.Dataset:
        from factory.runs.tables import table_of

        return table_of(self._files(split), rejected=split == "rejected")

    def _files(self, split: str) -> list[Path]:
        if split not in SPLITS:
            raise UsageError(f"there is no split {split!r}: choose {', '.join(SPLITS)}")
        if split != "rejected":
            return [path for path in kept_files(self.folder) if path.stem == split]
        return rejected_files(self.folder, self.manifest)

    def __len__(self) -> int:
        """Return how many samples were kept, training and test."""
        rows = {
            Path(name).stem: file.get("rows", 0) for name, file in self.manifest["files"].items()
        }
        return int(rows.get("train", 0) + rows.get("test", 0))

    def __iter__(self) -> Iterator[Sample]:
        """Yield the kept samples, training then test, with ``gold`` and ``slots`` typed."""
        return chain.from_iterable(map(read_samples, kept_files(self.folder)))

    def __getitem__(self, which: int | str) -> Sample:
        """Return a kept sample by its id, or a training sample by its place in the file.

        Raises ``KeyError`` or ``IndexError`` for one that is not there.
        """
        if isinstance(which, str):
            for record in kept_records(self.folder):
                if record["id"] == which:
                    return from_record(record)
            raise KeyError(which)
        return from_record(self.samples[which])

    def sample(self, sample_id: str) -> Sample:
        """Return a kept sample; raises :class:`~factory.errors.UsageError` where it is none."""
        try:
            return self[sample_id]
        except KeyError as error:
            raise UsageError(
                f"{self.folder} keeps no sample {sample_id!r}: why({sample_id!r}) tells of one "
                "that was dropped"
            ) from error

    def show(self, limit: int = 3, split: str = "train", skip: int = 0) -> Shown:
        """Return the first samples of a split, or rejected candidates, as a person would read them.

        Raises :class:`~factory.errors.UsageError` for a split that the run does not have.
        """
        if split == "rejected":
            records = chain.from_iterable(map(rejected_records, self._files(split)))
            return Shown(list(islice(records, skip, skip + limit)))
        return Shown(read_samples_of(self.folder, split, skip, limit))

    def why(self, sample_id: str) -> Story:
        """Return the whole story of one sample, kept or dropped: source rows, wording, verdicts.

        Raises :class:`~factory.errors.UsageError` for an id that the run does not have.
        """
        return Story(tell_story(self.folder, sample_id))

    def to_pandas(self, split: str | None = None) -> pandas.DataFrame:
        """Return the kept samples, of all splits or of one, or the rejected as a table in memory.

        ``gold``, ``slots`` and ``options`` are Python values; what is inside ``provenance`` and
        ``scores`` are columns such as ``provenance.wording``. Of the rejected, ``record`` is what
        was dropped.
        """
        from factory.runs.tables import frame_of

        kept = [split] if split else KEPT
        return frame_of(chain.from_iterable(map(self._files, kept)), rejected=split == "rejected")

    def stats(self) -> Summary:
        """Return everything that can be counted of the run; its files are read once."""
        return self._summary

    @cached_property
    def _summary(self) -> Summary:
        return summarise(self.folder)

    def plot(self) -> Figure:
        """Return a figure: samples by task and split, lengths, gold positions, rejections."""
        from factory.runs.plots import draw_summary

        return draw_summary(self._summary)

    @property
    def card(self) -> str | None:
        """The dataset card of the run, as Markdown; None where none was written."""
        path = self.folder / CARD
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def __repr__(self) -> str:
        what = "mixture" if self.is_mixture else "task"
        return f"<Run of {what} {self.name}: {len(self):,} samples in {self.folder}>"

    def _repr_html_(self) -> str:
        from factory.runs.display import run_html

        try:
            return run_html(self)
        except MISREAD as error:
            raise OutputError(
                f"{self.folder / MANIFEST}: of another format ({error!r}): make the run again"
            ) from error


def load(folder: str | Path) -> Run:
    """Open a finished run or mixture, such as ``out/task12``.

    In a notebook, a :class:`~factory.sample.Sample` is shown as a person would read it from then
    on.

    Raises :class:`~factory.errors.UsageError` for a folder that holds no finished run.
    """
    run = Run(Path(folder))
    _show_samples_richly()
    return run


def _show_samples_richly() -> None:
    """Tell a notebook that runs this code, if one does, how a sample is shown.

    A sample stands below everything that could show it, and knows nothing of HTML.
    """
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        shell.display_formatter.formatters["text/html"].for_type(Sample, _sample_html)


def _sample_html(sample: Sample) -> str:
    from factory.runs.display import sample_html

    return sample_html(json.loads(json.dumps(to_record(sample))))
