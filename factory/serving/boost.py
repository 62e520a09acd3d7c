"""NVIDIA's boost of the prompt's own tokens, as arithmetic over a batch: no engine is known here.

In entity questions the logits of all tokens that the prompt holds are raised, so that a model
copies rather than invents. The end of a turn is among them (the chat's own form holds it), so an
answer ends as readily as it goes on. The paper prints no strength.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: What a request's extra arguments call the strength.
ARGUMENT: Final = "boost_prompt_tokens"
MOST: Final = 100.0


def strength_of(arguments: Mapping[str, Any] | None) -> float:
    """Return by how much a request wants its prompt's logits raised; 0 where it does not say.

    Raises :class:`ValueError` for what is no number from 0 to 100.
    """
    strength = (arguments or {}).get(ARGUMENT, 0.0)
    if (
        isinstance(strength, bool)
        or not isinstance(strength, int | float)
        or not 0 <= strength <= MOST
    ):
        raise ValueError(f"{ARGUMENT} is a number from 0 to {MOST:g}, not {str(strength)[:40]!r}")
    return float(strength)


@dataclass(slots=True)
class PromptBoosts:
    """What is raised in the logits of a batch, a row for each request, as requests come and go.

    Attributes:
        vocabulary: how many tokens a row has: what a prompt holds beyond them (a place of an image)
            is in no row.
    """

    vocabulary: int
    _rows: dict[int, tuple[list[int], float]] = field(default_factory=dict)

    def put(self, row: int, prompt: Iterable[int], strength: float) -> None:
        """Let a row be that of a request; whatever had it before is gone."""
        self._rows.pop(row, None)
        tokens = sorted({token for token in prompt if 0 <= token < self.vocabulary})
        if strength and tokens:
            self._rows[row] = (tokens, strength)

    def remove(self, row: int) -> None:
        """Forget a row's request."""
        self._rows.pop(row, None)

    def move(self, source: int, target: int) -> None:
        """Give a request another row; the one that had it is gone."""
        moved = self._rows.pop(source, None)
        self._rows.pop(target, None)
        if moved is not None:
            self._rows[target] = moved

    def swap(self, one: int, other: int) -> None:
        """Let two rows change places."""
        first, second = self._rows.pop(one, None), self._rows.pop(other, None)
        if first is not None:
            self._rows[other] = first
        if second is not None:
            self._rows[one] = second

    def places(self) -> tuple[list[int], list[int], list[float]]:
        """Return what is raised, as three lists alike in length: row, token, and by how much."""
        rows: list[int] = []
        tokens: list[int] = []
        strengths: list[float] = []
        for row, (own, strength) in self._rows.items():
            rows += [row] * len(own)
            tokens += own
            strengths += [strength] * len(own)
        return rows, tokens, strengths


def raised(logits: Any, rows: Any, tokens: Any, strengths: Any) -> Any:
    """Return ``logits`` (batch x vocabulary, changed in place) with strengths added at places.

    Arrays of numpy or tensors of torch. No place may be given twice. What a grammar forbids (minus
    infinity) stays forbidden.
    """
    logits[rows, tokens] += strengths
    return logits
