"""Decontamination (rule G10): no training sample says what a benchmark asks or answers.

The benchmarks are read once into sorted arrays of 64-bit hashes, which worker processes map into
memory; a sample's slots are looked up in them. A false alarm needs two texts of one hash: fewer
than one in ten billion look-ups for a benchmark of a billion n-grams.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Self

from pydantic import Field, PrivateAttr

from factory.errors import OutputError, RecipeError, SourceError
from factory.filters.base import Filter, slot_texts
from factory.filters.benchmarks import BenchmarkRow, BenchmarkSpec, benchmark_rows
from factory.filters.grams import gram_hashes, is_content, normal_form, text_hash
from factory.sample import Sample, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ABOUT: Final = "benchmarks.json"
_VERSION: Final = 1
#: A text that so many rows of a benchmark have, and such a share of them, is its wording ("The
#: product is not relevant", an instruction): a sample may say it too.
_WORDING_ROWS: Final = 20
_WORDING_SHARE: Final = 0.01
#: Shorter sequences of products are met by chance.
_LEAST_SEQUENCE: Final = 3


class DecontaminationFilter(Filter):
    """Rejects a sample that shows what a benchmark holds.

    Every slot, every option and the answer are looked up: whole (``exact:<benchmark>``), texts of
    20 words or more by runs of eight (``ngram:<benchmark>``), and lists of titles as a shopper's
    session (``sequence:<benchmark>``). The score of a long text is the share of its n-grams that
    the benchmark has.
    """

    name: ClassVar[str] = "decontamination"

    against: tuple[str, ...] = Field(min_length=1, description="names of the recipe's benchmarks")
    max_overlap: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="the share of a long text's n-grams that a benchmark may have too",
    )
    _folder: str = PrivateAttr(default="")
    _fingerprint: str = PrivateAttr(default="")

    def with_index(self, folder: Path) -> Self:
        """Return this filter over the index that :func:`write_index` wrote into ``folder``.

        Raises:
            SourceError: there is no index in it.
            RecipeError: the index lacks a benchmark that is asked for.
        """
        about = read_about(folder)
        if missing := [name for name in self.against if name not in about["benchmarks"]]:
            known = ", ".join(about["benchmarks"])
            raise RecipeError(
                f"filters.decontamination.against: there is no benchmark {missing[0]!r}; "
                f"the recipe's block 'benchmarks' has {known}"
            )
        made = self.model_copy()
        made._folder = str(folder)
        made._fingerprint = about["fingerprint"]
        return made

    @property
    def fingerprint(self) -> str:
        """What the benchmarks hold, as a hash; empty without an index."""
        return self._fingerprint

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict: ``exact:``, ``ngram:`` or ``sequence:`` and the benchmark's name.

        Raises:
            RecipeError: the filter has no index.
        """
        if not self._folder:
            raise RecipeError(
                "filters.decontamination has no index of its benchmarks yet: "
                "write it with write_index and take it with with_index"
            )
        index = _opened(self._folder, self._fingerprint, self.against)
        texts = dict.fromkeys(slot_texts(sample.slots))
        texts.update(dict.fromkeys(sample.options))
        if isinstance(sample.gold, str | list):
            texts.update(dict.fromkeys(slot_texts(sample.gold)))
        whole: list[int] = []
        shown: list[str] = []
        score: float | None = None
        for text in texts:
            normal = normal_form(text)
            if not is_content(normal):
                continue
            whole.append(text_hash(normal))
            shown.append(text)
            grams = gram_hashes(normal)
            if len(grams):
                places, of = index.grams.find(grams)
                share = len(places) / len(grams)
                score = max(score or 0.0, share)
                if share > self.max_overlap:
                    detail = f"{len(places)} of {len(grams)} n-grams: {text!r}"
                    return self.drop(f"ngram:{index.names[of]}", detail, round(share, 4))
        places, of = index.exact.find(whole)
        if places:
            return self.drop(f"exact:{index.names[of]}", repr(shown[places[0]]), 1.0)
        for sequence in _sequences(sample.slots):
            places, of = index.exact.find([_sequence_hash(sequence)])
            if places:
                return self.drop(f"sequence:{index.names[of]}", repr(list(sequence)), 1.0)
        return self.keep(None if score is None else round(score, 4))


def write_index(benchmarks: Mapping[str, BenchmarkSpec], folder: Path, beside: Path) -> Path:
    """Write the hashes of what ``benchmarks`` say into ``folder``, and return it.

    The same benchmarks give the same bytes. ``beside`` is where relative files stand: the folder of
    the recipe. ``benchmarks.json`` is written last and names the content by a hash.

    Raises:
        SourceError: a benchmark cannot be read, or says nothing that could be compared.
        OutputError: the folder cannot be written.
    """
    import numpy as np

    exact: list[NDArray[np.uint64]] = []
    grams: list[NDArray[np.uint64]] = []
    about: dict[str, Any] = {}
    for name, spec in benchmarks.items():
        rows, whole, runs = _hashes(benchmark_rows(spec, beside))
        if not len(whole) and not len(runs):
            raise SourceError(
                f"benchmarks.{name}: none of its {rows} rows has a text of three words or more: "
                "name the right file, or the right 'fields'"
            )
        exact.append(whole)
        grams.append(runs)
        about[name] = {"rows": rows, "texts": len(whole), "ngrams": len(runs)}
    digest = blake2b(digest_size=16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stem, each in (("exact", exact), ("grams", grams)):
            hashes, of = _merged(each)
            for file, values in ((f"{stem}.npy", hashes), (f"{stem}_of.npy", of)):
                np.save(folder / file, values, allow_pickle=False)
                digest.update(values.tobytes())
        content = {"version": _VERSION, "benchmarks": about}
        digest.update(json.dumps(content).encode())
        content["fingerprint"] = digest.hexdigest()
        (folder / _ABOUT).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"the index of benchmarks cannot be written: {error}") from error
    return folder


