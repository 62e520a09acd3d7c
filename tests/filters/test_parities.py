"""Parities never hide a close text: not the short, not the long, not one of thousands."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from factory.filters.parities import ParityList, parity

SETS = st.sets(st.integers(min_value=0, max_value=2000), max_size=40) | st.integers(
    min_value=0, max_value=1500
).map(lambda size: set(range(size)))
ALLOWANCES = st.floats(min_value=0, max_value=400)


@given(st.lists(st.tuples(SETS, ALLOWANCES), max_size=20), SETS, ALLOWANCES)
def test_every_close_text_is_found(
    texts: list[tuple[set[int], float]], query: set[int], allowance: float
) -> None:
    held = ParityList()
    for numbers, allowed in texts:
        held.add(parity(numbers), allowed)
    close = [
        number
        for number, (numbers, allowed) in enumerate(texts)
        if len(numbers ^ query) <= allowed + allowance
    ]
    found = held.close(parity(query), allowance)
    assert found.tolist() == sorted(set(found.tolist()))
    assert set(close) <= set(found.tolist())
    every = np.arange(len(texts))
    assert set(close) <= set(held.close_among(every, parity(query), allowance).tolist())


def test_few_others_are_found_among_thousands() -> None:
    rng = random.Random(2)  # noqa: S311
    for size, allowance in ((12, 3.0), (80, 20.0)):
        texts = [frozenset(rng.sample(range(3000), size)) for _ in range(9000)]
        held = ParityList()
        for text in texts:
            held.add(parity(text), allowance)
        for number in (0, 1023, 1024, 8999):
            found = held.close(parity(texts[number]), allowance).tolist()
            assert number in found
            assert len(found) < 90


def test_nothing_is_close_to_nothing() -> None:
    assert ParityList().close(parity([1, 2]), 3.0).tolist() == []
    assert ParityList().close(parity([1, 2]), 30.0).tolist() == []
