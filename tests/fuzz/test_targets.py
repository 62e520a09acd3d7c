"""The short form of benchmarks/fuzz.py: a few hostile inputs for each of its targets."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.choices import Choices
from tests.fuzz.targets import TARGETS, Target

CHEAP = [each for each in TARGETS.values() if not each.dear]
DEAR = [each for each in TARGETS.values() if each.dear]
#: Inputs of a dear target, which takes up to half a second for one.
FEW = {"recipes": 12, "templates": 60, "views": 12, "records": 6, "adapters": 5}


@pytest.mark.parametrize("target", CHEAP, ids=lambda each: each.name)
def test_hostile_bytes_are_read_or_refused(target: Target, tmp_path: Path) -> None:
    @seed(12)
    @settings(max_examples=100, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(st.binary(max_size=target.longest))
    def given_bytes(data: bytes) -> None:
        target.run(data, tmp_path)

    given_bytes()


@pytest.mark.parametrize("target", DEAR, ids=lambda each: each.name)
def test_hostile_files_are_read_or_refused(target: Target, tmp_path: Path) -> None:
    draw = random.Random(f"12/{target.name}")  # noqa: S311 - inputs, no secrets
    for number in range(FEW[target.name]):
        folder = tmp_path / str(number)
        folder.mkdir()
        target.run(draw.randbytes(draw.randrange(target.longest)), folder)


@given(st.binary(max_size=80))
def test_the_same_bytes_choose_the_same(data: bytes) -> None:
    def chosen() -> str:
        choices = Choices(data)
        return repr((choices.text(("a",)), choices.value(), choices.changed({"a": [1, "b"]})))

    assert chosen() == chosen()
