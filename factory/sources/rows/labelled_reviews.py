"""A review with its aspects in the order of its text, and a headline that does not give it away.

A headline or a text that names stars is the answer to half of the questions about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError

OFFERS: Final = (
    "review",
    "title",
    "target",
    "aspects_said",
    "entities",
    "types",
    "frequencies",
    "labels",
    "candidate_labels",
)

_STARS: Final = re.compile(
    r"\bstars?\b|\bestrellas?\b|[★⭐☆星]|\b[0-9]\s?/\s?(?:5|10)\b", re.IGNORECASE
)
_LONGEST: Final = 2_000


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the review with ``aspects_said``: aspect, polarity and sentence, in textual order.

    ``entities`` are the aspects with their polarities, ``labels`` the aspects alone, ``types`` and
    ``candidate_labels`` all aspects of the locale, ``frequencies`` how many reviews
    speak of each. ``title`` (also ``target``) is empty where it
    gives the stars away.

    Raises :class:`RowRejectedError` where the text names stars, is too long, or does not hold the
    sentences that its labels quote.
    """
    text = " ".join((facts["text"] or "").split())
    if found := _STARS.search(text):
        raise RowRejectedError("stars-in-text", found[0])
    if not text or len(text) > _LONGEST:
        raise RowRejectedError("text-length", f"{len(text)} characters")
    said = []
    for each in facts["said"]:
        sentence = " ".join(each["sentence"].split())
        place = text.find(sentence)
        if place < 0:
            raise RowRejectedError("evidence-not-in-text", sentence)
        said.append((place, each["aspect"], each["polarity"], sentence))
    said.sort()
    aspects_said = [
        {"aspect": aspect, "polarity": polarity, "sentence": sentence}
        for _, aspect, polarity, sentence in said
    ]
    known = {each["name"]: each["frequency"] for each in facts["aspects"]}
    types = list(dict.fromkeys([*(a["aspect"] for a in aspects_said), *known]))
    title = (facts["headline"] or "").strip()
    if _STARS.search(title) or title.casefold() in text.casefold():
        title = ""
    yield {
        **{name: facts[name] for name in ("key", "locale", "answer", "source_ids")},
        "product_type": facts["product_type"],
        "review": text,
        "title": title,
        "target": title,
        "aspects_said": aspects_said,
        "entities": [{"type": a["aspect"], "value": a["polarity"]} for a in aspects_said],
        "types": types,
        "frequencies": [known.get(aspect, 1) for aspect in types],
        "labels": list(dict.fromkeys(a["aspect"] for a in aspects_said)),
        "candidate_labels": types,
    }
