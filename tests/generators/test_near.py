"""What stands beside a right text: near misses, and lengths that give nothing away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.generators.near import apart, by_likeness, nearest, of_any_length

TEXTS = st.lists(st.text("abc ", min_size=1, max_size=12), max_size=12)


def same(text: str) -> str:
    return text


def test_texts_that_share_most_words_come_first_and_ties_keep_their_order() -> None:
    others = ["green tea", "red kettle", "red tea", "blue cup", "white cup"]
    assert by_likeness("red tea pot", others, same) == [
        "red tea", "green tea", "red kettle", "blue cup", "white cup",
    ]  # fmt: skip
    assert len(nearest("red tea pot", others * 3, same, 1)) == 4


def test_each_next_text_is_as_unlike_those_before_it_as_can_be() -> None:
    assert apart(["a b", "a b c", "d e", "a d"], same) == ["a b", "d e", "a d", "a b c"]
    assert apart([], same) == []


@given(TEXTS, st.text("abc ", min_size=1, max_size=12), st.integers(1, 4), st.text())
def test_as_many_come_as_are_wanted_while_there_are_any(
    others: list[str], own: str, wanted: int, key: str
) -> None:
    found = of_any_length(own, others, same, wanted, Draw(1, "t", key))
    assert len(found) == min(wanted, len(others))
    left = list(others)
    for text in found:
        left.remove(text)


def test_the_right_text_has_every_rank_by_length() -> None:
    others = ["x" * length for length in (1, 2, 3, 7, 8, 9)]
    ranks = []
    for number in range(400):
        shown = of_any_length("x" * 5, others, same, 3, Draw(1, "t", str(number)))
        ranks.append(sum(len(text) < 5 for text in shown))
    assert all(75 < ranks.count(rank) < 145 for rank in range(3))
    assert 45 < ranks.count(3) < 105
