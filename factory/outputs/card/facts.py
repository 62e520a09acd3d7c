"""What a card says, from a folder's manifests, judge.json, review.json and one line a samples file.

Nothing is counted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json

from factory.outputs.files import read_json
from factory.outputs.licences import Objection, Overall, Terms, forbids_publication, overall_licence
from factory.outputs.measurements import judges_of, review_of
from factory.outputs.run_folder import MANIFEST
from factory.sources.base import BUNDLED

SPLITS: Final = ("train", "test")


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source as tasks of a run read it.

    Attributes:
        citation: BibTeX; empty where the source is not known to ask for any.
        bundled: whether it is the shop that this project made up, in the source's form.
        unusable: rows that were set aside, by cause.
        test_rows: rows of its test part that were left out; ``allow_test``: or let in.
    """

    name: str
    adapter: str
    homepage: str
    licence: str
    citation: str
    bundled: bool
    rows: int
    files: tuple[str, ...]
    unusable: Mapping[str, int]
    test_rows: int
    allow_test: bool


@dataclass(frozen=True, slots=True)
class Maker:
    """One way that answers came about; see :meth:`factory.line.tally.Tally.describe`."""

    generator: str
    model: str
    samples: int
    tokens: int
    cost: float


@dataclass(frozen=True, slots=True)
class Part:
    """One file of samples: its path within the folder, rows, bytes, and checksum."""

    split: str
    data: str
    rows: int
    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """One task of a run or a mixture.

    Attributes:
        papers: the numbers that papers give it, by the paper.
        parts: its files of samples that have any.
        wanted, made: samples by split, asked for and written.
        mixed: samples of it that a mixture kept, by split; as ``made`` outside of one.
        keys: rows that could have become samples.
        languages: samples by language and split; None where a run did not count them.
        wordings: samples by wording; makers: by what made their answers; both None as well.
        filters: the settings of each filter that was on.
        benchmarks: names of what was kept out.
        rejected: candidates by filter, reason and split.
        strata: what was given up, and how many samples it lacked.
        judge: what its own judges said; measured: how good a judge was measured to be, by panel.
        models: the models that were asked, by their name in the recipe.
        shortfall: why it made nothing, where it did not.
        sample: its first sample as a record.
    """

    name: str
    title: str
    type: str = ""
    metric: str = ""
    view: str = ""
    parent: str = ""
    needs: tuple[str, ...] = ()
    papers: Mapping[str, str] = field(default_factory=dict)
    source: SourceFacts | None = None
    parts: tuple[Part, ...] = ()
    wanted: Mapping[str, int] = field(default_factory=dict)
    made: Mapping[str, int] = field(default_factory=dict)
    mixed: Mapping[str, int] = field(default_factory=dict)
    keys: int = 0
    languages: Mapping[str, Mapping[str, int]] | None = None
    wordings: Mapping[str, int] | None = None
    makers: tuple[Maker, ...] | None = None
    dropped_tokens: int = 0
    dropped_cost: float = 0.0
    filters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    benchmarks: tuple[str, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    empty: int = 0
    strata: Mapping[str, int] = field(default_factory=dict)
    probes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    judge: Mapping[str, Any] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    shortfall: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    held_out: bool = False
    sample: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A run or a mixture.

    Attributes:
        mixture: whether it is one; ``size`` is then what its paper prints, ``absent`` what of it no
            task makes.
        parts: the files of samples that a user loads first, those that are empty left out.
        languages: samples by language and split; None where they were not counted.
        review: what people found, None where none were asked; ``stale``: of another run.
        given: what was given beside the recipe; None where a run did not note it.
    """

    name: str
    title: str
    mixture: bool
    seed: int
    tasks: tuple[TaskFacts, ...]
    parts: tuple[Part, ...]
    languages: Mapping[str, Mapping[str, int]] | None
    sources: tuple[SourceFacts, ...]
    licence: Overall
    objections: tuple[Objection, ...]
    versions: Mapping[str, str]
    given: Mapping[str, Any] | None
    size: int | None = None
    absent: tuple[str, ...] = ()
    review: Mapping[str, Any] | None = None
    stale: bool = False

    @property
    def rows(self) -> int:
        """All samples that a user loads."""
        return sum(part.rows for part in self.parts)

    @property
    def made(self) -> tuple[TaskFacts, ...]:
        """The tasks that have samples."""
        return tuple(task for task in self.tasks if task.parts)


def gather(folder: Path, manifest: Mapping[str, Any]) -> CardFacts:
    """Return the facts of a folder whose files are there; its manifest need not be yet."""
    if "mixture" in manifest:
        return _mixture(folder, manifest)
    task = _task(folder, manifest, "")
    return _card(folder, manifest, (task,), manifest["task"], task.title, task.languages)


def _mixture(folder: Path, manifest: Mapping[str, Any]) -> CardFacts:
    tasks = tuple(
        _mixed(folder, name, share, read_json(folder / name / MANIFEST))
        for name, share in manifest["tasks"].items()
    )
    return _card(
        *(folder, manifest, tasks, manifest["mixture"]),
        *(manifest.get("title") or manifest["mixture"], manifest.get("languages")),
        mixture=True,
        size=manifest.get("size"),
        absent=tuple(f"{each['paper']} {each['number']}" for each in manifest.get("absent") or ()),
    )


def _card(
    folder: Path,
    manifest: Mapping[str, Any],
    tasks: tuple[TaskFacts, ...],
    name: str,
    title: str,
    languages: Mapping[str, Mapping[str, int]] | None,
    *,
    mixture: bool = False,
    size: int | None = None,
    absent: tuple[str, ...] = (),
) -> CardFacts:
    sources = _sources(tasks)
    terms = [Terms(each.name, each.licence, each.homepage) for each in sources]
    review = review_of(folder, manifest)
    return CardFacts(
        name=name,
        title=title,
        mixture=mixture,
        seed=manifest["seed"],
        tasks=tasks,
        parts=_parts(manifest, ""),
        languages=languages,
        sources=sources,
        licence=overall_licence(terms),
        objections=forbids_publication(terms),
        versions=manifest.get("versions") or _versions_of(folder, tasks),
        given=manifest.get("given"),
        size=size,
        absent=absent,
        review=review,
        stale=bool(review and review["stale"]),
    )


def _mixed(
    folder: Path, name: str, share: Mapping[str, Any], manifest: Mapping[str, Any] | None
) -> TaskFacts:
    """Return a task of a mixture: its own run, and what the mixture says of it."""
    said: dict[str, Any] = {
        "shortfall": share.get("shortfall", ""),
        "left_out": share.get("left_out", {}),
        "held_out": bool(share.get("held_out")),
        "wanted": _counted({"train": share["wanted"], "test": share.get("test_wanted", 0)}),
    }
    if not manifest:
        return TaskFacts(name, name, **said)
    task = _task(folder / name, manifest, f"{name}/")
    left: Counter[str] = Counter()
    for reason, count in said["left_out"].items():
        left[reason.partition(":")[0]] += count
    mixed = {split: count - left[split] for split, count in task.made.items()}
    return replace(task, **said, mixed=mixed)


def _task(folder: Path, manifest: Mapping[str, Any], at: str) -> TaskFacts:
    recipe, splits = manifest["recipe"], manifest["splits"]
    filters = {name: each for name, each in manifest["filters"].items() if each is not None}
    derive = recipe.get("derive") or {}
    made = {split: counts["accepted"] for split, counts in splits.items()}
    parts = _parts(manifest, at)
    dropped = [counts.get("spent_on_dropped") or {} for counts in splits.values()]
    sample = next((_first(folder / part.data.removeprefix(at)) for part in parts), None)
    return TaskFacts(
        name=manifest["task"],
        title=recipe["title"] or manifest["task"],
        type=(sample or {}).get("task_type", ""),
        metric=(sample or {}).get("metric", ""),
        view=recipe["rows"],
        parent=derive.get("from", ""),
        needs=tuple(recipe.get("needs") or ()),
        papers=_papers(recipe),
        source=_source(manifest["source"]),
        parts=parts,
        wanted={split: counts["wanted"] for split, counts in splits.items()},
        made=made,
        mixed=made,
        keys=manifest["keys"],
        languages=_by_split(splits, "languages"),
        wordings=_summed(splits, "wordings"),
        makers=_makers(splits),
        dropped_tokens=sum(each.get("tokens", 0) for each in dropped),
        dropped_cost=sum(each.get("cost", 0.0) for each in dropped),
        filters=filters,
        benchmarks=tuple((filters.get("decontamination") or {}).get("against") or ()),
        rejected=_summed(splits, "rejected") or {},
        empty=sum(counts["empty"] for counts in splits.values()),
        strata={
            f"{split}, {name}": stratum["given_up"]
            for split, counts in splits.items()
            for name, stratum in counts["strata"].items()
            if "given_up" in stratum
        },
        probes=manifest.get("probes") or {},
        judge=manifest.get("judge") or {},
        measured=judges_of(folder),
        models=manifest.get("models") or {},
        sample=sample,
    )


def _source(record: Mapping[str, Any]) -> SourceFacts:
    unusable: Counter[str] = Counter()
    for each in record["quarantined"]:
        unusable[each["cause"]] += each["rows"]
    bundled = record["address"] == BUNDLED
    return SourceFacts(
        name=record["name"],
        adapter=record["adapter"],
        homepage=record["homepage"],
        licence=record["licence"],
        citation="" if bundled else record.get("citation", ""),
        bundled=bundled,
        rows=record["rows"],
        files=tuple(file["name"] for file in record["files"]),
        unusable=dict(unusable),
        test_rows=record["test_rows_hidden"],
        allow_test=record["allow_test"],
    )


def _sources(tasks: Iterable[TaskFacts]) -> tuple[SourceFacts, ...]:
    """Return each source once; of two that read it otherwise (test part in or out), both."""
    found: dict[tuple[Any, ...], SourceFacts] = {}
    for task in tasks:
        if task.source is not None:
            source = task.source
            found.setdefault((source.name, source.files, source.rows, source.allow_test), source)
    return tuple(found[key] for key in sorted(found))


def _parts(manifest: Mapping[str, Any], at: str) -> tuple[Part, ...]:
    files = manifest["files"]
    return tuple(
        Part(split, f"{at}{name}", *(files[name][key] for key in ("rows", "bytes", "blake2b")))
        for split in SPLITS
        if (name := f"{split}.jsonl") in files and files[name]["rows"]
    )


def _papers(recipe: Mapping[str, Any]) -> dict[str, str]:
    named = {
        "NVIDIA": recipe.get("nvidia"),
        "EshopInstruct": recipe.get("eshop"),
        "EcomInstruct": recipe.get("ecom"),
        "ShopBench development set": recipe.get("dev"),
    }
    return {
        paper: ", ".join(map(str, number if isinstance(number, list) else [number]))
        for paper, number in named.items()
        if number is not None
    }


def _by_split(
    splits: Mapping[str, Mapping[str, Any]], name: str
) -> dict[str, Mapping[str, int]] | None:
    if not all(name in counts for counts in splits.values()):
        return None
    return {split: counts[name] for split, counts in splits.items()}


def _summed(splits: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, int] | None:
    by_split = _by_split(splits, name)
    if by_split is None:
        return None
    total: Counter[str] = Counter()
    for counts in by_split.values():
        total.update(counts)
    return dict(sorted(total.items()))


def _makers(splits: Mapping[str, Mapping[str, Any]]) -> tuple[Maker, ...] | None:
    if not all("makers" in counts for counts in splits.values()):
        return None
    total: dict[tuple[str, str], Maker] = {}
    for counts in splits.values():
        for each in counts["makers"]:
            key = (each["generator"], each["model"])
            before = total.get(key, Maker(*key, 0, 0, 0.0))
            total[key] = Maker(
                *key,
                before.samples + each["samples"],
                before.tokens + each["tokens"],
                before.cost + each["cost"],
            )
    return tuple(total[key] for key in sorted(total))


def _versions_of(folder: Path, tasks: Iterable[TaskFacts]) -> dict[str, str]:
    found: dict[str, str] = {}
    for task in tasks:
        found |= (read_json(folder / task.name / MANIFEST) or {}).get("versions", {})
    return found


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _first(path: Path) -> dict[str, Any] | None:
    """Return the first record of a file of samples; None where it cannot be read."""
    for record in _lines(path):
        return record
    return None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with suppress(OSError, ValueError), path.open("rb") as file:
        for line in file:
            yield from_json(line)
