"""A grammar admits exactly the well-formed answers of its task type, in both engines' forms."""

from __future__ import annotations

import json
import re
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.serving.expression import Expression, gbnf, regex
from factory.serving.grammar import admitted, after_reasoning, phrases, text_of
from factory.serving.recognise import (
    CLASSIFICATION,
    ENTITIES,
    ENTITY_LINES,
    EXTRACTION,
    GENERATION,
    MULTIPLE_CHOICE,
    RANKING,
    RETRIEVAL,
    Asked,
)
from factory.tasktypes import TASK_TYPES
from factory.tasktypes.reasoned import taken_apart
from tests.serving.grammars import admitted_by


def shown(first: int, count: int) -> tuple[int, ...]:
    return tuple(range(first, first + count))


def of(asked: Asked, prompt: str = "") -> Expression:
    expression = admitted(asked, prompt)
    assert expression is not None
    return expression


def both(expression: Expression) -> list[str]:
    """Return what the grammar admits; the regular expression must admit the same."""
    texts = admitted_by(gbnf(expression))
    pattern = re.compile(regex(expression))
    assert all(pattern.fullmatch(text) for text in texts)
    return texts


@pytest.mark.parametrize("count", range(2, 11))
def test_a_choice_is_one_digit_of_the_options(count: int) -> None:
    texts = both(of(Asked(MULTIPLE_CHOICE, shown(0, count))))

    assert texts == [TASK_TYPES["multiple_choice"].render(gold) for gold in range(count)]
    assert not re.fullmatch(regex(of(Asked(MULTIPLE_CHOICE, shown(0, count)))), str(count))


@pytest.mark.parametrize("count", range(2, 6))
def test_a_ranking_is_a_permutation_of_what_is_shown(count: int) -> None:
    texts = both(of(Asked(RANKING, shown(1, count))))

    assert len(texts) == len(set(texts))
    parsed = {tuple(TASK_TYPES["ranking"].parse(text)) for text in texts}  # type: ignore[arg-type]
    assert parsed == set(permutations(range(1, count + 1)))
    # Relevances that make this very order the best one: what is trained is what is admitted.
    for order in permutations(range(1, count + 1)):
        relevance = [float(count - order.index(number)) for number in range(1, count + 1)]
        assert TASK_TYPES["ranking"].render(relevance) in texts


@pytest.mark.parametrize(("count", "golds"), [(4, 1), (5, 2), (4, 3), (12, 3), (20, 3)])
def test_a_retrieval_is_so_many_different_numbers_of_those_shown(count: int, golds: int) -> None:
    texts = both(of(Asked(RETRIEVAL, shown(1, count), golds)))

    parsed = [tuple(TASK_TYPES["retrieval"].parse(text)) for text in texts]  # type: ignore[arg-type]
    assert len(parsed) == len(set(parsed))
    assert set(parsed) == set(permutations(range(1, count + 1), golds))


@pytest.mark.parametrize("text", ["1,2", "1,2,2", "1,2,6", "0,1,2", "1, 2, 3", "1,2,3,4", "", "a"])
def test_another_form_of_retrieval_is_not_admitted(text: str) -> None:
    assert not re.fullmatch(regex(of(Asked(RETRIEVAL, shown(1, 5), 3))), text)


def test_entities_are_runs_of_the_texts_words() -> None:
    expression = phrases("red oak shoe")
    assert expression is not None
    pattern = re.compile(regex(expression))

    single = set(admitted_by(gbnf(_single(expression))))
    assert single == {"red", "oak", "shoe", "red oak", "oak shoe", "red oak shoe"}
    assert all(pattern.fullmatch(text) for text in single)
    assert pattern.fullmatch("red, oak shoe")
    for wrong in ("blue", "red shoe", "re", "red,oak", "red, ", "", "Red"):
        assert not pattern.fullmatch(wrong), wrong


def _single(expression: Expression) -> Expression:
    return expression.item  # type: ignore[union-attr]


def test_entities_keep_marks_and_never_hold_a_comma() -> None:
    expression = phrases("Oak-Run shoe 10.5\" (men's), blue")
    assert expression is not None
    pattern = re.compile(regex(expression))

    for right in ("Oak-Run", 'shoe 10.5"', "men's", "blue", "men's, blue"):
        assert pattern.fullmatch(right), right
    assert "Oak-Run shoe 10.5\" (men's), blue" not in set(admitted_by(gbnf(_single(expression))))


def test_entities_of_a_text_without_spaces_are_runs_of_its_characters() -> None:
    expression = phrases("电热水壶 1.7升")
    assert expression is not None

    assert re.fullmatch(regex(expression), "电热水壶, 1.7升")
    assert not re.fullmatch(regex(expression), "热电")


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40))
def test_every_admitted_entity_stands_in_the_text_and_reads_back_whole(text: str) -> None:
    expression = phrases(text)
    if expression is None:
        return
    for phrase in admitted_by(gbnf(_single(expression)))[:200]:
        assert phrase in text
        assert re.fullmatch(regex(expression), phrase)
        assert TASK_TYPES["ner"].parse(phrase) == [phrase.strip()]


def test_the_text_of_a_prompt_is_what_stands_before_the_cue_without_its_label() -> None:
    prompt = (
        "Extract phrases of the entity type 'brand'.\nDo not explain.\nQuery: red: oak\nOutput: \n"
    )
    assert text_of(prompt) == "red: oak"


def in_words(task_type: str, *lines: str) -> Expression:
    return of(Asked(task_type), "\n".join(["Do it.", *lines, "Output: "]))


