from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import MissingExtraError
from factory.tasktypes import metrics
from factory.tasktypes.character_rouge import character_rouge_l

ESCI = [1.0, 0.1, 0.01, 0.0]


@pytest.mark.parametrize(
    ("ranked", "relevance", "expected"),
    [
        ([1, 2, 3, 4], ESCI, 1.0),
        # An exact item in the second place, a substitute in the first.
        ([2, 1, 3, 4], [1.0, 0.1, 0.0, 0.0], 0.673),
        # A substitute and an irrelevant item exchanged: barely seen.
        ([1, 3, 2, 4], [1.0, 0.1, 0.0, 0.0], 0.991),
        # Numbers beyond the items, missing numbers and an unreadable answer.
        ([9, 1, 2, 3], ESCI, 0.631),
        ([1], [1.0, 1.0], 0.613),
        ([], ESCI, 0.0),
        ([1, 2], [0.0, 0.0], 0.0),
    ],
)
def test_ndcg_rewards_exact_items_early(
    ranked: list[int], relevance: list[float], expected: float
) -> None:
    assert metrics.ndcg(ranked, relevance) == pytest.approx(expected, abs=0.01)


def test_zero_counts_as_the_last_item() -> None:
    # Figures measured with the official scorer.
    assert metrics.ndcg([2, 0, 3, 4, 1], [0.1, 0.0, 1.0, 0.1, 0.01]) == pytest.approx(
        0.519, abs=5e-4
    )
    assert metrics.ndcg([0, 1], [0.0, 1.0]) == 1.0


@given(
    st.lists(st.integers(0, 9), max_size=6), st.lists(st.sampled_from(ESCI), min_size=2, max_size=5)
)
def test_ndcg_stays_within_its_bounds(ranked: list[int], relevance: list[float]) -> None:
    assert 0 <= metrics.ndcg(ranked, relevance) <= 1


@pytest.mark.parametrize(
    ("counts", "expected"), [((1, 0, 0), 1.0), ((1, 1, 1), 0.5), ((0, 3, 1), 0.0), ((0, 0, 0), 0.0)]
)
def test_f1_is_the_harmonic_mean_of_precision_and_recall(
    counts: tuple[int, int, int], expected: float
) -> None:
    assert metrics.f1(*counts) == expected


needs_scorers = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("rouge_score", "sacrebleu", "MeCab")),
    reason="the extra 'eval' is not installed",
)


@needs_scorers
@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("comfortable shoes", "Comfortable SHOE", 1.0),
        ("red shoes", "comfortable shoes", 0.5),
        ("赤い靴", "赤い靴", 0.0),
        ("", "shoes", 0.0),
    ],
)
def test_rouge_l_compares_stemmed_ascii_words(text: str, reference: str, expected: float) -> None:
    assert metrics.rouge_l(text, reference) == pytest.approx(expected)


@needs_scorers
@given(
    st.lists(
        st.sampled_from(["red", "shoes", "shoe", "running", "runs,", "42", "é", "a"]), max_size=12
    ),
    st.data(),
)
def test_rouge_l_is_the_official_scorers(words: list[str], data: st.DataObject) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    text = " ".join(words)
    reference = " ".join(data.draw(st.permutations(words))[1:])
    official = RougeScorer(["rougeL"], use_stemmer=True).score(reference, text)
    assert metrics.rouge_l(text, reference) == official["rougeL"].fmeasure


@needs_scorers
@pytest.mark.parametrize("score", [metrics.rouge_l, character_rouge_l])
def test_two_texts_of_a_hundred_kilobytes_are_scored_in_seconds(score: Any) -> None:
    words = [f"w{number % 997}" for number in range(20_000)]
    begun = time.process_time()
    assert 0.4 < score(" ".join(words), " ".join(words[::2])) < 0.8
    assert time.process_time() - begun < 10


@needs_scorers
@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("A Red USB Cable", "a red usb cable", 1.0),
        ("red usb cable", "red usb cable", 0.0),
        ("a red usb cable\nand more of it", "a red usb cable", 1.0),
        ("\n\na red usb cable", "a red usb cable", 1.0),
        ("", "a red usb cable", 0.0),
    ],
)
def test_bleu_reads_one_line_and_needs_four_tokens(
    text: str, reference: str, expected: float
) -> None:
    assert metrics.bleu(text, reference) == pytest.approx(expected)


@needs_scorers
def test_japanese_bleu_sees_the_words_that_bleu_takes_for_one() -> None:
    reference, close = "保温保冷ができる水筒です", "保温保冷ができる水筒だ"
    assert metrics.bleu(reference, reference) == 0.0
    assert metrics.bleu(reference, reference, japanese=True) == 1.0
    assert 0.3 < metrics.bleu(close, reference, japanese=True) < 1.0
    assert metrics.japanese_tokens(reference) >= 4


def test_the_cosine_is_averaged_over_references_and_clipped_at_zero() -> None:
    assert metrics.mean_cosine([3.0, 4.0], [[6.0, 8.0]]) == pytest.approx(1.0)
    assert metrics.mean_cosine([1.0, 0.0], [[1.0, 0.0], [0.0, 2.0]]) == pytest.approx(0.5)
    assert metrics.mean_cosine([1.0, 0.0], [[-1.0, 0.0]]) == 0.0


@pytest.mark.parametrize(
    ("module", "extra", "cached", "score"),
    [
        (
            "rouge_score.tokenizers",
            "eval",
            metrics._rouge_tokenizer,
            lambda: metrics.rouge_l("a", "a"),
        ),
        ("sacrebleu.metrics.bleu", "eval", metrics._bleu_scorer, lambda: metrics.bleu("a", "a")),
        (
            "sentence_transformers",
            "embed",
            metrics._encoder,
            lambda: metrics.cosine("a", "a", "all-MiniLM-L6-v2"),
        ),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    module: str,
    extra: str,
    cached: Any,
    score: Callable[[], float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    cached.cache_clear()
    try:
        with pytest.raises(MissingExtraError, match=rf"eshop-factory\[{extra}\]"):
            score()
    finally:
        cached.cache_clear()


def test_no_answers_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no answers"):
        metrics.mean([])
