"""A prompt's block as a model is shown it, its slots as ``{names}``, and a block out of its words.

What a model writes is never Jinja: it becomes plain text between the expressions that the human
block holds, so a brace in it is a brace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import nodes

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Reworded:
    """A further wording of a template.

    Attributes:
        name: as samples name it: ``llm_1``.
        of: the human wording that it says in other words; the other parts are that wording's.
        text: the prompt, with the slots of ``of`` as ``{names}``.
        model: who wrote it.
    """

    name: str
    of: str
    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A prompt as a model is shown it: ``end`` is the white space that its lines end with."""

    text: str
    slots: Mapping[str, nodes.Expr]
    end: str = ""


def show(block: nodes.Block) -> Shown | None:
    """Return the prompt with ``{query}`` for ``{{ query }}``; None where it is more than text.

    A prompt with conditions, loops or braces of its own has no such form.
    """
    text, slots = "", dict[str, nodes.Expr]()
    for output in block.body:
        if not isinstance(output, nodes.Output):
            return None
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                if "{" in part.data or "}" in part.data:
                    return None
                text += part.data
            elif isinstance(part, nodes.Const) and isinstance(part.value, str):
                text += part.value
            else:
                text += f"{{{_named(part, slots)}}}"
    bare = text.strip("\n")
    words = bare.rstrip()
    return Shown(" ".join(words.split()), slots, bare[len(words) :])


def _named(part: nodes.Expr, slots: dict[str, nodes.Expr]) -> str:
    """Return the placeholder of an expression, the same wherever the prompt repeats it."""
    name = "value"
    if isinstance(part, nodes.Name):
        name = part.name.lower()
    elif isinstance(part, nodes.Filter) and isinstance(part.node, nodes.Name):
        name = f"number_of_{part.node.name.lower()}" if part.name == "length" else part.node.name
    number, tried = 1, name
    while slots.setdefault(tried, part) != part:
        number += 1
        tried = f"{name}_{number}"
    return tried


def block_of(text: str, shown: Shown) -> nodes.Block:
    """Return the block of a prompt in other words: the known slots, and plain text around them."""
    parts: list[nodes.Expr] = []
    start = 0
    for found in PLACEHOLDER.finditer(text):
        if found[1] in shown.slots:
            parts.append(nodes.TemplateData(text[start : found.start()], lineno=1))
            parts.append(shown.slots[found[1]])
            start = found.end()
    parts.append(nodes.TemplateData(text[start:] + shown.end, lineno=1))
    return nodes.Block("prompt", [nodes.Output(parts, lineno=1)], False, False, lineno=1)