def test_a_classification_is_one_of_the_labels_shown() -> None:
    one = "Only output one of the candidate labels."
    expression = in_words(CLASSIFICATION, "Query: tea", "Candidate labels: Tea, Pots, Cups", one)

    assert both(expression) == ["Tea", "Pots", "Cups"]


@pytest.mark.parametrize("count", range(2, 7))
def test_several_labels_come_each_once_in_the_order_shown(count: int) -> None:
    labels = [f"label {number}" for number in range(count)]
    several = "Output all labels that apply, separated by commas, and no others."
    shown = f"Candidate labels: {', '.join(labels)}"
    texts = both(in_words(CLASSIFICATION, "Query: tea", shown, several))

    subsets = [
        ", ".join(some) for size in range(1, count + 1) for some in combinations(labels, size)
    ]
    assert sorted(texts) == sorted(subsets)
    for text in texts:
        gold = TASK_TYPES["classification"].parse(text)
        assert TASK_TYPES["classification"].check(text, gold, "label f1") is None


def test_many_labels_have_a_small_grammar() -> None:
    labels = ", ".join(f"label {number}" for number in range(64))
    several = "Output all labels that apply, separated by commas, and no others."
    grammar = gbnf(in_words(CLASSIFICATION, "Query: tea", f"Candidate labels: {labels}", several))

    assert len(grammar) < 200_000


def test_each_type_has_its_line_with_phrases_of_the_text_or_none() -> None:
    form = (
        'Output one line for each entity type, in the order given, as "type: entity". Separate '
        "several entities of one type with commas, and write None for a type that does not occur."
    )
    expression = in_words(
        ENTITY_LINES, "Product title: red oak [new] shoe", "Entity types: Color, Size", form
    )
    pattern = re.compile(regex(expression))

    for right in ("Color: red\nSize: None", "Color: red, shoe\nSize: oak [new]"):
        assert pattern.fullmatch(right), right
        gold = TASK_TYPES["entity_lines"].parse(right)
        assert TASK_TYPES["entity_lines"].check(right, gold, "label f1") is None
    for wrong in ("Color: blue\nSize: None", "Size: None\nColor: red", "Color: red", "Color: \n"):
        assert not pattern.fullmatch(wrong), wrong


def test_a_line_that_says_its_values_admits_only_those() -> None:
    form = (
        'Output one line for each aspect, in the order given, as "aspect: positive" or "aspect: '
        'negative". Write None for an aspect that the review does not mention.'
    )
    texts = both(in_words(ENTITY_LINES, "Review: good", "Aspects: price, size", form))

    values = ("None", "positive", "negative")
    assert sorted(texts) == sorted(f"price: {a}\nsize: {b}" for a in values for b in values)


def test_a_text_too_long_to_tell_still_has_its_lines() -> None:
    form = 'Output one line for each aspect, in the order given, as "aspect: words of the review".'
    expression = in_words(ENTITY_LINES, "Review: " + "word " * 500, "Aspects: price, size", form)
    pattern = re.compile(regex(expression))

    assert pattern.fullmatch("price: anything\nsize: at all")
    assert not pattern.fullmatch("price: anything\nat all\nsize: it is")
    assert not pattern.fullmatch("price: anything")


def test_an_extraction_copies_and_may_say_none_where_it_is_told_so() -> None:
    copy = "Copy the values exactly, in the order of the text, separated by commas."
    shown = ("Review: «Good», it is.\nVery good.", "Requested type: Size")
    pattern = re.compile(regex(in_words(EXTRACTION, *shown, copy)))
    assert pattern.fullmatch("«Good», Very good")
    assert not pattern.fullmatch("None")
    assert not pattern.fullmatch("is.\nVery")

    told = re.compile(
        regex(in_words(EXTRACTION, *shown, f"{copy} If there are none, output None."))
    )
    assert told.fullmatch("None")
    assert not told.fullmatch("None, Good")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=4))
def test_any_labels_make_a_grammar_of_theirs(labels: list[str]) -> None:
    one = "Only output one of the candidate labels."
    shown = f"Candidate labels: {', '.join(labels)}"
    expression = admitted(Asked(CLASSIFICATION), f"Do it.\n{shown}\n{one}\nOutput: ")
    if expression is not None:
        for text in both(expression):
            assert text in shown


def test_a_long_text_and_a_free_answer_have_no_grammar() -> None:
    assert phrases("word " * 500) is None
    assert admitted(Asked(GENERATION), "Write a title.") is None
    assert admitted(Asked(RANKING, shown(1, 6)), "") is None
    assert admitted(Asked(RETRIEVAL, (), 3), "") is None
    assert admitted(Asked(ENTITIES), "") is None


def test_reasoning_comes_before_the_answer_and_is_bounded() -> None:
    expression = after_reasoning(of(Asked(MULTIPLE_CHOICE, shown(0, 2))), 5)
    pattern = re.compile(regex(expression))

    assert pattern.fullmatch("<think>\nwell\n</think>\n\n1")
    assert taken_apart("<think>\nwell\n</think>\n\n1").answer == "1"
    for wrong in ("1", "<think>\nwellwell\n</think>\n\n1", "<think>\nwell\n</think>\n\n2"):
        assert not pattern.fullmatch(wrong), wrong
    assert gbnf(expression).splitlines()[0] == (
        r'root ::= "<think>\n" [^<]{1,5} "\n</think>\n\n" r0'
    )


def test_a_literal_is_quoted_for_both_engines() -> None:
    text = 'a "b" \\c.d'
    expression = phrases(text)
    assert expression is not None
    assert text in admitted_by(gbnf(_single(expression)))
    assert re.fullmatch(regex(expression), text)
    assert json.loads(json.dumps(gbnf(expression))) == gbnf(expression)
