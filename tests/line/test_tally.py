"""What is counted while the fold decides agrees with what a reader of the file counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.line.fold import CONFLICT, Candidate
from factory.line.sink import Sink
from factory.outputs.files import LineFile
from factory.outputs.jsonl import to_line
from tests.outputs.card_folders import sample


def candidate(number: int, **changes: Any) -> Candidate:
    made = sample(number, **changes)
    provenance = made.provenance
    return Candidate(
        *(made.id, b"", b"", b"", "", (), (), "", "", ""),
        record=to_line(made),
        made=(
            *(made.lang, provenance.wording),
            *(provenance.generator or "", provenance.model or ""),
        ),
        tokens=provenance.tokens,
        cost=provenance.cost,
    )


def test_samples_are_counted_by_language_wording_and_maker(tmp_path: Path) -> None:
    with LineFile(tmp_path / "a", tmp_path) as kept, LineFile(tmp_path / "b", tmp_path) as dropped:
        sink = Sink("rank", "train", kept, dropped)
        sink.accept(candidate(0))
        sink.accept(candidate(1, lang="ja", generator="write", model="m", tokens=30, cost=0.1))
        sink.accept(candidate(2, lang="ja", generator="write", model="m", tokens=40, cost=0.2))
        sink.reject(candidate(3, generator="write", model="m", tokens=5, cost=0.01), CONFLICT)
        assert sink.tally.describe() == {
            "languages": {"en": 1, "ja": 2},
            "wordings": {"sort": 3},
            "makers": [
                {"generator": "", "model": "", "samples": 1, "tokens": 0, "cost": 0.0},
                {"generator": "write", "model": "m", "samples": 2, "tokens": 70, "cost": 0.3},
            ],
            "spent_on_dropped": {"tokens": 5, "cost": 0.01},
        }


def test_what_is_withdrawn_is_counted_among_the_dropped(tmp_path: Path) -> None:
    with LineFile(tmp_path / "a", tmp_path) as kept, LineFile(tmp_path / "b", tmp_path) as dropped:
        sink = Sink("rank", "train", kept, dropped)
        sink.accept(candidate(0))
        alone = sink.tally.describe()
        for number in range(1, 4):
            sink.accept(
                candidate(number, lang="ja", generator="write", model="m", tokens=9, cost=0.1)
            )
        sink.withdraw({f"{number:016x}" for number in range(1, 4)})
        spent = {"tokens": 27, "cost": 0.3}
        assert sink.tally.describe() == {**alone, "spent_on_dropped": spent}
