"""Why two runs differ: what was changed between them, as their manifests tell it.

Each change says which differences it may explain. A new wording explains other prompts, and no
sample that is gone; a smaller size explains samples that are gone, and no other prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from factory.runs.pairs import Pair

#: Who is in the samples and who is not; and what a sample that is in both says.
MEMBERSHIP: Final = frozenset({"added", "restored", "lost", "dropped", "moved"})
CONTENT: Final = frozenset({"changed", "noted"})
EVERYTHING: Final = MEMBERSHIP | CONTENT

#: Keys of a task's recipe that decide nothing, or that are compared in their own way.
_NOT_COMPARED: Final = frozenset(
    {
        *("title", "nvidia", "eshop", "dev", "ecom", "derive", "filters", "size", "test"),
        *("rows", "template", "source", "needs", "wordings"),
    }
)
#: What the keys of a task's recipe may explain, where that is less than everything.
_OF_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "balance": MEMBERSHIP,
    "tolerance": MEMBERSHIP,
    "patience": MEMBERSHIP,
    "metric": CONTENT,
    "track": CONTENT,
}
#: What drops a sample for the sake of another, so that any change may set it off; or, of a sample
#: that one run does not know at all, nothing.
_OF_THE_LINE: Final = frozenset({"", "fold", "split", "near_duplicates", "novelty", "mixture"})


class Rank(IntEnum):
    """How well a change explains a difference; of several changes, the best ones count."""

    NOT = 0
    #: Nothing says that it did, only that it could have.
    MAYBE = 1
    #: By way of another sample, which it explains directly.
    FOLLOWS = 2
    DIRECTLY = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """One change between two runs.

    Attributes:
        what: the change in words.
        tasks: the tasks whose samples it concerns.
        kinds: the kinds of differences that it may explain; none where it decides nothing.
        wordings: where it is a template's: the wordings that are others now.
        filters: where it is a filter's: the filters that are others now.
        may: True of another version of a library, which could have decided anything.
    """

    what: str
    tasks: frozenset[str]
    kinds: frozenset[str] = EVERYTHING
    wordings: frozenset[str] = frozenset()
    filters: frozenset[str] = frozenset()
    may: bool = False

    def explains(self, pair: Pair) -> Rank:
        """Return how well the change explains why two samples differ."""
        if pair.task not in self.tasks or pair.kind not in self.kinds:
            return Rank.NOT
        if self.may:
            return Rank.MAYBE
        if not self.wordings and not self.filters:
            return Rank.DIRECTLY
        touched = (
            not self.wordings.isdisjoint(pair.wordings)
            or pair.filter in self.filters
            or (bool(self.filters) and pair.kind == "noted")
        )
        if touched and pair.kind not in ("added", "lost"):
            return Rank.DIRECTLY
        # A sample that goes makes room for the next, which may say what a third says already.
        follows = pair.kind in MEMBERSHIP and pair.filter in _OF_THE_LINE
        return Rank.FOLLOWS if follows else Rank.NOT


def causes_between(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> list[Cause]:
    """Return what was changed, given the manifests of each run's tasks by name.

    One change of many tasks, such as the seed, is one cause. Those that may explain nothing come
    last.
    """
    found: dict[tuple[Any, ...], Cause] = {}
    for task in dict.fromkeys((*before, *after)):
        if task not in before or task not in after:
            there = "new in" if task in after else "no longer in"
            causes = [Cause(f"the task {task} is {there} the mixture", _only(task), MEMBERSHIP)]
        else:
            causes = list(_of_task(task, before[task], after[task]))
        for cause in causes:
            key = (cause.what, cause.kinds, cause.wordings, cause.filters)
            known = found.get(key)
            found[key] = replace(cause, tasks=cause.tasks | known.tasks) if known else cause
    return sorted(found.values(), key=lambda cause: (not cause.kinds, cause.may))


def ascribed(
    seen: Mapping[tuple[str, tuple[Rank, ...]], int], causes: int
) -> tuple[list[Counter[str]], Counter[str]]:
    """Return how many differences of each kind each cause explains, and how many none does.

    ``seen`` counts the differences by kind and by how well each of the ``causes`` explains them. A
    difference is ascribed to those that explain it best; one that follows from others, to those
    causes that let others go or come, where some did.
    """
    explained: list[Counter[str]] = [Counter() for _ in range(causes)]
    unexplained: Counter[str] = Counter()
    # What is explained directly first: it says which causes something can follow from.
    ordered = sorted(seen.items(), key=lambda item: max(item[0][1], default=0), reverse=True)
    for (kind, ranks), times in ordered:
        best = max(ranks, default=Rank.NOT)
        behind = [number for number, rank in enumerate(ranks) if rank and rank == best]
        if best == Rank.FOLLOWS:
            movers = [number for number in behind if not MEMBERSHIP.isdisjoint(explained[number])]
            behind = movers or behind
        for number in behind:
            explained[number][kind] += times
        if not behind:
            unexplained[kind] += times
    return explained, unexplained


def _only(task: str) -> frozenset[str]:
    return frozenset({task})


def _of_task(task: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    if before["seed"] != after["seed"]:
        yield Cause(
            f"the seed is {after['seed']}, it was {before['seed']}: other rows come first, and "
            "each is arranged and worded anew",
            _only(task),
        )
    for cause in (
        *_of_size(before["recipe"], after["recipe"]),
        *_of_source(before["source"], after["source"]),
        *_of_parts(before, after),
        *_of_recipe(before["recipe"], after["recipe"]),
        *_of_filters(before.get("filters") or {}, after.get("filters") or {}),
        *_of_other_runs(before, after),
        *_of_versions(before.get("versions") or {}, after.get("versions") or {}),
    ):
        yield replace(cause, tasks=_only(task))


def _cause(what: str, kinds: frozenset[str] = EVERYTHING, **more: Any) -> Cause:
    return Cause(what, frozenset(), kinds, **more)


def _of_size(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    for name, what in (("size", "training samples"), ("test", "test samples")):
        old, new = before.get(name, 0), after.get(name, 0)
        if old != new:
            kinds = frozenset({"added", "restored"} if new > old else {"lost", "dropped"})
            # What is tested on is kept out of training, and the other way about.
            yield _cause(
                f"{name}: {new:,} {what} are wanted, {old:,} were",
                MEMBERSHIP if name == "test" else kinds,
            )


def _of_source(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    if before["name"] != after["name"]:
        yield _cause(f"the source is {after['name']}, it was {before['name']}")
    elif before["adapter"] != after["adapter"]:
        yield _cause(f"the source's adapter is {after['adapter']}, it was {before['adapter']}")
    files = [
        {each["name"]: each["fingerprint"] for each in run["files"]} for run in (before, after)
    ]
    old, new = files
    if changed := sorted(name for name in {*old, *new} if old.get(name) != new.get(name)):
        yield _cause(f"files of the source {after['name']} are others: {listed(changed)}")
    elif before["address"] != after["address"]:
        yield _cause(
            f"the source is read from {after['address']}, it was from {before['address']}: the "
            "same files",
            frozenset(),
        )
    for what in _differences(before.get("options"), after.get("options"), "the source's option "):
        yield _cause(what)
    if before.get("allow_test") != after.get("allow_test"):
        yield _cause(
            "rows of the source's test part are "
            + ("let in, they were not" if after.get("allow_test") else "kept out, they were not"),
        )


def _of_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    """Yield what changed of the texts that make the definition: view, template, map, prompts."""
    if "parts" not in before or "parts" not in after:
        if before["definition"] != after["definition"]:
            yield _cause(
                "the definition is another, and one of the runs was made by a version that did not "
                "record what it is made of: run it again to see more"
            )
        return
    old, new = before["parts"], after["parts"]
    yield from _of_view(old, new, before["recipe"], after["recipe"])
    yield from _of_template(old, new, before["recipe"], after["recipe"])
    for name, what in (
        ("map", "the record map that makes its rows"),
        ("parent", "the task that it derives from"),
        ("benchmarks", "the benchmarks that it is kept clear of"),
    ):
        if old.get(name) != new.get(name):
            yield _cause(f"{what} changed")
    if old.get("judge") != new.get("judge") and "judge" in old and "judge" in new:
        yield _cause(
            "the judge is asked in other words",
            MEMBERSHIP | {"noted"},
            filters=frozenset({"judge"}),
        )
    steps = old.get("steps", {}), new.get("steps", {})
    for name in dict.fromkeys((*steps[0], *steps[1])):
        if steps[0].get(name) != steps[1].get(name):
            yield _cause(f"the step {name} {_happened(name, *steps)}")


def _of_view(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    recipe_before: Mapping[str, Any],
    recipe_after: Mapping[str, Any],
) -> Iterator[Cause]:
    name = recipe_after.get("rows")
    if name != recipe_before.get("rows"):
        yield _cause(f"the view is {name}, it was {recipe_before.get('rows')}")
        return
    old, new = before.get("view", {}), after.get("view", {})
    changed = [part for part in ("keys", "facts", "rows") if old.get(part) != new.get(part)]
    if "keys" in changed:
        yield _cause(f"the view {name} finds other rows (its statement keys changed)")
    if "facts" in changed:
        yield _cause(f"the view {name} says other things of a row (its statement facts changed)")
    if "rows" in changed:
        yield _cause(f"the row mapper of {name} changed (rows/{name}.py, or what it imports)")
    if not changed and old.get("text") != new.get("text"):
        yield _cause(f"the view {name} changed in nothing that is run", frozenset())


def _of_template(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    recipe_before: Mapping[str, Any],
    recipe_after: Mapping[str, Any],
) -> Iterator[Cause]:
    name = recipe_after["template"]
    if name != recipe_before["template"]:
        yield _cause(f"the template is {name}, it was {recipe_before['template']}")
        return
    old, new = before["wordings"], after["wordings"]
    for how in ("changed", "is new", "is gone"):
        names = [
            each
            for each in dict.fromkeys((*old, *new))
            if old.get(each) != new.get(each) and _happened(each, old, new) == how
        ]
        if not names:
            continue
        plural = len(names) > 1
        verb = how.replace("is ", "are ") if plural else how
        # A wording more may win rows from the others, one less leaves its rows to them; and what
        # is worded otherwise may be too long, or say what another sample says.
        yield _cause(
            f"{'wordings' if plural else 'the wording'} {listed(names)} of {name} {verb}",
            wordings=frozenset(names),
        )
    texts = [(each["template"], each.get("translations")) for each in (before, after)]
    if old == new and texts[0] != texts[1]:
        yield _cause(f"{name} changed in nothing that is printed", frozenset())


def _of_recipe(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    for key in dict.fromkeys((*before, *after)):
        if key not in _NOT_COMPARED:
            for what in _differences(before.get(key), after.get(key), key):
                yield _cause(what, _OF_KEYS.get(key, EVERYTHING))


def _of_filters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if old is None or new is None:
            words = [f"the filter {name} is {'off, it was on' if new is None else 'on'}"]
        else:
            words = list(_differences(old, new, f"filters.{name}"))
        for what in words:
            yield _cause(what, MEMBERSHIP | {"noted"}, filters=frozenset({name}))


def _of_other_runs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    for name, what, kinds in (
        ("banned", "other tasks are tested on other things, which are kept out", MEMBERSHIP),
        ("tables", "the labels that its view reads are others", EVERYTHING),
        ("wordings", "a model worded the prompts anew", EVERYTHING),
        ("classifier", "the classifier is another", MEMBERSHIP | {"noted"}),
    ):
        if before.get(name) != after.get(name):
            yield _cause(what, kinds)
    for what in _differences(before.get("models"), after.get("models"), "models"):
        yield _cause(what)


def _of_versions(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    for what in _differences(before, after, "version of "):
        yield _cause(what, may=True)


def _happened(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if name not in before:
        return "is new"
    return "changed" if name in after else "is gone"


def _differences(before: Any, after: Any, at: str) -> Iterator[str]:
    """Yield each value of nested mappings that is another: ``with.candidates is 6, it was 5``."""
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        before, after = (dict(enumerate(each)) for each in (before, after))
    if isinstance(before, Mapping | None) and isinstance(after, Mapping | None):
        joined = at if at.endswith(" ") else f"{at}."
        for name in dict.fromkeys((*(before or {}), *(after or {}))):
            yield from _differences(
                (before or {}).get(name), (after or {}).get(name), f"{joined}{name}"
            )
        return
    yield f"{at} is {_said(after)}, it was {_said(before)}"


_LONGEST_VALUE: Final = 60


def _said(value: Any) -> str:
    text = "not given" if value is None else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def listed(names: Iterable[str], most: int = 6) -> str:
    """Return names in a row, and how many more there are."""
    names = list(names)
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
