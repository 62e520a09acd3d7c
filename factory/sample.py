"""The record that travels down the line, and what the filters say of it.

A :class:`Sample` is a superset of a ShopBench row: every output format is a projection of it. Its
``gold`` and ``slots`` are JSON text on disk, since a column that is a number in one task and a list
in the next cannot be loaded as one table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, TypeAlias, TypeVar, dataclass_transform

#: The checked answer, typed by the task type: ``int`` for multiple choice, the relevance of each
#: displayed item (``list[float]``) for ranking, 1-based numbers (``list[int]``) for retrieval,
#: phrases (``list[str]``) for named entities, the text itself for generation.
Gold: TypeAlias = int | list[int] | list[float] | list[str] | str

#: The parts of an instruction, in the order in which EcomInstruct prints them (EcomGPT, section
#: "Mapping Raw Data to Instruction Data"). ``output`` is the cue that asks for the answer; the
#: answer itself is ``Sample.output_field``.
PARTS: Final = ("description", "prompt", "input", "candidates", "constraint", "output")


_T = TypeVar("_T")


@dataclass_transform(field_specifiers=(field,), frozen_default=True)
def _frozen_when_checked(of: type[_T]) -> type[_T]:
    """Make a dataclass that is frozen for the type checker, and not while it runs.

    To set each of forty fields past its guard would take a tenth of all that a sample costs.
    """
    return dataclass(slots=True)(of)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one filter says of one sample.

    Attributes:
        filter: the filter's name, as the recipe writes it.
        keep: whether the sample may stay.
        reason: a machine-readable code such as ``options-equal``; empty when kept without remark.
        detail: what a person needs to see why, such as the two options that are equal.
        score: the measured value, where the filter measures one.
    """

    filter: str
    keep: bool
    reason: str = ""
    detail: str = ""
    score: float | None = None


@_frozen_when_checked
class Provenance:
    """Where a sample comes from, complete enough to make it again.

    ``parent`` is the task that a derived one derives from, ``generator`` then the operator and map.
    ``tokens`` and ``cost`` (in US dollars) are what the answers took that a model wrote for it,
    ``judge_tokens`` and ``judge_cost`` what the judges' did.
    """

    source: str
    source_ids: tuple[str, ...]
    licence: str
    view: str
    template: str
    wording: str
    seed: int
    definition: str
    parent: str | None = None
    generator: str | None = None
    model: str | None = None
    prompt_hash: str | None = None
    tokens: int = 0
    cost: float = 0.0
    judge_tokens: int = 0
    judge_cost: float = 0.0


@_frozen_when_checked
class Sample:
    """One instruction sample with its checked answer.

    Attributes:
        id: hash of (task, key): the same row keeps its id when its content changes.
        task, track, task_type, metric: ShopBench's terms.
        description, prompt, input, candidates, constraint, output: the six rendered parts.
        input_field: the prompt that the model sees.
        output_field: the exact text that the model must print.
        gold: the typed answer that ``output_field`` was printed from and is scored against.
        slots: the fields of the source row before templating.
        reasoning: how a model came from the prompt to ``output_field``, a step a line; empty where
            none was asked. ``output_field`` stays the bare answer, so that each output format
            chooses whether to train on the reasoning too.
        options: the candidates as displayed, without their numbers; empty where there are none.
        lang: ISO 639-1 code of the source text; locale: the shop it was sold in (``us``, ``jp``).
        split: ``train`` or ``test``; split_group: what may never be in both.
        scores: measured values by name; verdicts: one for each filter that was asked.
    """

    id: str
    task: str
    track: str
    task_type: str
    metric: str
    description: str
    prompt: str
    input: str
    candidates: str
    constraint: str
    output: str
    input_field: str
    output_field: str
    gold: Gold
    options: tuple[str, ...]
    slots: dict[str, Any]
    lang: str
    locale: str
    split: str
    split_group: str
    provenance: Provenance
    reasoning: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()


def sample_id(task: str, key: str) -> str:
    """Return the identity of a sample: 16 hexadecimal digits of blake2b(task ␟ key)."""
    return blake2b(f"{task}\x1f{key}".encode(), digest_size=8).hexdigest()
