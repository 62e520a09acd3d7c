"""Samples of every task type over text that was written to break readers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from factory.sample import Sample
from factory.tasktypes import TASK_TYPES
from tests.filters.samples import GOOD

TYPES = {each.name: each for each in TASK_TYPES.values()}
#: Null, right-to-left override, emoji with a joiner, every kind of line's end, the marks that
#: formats set themselves, and a title of 5,000 characters.
PIECES = (
    *(
        "\x00",
        "\u202e",
        "🛍️",
        "👩‍🔧",
        "\r",
        "\r\n",
        "\n",
        "\u2028",
        "\u2029",
        "\x85",
        "\x0b",
        "\x1f",
    ),
    *("<think>\n", "\n</think>\n\n", "</think>", '"', "\\", "\\u0000", "{", "}", "{sentences}"),
    *("---\n", "```", "<script>alert(1)</script>", "\ufeff", "\U0010ffff", "é", "e\u0301"),
    "長い題名" * 1250,
)
TEXT = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    max_size=6,
).map("".join)


def words(forbidden: str = "") -> st.SearchStrategy[str]:
    """Return texts that stand in a list: without outer spaces, and not empty."""

    def cut(text: str) -> str:
        return "".join(letter for letter in text if letter not in forbidden).strip()

    return TEXT.map(cut).filter(lambda text: text not in ("", "None"))


PHRASES = st.lists(words(","), min_size=1, max_size=3, unique=True)
KINDS = st.lists(words(":,\n"), min_size=1, max_size=3, unique=True)


@st.composite
def golds(draw: Any, task_type: str) -> tuple[Any, tuple[str, ...]]:
    """Return a gold and the options that it goes with."""
    if task_type == "multiple-choice":
        return draw(st.integers(0, 4)), tuple(draw(st.lists(TEXT, min_size=5, max_size=5)))
    if task_type == "ranking":
        gold = draw(st.lists(st.sampled_from([0.0, 0.01, 0.1, 1.0]), min_size=2, max_size=5))
        return gold, tuple(draw(TEXT) for _ in gold)
    if task_type == "retrieval":
        return draw(st.lists(st.integers(1, 15), min_size=1, max_size=3)), ()
    if task_type == "named_entity_recognition":
        return draw(PHRASES), ()
    if task_type == "classification":
        gold = draw(PHRASES)
        return gold, (*gold, *draw(PHRASES))
    if task_type == "extraction":
        return draw(PHRASES | st.just(["None"])), ()
    if task_type == "entity-lines":
        asked = draw(KINDS)
        found = {of: draw(st.lists(words(",\n"), max_size=2, unique=True)) for of in asked}
        lines = [f"{of}: {', '.join(values) or 'None'}" for of, values in found.items()]
        return lines, tuple(asked)
    return draw(words()), ()


@st.composite
def samples(draw: Any, types: tuple[str, ...] = tuple(TYPES)) -> Sample:
    """Return a sample whose answer is its gold as the task type prints it."""
    task_type = draw(st.sampled_from(types))
    gold, options = draw(golds(task_type))
    prompt, rest, about = draw(TEXT), draw(TEXT), draw(TEXT)
    return replace(
        GOOD,
        id=draw(st.text("0123456789abcdef", min_size=16, max_size=16)),
        task=draw(st.sampled_from(["task12", "a-b_c"])),
        task_type=task_type,
        metric=TYPES[task_type].metrics[0],
        description=draw(TEXT),
        prompt=prompt,
        input=about,
        input_field=draw(st.sampled_from([f"{prompt}\n{about}{rest}", rest, f"{about}{prompt}"])),
        output_field=TYPES[task_type].render(gold),
        gold=gold,
        options=options,
        reasoning=draw(TEXT),
        lang=draw(st.sampled_from(["en", "zh", "ja", "de"])),
    )
