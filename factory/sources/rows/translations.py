"""What the tasks that translate share: the text, and near misses of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.lexicons import NOT_PLAIN
from factory.sources.near_misses import near_misses
from factory.sources.view import RowRejectedError

#: The language of a shop: its code, and what it is called in a prompt.
LANGUAGES: Final = {"us": ("en", "English"), "es": ("es", "Spanish"), "jp": ("ja", "Japanese")}
_PLAIN: Final = re.compile(NOT_PLAIN)
_LEAST_MISSES: Final = 2


def translation_row(facts: dict[str, Any], draw: Draw, *, plain: bool) -> Iterator[dict[str, Any]]:
    """Yield the row with ``source_language`` and ``near_misses``; ``plain``: a list of words.

    Raises :class:`RowRejectedError` for a text that is no such list, without others of the shop it
    is to be translated for, or with too few near misses.
    """
    text = facts["text"].strip().lstrip("!\"'#*- ")
    if plain and _PLAIN.search(text):
        raise RowRejectedError("query-not-plain", text)
    if not facts["examples"]:
        raise RowRejectedError("no-example", text)
    code, language = LANGUAGES[facts["source_locale"]]
    misses = near_misses(text, facts["others"] or (), draw, code)
    if len(misses) < _LEAST_MISSES:
        raise RowRejectedError("too-few-near-misses", text)
    kept = ("key", "locale", "examples", "subject", "source_ids")
    yield {
        **{name: facts[name] for name in kept},
        **({"brand": facts["brand"]} if "brand" in facts else {}),
        "text": text,
        "source_language": language,
        "near_misses": misses,
    }
