"""The samples that the page can be browsed for, kept and dropped, as its script reads them.

What the samples of a task have in common is said once a task; what is left of a record is packed,
in parts that a browser unpacks one after another.
"""

from __future__ import annotations

import base64
import heapq
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from factory.draw import draw
from factory.errors import OutputError
from factory.outputs.records import MISREAD, rejected_records
from factory.outputs.run_folder import REJECTED
from factory.runs.folder import kept_records, read_manifest, task_folders

#: As many samples as a browser holds with ease.
MOST_SAMPLES: Final = 20_000
#: Where there are more, dropped ones may take this share of the places.
_SHARE_OF_DROPPED: Final = 0.25
#: A part that a browser unpacks in one go, in samples.
_PART: Final = 400
#: A longer text is cut, and the page says so.
_LONGEST: Final = 20_000
#: What a row of the list says: the input, which differs where the prompts begin alike.
_ABOUT: Final = 240
#: What the first sample of a task says for all that say the same.
_COMMON: Final = ("track", "task_type", "metric", "description", "lang", "locale")
_COMMON_PROVENANCE: Final = (
    *("source", "licence", "view", "template", "wording", "seed", "definition"),
    *("parent", "generator", "model"),
)
_OWN: Final = ("id", "task", "split", "split_group", "input_field", "output_field", "reasoning")
_OWN_PROVENANCE: Final = ("source_ids", "prompt_hash", "tokens", "cost", "judge_tokens")

_Record = dict[str, Any]


@dataclass(slots=True)
class Gathered:
    """The samples of a page.

    Attributes:
        parts: JSON lists of samples, each packed by zlib and written in base64.
        common: what the first sample of each task says for those that say the same.
        facets: how many of the page's samples each filter of the browser finds, by its name.
        kept, dropped: how many of them were kept and dropped.
        all_kept, all_dropped: how many there are in the folder.
    """

    parts: list[str] = field(default_factory=list)
    common: dict[str, _Record] = field(default_factory=dict)
    facets: dict[str, Counter[str]] = field(default_factory=dict)
    kept: int = 0
    dropped: int = 0
    all_kept: int = 0
    all_dropped: int = 0

    @property
    def samples(self) -> int:
        """How many samples the page has."""
        return self.kept + self.dropped

    @property
    def is_whole(self) -> bool:
        """Whether the page has all samples of the folder."""
        return self.samples == self.all_kept + self.all_dropped


def gather(folder: Path, most: int = MOST_SAMPLES) -> Gathered:
    """Return the samples of a finished run or mixture, or ``most`` of them, drawn by its seed.

    Dropped samples take a quarter of the places at the most, unless there are fewer kept ones. The
    order is that of the files: the draw order of the run.

    Raises what :func:`factory.runs.summary.summarise` raises.
    """
    manifest = read_manifest(folder)
    gathered = Gathered()
    try:
        kept = [(record["task"], record["id"]) for record in kept_records(folder)]
        dropped = [(record["task"], record["id"]) for record in _dropped(folder, manifest)]
        gathered.all_kept, gathered.all_dropped = len(kept), len(dropped)
        for_dropped = max(round(most * _SHARE_OF_DROPPED), most - len(kept))
        places = _drawn(manifest["seed"], dropped, for_dropped)
        gathered.dropped = len(places)
        places_of_kept = _drawn(manifest["seed"], kept, most - len(places))
        gathered.kept = len(places_of_kept)
        part: list[_Record] = []
        for records, chosen in (
            (kept_records(folder), places_of_kept),
            (_dropped(folder, manifest), places),
        ):
            for place, record in enumerate(records):
                if place in chosen:
                    part.append(_entry(record, gathered))
                    if len(part) == _PART:
                        gathered.parts.append(_packed(part))
                        part = []
        if part:
            gathered.parts.append(_packed(part))
    except MISREAD as error:
        raise OutputError(f"{folder}: holds records of another format: {error!r}") from error
    return gathered


