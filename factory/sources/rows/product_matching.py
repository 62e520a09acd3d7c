"""Two product records out of ECInstruct's JSON, in the order that the key asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, read_object, said_yes
from factory.sources.view import RowRejectedError
from factory.text import clean

OFFERS: Final = ("records", "answer")

#: The fields of a record in the order shown, and what each is called there.
_FIELDS: Final = {
    "title": "Title",
    "description": "Description",
    "manufacturer": "Manufacturer",
    "price": "Price",
}
_LOST: Final = re.compile("\ufffd+")
_NO_PRICE: Final = re.compile(r"0*(\.0*)?")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with two ``records``, lists of lines, and ``yes`` or ``no``.

    What a record does not know (NaN, "nan", a price of nothing) is left out; characters that
    upstream lost (U+FFFD) are taken out. Raises :class:`RowRejectedError` for an input that is
    none.
    """
    try:
        answer = "yes" if said_yes(facts["answer"]) else "no"
        fields = read_object(facts["input"].decode())
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    records = [_lines(fields.get(f"product {number}")) for number in (1, 2)]
    if facts["shown"] == "swapped":
        records.reverse()
    if [line.casefold() for line in records[0]] == [line.casefold() for line in records[1]]:
        raise RowRejectedError("records-equal", records[0][0])
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    yield {**kept, "records": records, "answer": answer}


def _lines(record: Any) -> list[str]:
    if not isinstance(record, dict) or not record.get("title"):
        raise RowRejectedError("value-missing", "a record without a title")
    lines = []
    for name, label in _FIELDS.items():
        value = record.get(name)
        if value is None or (name == "price" and _NO_PRICE.fullmatch(str(value).strip("$ "))):
            continue
        # Between words the lost character was a sign such as a trade mark.
        if text := clean(_LOST.sub(" ", str(value))):
            lines.append(f"{label}: {text}")
    return lines
