"""The facts of a card in the order and the words in which its template tells them."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from factory.filters.language import LANGUAGE_NAMES
from factory.outputs.card.facts import SPLITS, CardFacts, Maker, SourceFacts, TaskFacts
from factory.outputs.card.markdown import Markdown, code
from factory.outputs.card.words import ANSWERS, CHEATS, FILTERS, OPERATORS, STAGES, STEPS
from factory.outputs.licences import UNKNOWN, Terms

#: How much of a sample is shown, in characters.
_LONGEST_PROMPT: Final = 1_500
_LONGEST_ANSWER: Final = 600
#: Of a mixture with so many tasks, less of each is told: every task's folder has a card of its own.
_MANY: Final = 25
_SHORT_PROMPT: Final = 500
_SHORT_ANSWER: Final = 200
#: Of a mixture with more tasks, each sample is folded away.
_MOST_OPEN: Final = 2
_NAMED: Final = 6
#: So many reasons to drop a candidate are listed, the commonest first.
_MOST_REASONS: Final = 25
#: What a probe scores on fewer samples is mostly luck.
_FEW: Final = 100


class Shown(NamedTuple):
    """A task's first sample as the card shows it."""

    task: str
    title: str
    id: str
    lang: str
    wording: str
    prompt: str
    reasoning: str
    answer: str


class Cheat(NamedTuple):
    """What one probe scores on a task, next to chance."""

    task: str
    words: str
    score: float
    chance: float
    rows: int
    gives_away: bool


class Check(NamedTuple):
    """One filter with its settings, and the tasks that it was on for; none where it was for all."""

    name: str
    words: str
    settings: str
    tasks: tuple[str, ...]


class Missing(NamedTuple):
    """What a task lacks of what was asked for, and why as far as it is known."""

    task: str
    split: str
    wanted: int
    made: int
    why: str


def sections(facts: CardFacts) -> dict[str, Any]:
    """Return the names that ``card.md.j2`` uses."""
    tasks = facts.made
    many = len(tasks) >= _MANY
    rejected = _rejected(tasks)
    return {
        "card": facts,
        "tasks": tasks,
        "kept": {split: sum(task.mixed.get(split, 0) for task in tasks) for split in SPLITS},
        "splits": [part.split for part in facts.parts],
        "loading": _loading(facts),
        "named": _named([task.title for task in tasks]),
        "answers": ANSWERS,
        "languages": _languages(facts.languages),
        "language_words": _listed(
            [row[1] for row in _languages(facts.languages)] if facts.languages else []
        ),
        "bundled": bool(facts.sources) and all(source.bundled for source in facts.sources),
        "papers": any(task.papers for task in tasks),
        "samples": [shown for task in tasks if (shown := _shown(task))],
        "fold": len(tasks) > _MOST_OPEN,
        "many": many,
        "longest": (_SHORT_PROMPT, _SHORT_ANSWER) if many else (_LONGEST_PROMPT, _LONGEST_ANSWER),
        "made_by": _made_by(tasks),
        "written": any(maker.model for task in tasks for maker in task.makers or ()),
        "uncounted": [task.name for task in tasks if task.makers is None],
        "wordings": {task.name: task.wordings for task in tasks if task.wordings and not many},
        "checks": _checks(tasks),
        "sources": facts.sources,
        "licences": [(source, _licence(source)) for source in facts.sources],
        "citations": sorted({each.citation for each in facts.sources if each.citation}),
        "rejected": rejected[:_MOST_REASONS],
        "rejected_more": (
            len(rejected[_MOST_REASONS:]),
            sum(count for _, _, count, _ in rejected[_MOST_REASONS:]),
        ),
        "stages": _stages(name for name, *_ in rejected[:_MOST_REASONS]),
        "left_out": _totals(task.left_out for task in tasks),
        "empty": sum(task.empty for task in tasks),
        "cheats": _cheats(tasks),
        "few": _FEW,
        "given_away": [each for each in _cheats(tasks) if each.gives_away],
        "judged": [task for task in tasks if task.judge],
        "criteria": _criteria(tasks),
        "measured": [(task, *each) for task in tasks for each in task.measured.items()],
        "review": facts.review,
        "models": _models(tasks),
        "spent": _spent(tasks),
        "tables": sorted({table for task in tasks for table in task.needs}),
        "benchmarks": _benchmarks(tasks),
        "missing": list(_missing(facts)),
        "command": _command(facts),
        "unknown": UNKNOWN,
    }


def _loading(facts: CardFacts) -> str:
    """Return the lines of Python that load the samples."""
    if not facts.parts:
        return "# There is no sample in here."
    lines = [
        "from datasets import load_dataset",
        "",
        'samples = load_dataset("user/name")  # or the path of this folder',
        *(f'samples["{part.split}"]  # {part.rows:,} samples' for part in facts.parts),
    ]
    if facts.mixture:
        task = facts.made[0].name
        lines.append(f'one_task = load_dataset("user/name", "{task}")  # each task by its name')
    return "\n".join(lines)


