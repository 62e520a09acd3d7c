"""What samples give away: every cheat on samples made so that it works, and on others."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.filters.cheats import BLIND, Board, words
from factory.filters.probes import MARGIN, MOST_SAMPLES, ProbeResult, describe, probe
from factory.sample import Sample
from factory.tasktypes import TASK_TYPES

from .samples import choice, sample, written

CHOICE, RANKING = TASK_TYPES["multiple_choice"], TASK_TYPES["ranking"]
RETRIEVAL, GENERATION = TASK_TYPES["retrieval"], TASK_TYPES["generation"]
NOUNS = ("lamp", "desk", "chair", "shelf", "stool", "bench", "sofa", "rug", "vase", "clock")


def word(number: int, place: int) -> str:
    """Return a word that stands in no other option."""
    return f"{NOUNS[number % 10]}{number}x{place}"


@given(st.text(st.characters(max_codepoint=0xFF)))
def test_words_are_runs_of_letters_figures_and_underscores(text: str) -> None:
    assert list(words(text)) == re.findall(r"\w+", text.lower() if text.isascii() else fold(text))


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def choices(count: int, make: Any) -> list[Sample]:
    """Return ``count`` samples of four options with the gold at each place in turn.

    ``make(number, place, gold)`` gives the option's text.
    """
    return [
        choice(
            tuple([make(number, place, place == number % 4) for place in range(4)]),
            gold=number % 4,
            input=f"Query: {word(number, number % 4)} {number}",
            slots={},
        )
        for number in range(count)
    ]


def test_options_that_say_nothing_give_nothing_away() -> None:
    draw = Draw(7, "probes", "nothing")
    places = [draw.permutation(8, str(number)) for number in range(400)]
    rows = [
        choice(
            tuple(
                ["red mat", "oak bed", "big rug", "new pan", "tin box", "wet mop"][x % 6]
                + f" {number % 7}{x}"
                for x in order[:4]
            ),
            gold=draw.below(4, f"gold {number}"),
            input=f"Query: red oak {number % 5}",
        )
        for number, order in enumerate(places)
    ]
    results = probe(rows, CHOICE)
    assert set(BLIND) <= set(results)
    assert all(result.chance == pytest.approx(0.25) for result in results.values())
    assert not [name for name, result in results.items() if result.gives_away]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("longest", lambda n, p, gold: word(n, p + 4) + "x" * (9 if gold else p)),
        ("shortest", lambda n, p, gold: word(n, p + 4) + "x" * (0 if gold else 3 + p)),
        ("most_shared_words", lambda n, p, _: f"a b {word(n, p)}"),
        ("fewest_shared_words", lambda n, p, gold: f"{'thing' if gold else n} {word(n, p + 4)}"),
        ("most_said_already", lambda n, p, _: f"a b {word(n, p)}"),
        ("most_alike", lambda n, p, _: ("red blue", "red x", "blue y", "z w")[(p - n) % 4]),
        ("odd_one_out", lambda n, p, gold: word(n, p + 4) if gold else f"red {word(n, p + 4)}"),
        ("often_gold", lambda n, p, gold: "right" if gold else word(n, p + 4)),
        ("often_gold_when_shown", lambda _, p, gold: "yes" if gold else f"no {p}"),
        ("usual_length_rank", lambda n, p, gold: "x" * (5 if gold else 2 * ((p - n) % 4) + 2)),
    ],
)
def test_what_gives_every_answer_away_is_found(name: str, make: Any) -> None:
    result = probe(choices(40, make), CHOICE)[name]
    assert (result.score, result.chance, result.rows) == (1.0, 0.25, 40)
    assert result.gives_away


@pytest.mark.parametrize(("name", "place"), [("first", 0), ("last", 3)])
def test_a_place_that_is_always_right_is_found(name: str, place: int) -> None:
    rows = [choice(("a", "b", "c", "d"), gold=place, slots={}, input="")] * 10
    assert probe(rows, CHOICE)[name].score == 1.0


@pytest.mark.parametrize("slots", [{"brand": "Zentrik"}, {}])
def test_the_brand_of_the_question_is_looked_for_in_slots_or_at_the_start(
    slots: dict[str, str],
) -> None:
    options = ("Ampyro Mouse", "Kivolta Keyboard", "Mouse Pad by Zentrik", "Brixon Hub")
    rows = [choice(options, gold=2, input="Product: Zentrik Cable", slots=slots)] * 4
    assert probe(rows, CHOICE)["same_brand"].score == 1.0
    lower = [choice(options, gold=2, input="Query: zentrik cable", slots={})] * 4
    assert probe(lower, CHOICE)["same_brand"].score == 0.25


def test_options_that_a_cheat_cannot_tell_apart_score_as_a_blind_choice_among_them() -> None:
    rows = [choice(("aaaa", "bbbb", "c", "d"), gold=0, slots={}, input="")] * 4
    results = probe(rows, CHOICE)
    assert results["longest"].score == 0.5
    assert results["shortest"].score == 0.0
    assert results["same_brand"].score == 0.25


def test_what_is_learnt_comes_from_the_other_half() -> None:
    rows = choices(40, lambda n, p, gold: f"answer {n}" if gold else word(n, p + 4))
    assert probe(rows, CHOICE)["often_gold"].score == 0.25


def test_stars_are_chosen_from_all_that_occur() -> None:
    rows = [
        choice((), gold=5 if number % 10 else 1, input="x" * (90 if number % 10 else 5), slots={})
        for number in range(100)
    ]
    results = probe(rows, CHOICE)
    assert results["often_gold"].score == 0.9
    assert results["often_gold"].chance == 0.5
    assert not results["first"].gives_away


def test_the_length_of_the_question_gives_yes_and_no_away() -> None:
    rows = [
        choice(("yes", "no"), gold=n % 2, input="x" * (50 if n % 2 else 5), slots={})
        for n in (0, 1, 1, 0) * 10
    ]
    assert probe(rows, CHOICE)["answer_of_length"].score == 1.0


def test_a_ranking_by_a_cheat_scores_its_ndcg() -> None:
    items = ("aaaaa", "bbbb", "ccc", "dd", "e")
    gold = [0.0, 0.01, 1.0, 0.1, 0.0]
    rows = [sample(options=items, gold=gold, slots={}, input="")] * 2
    results = probe(rows, RANKING)
    assert results["longest"].score == pytest.approx(RANKING.score([1, 2, 3, 4, 5], gold, "ndcg"))
    assert results["shortest"].score == pytest.approx(RANKING.score([5, 4, 3, 2, 1], gold, "ndcg"))
    orders = [RANKING.score(list(order), gold, "ndcg") for order in permutations(range(1, 6))]
    assert results["longest"].chance == pytest.approx(sum(orders) / len(orders))


def test_ties_in_a_ranking_score_the_mean_of_their_orders() -> None:
    gold = [0.0, 0.1, 1.0, 0.0]
    rows = [sample(options=("aa", "bb", "cc", "d"), gold=gold, slots={}, input="")] * 2
    orders = [RANKING.score([*order, 4], gold, "ndcg") for order in permutations(range(1, 4))]
    found = probe(rows, RANKING)["longest"].score
    assert found == pytest.approx(sum(orders) / len(orders))


def test_three_of_a_retrieval_are_taken() -> None:
    options = tuple(["x" * (20 - place) for place in range(10)])
    rows = [sample(task_type="retrieval", metric="hit rate@3", options=options, gold=[1, 3, 9])] * 2
    results = probe(rows, RETRIEVAL)
    assert results["longest"].score == pytest.approx(2 / 3)
    assert results["shortest"].score == pytest.approx(1 / 3)
    assert results["longest"].chance == pytest.approx(0.3)


def test_copied_texts_and_the_usual_one_are_scored_as_answers() -> None:
    rows = [
        written(
            f"blue lamp {number} of oak", input=f"Title: blue lamp {number} of oak, new\nEnd: x"
        )
        for number in range(30)
    ]
    results = probe(rows, GENERATION)
    assert results["copy_first_words"].score > 0.9
    assert results["copy_first_line"].score == pytest.approx(10 / 11)
    assert results["copy_first_words"].chance == pytest.approx(0.8)


def test_yes_and_no_in_words_are_a_choice_among_the_two() -> None:
    rows = [written("yes" if number // 2 % 4 else "no", input="", slots={}) for number in range(80)]
    result = probe(rows, GENERATION)["often_gold"]
    assert (result.score, result.chance) == (0.75, 0.5)


def test_entities_are_scored_by_the_task_types_own_measure() -> None:
    ner = TASK_TYPES["ner"]
    rows = [
        sample(
            task_type="named_entity_recognition",
            metric="micro f1",
            options=(),
            gold=["steel"],
            output_field="steel",
            input="Query: steel bottle",
        )
    ] * 6
    results = probe(rows, ner)
    assert results["copy_first_words"].score == results["commonest_answer"].score == 1.0
    assert results["copy_first_line"].score == 0.0


def test_lines_of_types_are_answered_by_nothing_anywhere() -> None:
    kind = TASK_TYPES["entity_lines"]
    rows = [
        sample(
            task_type="entity-lines",
            metric="label f1",
            options=("Brand", "Color"),
            gold=["Brand: None", f"Color: c{number}"],
            output_field=f"Brand: None\nColor: c{number}",
            input="Title: x",
        )
        for number in range(6)
    ]
    assert probe(rows, kind)["nothing_anywhere"].score == pytest.approx(0.5)


def test_labels_in_words_are_chosen_among_those_displayed() -> None:
    kind = TASK_TYPES["classification"]
    rows = [
        sample(
            task_type="classification",
            metric="label f1",
            options=("phone case", "lamp"),
            gold=["phone case"],
            output_field="phone case",
            input="Title: slim phone case",
            slots={},
        )
    ] * 4
    results = probe(rows, kind)
    assert (results["most_shared_words"].score, results["most_shared_words"].chance) == (1.0, 0.5)


def test_chinese_is_compared_by_pairs_of_characters() -> None:
    rows = [
        choice(("无线鼠标", "咖啡机"), gold=0, input="查询: 蓝牙无线鼠标", prompt="", slots={})
    ] * 4
    assert probe(rows, CHOICE)["most_shared_words"].score == 1.0


def test_at_most_the_first_two_thousand_are_read() -> None:
    def rows() -> Any:
        for number in range(MOST_SAMPLES):
            yield choice(("a", "b"), gold=number % 2, slots={}, input="")
        raise AssertionError("read on")

    assert probe(rows(), CHOICE)["first"].rows == MOST_SAMPLES


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_samples_give_no_results(count: int) -> None:
    assert probe([choice(("a", "b"), gold=0)] * count, CHOICE) == {}


def test_the_manifest_has_rounded_figures() -> None:
    results = {"longest": ProbeResult(2 / 3, 1 / 3, 7), "first": ProbeResult(0.4, 0.4 - MARGIN, 7)}
    assert describe(results) == {
        "longest": {"score": 0.6667, "chance": 0.3333, "rows": 7, "gives_away": True},
        "first": {"score": 0.4, "chance": 0.3, "rows": 7, "gives_away": False},
    }


def test_a_board_scores_what_the_mean_over_blind_orders_of_ties_scores() -> None:
    worth, weights = (0.5, 0.0, 0.25, 0.25), (1.0, 0.5, 0.25)
    board = Board(sample(), ("a", "b", "c", "d"), worth, weights)
    for number in range(30):
        draw = Draw(1, "board", str(number))
        liking = [float(draw.below(3, f"like {place}")) for place in range(4)]
        orders = [
            sum(worth[place] * weight for place, weight in zip(order, weights, strict=False))
            for order in permutations(range(4))
            if [liking[place] for place in order] == sorted(liking, reverse=True)
        ]
        assert board.score(liking) == pytest.approx(sum(orders) / len(orders))
