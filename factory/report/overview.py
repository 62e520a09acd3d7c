"""What the page says of a run on the whole: figures, pictures with their tables, and remarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

from markupsafe import Markup

from factory.report import plots
from factory.runs.summary import Lengths, Spending, Summary, TaskSummary

#: A picture shows so many rows; its table has the others.
_MOST_BARS = 10
#: A stratum whose quota is filled to less than this is told.
_LITTLE = 0.9
#: What cheats score on fewer samples than this says little.
_FEWEST_PROBED = 30


class Table(NamedTuple):
    """A table: the names of its columns, and its rows; a number is set to the right."""

    head: Sequence[str]
    rows: Sequence[Sequence[object]]


class Picture(NamedTuple):
    """A drawing with its title, what to see in it, and the same as a table."""

    title: str
    note: str
    drawing: Markup
    table: Table


class Tile(NamedTuple):
    """One large figure: what it counts, and what to know about it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What the page says of one task."""

    summary: TaskSummary
    facts: Sequence[tuple[str, object]]
    pictures: Sequence[Picture]
    tables: Sequence[tuple[str, Table]]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page says of the whole run, then of each task."""

    tiles: Sequence[Tile]
    remarks: Sequence[str]
    pictures: Sequence[Picture]
    tables: Sequence[tuple[str, Table]]
    panels: Sequence[Panel]


def overview(summary: Summary) -> Overview:
    """Return what the page says of a run or a mixture."""
    return Overview(
        tiles=list(_tiles(summary)),
        remarks=list(_remarks(summary)),
        pictures=list(_pictures(summary)),
        tables=list(_tables(summary)),
        panels=[_panel(task) for task in summary.tasks],
    )


def _tiles(summary: Summary) -> Iterator[Tile]:
    wanted = f"of {summary.wanted:,} asked for"
    yield Tile("Samples kept", f"{summary.accepted:,}", wanted)
    tried = summary.accepted + summary.dropped
    share = f"{summary.dropped / tried:.1%} of those tried" if tried else "none tried"
    left_out = f"; {summary.left_out:,} more left out of the mixture" if summary.left_out else ""
    yield Tile("Dropped", f"{summary.dropped:,}", f"{share}{left_out}")
    if summary.is_mixture:
        made = sum(1 for task in summary.tasks if task.accepted)
        yield Tile("Tasks", f"{made:,}", f"of {len(summary.tasks):,} in the mixture")
    languages = summary.languages
    yield Tile("Languages", f"{len(languages):,}", ", ".join(list(languages)[:6]))
    prompts = summary.prompts
    yield Tile(
        "Prompt length",
        f"{prompts.quantile(0.5):,}",
        f"characters, the median; 95 % within {prompts.quantile(0.95):,}",
    )
    spent = summary.spent
    if summary.models or spent.tokens or spent.judge_tokens:
        tokens = spent.tokens + spent.judge_tokens
        yield Tile("Model tokens", f"{tokens:,}", f"for {dollars(spent.cost + spent.judge_cost)}")


def _remarks(summary: Summary) -> Iterator[str]:
    yield from _cheats(summary)
    for task in summary.tasks:
        name = f"{task.name}: " if summary.is_mixture else ""
        wanted = sum(task.wanted.values())
        if task.shortfall:
            yield f"{name}nothing was made: {task.shortfall}"
        elif task.accepted + sum(task.left_out.values()) < wanted:
            yield f"{name}{task.accepted:,} of {wanted:,} samples: {_why_fewer(task)}."
        weak = [each for each in task.strata if each.quota and each.accepted < each.quota * _LITTLE]
        if len(task.strata) > 1 and weak:
            worst = min(weak, key=lambda each: each.accepted / each.quota)
            yield (
                f"{name}{len(weak):,} of {len(task.strata):,} strata are filled to less than "
                f"{_LITTLE:.0%}; the emptiest is “{worst.name}” with {worst.accepted:,} of "
                f"{worst.quota:,}."
            )
        if task.quarantined:
            rows = sum(task.quarantined.values())
            yield f"{name}{rows:,} rows of the source were unusable: {_counted(task.quarantined)}."
        if task.review and task.review["stale"]:
            yield f"{name}people reviewed other samples than these: review again."
    for each in summary.absent:
        size = f"{each['size']:,} samples" if each.get("size") else "a set"
        yield f"No task makes number {each['number']} of {each['paper']} yet ({size})."


