"""The same seeds for candidates as :mod:`factory.sources.rows.instruction_candidates` chooses."""

from __future__ import annotations

from factory.sources.rows.instruction_candidates import OFFERS, rows

__all__ = ["OFFERS", "rows"]
