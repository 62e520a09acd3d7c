"""What a program can check of reasoning: its sums, its numbers, and that it ends where it says.

A reasoning that arrives at the right answer may have guessed it. These checks find what is plainly
wrong on the way: an equation that does not hold, a number from nowhere, a step said twice, a
conclusion that names another option than the answer does, words of the prompt's own example.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from factory.generators.grounding import numbers, plain, run_from, stands_in
from factory.text import clean, tokens

#: "Step 1:", "2." and the like before a step.
_NUMBERED: Final = re.compile(r"^(?:step\s*)?\d{1,2}\s*[.:)]\s+", re.IGNORECASE)
_OPTION_NUMBER: Final = re.compile(r"\b(?:option|choice|answer is option)\s+(\d)\b", re.IGNORECASE)
_VALUE: Final = r"\d+(?:[.,]\d+)*"
#: A word or two of a unit between a number and a sign: 12 fl oz x 8, 25.4 mm/inch.
_UNIT: Final = r"(?:[ \t]*\b[^\W\d_]+(?:/[^\W\d_]+)?\.?){0,3}[ \t]*"
_SIGN: Final = r"[-+*/×÷−xX]"
_EQUATION: Final = re.compile(
    rf"(?<![\w.,])[$€£¥]?({_VALUE}{_UNIT}(?:{_SIGN}[ \t]*[$€£¥]?{_VALUE}{_UNIT})+)"
    rf"[=≈][ \t]*[$€£¥]?({_VALUE})"
)
_PART: Final = re.compile(rf"(?:(?P<sign>{_SIGN})[ \t]*[$€£¥]?)?(?P<value>{_VALUE})")
#: "So the answer is 2.": said by the answer itself, and by the number that an option has today.
_SAYS_THE_NUMBER: Final = re.compile(
    r"(?:so|therefore|thus|hence)?,?\s*(?:the )?(?:(?:correct |right |final )?answer|option)"
    r"(?: is|:)?(?: option)?\s*\d\.?",
    re.IGNORECASE,
)
#: A rounded fact is that fact from so many digits on: 0.454 of a kilogram, and not 0.5.
_LEAST_DIGITS: Final = 3
_MOST_DECIMALS: Final = 9
#: So many words in a row that the prompt says, and the question does not, are handed back.
_RUN: Final = 4
_LEAST_NAMED: Final = 0.5
#: The marks of thousands and of decimals: 1,299.50 and 1.299,50.
_MARKS: Final = ((",", "."), (".", ","))
#: A longer number is a model that does not stop, and Python reads none of thousands of digits.
_MOST_DIGITS: Final = 30


class Fault(NamedTuple):
    """What is wrong with reasoning: a code, and what a person needs to see it."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What reasoning is about and where it ends: prompt, options, and the place of the chosen one.

    ``chosen`` is None where the answer is not the number of an option. ``facts`` are numbers that
    a reader knows, such as the inches of a foot; ``around`` is all that the model was told beside
    the prompt.
    """

    prompt: str
    options: Sequence[str]
    chosen: int | None
    facts: Sequence[Fraction] = ()
    around: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation as it is written, and its two sides; the right one is a number."""

    written: str
    left: str
    right: str

    def holds(self) -> bool:
        """Return whether the left side comes to the right one, or to it once it is rounded.

        Times and divided by go before plus and minus, as everywhere. Where a number could be read
        with either mark for its decimals, one of the two for all numbers is enough.
        """
        return any(self._holds(*marks) for marks in _MARKS)

    def _holds(self, thousands: str, decimal: str) -> bool:
        value = _value(self.left, thousands, decimal)
        said = _number(self.right, thousands, decimal)
        if value is None or said is None:
            return False
        return value == said or _rounds_to(value, said, self.right.partition(decimal)[2])


def cleaned_steps(steps: Iterable[str]) -> list[str]:
    """Return the steps as single lines, without numbers before them.

    Left out are those that say nothing: no word, or no more than the number of an option.
    """
    lines = (_NUMBERED.sub("", " ".join(clean(step).split())).strip() for step in steps)
    return [line for line in lines if _says_something(line)]


def _says_something(line: str) -> bool:
    spoken = any(map(str.isalpha, line)) or bool(_EQUATION.search(line))
    return spoken and not _SAYS_THE_NUMBER.fullmatch(line)


def fault(steps: Sequence[str], conclusion: Conclusion, words: range) -> Fault | None:
    """Return what is wrong with the steps, or None; together they may have ``words`` words."""
    whole = " ".join(steps)
    count = len(tokens(whole)) if whole else 0
    if count not in words:
        return Fault("reasoning-length", f"{count} words, not {words[0]} to {words[-1]}: {whole}")
    if len({plain(step) for step in steps}) < len(steps):
        return Fault("reasoning-repeats", whole)
    if plain(whole) in plain(conclusion.prompt):
        return Fault("reasoning-copied", whole)
    if handed_back := run_from(whole, conclusion.around, conclusion.prompt, _RUN):
        return Fault("copies-the-prompt", f"{handed_back!r} in: {whole}")
    return _unsound_number(whole, conclusion) or _other_conclusion(steps, conclusion)