def read_about(folder: Path) -> dict[str, Any]:
    """Return what ``benchmarks.json`` in ``folder`` says; raises SourceError without a fit one."""
    try:
        about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{str(folder)!r} holds no index of benchmarks ({error})") from error
    if about.get("version") != _VERSION:
        raise SourceError(f"the index of benchmarks in {str(folder)!r} is of another version")
    return about


def _hashes(rows: Iterable[BenchmarkRow]) -> tuple[int, NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the number of rows, and the sorted hashes of their texts and n-grams."""
    import numpy as np

    whole, runs = array("Q"), array("Q")
    count = 0
    for row in rows:
        count += 1
        mine: set[int] = set()
        mine_of_runs: set[int] = set()
        normals = {normal_form(text) for text in row.texts}
        for normal in normals.union(map(normal_form, row.names)):
            if is_content(normal):
                mine.add(text_hash(normal))
        for normal in normals:
            mine_of_runs.update(gram_hashes(normal).tolist())
        mine.update(_sequence_hash(s) for s in row.sequences if len(s) >= _LEAST_SEQUENCE)
        whole.extend(mine)
        runs.extend(mine_of_runs)
    wording = max(_WORDING_ROWS, _WORDING_SHARE * count)
    kept = []
    for each in (whole, runs):
        hashes, times = np.unique(np.frombuffer(each, dtype=np.uint64), return_counts=True)
        kept.append(hashes[times < wording])
    return count, kept[0], kept[1]


def _merged(
    benchmarks: Sequence[NDArray[np.uint64]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
    """Return every hash of every benchmark, sorted, with the number of the benchmark."""
    import numpy as np

    hashes = np.concatenate((np.empty(0, dtype=np.uint64), *benchmarks))
    of = np.repeat(np.arange(len(benchmarks), dtype=np.uint16), [len(each) for each in benchmarks])
    order = np.argsort(hashes, kind="stable")
    return hashes[order], of[order]


def _sequences(slots: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield the lists of titles in a sample's slots."""
    for value in slots.values():
        if isinstance(value, list | tuple) and len(value) >= _LEAST_SEQUENCE:
            shown = (each.get("title") if isinstance(each, dict) else each for each in value)
            titles = tuple(title for title in shown if isinstance(title, str))
            if len(titles) == len(value):
                yield titles


def _sequence_hash(titles: Sequence[str]) -> int:
    return text_hash("\x1f".join(map(normal_form, titles)))


class _Hashes(NamedTuple):
    """Sorted hashes, whose benchmark each is, and which benchmarks count."""

    hashes: NDArray[np.uint64]
    of: NDArray[np.uint16]
    counts: tuple[bool, ...]

    def find(self, wanted: Sequence[int] | NDArray[np.uint64]) -> tuple[list[int], int]:
        """Return which of ``wanted`` are here, by their places, and the first one's benchmark."""
        import numpy as np

        if not len(wanted) or not len(self.hashes):
            return [], 0
        asked = np.asarray(wanted, dtype=np.uint64)
        places = np.searchsorted(self.hashes, asked)
        there = self.hashes[np.minimum(places, len(self.hashes) - 1)] == asked
        found: list[int] = []
        first = 0
        if all(self.counts):
            found = np.flatnonzero(there).tolist()
            return found, int(self.of[places[found[0]]]) if found else 0
        for place in np.flatnonzero(there).tolist():
            whose = self._whose(int(places[place]), int(asked[place]))
            if whose is not None:
                if not found:
                    first = whose
                found.append(place)
        return found, first

    def _whose(self, place: int, wanted: int) -> int | None:
        """Return the first benchmark that counts and has the hash: equal ones stand together."""
        while place < len(self.hashes) and int(self.hashes[place]) == wanted:
            whose = int(self.of[place])
            if self.counts[whose]:
                return whose
            place += 1
        return None


class _Index(NamedTuple):
    names: tuple[str, ...]
    exact: _Hashes
    grams: _Hashes


@lru_cache(maxsize=8)
def _opened(folder: str, fingerprint: str, against: tuple[str, ...]) -> _Index:  # noqa: ARG001
    """Map an index into memory, once a process; ``fingerprint`` tells a new one at its place."""
    import numpy as np

    path = Path(folder)
    names = tuple(read_about(path)["benchmarks"])
    counts = tuple(name in against for name in names)
    try:
        exact, grams = (
            _Hashes(
                # As a plain array: numpy's own class for such files is slower at every step.
                np.asarray(np.load(path / f"{stem}.npy", mmap_mode="r")),
                np.asarray(np.load(path / f"{stem}_of.npy", mmap_mode="r")),
                counts,
            )
            for stem in ("exact", "grams")
        )
    except (OSError, ValueError) as error:
        raise SourceError(
            f"the index of benchmarks in {folder!r} cannot be read ({error}): write it again"
        ) from error
    return _Index(names, exact, grams)