def _named(titles: Sequence[str]) -> str:
    """Return the first titles, with how many more there are."""
    if len(titles) <= _NAMED:
        return "; ".join(titles)
    return f"{'; '.join(titles[:_NAMED])}; and {len(titles) - _NAMED} more"


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _languages(
    languages: Mapping[str, Mapping[str, int]] | None,
) -> list[tuple[str, str, dict[str, int]]]:
    """Return code, name and samples by split of each language, the commonest first."""
    total = _totals((languages or {}).values())
    return [
        (
            lang,
            LANGUAGE_NAMES.get(lang, lang),
            {split: counts.get(lang, 0) for split, counts in (languages or {}).items()},
        )
        for lang in sorted(total, key=lambda lang: (-total[lang], lang))
    ]


def _totals(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))


def _shown(task: TaskFacts) -> Shown | None:
    sample = task.sample
    if sample is None:
        return None
    return Shown(
        task.name,
        task.title,
        sample["id"],
        LANGUAGE_NAMES.get(sample["lang"], sample["lang"]),
        sample["provenance"]["wording"],
        sample["input_field"],
        sample["reasoning"],
        sample["output_field"],
    )


def _made_by(tasks: Sequence[TaskFacts]) -> list[tuple[str, str, tuple[str, ...], int]]:
    """Return where answers come from, the model, the tasks and their samples, most samples first.

    Of one task, what it derives from is named too.
    """
    found: dict[tuple[str, str], Counter[str]] = {}
    for task in tasks:
        for maker in task.makers or ():
            key = (_origin(task, maker, named=len(tasks) == 1), maker.model)
            found.setdefault(key, Counter())[task.name] += maker.samples
    return [
        (*key, tuple(counts), counts.total())
        for key, counts in sorted(found.items(), key=lambda each: (-each[1].total(), each[0]))
    ]


def _origin(task: TaskFacts, maker: Maker, *, named: bool) -> str:
    """Return in words where the answers of one maker come from."""
    told = []
    for step in maker.generator.split():
        operator, derived, name = step.partition(":")
        if derived:
            words = OPERATORS.get(operator, operator)
            told.append(f"{words}: {name} of {task.parent}" if named else words)
        else:
            told.append(STEPS.get(step, step))
    if not told:
        told.append("what the rows of the source say")
    if task.needs:
        told.append("labels that a task before it made")
    return "; ".join(told)


def _checks(tasks: Sequence[TaskFacts]) -> list[Check]:
    """Return the filters that were on, each with the tasks that it was on for in this form."""
    found: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        for name, settings in task.filters.items():
            told = ", ".join(
                f"{key} {_setting(value)}" for key, value in settings.items() if value is not None
            )
            found.setdefault((name, told), []).append(task.name)
    order = list(FILTERS)
    return [
        Check(
            name,
            FILTERS.get(name, ""),
            told,
            () if len(names) == len(tasks) else tuple(names),
        )
        for (name, told), names in sorted(
            found.items(),
            key=lambda each: (order.index(each[0][0]) if each[0][0] in order else 99, each[0]),
        )
    ]


