"""Samples to judge: a good ranking row by default, any field of which a test may replace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from factory.sample import Provenance, Sample

TITLES: Final = (
    "Stainless Steel Water Bottle, 32 oz Wide Mouth Insulated Flask with Straw Lid",
    "Plastic Sports Drinking Bottle with Carry Loop, 24 Ounce, Leak Proof",
    "Silicone Gaskets for Wide Mouth Bottles, Food Grade, Pack of 6",
    "Canvas Shopping Tote Bag with Zipper and Inside Pocket",
    "Bamboo Cutting Board Set, 3 Pieces with Juice Groove",
)

GOOD: Final = Sample(
    id="0" * 16,
    task="task12",
    track="user-behavior-alignment",
    task_type="ranking",
    metric="ndcg",
    description="",
    prompt="",
    input="",
    candidates="",
    constraint="",
    output="",
    input_field="Query: water bottle. \nProduct List: \n"
    + "\n".join(f"{number}. {title}" for number, title in enumerate(TITLES, 1))
    + "\nOutput: ",
    output_field="1,2,3,4,5",
    gold=[1.0, 0.1, 0.01, 0.0, 0.0],
    options=TITLES,
    slots={"query": "water bottle", "items": list(TITLES), "relevance": [1.0, 0.1, 0.01, 0.0, 0.0]},
    lang="en",
    locale="us",
    split="train",
    split_group="q1",
    provenance=Provenance("shop", ("1",), "CC0-1.0", "v", "t", "w", 7, "d"),
)


def sample(**changes: Any) -> Sample:
    """Return the good sample with some of its fields replaced."""
    return replace(GOOD, **changes)


def choice(options: tuple[str, ...], gold: int = 0, **changes: Any) -> Sample:
    """Return a multiple-choice sample over ``options``."""
    return sample(
        task_type="multiple-choice",
        metric="accuracy",
        options=options,
        gold=gold,
        output_field=str(gold),
        **changes,
    )


def written(text: str, **changes: Any) -> Sample:
    """Return a generation sample whose answer is ``text``."""
    return sample(
        task_type="generation",
        metric="rougel",
        options=(),
        gold=text,
        output_field=text,
        **changes,
    )
