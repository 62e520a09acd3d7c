"""What a task would ask and cost, before anything is paid: the line, run dry over some rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import BaseModel

from factory.engines import LocalEngine
from factory.filters import JudgeOptions
from factory.filters.judge import BEST, Judgement
from factory.line.compile import compile_task
from factory.line.job import NothingMadeError
from factory.line.measured import measure_judge
from factory.line.run import RunResult, run_task
from factory.line.task import Task, part_of_parent
from factory.llm.expected import LEAST_HISTORY, DryRow, Expected, Part, expected, once
from factory.llm.pool import Lane
from factory.llm.quote import DryPool, Noted
from factory.recipe import Recipe

N = TypeVar("N", int, float)
#: Samples that the line makes dry, of each task: what they ask stands for all.
SAMPLED: Final = 60
#: A scripted judge would drop nearly all, and the line would run over all rows for its sixty.
_GRANTED: Final[Mapping[type[BaseModel], BaseModel]] = MappingProxyType({Judgement: BEST})


@dataclass(frozen=True, slots=True)
class QuotedPart:
    """What one model is asked in one part of a task's rows.

    Attributes:
        part: a step, ``judge``, ``wordings``, or a step of the parent after that task's name.
        requests: how many, of which ``known`` are in the ledger.
        prompt_tokens, completion_tokens: of the requests that are not known; None where no row of
            the dry run came as far, so that nobody knows what is asked there.
        cost: in US dollars; None where nobody knows the price or the tokens.
        share: of the rows whose answers are in the ledger, how many went on from here: as many are
            reckoned with. None where the ledger has too few, and all are taken to go on.
        answered: how many rows that share is of.
    """

    part: str
    requests: int
    known: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    share: float | None
    answered: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What one model is asked for one task.

    Attributes:
        task, model: which; several rows where a task asks several models.
        lane: direct or batch.
        samples: how many are wanted.
        requests, known, prompt_tokens, completion_tokens, cost: sums over ``parts``.
        price: who says what a token costs.
        seconds: with as many in flight as the recipe allows; None before the first answer, and in
            a batch, which takes what it takes, a day at most.
        counted: how prompt tokens were counted.
        parts: what it is asked for, in the order of a row.
    """

    task: str
    model: str
    lane: str
    samples: int
    requests: int
    known: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    price: str
    seconds: float | None
    counted: str
    parts: tuple[QuotedPart, ...]


def quote(recipe: Recipe, tasks: Sequence[str], cache: Path) -> list[Quote]:
    """Return what ``tasks`` and the tables that they need would ask, none of it asked.

    What a step or a judge drops is reckoned with where the ledger has answers of the task's first
    rows, such as those of a smaller run; otherwise every sample is taken to be accepted. What other
    filters drop after a model was asked, duplicates for one, comes on top.
    """
    names = list(dict.fromkeys(each for task in tasks for each in _with_needs(recipe, task)))
    dry = recipe.with_changes(limit=SAMPLED)
    quotes: list[Quote] = []
    with DryPool(recipe.models, cache, _GRANTED) as pool, tempfile.TemporaryDirectory() as folder:
        keys: dict[str, int] = {}
        for name in names:
            with suppress(NothingMadeError):
                made = run_task(dry, name, Path(folder), LocalEngine(), models=pool)
                keys[name] = _keys(made)
        for name in names:
            spec = recipe.tasks[name]
            wanted = spec.size + spec.test
            # A table of labels that is made larger gives more keys to the tasks that need it.
            most = inf if spec.needs and wanted > SAMPLED else keys.get(name, inf)
            parts, sharing = _parts(compile_task(recipe, name)), _sharing(recipe, name)
            quotes += _quotes(pool, name, wanted, parts, sharing, most)
    return quotes


def _sharing(recipe: Recipe, task: str) -> list[str]:
    """Return the tasks that ask the same of the same records as ``task``: one parent's, and it.

    An answer is filed under whichever of them asked for it first.
    """
    *_, root = recipe.lineage(task)
    return [each for each in recipe.tasks if root in recipe.lineage(each)]


def _keys(made: RunResult) -> int:
    """Return of how many keys a run could make samples."""
    return sum(
        stratum["keys"]
        for split in made.manifest["splits"].values()
        for stratum in split["strata"].values()
    )


def quote_judge(
    recipe: Recipe, chosen: Mapping[str, JudgeOptions], samples: int, cache: Path
) -> list[Quote]:
    """Return what measuring the judge of each task on ``samples`` samples would ask.

    Raises what :func:`~factory.line.measured.measure_judge` raises.
    """
    quotes: list[Quote] = []
    with DryPool(recipe.models, cache, _GRANTED) as pool:
        for name, options in chosen.items():
            measure_judge(recipe, name, options, pool, samples=samples)
            asked = [_judge_part(options)]
            for each in _quotes(pool, name, len(pool.rows[name]), asked, [name]):
                # A sample counts whatever is said of it: no other takes its place.
                parts = tuple(replace(part, share=1.0) for part in each.parts)
                quotes.append(replace(each, parts=parts))
    return quotes


