"""The card of a run or a mixture: the ``README.md`` that a user of the data reads first."""

from __future__ import annotations

from factory.outputs.card.write import refresh_card, render_card, write_card
from factory.outputs.run_folder import CARD

__all__ = ["CARD", "refresh_card", "render_card", "write_card"]
