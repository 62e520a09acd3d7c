"""A title that its product's brand, attributes and bullet points say enough of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.stated_attributes import MODEL, PRODUCT_TYPE, places, shown_name
from factory.sources.view import RowRejectedError
from factory.text import CJK, tokens

OFFERS: Final = ("target", "listed", "also", "told")

_MOST_BULLETS: Final = 6
_LEAST_SUPPORT: Final = 0.8


#: The name of a line or model stands after or before the word for it.
_LINE: Final = re.compile(
    r"(?:(?<=\bSerie )|(?<=\bModel )|(?<=\bModelo ))[\w-]+|[\w-]+(?= Series\b)"
)
#: A word with a capital within a sentence, a Latin word beside Chinese or Japanese, and figures.
_NAME: Final = re.compile(r"(?<=[\w,] )[A-Z][\w-]+|\d[\d.,]*")
#: Where one part of a title ends and the next begins; Chinese and Japanese ones end at blanks too.
_BETWEEN: Final = re.compile(r"\s*[,|&;()\[\]【】]\s*|\s+-\s+")
#: How a Latin brand is read in Japanese.
_READING: Final = re.compile(r"(?<=[A-Za-z])\([^)]*\)")
#: What a bullet point is of, before a colon or in brackets.
_HEAD: Final = re.compile(r"【(.+?)】|([^.。:：]+)[:：]")
_LATIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]+|\d[\d.,]*")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: brand, bullet points (``listed``) and title.

    ``also`` are the type and the attributes that the title says and the bullet points do not,
    ``told`` are the bullet points that somebody who has only the title could write: they speak of
    something that it says beside brand and type, be it the feature that they name first or the
    value of an attribute.

    Raises :class:`RowRejectedError` where brand, attributes and bullet points hold too little of
    the title, or nothing of one of its parts, such as a use that nobody could know.
    """
    bullets = [bullet for bullet in facts["bullets"] if bullet][:_MOST_BULLETS]
    words = frozenset(tokens(facts["title"]))
    said = frozenset(tokens("\n".join((facts["brand"], *bullets))))
    also = []
    kind = PRODUCT_TYPE.get(facts["locale"], PRODUCT_TYPE["us"])
    named = [
        (shown_name(each["name"], facts["locale"]), each["value"]) for each in facts["attributes"]
    ]
    for name, value in ((kind, facts["type"]), *named):
        stated = frozenset(tokens(value or ""))
        shown = stated & words or (value and places(value, facts["title"]))
        if value and shown and not stated <= said:
            also.append(f"{name}: {value}")
            said |= stated
    if unknown := _lines(facts["title"]) - said:
        raise RowRejectedError("line-unsupported", min(unknown))
    if (support := len(words & said) / len(words)) < _LEAST_SUPPORT:
        raise RowRejectedError("title-unsupported", f"{support:.0%} of {facts['title']!r}")
    known = frozenset(tokens(f"{facts['brand']} {facts['type']}"))
    values = [
        each["value"]
        for each in facts["attributes"]
        if each["value"] and each["name"] not in MODEL and places(each["value"], facts["title"])
    ]
    if part := _untold_part(facts["title"], facts["type"], said, values):
        raise RowRejectedError("part-unsupported", part)
    told = [
        bullet
        for bullet in bullets
        if len(_telling(words & frozenset(tokens(bullet))) - known) > 1
        and not _names(bullet) - words - known
        and _is_of(bullet, words | known, values)
    ]
    # One line is no list.
    told = told if len(told) > 1 else []
    kept = ("key", "locale", "brand", "type", "subject", "source_ids")
    texts = {"listed": bullets, "also": also, "told": told}
    yield {
        **{name: facts[name] for name in kept},
        **texts,
        "title": facts["title"],
        "target": facts["title"],
    }


def _telling(words: frozenset[str]) -> frozenset[str]:
    """Return those of ``words`` that are no articles or prepositions."""
    return frozenset(w for w in words if len(w) > 3 or CJK.search(w) or w[0].isdigit())


def _lines(title: str) -> frozenset[str]:
    """Return the names of a title that nobody can make up: in Chinese, all Latin words."""
    found = (_LATIN if CJK.search(title) else _LINE).findall(title)
    return frozenset(token for name in found for token in tokens(name.rstrip(".,")))


def _untold_part(title: str, kind: str, said: frozenset[str], values: list[str]) -> str:
    """Return a part of ``title`` of which nothing is ``said`` or one of ``values``, or nothing.

    Where blanks part a title, the name of the kind stands alone, and may be another one than
    ``kind``.
    """
    apart = CJK.search(title) is not None
    parts = [part for part in _BETWEEN.split(_READING.sub("", title)) if part]
    if apart:
        parts = [part for each in parts for part in each.split()]
    of_kind = frozenset(tokens(kind))
    untold = [
        part
        for part in parts
        if (telling := _telling(frozenset(tokens(part))))
        and not telling & (said | of_kind)
        and not any(places(value, part) for value in values)
    ]
    allowed = 1 if apart and not of_kind & frozenset(tokens(title)) else 0
    return untold[-1] if len(untold) > allowed else ""


def _names(text: str) -> frozenset[str]:
    """Return the names and figures of a text, as tokens: what nobody can make up."""
    found = (_LATIN if CJK.search(text) else _NAME).findall(text)
    return frozenset(token for name in found for token in tokens(name.rstrip(".,")))


def _is_of(bullet: str, words: frozenset[str], values: list[str]) -> bool:
    """Return whether a bullet point is of something that ``words`` name or of one of ``values``.

    A value stands in the head or right after it: "Double sided: read the orange tape measure from
    above" is of no color.
    """
    if not (head := _HEAD.match(bullet)):
        return True
    named = frozenset(tokens(head[1] or head[2]))
    if 2 * len(named & words) > len(named):
        return True
    return any(
        start < head.end() or frozenset(tokens(bullet[head.end() : start].strip())) <= words | {""}
        for value in values
        for start, _ in places(value, bullet)
    )
