"""Near duplicates are found exactly: against all pairs, one by one, and at every threshold."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.filters import alike
from factory.filters.bulk_tokens import token_sets
from factory.filters.near_duplicates import (
    NearDuplicateIndex,
    NearDuplicates,
    near_duplicates,
    sketch,
    text_of,
)
from factory.text import similarity, tokens

THRESHOLDS = (0.5, 0.55, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
ODD = ("", " ", "???", "- -", "0", "\0", "a\0 \0\0 b", "-5 C++", "50% off", "ǰ ͅ ß", "\u0308a")


def word(number: int) -> str:
    """Return a word of letters: a digit among them would make two tokens."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def by_all_pairs(texts: list[str], least: float) -> dict[int, int]:
    sets = [frozenset(tokens(text)) if text.strip() else frozenset() for text in texts]
    kept: list[int] = []
    found: dict[int, int] = {}
    for place, words in enumerate(sets):
        near = (each for each in kept if words and similarity(words, sets[each]) >= least)
        earlier = next(near, None)
        if earlier is None:
            kept.append(place)
        else:
            found[place] = earlier
    return found


def one_by_one(texts: list[str], least: float) -> dict[int, int]:
    index = NearDuplicateIndex(least)
    found: dict[int, int] = {}
    for place, text in enumerate(texts):
        mine = sketch(text)
        earlier = index.earlier(mine)
        if earlier is None:
            index.add(str(place), mine)
        else:
            found[place] = int(earlier)
    return found


def shop(count: int, seed: int, *, vocabulary: int = 300) -> list[str]:
    """Titles of which every third is an earlier one with some words gone, new, or elsewhere."""
    rng = random.Random(seed)  # noqa: S311
    words = [word(number) for number in range(vocabulary)]
    texts: list[str] = []
    for place in range(count):
        if place % 3 == 2:
            changed = rng.choice(texts).split()
            for _ in range(rng.randrange(4)):
                if changed and rng.random() < 0.5:
                    changed.pop(rng.randrange(len(changed)))
                else:
                    changed.append(rng.choice(words))
            rng.shuffle(changed)
            texts.append(" ".join(changed))
        else:
            length = rng.choice((1, 2, 3, 5, 8, 13, 21, 40, 90))
            texts.append(
                " ".join(words[int(rng.random() ** 3 * vocabulary)] for _ in range(length))
            )
    return texts


@pytest.mark.parametrize("least", THRESHOLDS)
def test_the_same_are_found_as_by_comparing_all_pairs(least: float) -> None:
    texts = shop(600, seed=int(least * 100))
    expected = by_all_pairs(texts, least)
    assert len(expected) > 20
    assert near_duplicates(texts, least) == expected
    assert one_by_one(texts, least) == expected


@pytest.mark.parametrize("least", [0.5, 0.7, 0.8, 0.9])
@pytest.mark.parametrize(
    ("sharing", "tried", "at_once"),
    [(2, 8, 1 << 23), (256, 1, 1 << 23), (5, 2, 3000), (256, 8, 1000)],
)
def test_crowds_and_parts_change_nothing(
    least: float, sharing: int, tried: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signatures of very many texts, and more of them than fit, come soon here."""
    monkeypatch.setattr(alike, "MOST_SHARING", sharing)
    monkeypatch.setattr(alike, "_TRIED", tried)
    monkeypatch.setattr(alike, "_AT_ONCE", at_once)
    texts = shop(300, seed=5, vocabulary=60)
    expected = by_all_pairs(texts, least)
    assert len(expected) > 20
    assert near_duplicates(texts, least) == expected


def test_a_crowd_that_is_one_text_with_a_word_changed_keeps_its_first() -> None:
    words = [word(number) for number in range(20)]
    texts = [" ".join([*words, f"own{word(number)}"]) for number in range(2000)]
    assert near_duplicates(texts, 0.9) == dict.fromkeys(range(1, 2000), 0)


@given(
    st.lists(
        st.lists(st.sampled_from("abcdefgh"), max_size=9).map(" ".join) | st.sampled_from(ODD),
        max_size=25,
    ),
    st.sampled_from(THRESHOLDS),
)
def test_small_and_odd_texts_are_decided_exactly(texts: list[str], least: float) -> None:
    expected = by_all_pairs(texts, least)
    assert near_duplicates(texts, least) == expected
    assert one_by_one(texts, least) == expected


@given(
    st.integers(min_value=1, max_value=60),
    st.integers(min_value=0, max_value=60),
    st.sampled_from(THRESHOLDS),
)
def test_every_planted_pair_at_or_above_the_threshold_is_detected(
    shared: int, own: int, least: float
) -> None:
    """Whatever the sizes: words in common, and words of one text alone or of both."""
    common = ["c" + word(number) for number in range(shared)]
    left = " ".join(common + ["l" + word(number) for number in range(own // 2)])
    right = " ".join(["r" + word(number) for number in range(own - own // 2)] + common)
    duplicate = shared / (shared + own) >= least
    assert near_duplicates([left, right], least) == ({1: 0} if duplicate else {})


@given(st.lists(st.text(max_size=30) | st.sampled_from(ODD), max_size=12))
def test_tokens_read_in_bulk_are_those_read_one_by_one(texts: list[str]) -> None:
    sets = token_sets(texts)
    names: dict[int, str] = {}
    for place, text in enumerate(texts):
        expected = set(tokens(text)) if text and not text.isspace() else set()
        ranks = sets.ranks[sets.starts[place] : sets.starts[place + 1]].tolist()
        assert ranks == sorted(set(ranks))
        assert len(ranks) == len(expected)
        assert sorted(sets.frequencies[ranks].tolist()) == sorted(
            sum(word in set(tokens(other)) for other in texts if other and not other.isspace())
            for word in expected
        )
        names.update(dict.fromkeys(ranks, ""))
    assert len(names) == len(sets.frequencies)


def test_japanese_titles_are_compared_by_pairs_of_characters() -> None:
    title = "ステンレスボトル 水筒 750ml 真空断熱 保温保冷 直飲み ネイビー"
    other = "ステンレスボトル 水筒 750ml 真空断熱 保温保冷 直飲み ブラック"
    assert near_duplicates([title, other], 0.7) == {1: 0}
    assert near_duplicates([title, other], 0.9) == {}
    assert near_duplicates([title, title.replace(" ", "、")], 1.0) == {1: 0}


def test_case_width_and_order_make_no_difference() -> None:
    assert near_duplicates(["Ｂlue Mug, 12 oz", "12 OZ blue mug"], 1.0) == {1: 0}


def test_what_was_removed_removes_nothing() -> None:
    chain = ["a b c d e f g h", "a b c d e f g x", "a b c d e f y x"]
    assert near_duplicates(chain, 0.7) == {1: 0}


def test_texts_without_words_are_like_no_other() -> None:
    assert near_duplicates(["", " ", "", "???", "???"], 0.5) == {4: 3}


def test_a_thousand_texts_at_a_time_meet_each_other() -> None:
    texts = [f"item {number} blue" for number in range(20_000)]
    texts[-1] = texts[0]
    assert near_duplicates(texts, 0.9) == {19_999: 0}


def test_slots_are_read_at_any_depth() -> None:
    slots = {"query": "mug", "items": ["a", {"title": "b", "price": 3}], "gold": 1, "none": None}
    assert text_of(slots) == "mug a b"


@pytest.mark.parametrize("similarity_", [0.4, 1.1])
def test_a_threshold_that_means_nothing_is_refused(similarity_: float) -> None:
    with pytest.raises(ValueError, match="similarity"):
        NearDuplicates(similarity=similarity_)
