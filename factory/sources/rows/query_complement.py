"""An exact match of a query and a complement to it that fits the same device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.devices import device_of, names
from factory.sources.view import RowRejectedError

OFFERS: Final = ("title", "target", "source_ids")

#: A size is written with and without a blank: 45 mm, 45mm.
_SIZE: Final = re.compile(r"(?<=\d) (?=mm\b)")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield one row: the query, the first match and the first complement that go together.

    Raises :class:`RowRejectedError` where the query is empty or no two go together.
    """
    if not facts["query"]:
        raise RowRejectedError("query-empty", "no letters in it")
    listed = [each for each in facts["products"] if each["title"]]
    matches = [each for each in listed if each["label"] == "E"]
    complements = [each for each in listed if each["label"] == "C"]
    for complement in complements:
        for match in matches:
            if go_together(match["title"], complement["title"]):
                locale, query_id = facts["locale"], facts["query_id"]
                yield {
                    "key": facts["key"],
                    "locale": locale,
                    "query": facts["query"],
                    "title": match["title"],
                    "target": complement["title"],
                    "source_ids": sorted(
                        f"judgement:{query_id}:{locale}:{each['id']}"
                        for each in (match, complement)
                    ),
                }
                return
    raise RowRejectedError("no-fitting-complement", f"of {len(matches)} and {len(complements)}")


def go_together(title: str, other: str) -> bool:
    """Return whether neither product is made for a device that the other's title does not name."""
    one, two = _SIZE.sub("", title), _SIZE.sub("", other)
    devices = ((device_of(one), two), (device_of(two), one))
    return all(device is None or names(text, device) for device, text in devices)
