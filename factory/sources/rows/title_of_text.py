"""What the tasks that choose the title of a text share: one right title among others.

Not a row mapper itself. The others were judged for the same query and do not answer it as the right
one does, so all are of one corner of the shop. The brand is left out of the text: it would tell the
title whatever else is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from factory.draw import Draw
from factory.sources.rows.judged import interleaved
from factory.sources.rows.text_of_product import Told, thin_out_told
from factory.sources.view import RowRejectedError
from factory.text import CJK, similarity, tokens

MASK: Final = "___"
#: Of titles nearer than this one product may have the other's text: another size, another colour.
_MOST_SIMILARITY: Final = 0.5
#: A text that holds this much of another title describes that product as well.
_MOST_SUPPORT: Final = 0.8
#: A name, as a text spells one: Novaphone, but neither LED nor lamp.
_NAME: Final = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][a-z]{2,}\b", re.MULTILINE)

Text = TypeVar("Text", str, list[str])


def one_title(
    facts: Mapping[str, Any],
    name: str,
    text_of: Callable[[Mapping[str, Any]], Text],
    draw: Draw,
    told_one_in: int,
) -> dict[str, Any]:
    """Return a row with the text that ``text_of`` finds, as ``name``, its title and other titles.

    Of the rows that counting words solves, one in ``told_one_in`` is kept.

    Raises :class:`RowRejectedError` with what is wrong with the last exact match, where
    none will do.
    """
    rejected = RowRejectedError("value-missing", "no exact match of the query is listed")
    matches = _once(each for each in facts["products"] if each["label"] == "E")
    others = _once(each for each in facts["products"] if each["label"] in ("S", "C", "I"))
    for place in draw.permutation(len(matches), "match"):
        try:
            return _row(facts, matches[place], others, name, text_of, draw, told_one_in)
        except RowRejectedError as error:
            rejected = error
    raise rejected


def _once(products: Any) -> list[Mapping[str, Any]]:
    """Return the products that have a title, each once: the products file may list one twice."""
    return list({each["id"]: each for each in reversed(list(products)) if each["title"]}.values())


def _row(
    facts: Mapping[str, Any],
    match: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    name: str,
    text_of: Callable[[Mapping[str, Any]], Text],
    draw: Draw,
    told_one_in: int,
) -> dict[str, Any]:
    brand = (match["brand"] or "").strip()
    text: Text = _masked(text_of(match), brand)
    lines = text if isinstance(text, list) else [text]
    said = " ".join(lines)
    words = frozenset(tokens(said))
    right = Told(match["id"], "E", match["title"], words)
    names = _names(lines) & right.words
    rivals = []
    for each in others:
        rival = Told(each["id"], each["label"], each["title"], words)
        of_the_line = _is_of(each, brand) and not names.isdisjoint(rival.words)
        if (
            not of_the_line
            and similarity(rival.words, right.words) < _MOST_SIMILARITY
            and len(rival.words & words) < _MOST_SUPPORT * len(rival.words)
        ):
            rivals.append(rival)
    asked = {**facts, "query": said, "golds_shown": 1}
    row: dict[str, Any] = interleaved(asked, [right], rivals, draw)
    thin_out_told((*row["positives"], *row["negatives"]), said, draw, told_one_in)
    product = f"product:{facts['locale']}:{match['id']}"
    return {
        "key": facts["key"],
        "locale": facts["locale"],
        name: text,
        "masked": MASK in said,
        "positive": row["positives"][0],
        "negatives": row["negatives"],
        "subject": product,
        "source_ids": row["source_ids"],
    }


def _names(lines: Sequence[str]) -> frozenset[str]:
    """Return the names that a text gives: words that it only writes with a capital letter."""
    found = frozenset(tokens(" ".join(name for line in lines for name in _NAME.findall(line))))
    return found - frozenset(re.findall(r"\b[a-z]+\b", " ".join(lines)))


def _is_of(product: Mapping[str, Any], brand: str) -> bool:
    """Return whether a product is of the brand: one text may then be true of a whole line."""
    return bool(brand) and (product["brand"] or "").strip().casefold() == brand.casefold()


def _masked(text: Text, brand: str) -> Text:
    """Return the text without the brand's name."""
    if not brand.strip():
        return text
    edge = "" if CJK.search(brand) else r"\b"
    name = re.compile(f"{edge}{re.escape(brand.strip())}{edge}", re.IGNORECASE)
    if isinstance(text, str):
        return name.sub(MASK, text)
    return [name.sub(MASK, line) for line in text]