def _cheats(summary: Summary) -> Iterator[str]:
    """Yield one remark on everything that cheats give away, where enough samples were probed."""
    found = []
    for task in summary.tasks:
        names = [
            each.name.replace("_", " ")
            for each in task.probes
            if each.gives_away and each.rows >= _FEWEST_PROBED
        ]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            said = f"{', '.join(names[:3])}{more}"
            found.append(f"{task.name} ({said})" if summary.is_mixture else said)
    if found:
        more = f" and {len(found) - 6} more tasks" if len(found) > 6 else ""
        yield (
            f"Cheats score well above chance: {', '.join(found[:6])}{more}. Either the wrong "
            "options are too weak, or the cheat is what the task asks for."
        )


def _why_fewer(task: TaskSummary) -> str:
    if any(each.lacked is not None for each in task.strata):
        return "after so many rows without a sample that its patience was at an end"
    if len(task.strata) > 1:
        return "the source has no more rows for it in the balance that it asks for"
    return "the source has no more rows that it can use"


def _pictures(summary: Summary) -> Iterator[Picture]:
    yield from _lengths("Prompt length", summary.prompts)
    yield from _lengths("Answer length", summary.answers)
    yield from _counts("Languages", "of the kept samples' source text", summary.languages)
    dropped = {f"{by}: {reason}": count for (by, reason), count in summary.rejected.items()}
    yield from _counts("Why candidates were dropped", "by filter and reason", dropped)
    if summary.is_mixture:
        tasks = {task.name: task.accepted for task in summary.tasks if task.accepted}
        yield from _counts("Tasks", "kept samples of each", _most_first(tasks))
    yield from _counts("Models", "kept samples that each had a part in", summary.models)


def _tables(summary: Summary) -> Iterator[tuple[str, Table]]:
    if summary.spent.tokens or summary.spent.judge_tokens:
        rows: list[tuple[object, ...]] = [
            (what, each.tokens, dollars(each.cost), each.judge_tokens, dollars(each.judge_cost))
            for what, each in (
                ("kept samples", _sum(task.spent for task in summary.tasks)),
                ("dropped samples", _sum(task.spent_on_dropped for task in summary.tasks)),
            )
        ]
        if any(
            each.filter.startswith("generate") for task in summary.tasks for each in task.rejections
        ):
            rows.append(("rows that a step dropped", *["not kept"] * 4))
        head = ("for", "tokens", "cost", "judges' tokens", "judges' cost")
        yield "What models took", Table(head, rows)
    files = [
        (name, each["rows"], size(each["bytes"]), each["blake2b"])
        for name, each in sorted(summary.files.items())
    ]
    yield "Files", Table(("file", "rows", "size", "blake2b"), files)
    yield "Versions", Table(("package", "version"), sorted(summary.versions.items()))


def _panel(task: TaskSummary) -> Panel:
    return Panel(task, list(_facts(task)), list(_task_pictures(task)), list(_task_tables(task)))


def _facts(task: TaskSummary) -> Iterator[tuple[str, object]]:
    shortest, longest = task.answers.quantile(0), task.answers.quantile(1)
    lengths = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    for name, value in (
        ("task type", task.task_type),
        ("metric", task.metric),
        ("source", task.source),
        ("licence", task.licence),
        ("view", task.view),
        ("template", task.template),
        ("derives from", task.parent),
        ("answers", f"{lengths} characters" if longest > 1 else ""),
        ("languages", _counted(task.languages)),
        ("shops", _counted(task.locales)),
        ("wordings", _counted(task.wordings)),
        ("models", _counted(task.models)),
        ("with reasoning", task.reasoned or ""),
        ("left out of the mixture", _counted(task.left_out)),
        ("rows without a sample", task.empty or ""),
        ("definition", task.definition),
    ):
        if value:
            yield name, value


def _task_pictures(task: TaskSummary) -> Iterator[Picture]:
    if task.labels:
        yield from _counts("Answers", "how often each is right", task.labels)
    if len(task.places) > 1:
        yield Picture(
            "Where the right answer stands",
            "bars: kept samples; lines: where chance would have it",
            plots.columns(task.places, "Right answers by place among the options"),
            Table(
                ("place", "right answers", "by chance"),
                [(each.place, each.samples, round(each.expected, 1)) for each in task.places],
            ),
        )
    if task.probes:
        rows = task.probes[0].rows
        yield Picture(
            "Probes against chance",
            f"what cheats that do not read score on {rows:,} samples; lines: chance",
            plots.against_chance(task.probes, "Score of each probe, next to chance"),
            Table(
                ("probe", "score", "chance", "above chance"),
                [
                    (each.name, each.score, each.chance, round(each.score - each.chance, 4))
                    for each in task.probes
                ],
            ),
        )


