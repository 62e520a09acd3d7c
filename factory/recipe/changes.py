"""What somebody gave beside a recipe when running it: what it takes to run it alike again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Changes:
    """The recipe's file and the options that changed it, as far as no other record holds them.

    Attributes:
        recipe: the file's name without its folder, which is of one machine; empty for a recipe
            that no file holds.
        limit: the cap on every task's samples.
        sources: addresses by the name of the source, as they were given.
        allow_test: sources whose test part was let in.
        model: what was asked in place of ``default``.
    """

    recipe: str = ""
    limit: int | None = None
    sources: tuple[tuple[str, str], ...] = ()
    allow_test: tuple[str, ...] = ()
    model: str = ""

    def describe(self) -> dict[str, Any]:
        """Return them as a manifest holds them."""
        return {
            "recipe": self.recipe,
            "limit": self.limit,
            "sources": dict(self.sources),
            "allow_test": list(self.allow_test),
            "model": self.model,
        }
