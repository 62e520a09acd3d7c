"""Questions whose answers are known, from the three forms in which the field keeps them.

A file in ShopBench's form (``development.json`` of KDD Cup 2024, or this project's ``eshop``
format), the whole samples of a run or a mixture (a held-out split), or task folders in
EcomInstruct's form (``meta-info.json`` beside ``test.json``).
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import fsum, isfinite
from pathlib import Path
from typing import Any, Final, cast

from pydantic_core import from_json

from factory.draw import draw
from factory.errors import OutputError, UsageError, did_you_mean
from factory.outputs.formats.eshop import TRACK
from factory.outputs.jsonl import from_record, read_records
from factory.outputs.run_folder import MANIFEST
from factory.sample import Gold
from factory.sources.ecominstruct_records import RecordError, TaskFolder, read_task
from factory.tasktypes import BY_NAME, TaskType
from factory.tasktypes.classification import SEPARATOR

_META: Final = "meta-info.json"
_TEST: Final = "test.json"
_ECOM_TYPES: Final = {
    "CLS": "classification",
    "NER": "entity-lines",
    "Condition_Extract": "extraction",
    "Extract": "extraction",
    "Generate": "text",
}
#: The types whose answer is a text.
_TEXTS: Final = ("generation", "text")
#: Labels are JSON in a text: what is read of one that lists none.
_NO_LABELS: Final = "[]"
_SHOPBENCH_KEYS: Final = ("input_field", "output_field", "task_type", "metric")


@dataclass(frozen=True, slots=True)
class BenchmarkQuestion:
    """One question and its answer.

    Attributes:
        id: of the question, the same whenever its file is read.
        task, task_type, metric, track: ShopBench's terms; ``track`` is empty where there is none.
        prompt: what the model is asked, without a system prompt.
        gold: the typed answer, as :data:`factory.sample.Gold` says for its type.
        options: what the model chooses from, where that is known: a label or number that is none of
            them is a fault of form.
    """

    id: str
    task: str
    task_type: str
    metric: str
    track: str
    prompt: str
    gold: Gold
    options: tuple[str, ...] = ()

    @property
    def type(self) -> TaskType:
        """Return the task type, which parses and scores."""
        return BY_NAME[self.task_type]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Questions, where they come from, and how many rows there could not be read.

    ``form`` is ``shopbench``, ``samples`` or ``ecominstruct``; ``unreadable`` counts by cause.
    """

    path: Path
    form: str
    questions: tuple[BenchmarkQuestion, ...]
    unreadable: Mapping[str, int]

    @property
    def fingerprint(self) -> str:
        """Return a hash of all questions and answers, in order."""
        digest = blake2b(digest_size=16)
        for each in self.questions:
            digest.update(repr((each.id, each.task, each.metric, each.prompt, each.gold)).encode())
        return digest.hexdigest()