def _dropped(folder: Path, manifest: Mapping[str, Any]) -> Iterator[_Record]:
    """Yield the dropped candidates of a run, or of all tasks of a mixture and of the mixture.

    What a mixture left out lies in the folder of its task: it is looked up there.
    """
    left_out: dict[str, dict[str, _Record]] = {}
    folders = task_folders(folder, manifest)
    for each in folders.values():
        if (each / REJECTED).is_file():
            yield from rejected_records(each / REJECTED)
    if "mixture" in manifest and (folder / REJECTED).is_file():
        for record in rejected_records(folder / REJECTED):
            left_out.setdefault(record["task"], {})[record["id"]] = record
        for task, records in left_out.items():
            for sample in kept_records(folders[task]):
                if said := records.pop(sample["id"], None):
                    yield {**said, "split": sample["split"], "record": json.dumps(sample)}
            yield from ({**said, "split": ""} for said in records.values())


def _drawn(seed: int, named: list[tuple[str, str]], most: int) -> frozenset[int]:
    """Return the places of the ``most`` samples with the smallest draws."""
    if len(named) <= most:
        return frozenset(range(len(named)))
    ranked = (
        (draw(seed, task, sample_id, "report"), place)
        for place, (task, sample_id) in enumerate(named)
    )
    return frozenset(place for _, place in heapq.nsmallest(most, ranked))


def _entry(record: _Record, gathered: Gathered) -> _Record:
    """Return what the page says of one record, and count it."""
    if "record" not in record:
        entry = _sample(record, gathered)
        verdict = "kept"
    else:
        inner = json.loads(record["record"])
        if "input_field" in inner:
            entry = _sample(inner, gathered)
        else:
            # It was dropped before it was a sample: what it was made of is all there is.
            entry = {
                "split": record["split"],
                "row": _cut(json.dumps(inner, ensure_ascii=False)),
                "lang": "",
                "locale": inner.get("locale", ""),
            }
        entry |= {
            "id": record["id"],
            "task": record["task"],
            "dropped": [record["filter"], record["reason"], _cut(record["detail"])],
        }
        verdict = f"{record['filter']}: {record['reason']}"
    common = gathered.common.setdefault(entry["task"], {"provenance": {}})
    facets: dict[str, str] = {
        "task": entry["task"],
        "split": entry["split"],
        "lang": str(entry.get("lang", common.get("lang", ""))),
        "verdict": verdict,
    }
    for name, value in facets.items():
        gathered.facets.setdefault(name, Counter())[value] += 1
    for name in entry.get("scores", ()):
        gathered.facets.setdefault("score", Counter())[name] += 1
    return entry


def _sample(record: _Record, gathered: Gathered) -> _Record:
    provenance = record["provenance"]
    common = gathered.common.get(record["task"])
    if common is None or not common["provenance"]:
        common = {name: record[name] for name in _COMMON}
        common["provenance"] = {name: provenance[name] for name in _COMMON_PROVENANCE}
        gathered.common[record["task"]] = common
    entry: _Record = {name: _cut(record[name]) for name in _OWN if record[name]}
    entry |= {name: record[name] for name in _COMMON if record[name] != common[name]}
    entry |= {
        "about": record["input"][:_ABOUT],
        "gold": _cut(record["gold"]),
        "options": [_cut(option) for option in record["options"]],
        "slots": _cut(record["slots"]),
        "verdicts": [
            [each["filter"], each["keep"], each["reason"], _cut(each["detail"]), each["score"]]
            for each in record["verdicts"]
        ],
        "provenance": {name: provenance[name] for name in _OWN_PROVENANCE if provenance[name]}
        | {
            name: provenance[name]
            for name in _COMMON_PROVENANCE
            if provenance[name] != common["provenance"][name]
        },
    }
    if record["scores"]:
        entry["scores"] = record["scores"]
    return entry


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]} … ({len(text) - _LONGEST:,} characters more)"


def _packed(part: list[_Record]) -> str:
    text = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(text.encode("utf-8", "replace"), 9)
    return base64.b64encode(packed).decode("ascii")
