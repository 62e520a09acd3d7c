"""Samples for people to judge: a table for a spreadsheet, read back into a share with its interval.

::

    id,task,prompt,answer,meaning,facts,verdict,note,checksum

People fill in ``verdict`` (ok, wrong or unclear) and, if they like, ``note``. A spreadsheet obeys a
cell that begins like a formula, and source text is hostile: such cells get an apostrophe. Ids that
read as numbers get one too, since a spreadsheet would round them.
"""

from __future__ import annotations

import csv
import heapq
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from statistics import fmean
from typing import Any, Final, NamedTuple

from factory.draw import draw
from factory.errors import UsageError, did_you_mean
from factory.filters import JudgeOptions
from factory.filters.agreement import Share, cohens_kappa
from factory.filters.judge import worst_score
from factory.outputs.card import refresh_card
from factory.outputs.files import aside, open_own, write_json
from factory.outputs.measurements import reviewed_files
from factory.outputs.records import rejected_records
from factory.outputs.run_folder import FORMAT, REJECTED, REVIEW
from factory.runs.folder import kept_records, read_manifest, task_folders
from factory.tasktypes.choices import first_number

#: The file of a run's folder that people fill in.
TABLE: Final = "review.csv"
VERDICTS: Final = ("ok", "wrong", "unclear")
COLUMNS: Final = (
    *("id", "task", "prompt", "answer", "meaning", "facts"),
    *("verdict", "note", "checksum"),
)
#: A spreadsheet's cell holds 32,767 characters.
_LONGEST: Final = 32_000
_LONGEST_FACT: Final = 2_000
#: What a spreadsheet takes for a formula, in its full-width forms too; and what it may take for a
#: separator in front of one.
_FORMULA: Final = re.compile("[\\s\"';,|]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER: Final = re.compile(r"[0-9]+(e[0-9]+)?")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DELIMITERS: Final = ",;\t"
_MOST_PROBLEMS: Final = 20
_THRESHOLDS: Final = (2.0, 3.0, 4.0, 4.5, 5.0)
#: A checksum of letters only: nothing that a spreadsheet could take for a number.
_LETTERS: Final = str.maketrans("0123456789abcdef", "ghijkmnpqrstuvwx")


class Exported(NamedTuple):
    """A table for people: its file, and how many samples of each task it has."""

    path: Path
    tasks: Mapping[str, int]


def export_review(
    folder: Path, target: Path | None = None, *, samples: int = 200, dropped: int = 0
) -> Exported:
    """Write ``samples`` accepted samples of each task of a run or mixture for people to judge.

    Which, and their order, is drawn with the run's seed. ``dropped`` asks for as many that the
    judge dropped, mixed among the others and not marked: what people say of those is how much a
    judge throws away.

    Raises:
        UsageError: the folder is no finished run, or the file is there already: what people have
            filled in is not written over.
        OutputError: it cannot be written.
    """
    manifest = read_manifest(folder)
    path = target or folder / TABLE
    if path.exists():
        raise UsageError(
            f"{path} is there already, and may have been filled in: read it back with --read, or "
            "write another with --out"
        )
    chosen = _drawn(kept_records(folder), manifest["seed"], samples)
    if dropped:
        for task, records in _drawn(_dropped(folder, manifest), manifest["seed"], dropped).items():
            chosen[task] = sorted(chosen.get(task, []) + records, key=lambda each: each[:3])
    with (
        aside(path) as partial,
        io.TextIOWrapper(
            open_own(partial, "wb"), encoding="utf-8-sig", newline="", errors="replace"
        ) as file,
    ):
        table = csv.writer(file, quoting=csv.QUOTE_ALL)
        table.writerow(COLUMNS)
        for _, records in sorted(chosen.items()):
            table.writerows(_row(record) for *_, record in records)
    return Exported(path, {task: len(records) for task, records in sorted(chosen.items())})


_Ranked = tuple[int, str, int, Mapping[str, Any]]


def _drawn(
    records: Iterator[Mapping[str, Any]], seed: int, samples: int
) -> dict[str, list[_Ranked]]:
    """Return the samples of each task that have the smallest draws, in their order."""
    heaps: dict[str, list[_Ranked]] = {}
    for number, record in enumerate(records):
        heap = heaps.setdefault(record["task"], [])
        # The heap's least is the worst. A number stands before the record, which has no order:
        # somebody's edit may have given two of them one id.
        rank = -draw(seed, record["task"], record["id"], "review")
        entry = (rank, record["id"], -number, record)
        if len(heap) < samples:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)
    return {
        task: sorted(
            (-rank, sample_id, -number, record) for rank, sample_id, number, record in heap
        )
        for task, heap in heaps.items()
    }


