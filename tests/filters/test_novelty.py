"""Novelty decides as ``rouge_score`` does, and sees the scripts that it does not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from factory.filters.novelty import Novelty, novel
from factory.tasktypes.character_rouge import character_rouge_l

SCORER = rouge_scorer.RougeScorer(["rougeL"])


def rouge(left: str, right: str) -> float:
    return float(SCORER.score(left, right)["rougeL"].fmeasure)


def by_all_pairs(texts: list[str], threshold: float) -> dict[int, tuple[float, int]]:
    kept: list[int] = []
    dropped: dict[int, tuple[float, int]] = {}
    for place, text in enumerate(texts):
        scores = [(rouge(texts[each], text), -each) for each in kept]
        score, other = max(scores, default=(0.0, 0))
        if score > threshold:
            dropped[place] = (score, -other)
        else:
            kept.append(place)
    return dropped


def instructions(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)  # noqa: S311
    words = [f"w{number}" for number in range(60)] + ["It's", "e-mail,", "3.5", "A_b"]
    made: list[str] = []
    for place in range(count):
        if place % 2:
            changed = made[rng.randrange(len(made))].split()
            for _ in range(1 + len(changed) // 4):
                spot = rng.randrange(len(changed))
                changed[spot : spot + rng.randrange(2)] = rng.choices(words, k=rng.randrange(1, 3))
            made.append(" ".join(changed))
        else:
            made.append(" ".join(rng.choices(words, k=rng.choice((1, 3, 7, 10, 15, 20, 70)))))
    return made


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8])
def test_decisions_and_scores_are_those_of_rouge_score(threshold: float) -> None:
    texts = instructions(90, seed=4)
    expected = by_all_pairs(texts, threshold)
    assert 5 < len(expected) < 80
    assert novel(texts, threshold) == expected


def test_two_thousand_pairs_of_any_closeness_get_the_very_score() -> None:
    rng = random.Random(9)  # noqa: S311
    words = instructions(20, seed=2)
    close = 0
    for _ in range(2000):
        left = rng.choice(words).split()[:20]
        right = list(left)
        for _ in range(rng.randrange(1 + len(left))):
            right[rng.randrange(len(right))] = rng.choice("abcdefgh")
        texts = [" ".join(left), " ".join(right)]
        score = rouge(*texts)
        close += 0.5 < score < 0.9
        for threshold in (0.3, 0.7):
            assert novel(texts, threshold) == ({1: (score, 0)} if score > threshold else {})
    assert close > 400


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=12).map(" ".join), max_size=40))
def test_repeated_words_are_counted_as_often_as_they_stand(texts: list[str]) -> None:
    assert novel(texts, 0.7) == by_all_pairs(texts, 0.7)


def test_many_candidates_at_once_are_decided_as_few_are() -> None:
    """Sixteen and more are compared together; long ones, beyond a machine word, one by one."""
    rng = random.Random(1)  # noqa: S311
    base = [f"w{number}" for number in range(62)]
    texts = []
    for _ in range(60):
        changed = rng.sample(base, k=len(base))[: rng.randrange(40, 62)] + [str(rng.random())] * 4
        texts.append(" ".join(sorted(changed)))
    pool = Novelty(0.7)
    for place, text in enumerate(texts):
        pool.add(str(place), text)
    for text in (" ".join(base), " ".join(base[:40]), " ".join(base + ["x"] * 5)):
        best = max((rouge(each, text), -place) for place, each in enumerate(texts))
        assert pool.nearest(text) == ((best[0], str(-best[1])) if best[0] > 0.7 else None)


@pytest.mark.parametrize("size", [9, 40, 90])
def test_one_of_thousands_is_found_and_nothing_else(size: int) -> None:
    """Of common words, which an index could not tell apart, in short and in long instructions."""
    rng = random.Random(size)  # noqa: S311
    words = [f"w{number}" for number in range(400)]
    made = [rng.sample(words, size) for _ in range(2200)]
    pool = Novelty(0.7)
    for place, text in enumerate(made):
        assert pool.nearest(" ".join(text)) is None
        pool.add(str(place), " ".join(text))
    for place in (0, 1023, 1024, 2199):
        changed = list(made[place])
        changed[size // 2 : size // 2 + size // 9] = ["other"] * (size // 9)
        score = rouge(" ".join(made[place]), " ".join(changed))
        assert pool.nearest(" ".join(changed)) == (score, str(place))


def test_exactly_the_threshold_is_still_new() -> None:
    left = "a b c d e f g h i j"
    assert rouge(left, "a b c d e f g x y z") == pytest.approx(0.7)
    assert (novel([left, "a b c d e f g x y z"], 0.7) == {}) == (
        rouge(left, "a b c d e f g x y z") <= 0.7
    )


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    texts = ["この商品の説明を書いてください", "この商品の説明を書いて下さい", "请写一段商品介绍"]
    assert rouge(texts[0], texts[1]) == 0
    assert novel(texts, 0.7) == {1: (character_rouge_l(texts[1], texts[0]), 0)}


def test_a_dropped_instruction_drops_no_other() -> None:
    texts = ["a b c d e", "a b c d x", "a b c y x"]
    assert set(novel(texts, 0.7)) == {1}


def test_the_nearest_is_named() -> None:
    pool = Novelty(0.7)
    pool.add("first", "write a short title for the product")
    pool.add("second", "write a short title for this product")
    assert pool.nearest("Write a short title for this product!") == (1.0, "second")
    assert pool.nearest("summarise what customers say") is None
    assert pool.nearest("???") is None
