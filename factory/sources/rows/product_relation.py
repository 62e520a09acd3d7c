"""Two products out of ECInstruct's JSON, in a drawn order, and how shoppers relate them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, chosen, read_object
from factory.sources.view import RowRejectedError
from factory.text import clean, similarity, tokens

OFFERS: Final = ("titles", "answer")

#: What a statement of upstream's is known by, whatever its letter.
_RELATIONS: Final = {"buy": "bought", "view": "viewed", "similar": "similar"}
_LONGEST_TITLE: Final = 300


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the row with two ``titles`` and ``bought``, ``viewed`` or ``similar``.

    Upstream sorts the titles of a pair; here either comes first. Raises
    :class:`RowRejectedError` for an input that is none, and for two titles that read the same.
    """
    try:
        fields = read_object(facts["input"].decode())
        options = facts["options"] or []
        option = options[chosen(facts["output"], options)].casefold()
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    answer = next((name for word, name in _RELATIONS.items() if word in option), None)
    titles = [clean(str(fields.get(f"Product {number}") or "")) for number in (1, 2)]
    if answer is None or not all(titles):
        raise RowRejectedError("value-missing", "no such relation, or no two titles")
    if max(map(len, titles)) > _LONGEST_TITLE:
        raise RowRejectedError("title-too-long", max(titles, key=len))
    if similarity(tokens(titles[0]), tokens(titles[1])) >= 0.9:
        raise RowRejectedError("titles-equal", titles[0])
    if draw.below(2, "order"):
        titles.reverse()
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    yield {**kept, "titles": titles, "answer": answer}
