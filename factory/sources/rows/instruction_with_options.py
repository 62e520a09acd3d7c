"""An instruction with its input, its options and its answer, as their author wrote them."""

from __future__ import annotations

from factory.sources.rows.instruction_answer import OFFERS, rows

__all__ = ["OFFERS", "rows"]
