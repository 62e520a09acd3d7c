"""What happens to long runs, a few of every kind; benchmarks/faults.py injects hundreds."""

from __future__ import annotations

import random

import pytest

from tests.conftest import copy_shop
from tests.faults.table import KINDS, Kind
from tests.faults.trial import Bench, NotPossibleError


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("faults")
    return Bench(folder, copy_shop(folder / "shop", copies=2), size=80)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.short], ids=lambda kind: kind.name)
def test_a_run_survives(bench: Bench, kind: Kind) -> None:
    draw = random.Random(kind.name)  # noqa: S311
    try:
        found = kind.inject(bench, draw, kind.short)
    except NotPossibleError as error:
        pytest.skip(str(error))
    assert found.broken == []
