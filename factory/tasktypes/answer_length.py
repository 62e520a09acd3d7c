"""How many tokens an answer of each type may take, where nobody says otherwise.

The official harness gives one to a choice and a hundred to the others; some tokenizers spend one on
a space, and a title can be longer. Whoever serves and whoever evaluates bounds answers alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MOST_TOKENS: Final[Mapping[str, int]] = MappingProxyType(
    {"multiple-choice": 8, "ranking": 32, "retrieval": 32, "named_entity_recognition": 128}
)
_OTHER_TOKENS: Final = 256


def most_tokens(task_type: str) -> int:
    """Return the tokens that an answer of ``task_type`` (its name on disk) may take."""
    return MOST_TOKENS.get(task_type, _OTHER_TOKENS)