def _dropped(folder: Path, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the samples that the judge dropped, of a task or of all tasks of a mixture."""
    for each in task_folders(folder, manifest).values():
        if (each / REJECTED).is_file():
            for record in rejected_records(each / REJECTED):
                if record["filter"] == JudgeOptions.name:
                    yield json.loads(record["record"])


def _row(record: Mapping[str, Any]) -> list[str]:
    cells = {
        "id": f"'{record['id']}" if _NUMBER.fullmatch(record["id"]) else harmless(record["id"]),
        "task": harmless(record["task"]),
        "prompt": harmless(record["input_field"]),
        "answer": harmless(record["output_field"]),
        "meaning": harmless(_meaning(record)),
        "facts": harmless(_facts(record)),
        "checksum": _checksum(record),
    }
    return [cells.get(column, "") for column in COLUMNS]


def harmless(text: str) -> str:
    """Return text as a cell that no spreadsheet obeys or cuts off, and no terminal either.

    Control and direction-changing characters are left out; what begins like a formula gets an
    apostrophe.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n"))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} …"
    return f"'{text}" if _FORMULA.match(text) else text


def _meaning(record: Mapping[str, Any]) -> str:
    """Return what the numbers of an answer stand for; nothing where it is in words."""
    options, kind = record["options"], record["task_type"]
    if not options or kind not in ("multiple-choice", "retrieval", "ranking"):
        return ""
    first = first_number(kind)
    numbers = [int(number) for number in record["output_field"].split(",")]
    return "\n".join(f"{number}: {options[number - first]}" for number in numbers)


def _facts(record: Mapping[str, Any]) -> str:
    lines = []
    for name, value in json.loads(record["slots"]).items():
        if value not in (None, "", [], {}):
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(f"{name}: {said[:_LONGEST_FACT]}")
    return "\n".join(lines)


def _checksum(record: Mapping[str, Any]) -> str:
    said = f"{record['input_field']}\x1f{record['output_field']}".encode()
    return blake2b(said, digest_size=5).hexdigest().translate(_LETTERS)


class _Filled(NamedTuple):
    """One row that somebody has filled in; ``row`` as the spreadsheet counts."""

    row: int
    verdict: str
    note: str
    checksum: str


def read_review(folder: Path, table: Path) -> dict[str, Any]:
    """Read what people filled in, keep it as ``review.json`` beside the run, and return it.

    The result has the counts of each verdict and the share that is ok of all reviewed, with its
    95 % interval, for all tasks and for each; where a judge scored the samples, how far its scores
    agree with people (``judge``). Samples that the judge dropped count in the latter alone.

    Raises:
        UsageError: the folder is no finished run, or the table cannot be used: each line of the
            message names a row and a column.
    """
    manifest = read_manifest(folder)
    filled, blank = _filled(table)
    accepted = _found(kept_records(folder), filled)
    dropped = _found(_dropped(folder, manifest), filled.keys() - accepted.keys())
    _check(table, folder, filled, {**accepted, **dropped})
    review = {
        "format": FORMAT,
        "of": reviewed_files(manifest),
        "blank": blank,
        **_counted([filled[each].verdict for each in accepted]),
        "tasks": {
            task: _counted(
                [filled[each].verdict for each in accepted if accepted[each]["task"] == task]
            )
            for task in sorted({record["task"] for record in accepted.values()})
        },
        "judge": _judge({**accepted, **dropped}, filled),
        "verdicts": {
            sample_id: {
                "task": record["task"],
                "verdict": filled[sample_id].verdict,
                "note": filled[sample_id].note,
            }
            for sample_id, record in sorted({**accepted, **dropped}.items())
        },
    }
    write_json(folder / REVIEW, review)
    refresh_card(folder)
    return review


def _filled(table: Path) -> tuple[dict[str, _Filled], int]:
    """Return the rows with a verdict by id, and how many have none."""
    reader = csv.DictReader(io.StringIO(text := _text(table), newline=""), delimiter=_parting(text))
    filled: dict[str, _Filled] = {}
    problems: list[str] = []
    blank = 0
    try:
        names = {str(name).strip().casefold(): name for name in reader.fieldnames or ()}
        for column in ("id", "verdict"):
            if column not in names:
                raise UsageError(
                    f"{table}, row 1: there is no column {column!r}: "
                    f"{did_you_mean(column, names)}keep the first row as it was written"
                )
        for number, row in enumerate(reader, 2):
            cells = {name: str(row[key] or "").strip() for name, key in names.items()}
            if not any(cells.values()):
                continue
            sample_id, verdict = cells["id"].lstrip("'"), cells["verdict"].casefold()
            if verdict and verdict not in VERDICTS:
                problems.append(
                    f"row {number}, column verdict: {cells['verdict'][:40]!r} is none of "
                    f"{', '.join(VERDICTS)}"
                )
            elif sample_id in filled:
                problems.append(
                    f"row {number}, column id: {sample_id} is in row {filled[sample_id].row} too"
                )
            elif verdict:
                note, checksum = cells.get("note", ""), cells.get("checksum", "")
                filled[sample_id] = _Filled(number, verdict, note.removeprefix("'"), checksum)
            else:
                blank += 1
    except csv.Error as error:
        raise UsageError(f"{table}: not a CSV file: {error}") from error
    _complain(table, problems)
    if not filled:
        raise UsageError(
            f"{table}: no row has a verdict yet: write ok, wrong or unclear into that column"
        )
    return filled, blank


def _text(table: Path) -> str:
    """Return the text of a table, as spreadsheets save one: UTF-8, or UTF-16 with its mark."""
    try:
        raw = table.read_bytes()
    except OSError as error:
        raise UsageError(f"{table}: cannot be read ({error.strerror})") from error
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(f"{table}: save it as CSV in UTF-8 ({error})") from error


def _parting(text: str) -> str:
    """Return what parts the columns: where a comma is the decimal sign, it is a semicolon."""
    first = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count)


