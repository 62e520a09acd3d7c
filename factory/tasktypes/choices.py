"""Which of the options that a sample shows are right, and how its prompt counts them.

Task types go by their names on disk: what asks has a sample or its record at hand.
"""

from __future__ import annotations

from factory.sample import Gold


def first_number(task_type: str) -> int:
    """Return the number that a prompt gives to the first option."""
    return 0 if task_type == "multiple-choice" else 1


def right_options(task_type: str, gold: Gold, count: int) -> frozenset[int]:
    """Return the display positions, from 0, of those of ``count`` options that are right.

    Of a ranking those are what is most relevant: of two that are equally so, the answer names the
    one shown first. Empty where the answer is no choice of options, or not of the form its task
    type has.
    """
    chosen: list[int] = []
    if isinstance(gold, int):
        if task_type == "multiple-choice":
            chosen = [gold]
    elif isinstance(gold, list) and gold and len(gold) <= count:
        numbers = [value for value in gold if isinstance(value, int | float)]
        if task_type == "ranking" and len(numbers) == count:
            best = max(numbers)
            chosen = [place for place, worth in enumerate(numbers) if worth == best]
        elif task_type == "retrieval":
            chosen = [int(number) - 1 for number in numbers]
    return frozenset(place for place in chosen if 0 <= place < count)