def _unsound_number(whole: str, conclusion: Conclusion) -> Fault | None:
    """Return an equation that does not hold, or a number from nowhere."""
    known = numbers(conclusion.prompt)
    for equation in equations(whole):
        if not equation.holds():
            return Fault("equation-wrong", equation.written)
        if made_up := _unknown(equation.left, known, conclusion.facts):
            return Fault("number-unfounded", f"{min(made_up)} in: {equation.written}")
        known |= numbers(equation.right)
    # Options are counted from 0, and a step may name one by its number.
    if made_up := _unknown(_OPTION_NUMBER.sub("", whole), known, conclusion.facts):
        return Fault("number-unfounded", f"{min(made_up)} in: {whole}")
    return None


def _unknown(text: str, known: Collection[str], facts: Sequence[Fraction]) -> set[str]:
    """Return the numbers in a text that are neither known nor one of the facts, rounded or not."""
    new = {number for number in numbers(text) if number not in known}
    return {number for number in new if not any(_states(number, fact) for fact in facts)}


def _states(number: str, fact: Fraction) -> bool:
    """Return whether a number, as :func:`numbers` spells it, is the fact, rounded or not."""
    # 33.814 is spelled like a number of thousands.
    written = (
        (number, f"{number[:-3]}.{number[-3:]}")
        if "." not in number and len(number) > 3
        else (number,)
    )
    return any(_is_rounded(each, fact) for each in written)


def _is_rounded(number: str, fact: Fraction) -> bool:
    value = _number(number, *_MARKS[0])
    if value is None or value == fact:
        return value is not None
    digits = number.replace(".", "").lstrip("0")
    return len(digits) >= _LEAST_DIGITS and _rounds_to(fact, value, number.partition(".")[2])


def equations(text: str) -> Iterator[Equation]:
    """Yield the equations in ``text``, in its order."""
    for found in _EQUATION.finditer(text):
        yield Equation(found[0], found[1], found[2])


def _value(expression: str, thousands: str, decimal: str) -> Fraction | None:
    """Return what an expression comes to, or None where it is none or divides by nothing."""
    terms: list[Fraction] = []
    for part in _PART.finditer(expression):
        value, sign = _number(part["value"], thousands, decimal), part["sign"] or "+"
        if value is None:
            return None
        if sign in "+-−":
            terms.append(value if sign == "+" else -value)
        elif sign in "*×xX":
            terms[-1] *= value
        elif not value:
            return None
        else:
            terms[-1] /= value
    return sum(terms, start=Fraction(0))


def _number(written: str, thousands: str, decimal: str) -> Fraction | None:
    """Return a number as one that uses these marks reads it, or None where he cannot."""
    whole, _, decimals = written.partition(decimal)
    head, *groups = whole.split(thousands)
    grouped = all(len(group) == 3 for group in groups) and len(head) <= 3 and head[0] != "0"
    if (groups and not grouped) or len(written) > _MOST_DIGITS or not (decimals or "0").isdecimal():
        return None
    return Fraction(f"{head}{''.join(groups)}.{decimals or 0}")


def _rounds_to(value: Fraction, said: Fraction, decimals: str) -> bool:
    """Return whether a value is what was said, to so many decimals: at least one.

    10 / 3 = 3.33 is rounded; 7 / 2 = 4 is wrong. Of very many decimals, those that a calculator
    shows are enough.
    """
    places = min(len(decimals), _MOST_DECIMALS)
    return places > 0 and abs(value - said) * 2 * 10**places <= 1


def _other_conclusion(steps: Sequence[str], conclusion: Conclusion) -> Fault | None:
    """Return where the reasoning ends at another option than the answer, or never names it."""
    if conclusion.chosen is None:
        return None
    last, right = steps[-1], conclusion.options[conclusion.chosen]
    by_number = [int(number) for number in _OPTION_NUMBER.findall(last)[-1:]]
    if by_number and by_number != [conclusion.chosen]:
        return Fault("concludes-otherwise", f"{last} Answer: {conclusion.chosen}")
    named = [option for option in conclusion.options if stands_in(option, last)]
    # "12" also stands in "12 pieces": the longer one is meant.
    named = [
        option
        for option in named
        if not any(option != other and stands_in(option, other) for other in named)
    ]
    counts, said = numbers(right), numbers(last)
    miscounts = counts and said and not counts & said and not by_number
    if miscounts or (named and right not in named):
        return Fault("concludes-otherwise", f"{last} Answer: {right}")
    words = frozenset(tokens(right))
    if len(words & frozenset(tokens(" ".join(steps)))) < _LEAST_NAMED * len(words):
        return Fault("answer-unnamed", f"{last} Answer: {right}")
    return None
