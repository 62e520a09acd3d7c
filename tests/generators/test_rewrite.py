"""What a program lets through of a model's rewordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import RecipeError
from factory.generators.rewrite import Rewrite, WordingsSpec, Written, fault
from factory.llm import Answer, Question
from factory.templates import Template, TemplateFolder
from factory.templates.placeholders import Reworded

ORIGINAL = "Which of the products below answers the query '{query}' best? Give one number."
GOOD = "A shopper types '{query}'. Choose the product that fits this search, as one number."
TEMPLATE = """{% extends "multiple_choice.j2" %}
{% block prompt_best %}
Which of the {{ candidates | length }} products answers '{{ query }}' best?{{ " " }}
{% endblock %}
{% block prompt_choose %}
Choose the product for '{{ query }}' from these {{ candidates | length }}.
{% endblock %}
{% block prompt_many %}
{% if query %}Choose for '{{ query }}'.{% endif %}
{% endblock %}
{% block input_best %}
Query: {{ query }}
{% endblock %}
"""
ROW = {"query": "red lamp", "candidates": ("Lamp", "Rug")}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD, ""),
        ("", "empty"),
        (GOOD.replace("{query}", "red lamp"), "slots"),
        (GOOD + " '{query}'", "slots"),
        (GOOD.replace("product", "{product}"), "slots"),
        (GOOD.replace("shopper", "{{ query.__class__ }}"), "braces"),
        (GOOD.replace("shopper", "{% include 'x' %}"), "braces"),
        (GOOD.replace("shopper", "shopper\x1e"), "braces"),
        (GOOD.replace("shopper", "⟦shopper⟧"), "braces"),
        ("Choose one number for '{query}'.", "length"),
        (GOOD * 1 + " " + "Please think of what the shopper wants here. " * 3, "length"),
        (f'"{GOOD}"', "quoted"),
        (f"{GOOD}”", "quoted"),
        (GOOD.replace(", as one number", " of them all"), "keep"),
        (GOOD.replace("that fits", "that does not fit"), "meaning"),
        (GOOD.replace("that fits", "that doesn't fit"), "meaning"),
        (GOOD.replace("the product", "the 3 products"), "number"),
        (GOOD.replace("the product", "three products"), "number"),
        (GOOD.replace("as one number", "as one letter or number"), "form"),
        (f"- {GOOD}", "unended"),
        (GOOD.removesuffix("."), "unended"),
        (GOOD[0].lower() + GOOD[1:], "unended"),
        (ORIGINAL, "repeated"),
        (ORIGINAL.replace("below ", "listed "), ""),
        (ORIGINAL.replace("Which", "WHICH"), "repeated"),
    ],
)
def test_a_rewording_asks_the_same_in_other_words(text: str, reason: str) -> None:
    assert (
        fault(" ".join(text.split()) if "\x1e" not in text else text, ORIGINAL, ["number"], [])
        == reason
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Which query does this product answer exactly, of these here?", ""),
        ("For which one of the queries is this product an exact answer?", ""),
        ("Choose the query that this product answers exactly, please.", ""),
        ("Which product answers one of the queries exactly, of all?", "meaning"),
        ("What title does a product for these queries have in the shop?", "meaning"),
        ("Which product does the customer look for exactly in the shop?", "keep"),
    ],
)
def test_a_rewording_asks_for_the_same_thing_and_keeps_words_in_any_form(
    text: str, reason: str
) -> None:
    original = "Which of the following queries does this product answer exactly?"
    assert fault(text, original, ["queries"], []) == reason


def test_a_wording_that_there_is_already_is_no_rewording() -> None:
    assert fault(GOOD, ORIGINAL, [], [GOOD]) == "repeated"
    assert fault(GOOD, ORIGINAL, [], [f"You are an assistant. {GOOD}"]) == "repeated"


def test_a_placeholder_in_quotes_may_end_a_rewording() -> None:
    original = "Find the product for the query '{query}'"
    assert fault("Look for what answers '{query}'", original, [], []) == ""


def template(tmp_path: Path, *reworded: Reworded) -> Template:
    (tmp_path / "mine.j2").write_text(TEMPLATE, encoding="utf-8")
    return TemplateFolder(tmp_path).load("mine.j2", "multiple_choice.j2", reworded)


def answered(rewrite: Rewrite, *texts: str) -> tuple[list[Question], Written]:
    """Return what is asked, and what comes of the answers ``texts``."""
    asking = rewrite.ask("a-model")
    asked = [next(asking)]
    for text in texts:
        try:
            asked.append(asking.send(Answer(text, "stop", 1, 1, 0.0, 0.0)))
        except StopIteration as made:
            return asked, made.value
    raise AssertionError("more was asked than is answered here")


def test_the_model_is_shown_one_wording_with_its_slots_by_name(tmp_path: Path) -> None:
    spec = WordingsSpec(count=3, keep=["products"])
    rewrite = Rewrite(spec, template(tmp_path), tmp_path)
    [question], written = answered(rewrite, '{"wordings": []}')

    said = question.messages[-1].content
    assert "⟦Which of the {number_of_candidates} products answers '{query}' best?⟧" in said
    assert "Write 3 other wordings" in said
    assert "Each wording must say: products." in said
    assert written.describe() == {
        "model": "a-model",
        "of": "best",
        "asked": 3,
        "kept": 0,
        "dropped": {"not-written": 3},
        "texts": {},
    }


def test_what_holds_becomes_wordings_and_the_rest_is_counted(tmp_path: Path) -> None:
    good = "Pick the one of {number_of_candidates} products that suits '{query}'."
    rewrite = Rewrite(WordingsSpec(count=3), template(tmp_path), tmp_path)
    _, written = answered(rewrite, f'{{"wordings": ["{good}", "{good}", "Pick one.", "{good}"]}}')

    assert written.dropped == {"repeated": 1, "slots": 1}
    assert written.kept == (Reworded("llm_1", "best", good, "a-model"),)
    wording = template(tmp_path, *written.kept).wordings["llm_1"]
    assert wording.model == "a-model"
    rendered = wording.render(ROW)
    # The other parts, and the space at the end, are those of the wording that was reworded.
    assert rendered.parts[1] == "Pick the one of 2 products that suits 'red lamp'. "
    assert rendered.parts[2] == "Query: red lamp"


def test_an_answer_that_is_none_costs_the_rewordings_only(tmp_path: Path) -> None:
    rewrite = Rewrite(WordingsSpec(count=2), template(tmp_path), tmp_path)
    asked, written = answered(rewrite, "I would rather not.", "No.")

    assert len(asked) == 2  # corrected once
    assert written.kept == ()
    assert written.dropped == {"answer-malformed": 2}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (WordingsSpec(of="bset"), "did you mean 'best'"),
        (WordingsSpec(of="many"), "text and slots only"),
        (WordingsSpec(keep=["digit"]), "does not say 'digit' itself"),
        (WordingsSpec(prompt="rewrite_wordin.j2"), "rewrite_wording.j2"),
    ],
)
def test_what_cannot_be_reworded_is_refused_before_anything_is_asked(
    spec: WordingsSpec, said: str, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError) as caught:
        Rewrite(spec, template(tmp_path), tmp_path)
    assert said in str(caught.value)


@given(st.text(st.characters(exclude_characters="\x1e", exclude_categories=["Cs"])))
def test_no_jinja_of_a_models_making_is_ever_run(tmp_path_factory, text: str) -> None:
    """Whatever the text, also unchecked: it is printed as it stands, but for the slots."""
    folder = tmp_path_factory.getbasetemp()
    text = f"a{text}{{{{ 7 * 7 }}}}{{% set x = 1 %}}b"
    made = template(folder, Reworded("llm_1", "best", text, "m")).wordings["llm_1"].render(ROW)
    expected = text.replace("{query}", "red lamp").replace("{number_of_candidates}", "2")
    assert made.parts[1] == f"{expected} "
