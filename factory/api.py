"""The public functions behind ``import factory``: the verbs of the command line, for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from factory.engines import Engine, LocalEngine, spare_workers
from factory.errors import UsageError
from factory.filters.classifier import Given
from factory.line import run_mixture, run_task
from factory.line.opened import opened_models
from factory.outputs.jsonl import read_samples as _read_samples
from factory.recipe import Recipe, load_recipe, resolve_mixture
from factory.runs.export import check_export, export_formats
from factory.runs.export import export as _export
from factory.runs.export import read_export as _read_export
from factory.runs.run import Run, load
from factory.sample import Sample

if TYPE_CHECKING:
    from factory.evaluation.contestants import Contestant
    from factory.hub.push import Pushed
    from factory.line.quote import Quote
    from factory.llm.request import Question

__all__ = [
    "evaluate",
    "export",
    "load_recipe",
    "plan",
    "push",
    "read_export",
    "read_samples",
    "run",
    "write_report",
]

#: A path; a :class:`~factory.runs.run.Run` is one too.
Folder: TypeAlias = str | PathLike[str]


def run(
    recipe: Recipe | Folder,
    task: str | None = None,
    out: Folder = "out",
    *,
    mixture: str | None = None,
    engine: Engine | None = None,
    fresh: bool = False,
    budget: float | None = None,
    classifiers: Given | None = None,
) -> Run:
    """Make the samples of one task or of a mixture in ``out``, in a folder of its name.

    ``recipe`` is a loaded recipe or the path of one: its
    :meth:`~factory.recipe.models.Recipe.with_changes` is what the command line's ``--limit``,
    ``--seed``, ``--source`` and ``--model`` are. ``budget`` (US dollars) is what language models
    may cost. ``classifiers`` binds the names that its filters give to classifiers: functions that
    take a list of texts and return a mapping with ``label`` and ``score`` for each, or where one
    is, as ``"module:function"``. The formats of the recipe are written too. Without an ``engine``,
    as many processes work as the size is worth.

    A finished run is left as it is, and an interrupted one taken up. See
    :func:`factory.line.run_task` for what is raised.
    """
    loaded = _loaded(recipe, classifiers)
    sizes = _sizes(loaded, [] if task is None else [task], mixture)
    formats = loaded.formats_of(task)
    for each in formats:
        check_export(each.name, each.to, reasoning=each.reasoning)
    with ExitStack() as stack:
        models = stack.enter_context(opened_models(loaded, list(sizes), budget=budget, fresh=fresh))
        if engine is None:
            workers = spare_workers(sum(sizes.values()))
            engine = stack.enter_context(LocalEngine(workers, preload="factory.line.build"))
        given: dict[str, Any] = {"fresh": fresh, "models": models}
        if task is not None:
            folder = run_task(loaded, task, Path(out), engine, **given).folder
        else:
            folder = run_mixture(loaded, str(mixture), Path(out), engine, **given).folder
    export_formats(folder, formats)
    return load(folder)


def plan(
    recipe: Recipe | Folder,
    task: str | Iterable[str] = (),
    *,
    mixture: str | None = None,
    classifiers: Given | None = None,
) -> list[Quote]:
    """Return what language models would be asked for tasks or a mixture, without asking them.

    One quote a task and model; see :func:`factory.line.quote.quote`. Raises
    :class:`~factory.errors.UsageError` for a task or mixture that there is not.
    """
    from factory.line.quote import quote
    from factory.sources.download import cache_folder

    loaded = _loaded(recipe, classifiers)
    tasks = [task] if isinstance(task, str) else list(task)
    sizes = {name: size for name, size in _sizes(loaded, tasks, mixture).items() if size}
    sized = {
        name: loaded.tasks[name].model_copy(update={"size": size}) for name, size in sizes.items()
    }
    loaded = loaded.model_copy(update={"tasks": {**loaded.tasks, **sized}})
    return quote(loaded, list(sizes), cache_folder())


def export(
    run_folder: Folder,
    format: str,  # noqa: A002 (the name that the recipe and the command line give it)
    *,
    to: str | None = None,
    out: Folder | None = None,
    reasoning: bool = False,
) -> Path:
    """Write a finished run or mixture in another format, and return the folder that it lies in.

    That is ``out / format``, in the run's own folder where ``out`` is not given. ``to`` is
    ``jsonl`` or ``parquet``, the format's own way where it is not given; ``reasoning`` puts the
    reasoning of the samples that have some before their answers. A folder that holds this very
    export already is left as it is.

    Raises:
        UsageError: there is no such format, or it cannot be written so; ``run_folder`` is no
            finished run; the folder holds something that no export wrote.
        OutputError: the folder cannot be written, or another export is writing it.
    """
    target = None if out is None else Path(out)
    return _export(Path(run_folder), format, stored=to, out=target, reasoning=reasoning).folder


def read_export(folder: Folder, split: str = "train") -> Iterator[Sample]:
    """Yield the samples of an export, in the order of its files, as far as its format carries them.

    A split that it does not have has no samples. Raises :class:`~factory.errors.UsageError` for a
    folder that is none, :class:`~factory.errors.OutputError` for a file that cannot be read.
    """
    return _read_export(Path(folder), split)


def write_report(run_folder: Folder, out: Folder | None = None, *, samples: int = 20_000) -> Path:
    """Write the page of a finished run or mixture, and return where it is.

    That is ``report.html`` in the run's folder where ``out`` is not given; the page can be browsed
    for ``samples`` samples at the most.

    Raises what :func:`factory.report.page.write_report` raises.
    """
    from factory.report.page import write_report as write_page

    target = None if out is None else Path(out)
    return write_page(Path(run_folder), target, samples=samples).path


def push(
    run_folder: Folder,
    repository: str,
    *,
    public: bool = False,
    branch: str | None = None,
    pull_request: bool = False,
    message: str | None = None,
    dry_run: bool = False,
    with_rejected: bool = False,
    formats: Iterable[str] = (),
    publish_anyway: Iterable[str] = (),
    replace: bool = False,
) -> Pushed:
    """Bring a finished run or mixture to the dataset repository ``owner/name`` of the Hub.

    It is private unless ``public``. What is there already is not sent again. The other options are
    those of the command line: see :class:`factory.hub.push.PushOptions`, and
    :func:`factory.hub.push.push` for what is raised.
    """
    from factory.hub.push import PushOptions
    from factory.hub.push import push as push_to_hub

    options = PushOptions(
        public=public,
        branch=branch,
        pull_request=pull_request,
        message=message,
        dry_run=dry_run,
        with_rejected=with_rejected,
        formats=tuple(formats),
        publish_anyway=tuple(publish_anyway),
        replace=replace,
    )
    return push_to_hub(Path(run_folder), repository, options)


def evaluate(
    questions: Folder,
    models: Iterable[str] = (),
    out: Folder = "evaluations",
    *,
    answers: Iterable[str] = (),
    recipe: Recipe | Folder | None = None,
    split: str = "test",
    tasks: Iterable[str] = (),
    without: Iterable[str] = (),
    unseen_by: Folder | None = None,
    limit: int | None = None,
    system: str = "task-type",
    max_tokens: int | None = None,
    sets: int = 1000,
    seed: int = 0,
    budget: float | None = None,
    fresh: bool = False,
    watch: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Score models on questions with known answers; return what ``results.json`` holds.

    ``questions`` is a file in ShopBench's form, a run or mixture (its ``split``), or EcomInstruct's
    task folders. ``models`` are written as on the command line, ``[NAME=]MODEL``: a model of
    ``recipe``, ``scripted``, ``smollm2``, a ``.gguf`` file, a checkpoint's folder (answered by
    ``transformers``, extra ``train``), or ``ID@URL`` of an endpoint; ``answers`` are files of
    answers, ``NAME=FILE``. ``watch`` is told a model, how many questions it has answered, and of
    how many. Answers, results and the page are kept in ``out``, and asking again goes on from
    there.

    Raises:
        UsageError: no questions, no model, or a folder that holds another evaluation.
        ModelError: a model that cannot be asked; what was answered is kept.
        LimitReachedError: a budget (US dollars) that the next request might pass.
    """
    from factory.evaluation.contestants import contestant, from_file, told_apart
    from factory.evaluation.evaluate import Protocol
    from factory.evaluation.folder import evaluate_in
    from factory.evaluation.questions import read_benchmark

    known = {} if recipe is None else _loaded(recipe).models
    who = told_apart([*(contestant(each, known) for each in models), *map(from_file, answers)])
    benchmark = read_benchmark(
        Path(questions),
        split=split,
        tasks=tuple(tasks),
        without=tuple(without),
        unseen_by=None if unseen_by is None else Path(unseen_by),
        limit=limit,
        seed=seed,
    )
    protocol = Protocol(system, max_tokens, sets, seed)

    def answering(name: str, checkpoint: Path, work: Path, asked: Sequence[Question]) -> Contestant:
        from factory.training.answers import kept_answers

        return kept_answers(name, checkpoint, benchmark, asked, work, watch, fresh=fresh)

    return evaluate_in(
        *(Path(out), benchmark, who, protocol),
        answering=answering,
        budget=budget,
        fresh=fresh,
        watch=watch,
    )


def read_samples(run_folder: Folder, split: str = "train") -> Iterator[Sample]:
    """Yield the samples of a finished run, in draw order, with ``gold`` and ``slots`` typed."""
    return _read_samples(Path(run_folder) / f"{split}.jsonl")


def _loaded(recipe: Recipe | Folder, classifiers: Given | None = None) -> Recipe:
    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(Path(recipe))
    return loaded.with_classifiers(classifiers) if classifiers else loaded


def _sizes(recipe: Recipe, tasks: Sequence[str], mixture: str | None) -> dict[str, int]:
    """Return the training samples wanted of each of ``tasks``, or of each task of a mixture."""
    if bool(tasks) == (mixture is not None):
        raise UsageError("name a task, or a mixture with mixture=NAME (not both)")
    if mixture is None:
        return {name: recipe.task(name).size for name in tasks}
    return {share.task: share.size for share in resolve_mixture(recipe, mixture).shares}
