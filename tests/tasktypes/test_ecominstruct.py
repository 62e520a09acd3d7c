"""EcomInstruct's own grammar: labels, phrases and lines in words, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.tasktypes import TASK_TYPES, ArrangementError
from factory.tasktypes.character_rouge import character_rouge_l, units

WORDS = st.text(
    alphabet=st.characters(categories=("Lu", "Ll", "Lo", "Nd")), min_size=1, max_size=8
).filter(lambda word: word != "None" and word == word.strip())
PHRASES = st.lists(WORDS, min_size=1, max_size=6, unique_by=str.casefold)
DRAW = Draw(1, "t", "k")
CLASSIFICATION = TASK_TYPES["classification"]
EXTRACTION = TASK_TYPES["extraction"]
ENTITY_LINES = TASK_TYPES["entity_lines"]
TEXT = TASK_TYPES["text"]


def options(kind, **given):
    return kind.options.model_validate(given)


@given(st.lists(WORDS, min_size=2, max_size=12, unique_by=str.casefold), st.data())
def test_labels_are_shuffled_candidates_and_score_in_full(known, data):
    right = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    row = {"labels": right, "candidate_labels": known}
    made = CLASSIFICATION.arrange(row, DRAW, options(CLASSIFICATION))
    text = CLASSIFICATION.render(made.gold)
    assert sorted(made.candidates) == sorted(known)
    assert set(made.gold) == set(right)
    assert CLASSIFICATION.check(text, made.gold, "label f1") is None
    assert CLASSIFICATION.score(CLASSIFICATION.parse(text), made.gold, "label f1") == 1
    assert CLASSIFICATION.aggregate([CLASSIFICATION.parse(text)], [made.gold], "label f1") == 1


def test_a_long_label_set_is_cut_to_what_may_be_shown_and_keeps_the_right_one():
    known = [f"label {n}" for n in range(40)]
    form = options(CLASSIFICATION, shown=5)
    made = CLASSIFICATION.arrange({"labels": "label 33", "candidate_labels": known}, DRAW, form)
    assert len(made.candidates) == 5
    assert made.gold == ["label 33"]
    assert "label 33" in made.candidates


def test_a_label_that_is_no_candidate_or_too_few_candidates_are_no_row():
    form = options(CLASSIFICATION, labels=["a", "b"])
    with pytest.raises(ArrangementError, match="label-not-a-candidate"):
        CLASSIFICATION.arrange({"labels": ["c"]}, DRAW, form)
    with pytest.raises(ArrangementError, match="no-labels"):
        CLASSIFICATION.arrange({"labels": None}, DRAW, form)
    row = {"labels": ["a"], "candidate_labels": ["a"]}
    with pytest.raises(ArrangementError, match="too-few-candidates"):
        CLASSIFICATION.arrange(row, DRAW, options(CLASSIFICATION))


@given(PHRASES)
def test_phrases_are_read_back_as_they_were_printed(phrases):
    made = EXTRACTION.arrange({"phrases": phrases}, DRAW, options(EXTRACTION))
    text = EXTRACTION.render(made.gold)
    assert EXTRACTION.parse(text) == made.gold == phrases
    assert EXTRACTION.check(text, made.gold, "label f1") is None


def test_nothing_to_extract_is_said_in_words_where_it_may_be():
    with pytest.raises(ArrangementError, match="no-phrases"):
        EXTRACTION.arrange({"phrases": []}, DRAW, options(EXTRACTION))
    made = EXTRACTION.arrange({"phrases": []}, DRAW, options(EXTRACTION, may_be_none=True))
    assert EXTRACTION.render(made.gold) == "None"


def test_a_comma_in_a_phrase_is_refused_since_it_would_be_read_as_two():
    with pytest.raises(ArrangementError, match="comma-in-phrase"):
        EXTRACTION.arrange({"phrases": ["1,5 l"]}, DRAW, options(EXTRACTION))


@given(st.dictionaries(WORDS, PHRASES, min_size=1, max_size=4), st.lists(WORDS, max_size=4))
def test_lines_name_every_type_once_and_score_in_full(found, more):
    kinds = list({kind.casefold(): kind for kind in [*more, *found]}.values())
    entities = [{"type": k, "value": v} for k in found for v in found[k]]
    if any(kind not in kinds for kind in found):
        return
    made = ENTITY_LINES.arrange({"entities": entities, "types": kinds}, DRAW, options(ENTITY_LINES))
    text = ENTITY_LINES.render(made.gold)
    assert len(text.split("\n")) == len(kinds)
    assert ENTITY_LINES.check(text, made.gold, "label f1") is None
    assert ENTITY_LINES.score(ENTITY_LINES.parse(text), made.gold, "label f1") == 1


def test_a_line_that_is_wrong_costs_its_pairs_only():
    gold = ["Brand: Lenovo", "Color: red, blue"]
    said = ENTITY_LINES.parse("Brand:Lenovo\nnonsense\nColor: red")
    assert said == ["Brand: Lenovo", "Color: red"]
    assert ENTITY_LINES.score(said, gold, "label f1") == pytest.approx(0.8)


def test_repeated_or_altered_answers_are_refused():
    assert CLASSIFICATION.check("a, A", ["a", "A"], "label f1") == "repeated-label"
    assert CLASSIFICATION.check("a,b", ["a", "b"], "label f1") == "not-as-printed"
    assert ENTITY_LINES.check("A: x\na: y", ["A: x", "a: y"], "label f1") == "repeated-type"
    assert TEXT.check("one ", "one", "character rougel") == "stray-space"
    assert TEXT.check("two", "one", "character rougel") == "wrong-answer"


@given(st.text(min_size=1, max_size=60))
def test_a_text_scores_in_full_against_itself_in_any_script(text):
    assert character_rouge_l(text, text) == 1


def test_chinese_and_japanese_are_compared_by_characters():
    assert units("红色 USB 线") == ["红", "色", "usb", "线"]
    assert character_rouge_l("红色数据线", "红色充电线") == pytest.approx(0.6)
    assert character_rouge_l("the red cable", "a red cable") == pytest.approx(2 / 3)
    assert character_rouge_l("", "红") == 0


@pytest.mark.parametrize("most", [1, 2])
def test_how_many_types_are_asked_for_in_vain_is_drawn(most):
    row = {"entities": [{"type": "Brand", "value": "Lumio"}], "types": ["Brand", *"abcdef"]}
    form = options(ENTITY_LINES, most_absent=most)
    absent = {
        len(ENTITY_LINES.arrange(row, Draw(1, "t", str(number)), form).candidates) - 1
        for number in range(60)
    }
    assert absent == set(range(most + 1))
