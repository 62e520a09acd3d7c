from __future__ import annotations

import subprocess
import sys

import pytest

from factory.tasktypes import TASK_TYPES

SLOW = ("numpy", "pandas", "nltk", "rouge_score", "sacrebleu", "MeCab", "sentence_transformers")


def test_the_names_on_disk_are_those_of_shopbench() -> None:
    names = {name: task_type.name for name, task_type in TASK_TYPES.items()}
    assert dict(list(names.items())[:5]) == {
        "multiple_choice": "multiple-choice",
        "ranking": "ranking",
        "retrieval": "retrieval",
        "ner": "named_entity_recognition",
        "generation": "generation",
    }


@pytest.mark.parametrize("name", TASK_TYPES)
def test_every_type_can_be_used_without_options(name: str) -> None:
    task_type = TASK_TYPES[name]
    options = task_type.options()
    places = task_type.positions(options)
    assert places == (4 if name == "multiple_choice" else None)
    assert task_type.metrics
    assert task_type.base == f"{name}.j2"


def test_importing_loads_no_scorer() -> None:
    script = f"import sys, factory.tasktypes; print([m for m in {SLOW} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