def _setting(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(map(_setting, value))
    return json.dumps(value, ensure_ascii=False)


def _licence(source: SourceFacts) -> tuple[str, str, str]:
    """Return how a licence is called, where it stands, and what it asks for."""
    known = Terms(source.name, source.licence, source.homepage).known
    if source.licence.lower() == UNKNOWN:
        return "unknown: the source states none", "", "nothing is allowed for certain"
    if known is None:
        return source.licence, source.homepage, "its terms are not known here"
    asks = [
        *(["name the author"] if known.attribution else []),
        *([] if known.commercial else ["no commercial use"]),
        *(["share alike"] if known.alike else []),
        *([] if known.adapted else ["do not pass on what derives from it"]),
    ]
    return known.title, known.link or source.homepage, _listed(asks) or "nothing"


def _rejected(tasks: Sequence[TaskFacts]) -> list[tuple[str, str, int, int]]:
    """Return filter, reason, candidates and tasks of each cause, the commonest first."""
    total = _totals(task.rejected for task in tasks)
    where = Counter(cause for task in tasks for cause in task.rejected)
    return [
        (*_cause(cause), total[cause], where[cause])
        for cause in sorted(total, key=lambda cause: (-total[cause], cause))
    ]


def _stages(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return in words what dropped candidates beside the filters, each stage once."""
    stages = {name.partition(".")[0] for name in names}
    return [(name, words) for name, words in STAGES.items() if name in stages]


def _cause(cause: str) -> tuple[str, str]:
    name, _, reason = cause.partition(": ")
    return name, reason


def _cheats(tasks: Sequence[TaskFacts]) -> list[Cheat]:
    """Return every finding of each task, else its strongest probe; the farthest from chance first.

    Of one task, all probes are returned.
    """
    found = []
    for task in tasks:
        each = [
            Cheat(
                *(task.name, CHEATS.get(name, name), probe["score"], probe["chance"]),
                *(probe["rows"], probe["gives_away"]),
            )
            for name, probe in task.probes.items()
        ]
        each.sort(key=lambda cheat: (cheat.chance - cheat.score, cheat.words))
        found += each if len(tasks) == 1 else each[:1]
    return sorted(found, key=lambda cheat: (cheat.chance - cheat.score, cheat.task, cheat.words))


def _criteria(tasks: Sequence[TaskFacts]) -> list[tuple[str, str, float | None, float | None]]:
    """Return task, criterion, mean score and agreement of what judges said of samples."""
    return [
        (task.name, name, said["mean"], said["alpha"])
        for task in tasks
        for name, said in task.judge.items()
        if isinstance(said, dict) and "alpha" in said
    ]


def _models(tasks: Sequence[TaskFacts]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return name in the recipe, model, parameters and tasks of each model that was asked."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for task in tasks:
        for name, said in task.models.items():
            parameters = ", ".join(
                f"{key} {_setting(value)}" for key, value in (said.get("parameters") or {}).items()
            )
            found.setdefault((name, str(said.get("model", "")), parameters), []).append(task.name)
    return [(*key, tuple(names)) for key, names in sorted(found.items())]


def _spent(tasks: Sequence[TaskFacts]) -> list[tuple[str, int, float]]:
    """Return what was spent on what, in tokens and US dollars; nothing where no model was asked."""
    makers = [maker for task in tasks for maker in task.makers or ()]
    judges = [task.judge for task in tasks if task.judge]
    rows = [
        ("answers that were kept", *_sum((each.tokens, each.cost) for each in makers)),
        (
            "samples that were dropped",
            *_sum((task.dropped_tokens, task.dropped_cost) for task in tasks),
        ),
        ("judging", *_sum((each["tokens"], each["cost"]) for each in judges)),
    ]
    return [row for row in rows if row[1]]


def _sum(spent: Iterable[tuple[int, float]]) -> tuple[int, float]:
    tokens, cost = 0, 0.0
    for each in spent:
        tokens += each[0]
        cost += each[1]
    return tokens, cost


def _benchmarks(tasks: Sequence[TaskFacts]) -> list[tuple[str, tuple[str, ...]]]:
    """Return each benchmark with the tasks that were kept clear of it; none where all were."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        for name in task.benchmarks:
            found.setdefault(name, []).append(task.name)
    return [
        (name, () if len(names) == len(tasks) else tuple(names))
        for name, names in sorted(found.items())
    ]


def _missing(facts: CardFacts) -> Iterable[Missing]:
    for task in facts.tasks:
        for split in SPLITS:
            wanted, made = task.wanted.get(split, 0), task.made.get(split, 0)
            if made < wanted:
                yield Missing(task.name, split, wanted, made, _why(task, split))


def _why(task: TaskFacts, split: str) -> str:
    if task.shortfall:
        return task.shortfall
    given_up = {
        name.partition(", ")[2]: lacked
        for name, lacked in task.strata.items()
        if name.startswith(f"{split}, ")
    }
    if given_up:
        listed = ", ".join(f"{name} ({lacked:,})" for name, lacked in sorted(given_up.items()))
        return f"rows that gave no sample any more were given up: {listed}"
    name = task.source.name if task.source else "the source"
    return f"{name} has {task.keys:,} rows that could become samples"


def _command(facts: CardFacts) -> str:
    """Return the command that makes this again; nothing where none is noted."""
    given = facts.given
    if not given or not given["recipe"]:
        return ""
    words = ["python", "-m", "factory", "run", given["recipe"]]
    words += ["--mixture" if facts.mixture else "--task", facts.name, "--seed", str(facts.seed)]
    if given["limit"] is not None:
        words += ["--limit", str(given["limit"])]
    for name, path in given["sources"].items():
        words += ["--source", f"{name}={path}"]
    for name in given["allow_test"]:
        words += ["--allow-test", name]
    if given["model"]:
        words += ["--model", given["model"]]
    for name, where in given["classifiers"].items():
        words += ["--classifier", f"{name}={where}"]
    return shlex.join(words)


def named_tasks(names: Sequence[str]) -> Markdown:
    """Return the names of tasks as code, the first few and how many more."""
    told = ", ".join(code(name) for name in names[:_NAMED])
    more = len(names) - _NAMED
    return Markdown(f"{told} and {more:,} more" if more > 0 else told)


def told_share(share: Mapping[str, Any]) -> str:
    """Return a share with its 95 % interval, as a person reads it."""
    if share["share"] is None:
        return f"none of {share['of']:,}"
    low, high = share["interval"]
    return f"{share['share']:.0%} of {share['of']:,} (95 % interval {low:.0%} to {high:.0%})"
