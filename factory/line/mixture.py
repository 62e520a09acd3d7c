"""Run a mixture: its tasks one after another, then one file of all their samples.

The test samples of every task are made first. What they show (products, queries, users, reviews) is
banned from the training samples of all tasks, whichever source or task they come from. Two tasks
that ask one thing and answer it differently both lose that sample; what is said twice stays once.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import md5, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic_core import to_json

from factory.engines import Engine
from factory.errors import SourceError
from factory.line.likeness import touches
from factory.line.manifest import given
from factory.line.run import Ban, NothingMadeError, Progress, RunResult, run_task
from factory.outputs.card import write_card
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_samples, sample_id_of
from factory.outputs.run_folder import FORMAT, REJECTED, RunFolder
from factory.recipe import Recipe
from factory.recipe.mixtures import Mixture, Share, resolve_mixture

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool

#: Where the test samples that bans come from are made first.
_TESTS: Final = "tests"
#: Bytes; by default a file of long lines is read in blocks as small as one of them.
_READ_AT_ONCE: Final = 1 << 20
#: Bytes of a file that one process reads while others read others.
_STRETCH: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class MixtureResult:
    """What a mixture's run made.

    Attributes:
        folder: the mixture's folder, with one folder a task in it.
        manifest: the content of its ``manifest.json``.
    """

    folder: Path
    manifest: Mapping[str, Any]


def run_mixture(
    recipe: Recipe,
    name: str,
    out: Path,
    engine: Engine,
    *,
    fresh: bool = False,
    progress: Callable[[Share], Progress | None] | None = None,
    models: ModelPool | None = None,
) -> MixtureResult:
    """Make every task of mixture ``name`` in ``out / name``, and the mixed file beside them.

    A finished task is left as it is, an interrupted one taken up; a task that no row of its source
    can feed is a shortfall, told with its reason, and stops nothing.

    Raises what :func:`factory.line.run.run_task` raises.
    """
    mixture = resolve_mixture(recipe, name)
    with RunFolder(out / name) as folder:
        if fresh:
            folder.forget_plan()
        ban = _test_ban(recipe, mixture, folder, engine, models, fresh=fresh)
        made: dict[str, RunResult] = {}
        failed: dict[str, str] = {}
        for share in mixture.shares:
            report = None if progress is None else progress(share)
            sized = _sized(recipe, share.task, share.size, share.test)
            try:
                made[share.task] = run_task(
                    *(sized, share.task, folder.path, engine),
                    fresh=fresh,
                    progress=report,
                    ban=ban,
                    models=models,
                )
            except NothingMadeError as error:
                failed[share.task] = str(error)
        _check_one_state(made)
        return _mix(recipe, mixture, folder, made, failed, engine)


def _check_one_state(made: Mapping[str, RunResult]) -> None:
    """Raise :class:`SourceError` where a source's files changed between two tasks.

    What is tested on would be kept out of the samples of one state, and not of the other.
    """
    first: dict[str, tuple[str, Any]] = {}
    for task, result in made.items():
        source = result.manifest["source"]
        other, files = first.setdefault(source["name"], (task, source["files"]))
        if files != source["files"]:
            raise SourceError(
                f"sources.{source['name']} changed while the mixture was made: {other} and {task} "
                "are of different files. Choose a new folder with --out (what models answered is "
                "kept), or make all of it again with --fresh"
            )


def _sized(recipe: Recipe, task: str, size: int, test: int) -> Recipe:
    spec = recipe.tasks[task].model_copy(update={"size": size, "test": test})
    return recipe.model_copy(update={"tasks": {**recipe.tasks, task: spec}})


def _test_ban(
    recipe: Recipe,
    mixture: Mixture,
    folder: RunFolder,
    engine: Engine,
    models: ModelPool | None,
    *,
    fresh: bool,
) -> Ban:
    """Make the test samples of every task that has some; return what they show."""
    touched: set[str] = set()
    groups: set[str] = set()
    for share in mixture.shares:
        if not share.test:
            continue
        sized = _sized(recipe, share.task, 0, share.test)
        try:
            result = run_task(
                sized, share.task, folder.work / _TESTS, engine, fresh=fresh, models=models
            )
        except NothingMadeError:
            continue
        for sample in read_samples(result.folder / "test.jsonl"):
            touched.update(touches(sample.provenance.source_ids))
            groups.add(sample.split_group)
    return Ban(frozenset(touched), frozenset(groups))


def _mix(
    recipe: Recipe,
    mixture: Mixture,
    folder: RunFolder,
    made: Mapping[str, RunResult],
    failed: Mapping[str, str],
    engine: Engine,
) -> MixtureResult:
    """Write the samples of all tasks to one file a split, in the order of their draws."""
    splits = [
        split
        for split in ("train", "test")
        if any((result.folder / f"{split}.jsonl").is_file() for result in made.values())
    ]
    dropped: Counter[tuple[str, str]] = Counter()
    languages: dict[str, dict[str, int]] = {}
    with folder.line_files([f"{split}.jsonl" for split in splits]) as files:
        for split in splits:
            paths = {
                name: path
                for name, result in made.items()
                if (path := result.folder / f"{split}.jsonl").is_file()
            }
            written: Counter[str] = Counter()
            for task, reason in _mix_split(
                f"{recipe.seed}\x1f{mixture.name}",
                *(paths, files[f"{split}.jsonl"], files[REJECTED], written, engine),
            ):
                dropped[task, f"{split}: {reason}"] += 1
            languages[split] = dict(sorted(written.items()))
        manifest = _manifest(recipe, mixture, made, failed, dropped, files)
        manifest["languages"] = languages
        folder.publish(files, manifest, beside=partial(write_card, manifest=manifest))
    return MixtureResult(folder.path, manifest)


def _mix_split(
    seed: str,
    paths: Mapping[str, Path],
    mixed: LineFile,
    rejected: LineFile,
    languages: Counter[str],
    engine: Engine,
) -> Iterator[tuple[str, str]]:
    """Write one split, shuffled by draw; yield (task, reason) of every line that is left out.

    ``languages`` counts those that are written.
    """
    names = list(paths)
    entries: list[tuple[int, bytes, int, int, int, bytes]] = []
    answers: dict[bytes, bytes] = {}
    contradicted: set[bytes] = set()
    find = partial(_entries, f"{seed}\x1f".encode())
    for found in engine.map_shards(find, _stretches(paths.values())):
        for order, sample_id, number, offset, length, asked, answer in found:
            if answers.setdefault(asked, answer) != answer:
                contradicted.add(asked)
            entries.append((order, sample_id, number, offset, length, asked))
    del answers
    # The engine gives them in any order.
    entries.sort()
    seen: set[bytes] = set()
    with ExitStack() as stack:
        # Past the buffers of files: each would read a block for every line out of its order.
        descriptors = [stack.enter_context(path.open("rb")).fileno() for path in paths.values()]
        for _, sample_id, number, offset, length, asked in entries:
            reason = "conflict" if asked in contradicted else "duplicate" if asked in seen else ""
            if reason:
                dropped = {"id": sample_id.decode(), "task": names[number], "filter": "mixture"}
                rejected.write(to_json({**dropped, "reason": reason, "detail": "", "record": "{}"}))
                yield names[number], reason
                continue
            seen.add(asked)
            line = os.pread(descriptors[number], length, offset)
            languages[_language(line)] += 1
            mixed.write(line)


#: A part of a file: its number among the files, where it lies, and from which byte to which.
_Stretch: TypeAlias = tuple[int, Path, int, int]
#: A line of a stretch: its place in the mix, its sample's id, the number of its file, where it
#: starts, its length, and hashes of what it asks and of its answer.
_Entry: TypeAlias = tuple[int, bytes, int, int, int, bytes, bytes]


def _stretches(paths: Iterable[Path]) -> Iterator[_Stretch]:
    for number, path in enumerate(paths):
        size = path.stat().st_size
        for start in range(0, size, _STRETCH):
            yield number, path, start, min(start + _STRETCH, size)


def _entries(drawn: bytes, stretch: _Stretch) -> list[_Entry]:
    """Return the lines that start in a stretch of a file; ``drawn`` begins what places are of."""
    number, path, start, stop = stretch
    entries: list[_Entry] = []
    with path.open("rb", buffering=_READ_AT_ONCE) as file:
        if start:
            # A line that starts before is another stretch's, however far it goes.
            file.seek(start - 1)
            start += len(file.readline()) - 1
        for line in file:
            if start >= stop:
                break
            asked, answer = _asked_and_answered(line)
            sample_id = sample_id_of(line).encode()
            place = md5(drawn + sample_id, usedforsecurity=False).digest()[:8]
            order = int.from_bytes(place, "little")
            entries.append((order, sample_id, number, start, len(line) - 1, asked, answer))
            start += len(line)
    return entries


#: In a JSON text a bare quote ends a string, so these can stand nowhere else in a line.
_INPUT: Final = b'","input_field":"'
_OUTPUT: Final = b'","output_field":"'
_GOLD: Final = b'","gold":"'
_LANG: Final = b'","lang":"'


def _asked_and_answered(line: bytes) -> tuple[bytes, bytes]:
    """Return hashes of a line's prompt and of its answer, without reading the JSON around them."""
    start = line.index(_INPUT) + len(_INPUT)
    middle = line.index(_OUTPUT, start)
    end = line.index(_GOLD, middle)
    answer = line[middle + len(_OUTPUT) : end]
    return (
        sha256(line[start:middle], usedforsecurity=False).digest()[:10],
        sha256(answer, usedforsecurity=False).digest()[:6],
    )


