"""The page of an accessory with the device hidden in its title, the device, and other devices.

The page must name the device once more, and no other of the family: then the answer can be read,
and only one is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.devices import device_of, family, masked, names
from factory.sources.view import RowRejectedError

OFFERS: Final = ("details", "positive", "negatives", "subject")

_MASK: Final = "____"
_LONGEST_TITLE: Final = 200
_LONGEST_DETAIL: Final = 400
_MOST_DETAILS: Final = 4
_NEGATIVES: Final = 3


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: title and details, the device, and three others, of its family if it has them.

    Raises :class:`RowRejectedError` where the title does not name exactly one device, or the page
    does not name it again or names another of the family as well.
    """
    title = facts["title"] or ""
    device = device_of(title) if len(title) <= _LONGEST_TITLE else None
    if device is None:
        raise RowRejectedError("no-certain-device", title)
    details = _details(facts, device)
    if not details:
        raise RowRejectedError("device-not-on-page", device)
    page = " ".join(details)
    known = [each for each in (*facts["near"], *facts["far"]) if _another(each, device)]
    if any(names(page, each) or names(title, each) for each in known):
        raise RowRejectedError("several-devices-on-page", device)
    # Of two names of which one holds the other ("Pad 11", "Slatia Pad 11") both would be right.
    near, far = (
        list(dict.fromkeys(each for each in facts[part] if _another(each, device)))
        for part in ("near", "far")
    )
    same = [each for each in near if family(each) == family(device)]
    others = [each for each in (*near, *far) if each not in same]
    ordered = [others[place] for place in draw.permutation(len(others), "others")]
    # Those of the same maker first: of all other devices they are most like this one.
    ordered.sort(key=lambda each: each.split()[0] != device.split()[0])
    yield {
        "key": facts["key"],
        "locale": facts["locale"],
        "title": masked(title, device, _MASK),
        "details": [masked(each, device, device) for each in details],
        "positive": device,
        "negatives": _apart(same + ordered)[:_NEGATIVES],
        "subject": facts["source_ids"][0],
        "source_ids": facts["source_ids"],
    }


def _details(facts: dict[str, Any], device: str) -> list[str]:
    """Return up to four bullets, that which names the device among them, or the description."""
    bullets = [each for each in facts["bullets"] or () if each and 0 < len(each) <= _LONGEST_DETAIL]
    naming = next((place for place, each in enumerate(bullets) if names(each, device)), None)
    if naming is not None:
        start = max(0, min(naming, len(bullets) - _MOST_DETAILS))
        start = 0 if naming < _MOST_DETAILS else start
        return bullets[start : start + _MOST_DETAILS]
    description = facts["description"] or ""
    if names(description, device) and len(description) <= 2 * _LONGEST_DETAIL:
        return [description]
    return []


def _another(name: str, device: str) -> bool:
    return name != device and not names(name, device) and not names(device, name)


def _apart(devices: list[str]) -> list[str]:
    """Return the devices without those whose name stands in another's."""
    kept: list[str] = []
    for each in devices:
        if all(_another(each, other) for other in kept):
            kept.append(each)
    return kept