def _with_needs(recipe: Recipe, task: str) -> list[str]:
    """Return the tables that ``task`` needs and itself, where they ask a model."""
    needs = [each for need in recipe.tasks[task].needs for each in _with_needs(recipe, need)]
    return [*needs, task] if recipe.asks(task) else needs


def _parts(task: Task) -> list[Part]:
    """Return the parts of what a row of ``task`` asks, in order: those of its parents first."""
    judges = [_judge_part(task.judge)] if task.judge else []
    return [*_steps(task, of_parent=False), *judges]


def _steps(task: Task, *, of_parent: bool) -> list[Part]:
    parent = task.derivation.parent if task.derivation else None
    earlier = _steps(parent, of_parent=True) if parent and parent.written_by else []
    own = [(each.part, each.model) for each in task.steps]
    own += [(each.part, each.model) for each in task.sample_steps]
    return [
        *earlier,
        *(
            Part(part_of_parent(task.name, name) if of_parent else name, (model,), shared=of_parent)
            for name, model in own
        ),
    ]


def _judge_part(options: JudgeOptions) -> Part:
    return Part(JudgeOptions.name, tuple(options.models))


def _quotes(
    pool: DryPool,
    task: str,
    wanted: int,
    parts: Sequence[Part],
    sharing: Sequence[str],
    most_rows: float = inf,
) -> Iterator[Quote]:
    """Yield what each model is asked for ``task``; what is known is filed under ``sharing``."""
    for model in dict.fromkeys(model for part in parts for model in part.models):
        pool.asker(model, task)  # noted also where no row came as far as to ask it
    rows, singly = pool.rows.get(task, []), pool.singly.get(task, [])
    usual = {
        model: noted.usual
        for (model, _), noted in pool.noted.get(task, {}).items()
        if not _has_history(rows, model)
    }
    asked: dict[tuple[str, Lane], list[Expected]] = {}
    for each in once(singly, usual):
        asked.setdefault((each.model, "direct"), []).append(each)
    for each in expected(rows, wanted, parts, usual, most_rows):
        asked.setdefault((each.model, pool.spec(each.model).lane), []).append(each)
    for key, noted in pool.noted.get(task, {}).items():
        most_known = pool.answers(sharing, noted.model)
        yield _quote(task, wanted, noted, asked.get(key, []), most_known)


def _has_history(rows: Sequence[DryRow], model: str) -> bool:
    """Return whether the rows themselves tell what an answer takes, part by part."""
    known = sum(
        put.known for row in rows for models in row.parts.values() if (put := models.get(model))
    )
    return known >= LEAST_HISTORY


def _quote(
    task: str, wanted: int, noted: Noted, asked: Sequence[Expected], most_known: int
) -> Quote:
    parts: list[QuotedPart] = []
    left = most_known
    for each in asked:
        parts.append(_quoted_part(each, noted, left))
        left -= parts[-1].known
    requests, known = sum(each.requests for each in parts), sum(each.known for each in parts)
    return Quote(
        task=task,
        model=noted.model,
        lane=noted.lane,
        samples=wanted,
        requests=requests,
        known=known,
        prompt_tokens=_sum([each.prompt_tokens for each in parts]),
        completion_tokens=_sum([each.completion_tokens for each in parts]),
        cost=_sum([each.cost for each in parts]),
        price=noted.price.said_by,
        seconds=(
            None
            if noted.seconds is None
            else noted.seconds * (requests - known) / noted.concurrency
        ),
        counted=noted.counted,
        parts=tuple(parts),
    )


def _quoted_part(asked: Expected, noted: Noted, most_known: int) -> QuotedPart:
    """Return the quote of one part; the ledger has at most ``most_known`` answers for it.

    The first rows stand for all, and of those the ledger may have all, of the others none.
    """
    requests = round(asked.requests)
    known = min(round(asked.known), most_known)
    prompt, completion, cost = None, None, None
    if asked.prompt_tokens is not None and asked.completion_tokens is not None:
        prompt = round(asked.prompt_tokens * (requests - known))
        completion = round(asked.completion_tokens * (requests - known))
        price = noted.price.price
        cost = None if price is None else price.cost(prompt, completion)
    return QuotedPart(
        *(asked.part, requests, known, prompt, completion, cost), asked.share, asked.answered
    )


def _sum(figures: Sequence[N | None]) -> N | None:
    """Return the sum; None where one of them is not known."""
    known = [each for each in figures if each is not None]
    return sum(known) if len(known) == len(figures) else None