def _task_tables(task: TaskSummary) -> Iterator[tuple[str, Table]]:
    several = len({each.split for each in task.strata}) > 1
    if len(task.strata) > 1 or several:
        rows = [
            (
                *([each.split] if several else []),
                each.name,
                each.keys,
                each.quota,
                Fill(each.accepted, each.quota),
            )
            for each in task.strata
        ]
        head = (*(["split"] if several else []), "stratum", "keys", "quota", "filled")
        yield "Strata", Table(head, rows)
    if task.rejections:
        rejections = sorted(task.rejections, key=lambda each: -each.samples)
        yield (
            "Dropped",
            Table(
                ("split", "filter", "reason", "candidates"),
                [(each.split, each.filter, each.reason, each.samples) for each in rejections],
            ),
        )
    if task.judge:
        yield "What the judges said", _judge_table(task.judge)
    if task.judges:
        yield "How good the judges were measured to be", _judges_table(task.judges)
    if task.review:
        counts = [task.review[name] for name in ("reviewed", "ok", "wrong", "unclear")]
        head = ("reviewed", "ok", "wrong", "unclear", "share that is ok")
        yield "What people found", Table(head, [(*counts, _share(task.review["share_ok"]))])


class Fill(NamedTuple):
    """How far a quota is filled: a number that the page draws as a bar too."""

    accepted: int
    quota: int

    @property
    def percent(self) -> int:
        """The share in percent, 100 at the most."""
        return min(100, round(100 * self.accepted / self.quota)) if self.quota else 100


def _judge_table(judge: Mapping[str, Any]) -> Table:
    rows = [
        (name.replace("_", " "), said["mean"], _or_none(said.get("alpha")))
        for name, said in judge.items()
        if isinstance(said, Mapping) and said.get("mean") is not None
    ]
    return Table(("criterion", "mean of 1 to 5", "agreement (alpha)"), rows)


def _judges_table(judges: Mapping[str, Any]) -> Table:
    rows = []
    for panel in judges.values():
        for name, figures in panel["judges"].items():
            shares = (_share(figures[each]) for each in ("precision", "recall", "caught"))
            rows.append((name, panel["threshold"], *shares))
    head = ("judge", "keeps from", "right of the kept", "kept of the right", "caught of the wrong")
    return Table(head, rows)


def _lengths(title: str, lengths: Lengths) -> Iterator[Picture]:
    bins = lengths.bins()
    if len(bins) < 2:
        return
    beyond = bins[-1].stop is None
    middle = f"median {lengths.quantile(0.5):,}, mean {lengths.mean:,.0f}"
    yield Picture(
        title,
        f"in characters: {middle}, longest {lengths.quantile(1):,}"
        + ("; the last bar holds all that are longer" if beyond else ""),
        plots.histogram(bins, "characters", f"Kept samples by {title.lower()}"),
        Table(
            ("characters", "samples"),
            [
                (
                    f"{each.start:,} and more"
                    if each.stop is None
                    else f"{each.start:,} to {each.stop - 1:,}"
                    if each.stop - each.start > 1
                    else f"{each.start:,}",
                    each.samples,
                )
                for each in bins
            ],
        ),
    )


def _counts(title: str, note: str, counts: Mapping[str, int]) -> Iterator[Picture]:
    rows = list(counts.items())
    if len(rows) < 2:
        return
    more = len(rows) - _MOST_BARS
    told = f"{note}; {more:,} more in the table" if more > 0 else note
    head = (title.lower(), "samples", "share")
    total = sum(counts.values())
    yield Picture(
        title,
        told,
        plots.bars(rows[:_MOST_BARS], total, title),
        Table(head, [(name, count, f"{count / total:.1%}") for name, count in rows]),
    )


def _sum(spendings: Iterable[Spending]) -> Spending:
    return reduce(Spending.__add__, spendings, Spending())


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in counts.items())


def _share(said: Mapping[str, Any]) -> str:
    if said["share"] is None:
        return "none"
    low, high = said["interval"]
    return f"{said['share']:.2f} ({low:.2f} to {high:.2f}) of {said['of']:,}"


def _or_none(value: float | None) -> object:
    return "none" if value is None else value


def dollars(cost: float) -> str:
    """Return an amount in US dollars, with as many digits as small amounts need."""
    return f"${cost:,.2f}" if cost >= 1 or not cost else f"${cost:.4f}"


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"
