"""Run a mixture: its tasks one after another, then one file of all their samples.

The test samples of every task are made first. What they show (products, queries, users, reviews) is
banned from the training samples of all tasks, whichever source or task they come from. Two tasks
that ask one thing and answer it differently both lose that sample; what is said twice stays once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json

from factory.engines import Engine
from factory.errors import SourceError
from factory.line.job import Ban, NothingMadeError, Progress
from factory.line.likeness import touches
from factory.line.manifest import given
from factory.line.run import RunResult, run_task
from factory.outputs.card import write_card
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_samples
from factory.outputs.run_folder import FORMAT, REJECTED, RunFolder
from factory.recipe import Recipe
from factory.recipe.mixtures import Mixture, Share, resolve_mixture
from factory.templates import ENGLISH, language_of

if TYPE_CHECKING:
    from factory.llm.pool import ModelPool

#: Where the test samples that bans come from are made first.
_TESTS: Final = "tests"


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
            if not (share.size or share.test):
                continue  # held out, or left out, and tested on nothing
            report = None if progress is None else progress(share)
            sized = _sized(recipe, mixture, share.task, share.size, share.test)
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


def _sized(recipe: Recipe, mixture: Mixture, task: str, size: int, test: int) -> Recipe:
    """Return the recipe with one task as the mixture wants it; its parents stay as they are."""
    own = recipe.tasks[task]
    prompt = mixture.spec.prompt.over(own.prompt) if mixture.spec.prompt else own.prompt
    spec = own.model_copy(update={"size": size, "test": test, "prompt": prompt})
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
        sized = _sized(recipe, mixture, share.task, 0, share.test)
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
    prompts: dict[str, dict[str, int]] = {}
    with folder.line_files([f"{split}.jsonl" for split in splits]) as files:
        for split in splits:
            paths = {
                name: path
                for name, result in made.items()
                if (path := result.folder / f"{split}.jsonl").is_file()
            }
            written: Counter[str] = Counter()
            asked: Counter[str] = Counter()
            for task, reason in _mix_split(
                f"{recipe.seed}\x1f{mixture.name}",
                *(paths, files[f"{split}.jsonl"], files[REJECTED], written, asked, engine),
            ):
                dropped[task, f"{split}: {reason}"] += 1
            languages[split] = dict(sorted(written.items()))
            prompts[split] = dict(sorted(asked.items()))
        manifest = _manifest(recipe, mixture, made, failed, dropped, files)
        manifest["languages"] = languages
        if any(asked.keys() - {ENGLISH} for asked in prompts.values()):
            manifest["prompt_languages"] = prompts
        folder.publish(files, manifest, beside=partial(write_card, manifest=manifest))
    return MixtureResult(folder.path, manifest)


def _mix_split(
    seed: str,
    paths: Mapping[str, Path],
    mixed: LineFile,
    rejected: LineFile,
    languages: Counter[str],
    prompts: Counter[str],
    engine: Engine,
) -> Iterator[tuple[str, str]]:
    """Write one split, shuffled by draw; yield (task, reason) of every line that is left out.

    ``languages`` counts those that are written, and ``prompts`` the languages that they ask in.
    """
    # An import that runs of one task do without.
    from factory.line.shuffle import shuffled, with_lines

    names, files = list(paths), list(paths.values())
    places = shuffled(f"{seed}\x1f".encode(), files, engine)
    for place, line in with_lines(places, files):
        if place.reason:
            dropped = {"id": place.sample_id, "task": names[place.file], "filter": "mixture"}
            dropped |= {"reason": place.reason, "detail": "", "record": "{}"}
            rejected.write(to_json(dropped))
            yield names[place.file], place.reason
            continue
        languages[_said(line, _LANG)] += 1
        prompts[language_of(_said(line, _WORDING))] += 1
        mixed.write(line)


#: In a JSON text a bare quote ends a string, so these can stand nowhere else in a line.
_LANG: Final = b'","lang":"'
_WORDING: Final = b'","wording":"'


def _said(line: bytes, key: bytes) -> str:
    start = line.rindex(key) + len(key)
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
            "without": share.without,
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