def read_benchmark(
    path: Path,
    *,
    split: str = "test",
    tasks: Sequence[str] = (),
    without: Sequence[str] = (),
    unseen_by: Path | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Benchmark:
    """Return the questions at ``path``, at most ``limit`` of each task, drawn by ``seed``.

    ``split`` chooses the file of a run's folder; questions of a metric of ``without`` are left out,
    and those that decided a search (``unseen_by`` is its ``search.json``). They come in the order
    of the file.

    Raises:
        UsageError: nothing there is a set of questions, or there is no such task.
        OutputError: a file cannot be read.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder of questions")
    unreadable: Counter[str] = Counter()
    if path.is_dir():
        form, found = _of_folder(path, split, unreadable)
    else:
        form, found = "shopbench", _counted(_records(path), unreadable)
    questions = _of_one_kind(list(found))
    if not questions:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in unreadable.items())
        raise UsageError(f"{path}: holds no question{f' ({causes})' if causes else ''}")
    questions = _chosen(path, questions, tasks, without)
    if unseen_by is not None:
        questions = _unseen(path, questions, unseen_by)
    if limit is not None:
        questions = _drawn(questions, limit, seed)
    return Benchmark(path, form, tuple(_told_apart(questions)), dict(unreadable))


def _chosen(
    path: Path,
    questions: Sequence[BenchmarkQuestion],
    tasks: Sequence[str],
    without: Sequence[str],
) -> list[BenchmarkQuestion]:
    """Return the questions of some tasks (of all, where none is named), without some metrics."""
    for names, what, known in (
        (tasks, "task", {each.task for each in questions}),
        (without, "metric", {each.metric for each in questions}),
    ):
        for name in names:
            if name not in known:
                raise UsageError(
                    f"no question of {path} has the {what} {name!r}: {did_you_mean(name, known)}"
                    f"there are {', '.join(sorted(known))}"
                )
    chosen = [
        each
        for each in questions
        if (not tasks or each.task in tasks) and each.metric not in without
    ]
    if not chosen:
        raise UsageError(f"no question of {path} is left without {', '.join(without)}")
    return chosen


def _unseen(
    path: Path, questions: Sequence[BenchmarkQuestion], search: Path
) -> list[BenchmarkQuestion]:
    """Return the questions that are not among those of a search for weights."""
    try:
        seen = set(from_json(search.read_bytes())["questions"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"--unseen-by {search}: is no search.json of merge --search: {error}"
        ) from error
    left = [each for each in questions if each.id not in seen]
    if not left:
        raise UsageError(f"every question of {path} decided the search of {search}")
    return left


def _of_folder(
    path: Path, split: str, unreadable: Counter[str]
) -> tuple[str, Iterable[BenchmarkQuestion]]:
    if (path / MANIFEST).is_file():
        file = path / f"{split}.jsonl"
        if not file.is_file():
            raise UsageError(
                f"{path} has no {split} samples: give its task or mixture test: N in the recipe "
                "and run it again, or choose --split train, which a model may have been trained on"
            )
        return "samples", _counted(_records(file), unreadable)
    folders = sorted(each.parent for each in path.rglob(_META))
    if not folders:
        raise UsageError(
            f"{path}: is neither a run's folder ({MANIFEST}) nor a folder of EcomInstruct's tasks "
            f"({_META}); a file in ShopBench's form is given by its own name"
        )
    return "ecominstruct", (
        question for folder in folders for question in _of_task(folder, unreadable)
    )


def _of_sample(record: dict[str, Any]) -> BenchmarkQuestion | None:
    """Return the question of a whole sample; None for what somebody has made of one."""
    try:
        sample = from_record(record)
        kind = BY_NAME[sample.task_type]
        gold = _typed(kind.name, sample.gold)
        texts = (sample.id, sample.task, sample.track, sample.input_field, *sample.options)
        if sample.metric not in kind.metrics or not all(isinstance(each, str) for each in texts):
            return None
    except (KeyError, TypeError, ValueError):
        return None
    if gold is None:
        return None
    return BenchmarkQuestion(
        sample.id,
        sample.task,
        sample.task_type,
        sample.metric,
        sample.track,
        sample.input_field,
        gold,
        sample.options,
    )


def _counted(
    records: Iterable[Mapping[str, Any]], unreadable: Counter[str]
) -> Iterator[BenchmarkQuestion]:
    """Yield the questions of samples and of ShopBench's rows, and count what is neither."""
    for record in records:
        whole = "provenance" in record
        question = _of_sample(dict(record)) if whole else _of_shopbench(record)
        if question is None:
            unreadable["not-a-sample" if whole else "not-in-shopbench-form"] += 1
        else:
            yield question


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file of JSON lines, or of one JSON array, whatever its name says."""
    with path.open("rb") as file:
        opens = file.read(64).removeprefix(BOM_UTF8).lstrip()[:1]
    if opens == b"[":
        try:
            rows = from_json(path.read_bytes().removeprefix(BOM_UTF8))
        except ValueError as error:
            raise OutputError(f"{path}: not JSON: {error}") from error
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                raise OutputError(f"{path}: row {number}: not a JSON record: no object in braces")
            yield row
    else:
        yield from read_records(path)


def _of_shopbench(record: Mapping[str, Any]) -> BenchmarkQuestion | None:
    if any(name not in record for name in _SHOPBENCH_KEYS):
        return None
    kind = BY_NAME.get(str(record["task_type"]))
    gold = None if kind is None else _typed(kind.name, record["output_field"])
    if kind is None or gold is None or record["metric"] not in kind.metrics:
        return None
    prompt = str(record["input_field"])
    digest = blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return BenchmarkQuestion(
        f"{record.get('task_name', '')}/{digest}",
        str(record.get("task_name") or kind.name),
        kind.name,
        record["metric"],
        str(record.get("track") or "").removeprefix(TRACK),
        prompt,
        gold,
    )


def _typed(task_type: str, answer: Any) -> Gold | None:
    """Return an answer of a file as its type has it; None where it is no answer.

    Some of ShopBench's derivatives print every answer as text.
    """
    try:
        if task_type == "multiple-choice":
            return int(answer)
        if task_type in _TEXTS:
            return answer if isinstance(answer, str) else None
        if task_type == "labels":
            labels = BY_NAME[task_type].parse(answer)
            return labels if labels != _NO_LABELS else None
        listed = from_json(answer) if isinstance(answer, str) else answer
        if not isinstance(listed, list) or not listed:
            return None
        if task_type == "ranking":
            grades = [float(each) for each in listed]
            # The gain of a grade is 2 ** grade: past what a float holds nothing can be scored.
            gains = fsum(2.0**grade for grade in grades)
            return grades if all(map(isfinite, (*grades, gains))) else None
        if task_type == "retrieval":
            return [int(each) for each in listed]
        return [str(each) for each in listed]
    except (TypeError, ValueError, OverflowError):
        return None


def _of_task(folder: Path, unreadable: Counter[str]) -> Iterator[BenchmarkQuestion]:
    """Yield the questions of one of EcomInstruct's folders; its rows are its test part."""
    task = read_task(folder / _META)
    kind = BY_NAME[_ECOM_TYPES[task.type]]
    for number, record in enumerate(read_records(folder / _TEST)):
        try:
            made = task.read(record)
        except RecordError as error:
            unreadable[error.cause] += 1
            continue
        yield BenchmarkQuestion(
            f"{task.id}/{number}",
            task.id,
            kind.name,
            kind.metrics[0],
            "",
            made.instruction,
            _ecom_gold(task, kind, made.output),
            made.labels if task.type == "CLS" else (),
        )


def _ecom_gold(task: TaskFolder, kind: TaskType, output: str) -> Gold:
    """Return the answer as its grammar reads it; what the data says twice counts once."""
    if kind.name == "text":
        return output
    if kind.name == "entity-lines" or task.label_sep.strip() == ",":
        listed = cast(list[str], kind.parse(output))
    else:
        # Labels may be parted by something else than commas; the grammar here knows commas alone.
        listed = [each for part in output.split(task.label_sep) if (each := part.strip())]
    if kind.name != "entity-lines":
        return _once(listed)
    lines = (line.partition(": ") for line in listed)
    return [f"{label}: {SEPARATOR.join(_once(said.split(SEPARATOR)))}" for label, _, said in lines]


def _once(listed: Iterable[str]) -> list[str]:
    return list({each.casefold(): each for each in reversed(list(listed))}.values())[::-1]


def _drawn(
    questions: Sequence[BenchmarkQuestion], limit: int, seed: int
) -> list[BenchmarkQuestion]:
    """Return at most ``limit`` of each task, in the order in which they came."""
    by_task: dict[str, list[int]] = {}
    for place, each in enumerate(questions):
        by_task.setdefault(each.task, []).append(place)
    kept: set[int] = set()
    for task, places in by_task.items():
        places.sort(key=lambda place: (draw(seed, task, questions[place].id, "evaluate"), place))
        kept.update(places[:limit])
    return [each for place, each in enumerate(questions) if place in kept]


def _of_one_kind(questions: Sequence[BenchmarkQuestion]) -> list[BenchmarkQuestion]:
    """Return the questions, where a task has answers of several kinds under a name for each.

    Those of one type are one task whatever their metrics, as in ShopBench: its task 17 has BLEU for
    one language and Japanese BLEU for another.
    """
    types: dict[str, set[str]] = {}
    for each in questions:
        types.setdefault(each.task, set()).add(each.task_type)
    return [
        each
        if len(types[each.task]) == 1
        else replace(each, task=f"{each.task} ({each.task_type})")
        for each in questions
    ]


def _told_apart(questions: Iterable[BenchmarkQuestion]) -> Iterator[BenchmarkQuestion]:
    """Yield the questions; one that is asked twice gets a number behind its id."""
    seen: Counter[str] = Counter()
    for each in questions:
        seen[each.id] += 1
        yield each if seen[each.id] == 1 else replace(each, id=f"{each.id}#{seen[each.id]}")
