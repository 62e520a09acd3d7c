"""What a run or a mixture has made, as it is told at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from factory.outputs.run_folder import REJECTED
from factory.runs.folder import read_samples_of, task_manifests
from factory.templates import ENGLISH
from factory.terminal.samples import print_records
from factory.terminal.text import as_text, open_console, print_line

if TYPE_CHECKING:
    from factory.line import MixtureResult, RunResult

_LONGEST_REASON_LIST: Final = 6
_LONGEST_TASK_LIST: Final = 3
_MISSING: Final = "what is missing"


def print_mixture(result: MixtureResult) -> None:
    """Print what each task lent, what fell short and why, and what nothing makes yet."""
    console = open_console()
    manifest = result.manifest
    tasks = manifest["tasks"]
    tests = any(task["test_wanted"] for task in tasks.values())
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "wanted", "accepted", *(("test",) if tests else ()), _MISSING):
        left = column in ("task", _MISSING)
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    for name, task in tasks.items():
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in task["left_out"].items())
        short = "" if task["accepted"] >= task["wanted"] else task["shortfall"] or "rows ran out"
        tested = f"{task['test_accepted']:,}" if task["test_wanted"] else ""
        table.add_row(
            as_text(name),
            f"{task['wanted']:,}",
            f"{task['accepted']:,}",
            *((tested,) if tests else ()),
            as_text("; ".join(filter(None, (short, left_out)))),
        )
    console.print(table)
    for each in manifest["absent"]:
        print_line(
            console, f"no task makes {each['paper']} {each['number']} yet: {each['size']:,} samples"
        )
    for name, described in manifest["files"].items():
        if name != REJECTED:
            print_line(console, f"{described['rows']:,} samples in {result.folder / name}")
        elif described["rows"]:
            what = f"{described['rows']:,} of the tasks' samples left out"
            print_line(console, f"  {what}, in {result.folder / name}")
    if note := _in_english_all_the_same(task_manifests(result.folder, manifest)):
        print_line(console, note)
    if manifest["size"]:
        print_line(console, f"  the whole mixture has {manifest['size']:,}")
    print_line(console, f"look at them: python -m factory show {result.folder}")


def print_run(result: RunResult) -> None:
    """Print where the samples are, what was dropped and why, and one sample."""
    console = open_console()
    manifest = result.manifest
    if not result.fresh:
        print_line(console, f"{result.folder} holds this run already; --fresh makes it again")
    for split, counts in manifest["splits"].items():
        file = result.folder / f"{split}.jsonl"
        print_line(console, f"{counts['accepted']:,} samples in {file}")
        if note := _shortfall(manifest, counts):
            print_line(console, note)
        if counts["rejected"]:
            print_line(console, f"dropped, in {result.folder / REJECTED}: {_reasons(counts)}")
    if note := _in_english_all_the_same({manifest["task"]: manifest}):
        print_line(console, note)
    if cheats := sorted(name for name, each in manifest["probes"].items() if each["gives_away"]):
        print_line(
            console,
            f"cheats that do without reading score more than ten points above chance: "
            f"{', '.join(cheats)}",
        )
        print_line(console, "  what they do, and when that is a fault: docs/probes.md")
    for each in manifest["source"]["quarantined"]:
        rows = "1 row" if each["rows"] == 1 else f"{each['rows']:,} rows"
        print_line(
            console,
            f"set aside in the source: {rows} ({each['cause']})"
            + "".join(f", such as {example}" for example in each["examples"][:1]),
        )
    if result.fresh:
        print_line(console, "\nThe first sample:")
        print_records(read_samples_of(result.folder, "train", 0, 1))
    print_line(console, f"look at them: python -m factory show {result.folder}")


def _shortfall(manifest: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    if counts["accepted"] >= counts["wanted"]:
        return ""
    source = manifest["source"]
    strata = counts["strata"].values()
    held_back = any(each["quota"] < each["keys"] for each in strata)
    if given_up := sum("given_up" in each for each in strata):
        return (
            f"  fewer than the {counts['wanted']:,} wanted: {given_up} of {len(counts['strata'])} "
            "strata gave no sample for so long that they were given up; a larger patience in the "
            "recipe looks further"
        )
    cause = (
        "the scarcest stratum of its balance sets the size"
        if held_back and len(counts["strata"]) > 1
        else f"{source['address']} has {manifest['keys']:,} candidates"
    )
    where = (
        f"; give it the full data set with --source {source['name']}=PATH"
        if source["address"] == "bundled"
        else ""
    )
    return f"  fewer than the {counts['wanted']:,} wanted: {cause}{where}"


def _reasons(counts: Mapping[str, Any]) -> str:
    ordered = sorted(counts["rejected"].items(), key=lambda item: (-item[1], item[0]))
    shown = [
        f"{count:,} for {reason.partition(': ')[2]}"
        for reason, count in ordered[:_LONGEST_REASON_LIST]
    ]
    if more := len(ordered) - len(shown):
        shown.append(f"{more} more reasons")
    return ", ".join(shown)


def some_tasks(names: Sequence[str]) -> str:
    """Return the names of tasks, where there are many the first and how many more."""
    shown = ", ".join(names[:_LONGEST_TASK_LIST])
    more = len(names) - _LONGEST_TASK_LIST
    return f"{shown} and {more:,} more" if more > 0 else shown


def _in_english_all_the_same(manifests: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which samples were to be asked in a language that their task has no prompts in."""
    counts = {name: _without_prompts(each) for name, each in manifests.items()}
    tasks = [name for name, count in counts.items() if count]
    if not tasks:
        return ""
    wanted = sorted({manifests[name]["recipe"]["prompt"]["language"] for name in tasks})
    said = " and ".join("their text's language" if each == "input" else each for each in wanted)
    samples = sum(counts.values())
    return (
        f"asked in English, without prompts in {said}: {samples:,} sample{'s' * (samples > 1)} of "
        f"{some_tasks(tasks)} (list --json tells which languages a task has)"
    )


def _without_prompts(manifest: Mapping[str, Any]) -> int:
    """Return how many of a task's samples are in English and were to be in another language."""
    language = manifest["recipe"].get("prompt", {}).get("language", ENGLISH)
    if language == ENGLISH:
        return 0
    in_english = 0
    for counts in manifest["splits"].values():
        in_english += counts.get("prompt_languages", {ENGLISH: counts["accepted"]}).get(ENGLISH, 0)
        if language == "input":
            in_english -= counts["languages"].get(ENGLISH, 0)
    return in_english