def _language(line: bytes) -> str:
    start = line.rindex(_LANG) + len(_LANG)
    return line[start : line.index(b'"', start)].decode()


def _manifest(
    recipe: Recipe,
    mixture: Mixture,
    made: Mapping[str, RunResult],
    failed: Mapping[str, str],
    dropped: Mapping[tuple[str, str], int],
    files: Mapping[str, LineFile],
) -> dict[str, Any]:
    tasks = {}
    for share in mixture.shares:
        result = made.get(share.task)
        splits = {} if result is None else result.manifest["splits"]
        tasks[share.task] = {
            "wanted": share.size,
            "accepted": splits.get("train", {}).get("accepted", 0),
            "test_wanted": share.test,
            "test_accepted": splits.get("test", {}).get("accepted", 0),
            "held_out": share.held_out,
            "left_out": _counts(
                reason
                for (task, reason), n in dropped.items()
                if task == share.task
                for _ in range(n)
            ),
            "shortfall": failed.get(share.task, ""),
            "licence": "" if result is None else result.manifest["source"]["licence"],
            "definition": "" if result is None else result.manifest["definition"],
        }
    return {
        "format": FORMAT,
        "mixture": mixture.name,
        "title": mixture.spec.title,
        "seed": recipe.seed,
        "given": given(recipe, {result.manifest["source"]["name"] for result in made.values()}),
        "size": mixture.spec.size,
        "spec": mixture.spec.model_dump(mode="json"),
        "tasks": tasks,
        "absent": [
            {"paper": each.paper, "number": each.number, "size": each.size}
            for each in mixture.absent
        ],
        "files": {name: file.describe() for name, file in files.items()},
    }


def _counts(reasons: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(reasons).items()))
