"""What a program finds wrong with reasoning."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.generators.reasoning import Conclusion, cleaned_steps, equations, fault

PROMPT = "A shop sells 'Paper Cups, 50 Count (Pack of 4)'. How many cups are in all packs together?"
OPTIONS = ("54 cups", "200 cups", "50 cups", "It cannot be inferred")
WORDS = range(4, 60)


def wrong_with(*steps: str, chosen: int | None = 1) -> str | None:
    found = fault(cleaned_steps(steps), Conclusion(PROMPT, OPTIONS, chosen), WORDS)
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
    ],
)
def test_each_fault_is_found(steps: tuple[str, ...], reason: str) -> None:
    assert wrong_with(*steps) == reason


def test_what_an_equation_gives_may_be_said_later_and_not_before() -> None:
    assert wrong_with("50 x 4 = 200.", "200 + 4 = 204, which is too many.") is None
    assert wrong_with("There are 200 in all.", "For 50 x 4 = 200 cups.") is None
    assert wrong_with("200 + 4 = 204.", "That is 50 x 4 = 200 and 4.") == "number-unfounded"


def test_an_answer_that_is_no_option_is_not_held_to_one() -> None:
    assert wrong_with("There are 4 packs.", "So they are 50 cups.") == "concludes-otherwise"
    assert wrong_with("There are 4 packs.", "So they are 50 cups.", chosen=None) is None


@given(st.integers(0, 999), st.integers(1, 999), st.sampled_from("+-x*/"), st.integers(1, 99))
def test_equations_are_read_as_arithmetic_reads_them(a: int, b: int, sign: str, c: int) -> None:
    value = {"+": a + b, "-": a - b, "x": a * b, "*": a * b, "/": Fraction(a, b)}[sign]
    [(_, read, said)] = equations(f"we see {a} bags {sign} {b} + {c} = {a} and so on")
    assert read == value + c
    assert said == str(a)
