"""What a run or a mixture has made, as it is told at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from factory.runs.folder import read_samples_of
from factory.terminal.samples import print_records
from factory.terminal.text import as_text, open_console, print_line

if TYPE_CHECKING:
    from factory.line import MixtureResult, RunResult

_LONGEST_REASON_LIST: Final = 6


def print_mixture(result: MixtureResult) -> None:
    """Print what each task lent, what fell short and why, and what nothing makes yet."""
    console = open_console()
    manifest = result.manifest
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "wanted", "accepted", "test", "what is missing"):
        table.add_column(column, justify="left" if column[0] == "t" else "right", overflow="fold")
    for name, task in manifest["tasks"].items():
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in task["left_out"].items())
        short = "" if task["accepted"] >= task["wanted"] else task["shortfall"] or "rows ran out"
        table.add_row(
            as_text(name),
            f"{task['wanted']:,}",
            f"{task['accepted']:,}",
            f"{task['test_accepted']:,}" if task["test_wanted"] else "",
            as_text("; ".join(filter(None, (short, left_out)))),
        )
    console.print(table)
    for each in manifest["absent"]:
        print_line(
            console, f"no task makes {each['paper']} {each['number']} yet: {each['size']:,} samples"
        )
    for name, described in manifest["files"].items():
        what = "left out of the mixed file, in" if name == "rejected.jsonl" else "samples in"
        print_line(console, f"{described['rows']:,} {what} {result.folder / name}")
    if manifest["size"]:
        print_line(console, f"the paper prints {manifest['size']:,}")


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
            print_line(
                console, f"dropped, in {result.folder / 'rejected.jsonl'}: {_reasons(counts)}"
            )
    if cheats := [name for name, each in manifest["probes"].items() if each["gives_away"]]:
        print_line(
            console,
            f"cheats that score more than ten points over chance (see docs/probes.md): "
            f"{', '.join(cheats)}",
        )
    for each in manifest["source"]["quarantined"]:
        print_line(
            console,
            f"set aside in the source: {each['rows']:,} rows ({each['cause']}), "
            f"such as {', '.join(each['examples'])}",
        )
    print_line(console, "\nThe first sample:")
    print_records(read_samples_of(result.folder, "train", 0, 1))
    print_line(console, f"more: python -m factory show {result.folder}")


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
    shown = [f"{count:,} {reason}" for reason, count in ordered[:_LONGEST_REASON_LIST]]
    if more := len(ordered) - len(shown):
        shown.append(f"{more} more reasons")
    return ", ".join(shown)
