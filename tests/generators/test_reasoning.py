"""What a program finds wrong with reasoning."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factory.generators.reasoning import Conclusion, cleaned_steps, equations, fault

PROMPT = "A shop sells 'Paper Cups, 50 Count (Pack of 4)'. How many cups are in all packs together?"
OPTIONS = ("54 cups", "200 cups", "50 cups", "It cannot be inferred")
WORDS = range(4, 60)
FACTS = [Fraction("0.45359237"), Fraction("33.8140227"), Fraction(12)]
AROUND = f"An example: it is as dear as ten apples.\n{PROMPT}"


def wrong_with(*steps: str, chosen: int | None = 1) -> str | None:
    conclusion = Conclusion(PROMPT, OPTIONS, chosen, facts=FACTS, around=AROUND)
    found = fault(cleaned_steps(steps), conclusion, WORDS)
    return found and found.reason


def test_sound_reasoning_has_no_fault() -> None:
    assert wrong_with("One pack holds 50 cups.", "50 cups x 4 packs = 200 cups.") is None
    assert wrong_with("Step 1: One pack holds 50 cups.", "2. 4 times 50, so option 1.") is None


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (("Two words.",), "reasoning-length"),
        (("It is so and so.", "it is SO  and so."), "reasoning-repeats"),
        (("How many cups are in all packs together?",), "reasoning-copied"),
        (("There are 4 packs.", "50 x 4 = 240."), "equation-wrong"),
        (("There are 4 packs.", "10 / 3 = 4 so it is."), "equation-wrong"),
        (("There are 4 packs of 60 cups.", "So there are many."), "number-unfounded"),
        (("There are 4 packs.", "4 x 60 = 240 cups."), "number-unfounded"),
        (("There are 4 packs.", "So it cannot be inferred."), "concludes-otherwise"),
        (("There are 4 packs.", "So it is option 2."), "concludes-otherwise"),
        (("50 x 4 = 200.", "So 50 packs come to that in all."), "concludes-otherwise"),
        (("There are so many packs.", "So they are plenty."), "answer-unnamed"),
        (("It holds 200 cups.", "Which is as dear as ten of these."), "copies-the-prompt"),
    ],
)
def test_each_fault_is_found(steps: tuple[str, ...], reason: str) -> None:
    assert wrong_with(*steps) == reason


def test_what_an_equation_gives_may_be_said_later_and_not_before() -> None:
    assert wrong_with("50 x 4 = 200.", "200 + 4 = 204, which is too many.") is None
    assert wrong_with("There are 200 in all.", "For 50 x 4 = 200 cups.") is None
    assert wrong_with("200 + 4 = 204.", "That is 50 x 4 = 200 and 4.") == "number-unfounded"


def test_a_fact_may_be_said_as_it_is_or_rounded_to_what_it_is() -> None:
    for fact in ("0.45359237", "0.4536", "0.454", "33.814", "33.81", "12"):
        assert wrong_with(f"A pound is {fact} kilograms.", "So 50 x 4 = 200 cups.") is None
    for other in ("0.45", "0.5", "0.453", "33.815", "33815", "12.1"):
        said = wrong_with(f"A pound is {other} kilograms.", "So 50 x 4 = 200 cups.")
        assert said == "number-unfounded"
    assert wrong_with("There are 50 of 4.", "50 x 4 cups/pack ≈ 200 cups.") is None


def test_steps_that_say_nothing_or_the_number_of_an_option_are_left_out() -> None:
    steps = [
        "1. It holds 50.",
        "...",
        "",
        "200",
        "So, the answer is 1.",
        "50 x 4 = 200",
        "Answer: 1",
    ]
    assert cleaned_steps(steps) == ["It holds 50.", "50 x 4 = 200"]
    assert cleaned_steps(["So the answer is 200 cups."]) == ["So the answer is 200 cups."]


def test_an_answer_that_is_no_option_is_not_held_to_one() -> None:
    assert wrong_with("There are 4 packs.", "So they are 50 cups.") == "concludes-otherwise"
    assert wrong_with("There are 4 packs.", "So they are 50 cups.", chosen=None) is None


@given(st.integers(0, 999), st.integers(1, 99), st.sampled_from("+-x*/"), st.integers(1, 99))
def test_equations_are_read_as_arithmetic_reads_them(a: int, b: int, sign: str, c: int) -> None:
    value = {"+": a + b, "-": a - b, "x": a * b, "*": a * b, "/": Fraction(a, b)}[sign] + c
    said = abs(value) if value == round(value) else a
    [equation] = equations(f"we see {a} bags {sign} {b} + {c} = {said} and so on")
    assert equation.holds() == (value == said)
    assert equation.right == str(said)


@pytest.mark.parametrize(
    ("equation", "holds"),
    [
        ("1 / 8 = 0.125", True),
        ("1,299.50 x 2 = 2,599.00", True),
        ("1.299,50 x 2 = 2.599", True),
        ("18 kg x 1000 = 18,000", True),
        ("1.125 x 2 = 2.25", True),
        ("10 / 3 = 3.33", True),
        ("41 / 12 = 3.4166666666666665", True),
        ("41 / 12 = 3.4166666766666665", False),
        ("1.125 x 2 = 2,250.25", False),
        ("0,125 x 8 = 1000", False),
        ("45 x 0.445 = 20.033.16", False),
        ("20.033.16 + 1 = 21", False),
        ("1,2,3 + 1 = 124", False),
        ("8 / 0 = 8", False),
        (f"{'9' * 5000} + 1 = 1{'0' * 5000}", False),
    ],
)
def test_numbers_are_read_by_the_marks_of_one_country_or_not_at_all(
    equation: str, holds: bool
) -> None:
    [read] = equations(equation)
    assert read.holds() == holds


@given(st.lists(st.text("0123456789.,=x+-/ $€１٣½²⟦g{}", min_size=1), min_size=1, max_size=4))
@example(["45 lb x 0.445 = 20.033.16 kg."])
def test_whatever_a_model_writes_is_read_or_found_fault_with(steps: list[str]) -> None:
    found = fault(cleaned_steps(steps), Conclusion(PROMPT, OPTIONS, 1), range(200))
    assert found is None or found.reason
