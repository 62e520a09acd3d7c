"""Small folders of finished runs, written by hand: what a card is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.outputs.jsonl import to_record
from factory.sample import Provenance, Sample

SOURCE = {
    "name": "esci",
    "adapter": "esci",
    "homepage": "https://example.org/esci",
    "citation": "@article{x,\n  title={X}\n}",
    "licence": "Apache-2.0",
    "address": "/data/esci",
    "options": {},
    "allow_test": False,
    "rows": 1000,
    "test_rows_hidden": 100,
    "files": [{"name": "examples.parquet", "bytes": 5, "fingerprint": "00"}],
    "quarantined": [{"cause": "label-unknown", "rows": 3, "examples": ["x"]}],
}


_OF_PROVENANCE = ("model", "generator", "tokens", "cost")


def sample(number: int = 0, **changes: Any) -> Sample:
    """Return a sample; ``changes`` are fields of it, or of its provenance."""
    provenance = {name: changes.pop(name) for name in _OF_PROVENANCE if name in changes}
    fields: dict[str, Any] = {
        "id": f"{number:016x}",
        "task": "rank",
        "track": "user-behavior-alignment",
        "task_type": "ranking",
        "metric": "ndcg",
        **dict.fromkeys(("description", "input", "candidates", "constraint", "output"), ""),
        "prompt": "Rank",
        "input_field": "Rank these",
        "output_field": "2,1",
        "gold": [0.0, 1.0],
        "slots": {"query": "tea"},
        "options": ("a", "b"),
        "lang": "en",
        "locale": "us",
        "split": "train",
        "split_group": "query:1",
        "provenance": Provenance(
            source="esci",
            source_ids=("query:1",),
            licence="Apache-2.0",
            view="query_products",
            template="rank.j2",
            wording="sort",
            seed=7,
            definition="00",
            **provenance,
        ),
    }
    return Sample(**(fields | changes))


def write_run(
    folder: Path,
    samples: Sequence[Sample] = (sample(),),
    *,
    test: Sequence[Sample] | None = None,
    source: Mapping[str, Any] | None = None,
    title: str = "Rank products",
    counted: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """Write the files of a run into ``folder`` and return its manifest, which is written too."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = {"train": samples} | ({} if test is None else {"test": test})
    files = {}
    for split, rows in splits.items():
        text = "".join(f"{json.dumps(to_record(each), ensure_ascii=False)}\n" for each in rows)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
        files[f"{split}.jsonl"] = {
            "rows": len(rows),
            "bytes": len(text.encode()),
            "blake2b": "00",
        }
    (folder / "rejected.jsonl").write_text("")
    files["rejected.jsonl"] = {"rows": 0, "bytes": 0, "blake2b": "00"}
    manifest = {
        "format": 1,
        "task": "rank",
        "definition": "00",
        "seed": 7,
        **({"given": GIVEN} if counted else {}),
        "recipe": {"title": title, "rows": "query_products", "nvidia": 5, "derive": None},
        "filters": {"grammar": {}, "options": {"max_similarity": 0.8}, "judge": None},
        "source": {**SOURCE, **(source or {})},
        "versions": {"python": "3.11"},
        "keys": 40,
        "splits": {
            split: {
                "wanted": 50,
                "accepted": len(rows),
                "rejected": {"grammar: not-parsed": 2},
                "empty": 0,
                "strata": {},
                **(_counts(rows) if counted else {}),
            }
            for split, rows in splits.items()
        },
        "probes": {"longest": {"score": 0.9, "chance": 0.5, "rows": 40, "gives_away": True}},
        "files": files,
        **more,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return manifest


GIVEN = {
    "recipe": "recipes.yaml",
    "limit": 50,
    "sources": {"esci": "my data/esci"},
    "allow_test": [],
    "model": "",
    "classifiers": {},
}


def _counts(rows: Sequence[Sample]) -> dict[str, Any]:
    languages = sorted({each.lang for each in rows})
    return {
        "languages": {lang: sum(each.lang == lang for each in rows) for lang in languages},
        "wordings": {"sort": len(rows)} if rows else {},
        "makers": [{"generator": "", "model": "", "samples": len(rows), "tokens": 0, "cost": 0.0}],
        "spent_on_dropped": {"tokens": 0, "cost": 0.0},
    }