def _found(
    records: Iterator[dict[str, Any]], wanted: Mapping[str, object] | set[str]
) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records if record["id"] in wanted} if wanted else {}


def _check(
    table: Path,
    folder: Path,
    filled: Mapping[str, _Filled],
    found: Mapping[str, Mapping[str, Any]],
) -> None:
    problems = []
    for sample_id, each in filled.items():
        if sample_id not in found:
            problems.append(f"row {each.row}, column id: {folder} has no sample {sample_id[:40]!r}")
        elif each.checksum and each.checksum != _checksum(found[sample_id]):
            problems.append(
                f"row {each.row}, column checksum: the sample {sample_id} reads otherwise now: "
                "export it again"
            )
    _complain(table, problems)


def _complain(table: Path, problems: Sequence[str]) -> None:
    if problems:
        told = [f"{table}, {problem}" for problem in problems[:_MOST_PROBLEMS]]
        if more := len(problems) - len(told):
            told.append(f"{table}: {more} more rows cannot be used")
        raise UsageError("\n".join(told))


def _counted(verdicts: Sequence[str]) -> dict[str, Any]:
    counts = Counter(verdicts)
    return {
        "reviewed": len(verdicts),
        **{verdict: counts[verdict] for verdict in VERDICTS},
        "share_ok": Share(counts["ok"], len(verdicts)).describe(),
    }


def _judge(
    records: Mapping[str, Mapping[str, Any]], filled: Mapping[str, _Filled]
) -> dict[str, Any] | None:
    """Return how the judge's worst scores agree with people; None where no judge scored any.

    What people found unclear says nothing of a judge.
    """
    scored = [
        (score, filled[sample_id].verdict == "ok")
        for sample_id, record in sorted(records.items())
        if filled[sample_id].verdict != "unclear"
        and (score := worst_score(record["scores"])) is not None
    ]
    if not scored:
        return None
    ok = [score for score, is_ok in scored if is_ok]
    wrong = [score for score, is_ok in scored if not is_ok]
    by_threshold = {}
    for threshold in _THRESHOLDS:
        keeps = [score >= threshold for score, _ in scored]
        kappa = cohens_kappa(keeps, [is_ok for _, is_ok in scored])
        kept = [is_ok for score, is_ok in scored if score >= threshold]
        by_threshold[f"{threshold:g}"] = {
            "kappa": None if kappa is None else round(kappa, 4),
            "precision": Share(sum(kept), len(kept)).describe(),
            "recall": Share(sum(kept), len(ok)).describe(),
        }
    return {
        "samples": len(scored),
        "mean_of_ok": round(fmean(ok), 4) if ok else None,
        "mean_of_wrong": round(fmean(wrong), 4) if wrong else None,
        "by_threshold": by_threshold,
    }
