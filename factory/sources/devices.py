"""Which device an accessory's title says it is made for.

A device is written as a maker's or family's name and a model with a number (``iPhone 13 Pro Max``,
``Galaxy S21``, ``Apple Watch 45mm``), after *for* or *compatible with* in English and Spanish and
before *対応* or *用* in Japanese. A title that names several devices, or all of them, names none.
"""

from __future__ import annotations

import re
from typing import Final

#: The pattern of a device's name, in the common part of the dialects of ``re`` and RE2, so that a
#: view may use the same words.
NAME: Final = (
    r"(?:i[A-Z]|[A-Z])[A-Za-z]{2,}(?: [A-Z][A-Za-z]+){0,2} [A-Z]{0,3}[0-9]{1,4}(?: ?mm|[a-z])?"
    r"(?: (?:Pro|Plus|Max|Mini|Ultra|Air|FE|Lite|SE))*"
)
_END: Final = r"(?![\w./&+:]|-\w| ?(?:and|or|y|o|et|u|&|/|\+) )"
_BEFORE: Final = re.compile(
    rf"\b(?:[Ff]or|[Cc]ompatible (?:[Ww]ith|con)|[Ff]its|[Pp]ara)(?: the)? ({NAME}){_END}"
)
_AFTER: Final = re.compile(rf"({NAME}) ?(?:対応|用|専用)")
_ANY: Final = re.compile(NAME)
_NO_DEVICE: Final = re.compile(
    r"(?i)\A(?:windows|android|bluetooth|usb|hdmi|size|pack|set|ages?|home|type|class|level|grade|"
    r"series|spf|version|women|men|children|suit)\b|\b(?:model|spf|size)[ 0-9]|(?:19|20)\d\d\Z|"
    r"(?:pack|count|piece|inch|season|person|month|year|day|oz)s?\b"
)
_MEASURED: Final = re.compile(
    r"(?i)\A(?:[ /]*\d|, \d{1,2},| ?-?(?:pack|pcs?|pieces?|count|ct|"
    r"inch|in\b|season|series|person|months?|oz|lb|ft|cm|ml|"
    r"w\b|x ?\d|個|枚|本))"
)
_UNIVERSAL: Final = re.compile(
    r"(?i)\b(?:universal|all|most|any|multi|various|other|more|universales|todos|todas|cualquier|"
    r"varios)\b|汎用|各種|全機種|など|多機種"
)


def device_of(title: str) -> str | None:
    """Return the one device that ``title`` says the product is made for, or None.

    None too where the title names a second device, or says that it fits all.
    """
    if _UNIVERSAL.search(title):
        return None
    named = [
        found[1]
        for pattern in (_BEFORE, _AFTER)
        for found in pattern.finditer(title)
        if _is_device(found[1], title[found.end(1) :])
    ]
    if len(set(named)) != 1:
        return None
    device = named[0]
    for found in _ANY.finditer(title):
        if found[0] != device and family(found[0]) == family(device):
            return None
    return device


def family(device: str) -> str:
    """Return what the models of a series share: the words before the first one with a digit."""
    words = device.split()
    first = next(place for place, word in enumerate(words) if re.search(r"\d", word))
    return words[0] if first == 0 else " ".join(words[:first])


def names(text: str, device: str) -> bool:
    """Return whether ``text`` names exactly this device, not another model of its family."""
    whole = (
        rf"(?<![A-Za-z0-9]){re.escape(device)}(?![A-Za-z0-9]| (?:Pro|Plus|Max|Mini|Ultra|Air)\b)"
    )
    return re.search(whole, text) is not None


def masked(title: str, device: str, mask: str) -> str:
    """Return the title with every mention of the device hidden."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(device)}(?![A-Za-z0-9])", mask, title)


def _is_device(name: str, after: str) -> bool:
    # For Adults 7, for Fishing 2: a series has a name of its own, or a capital inside (AirPods 2).
    head = family(name).split()[-1]
    if head.endswith(("s", "ing")) and head[1:].islower():
        return False
    return not _NO_DEVICE.search(name) and not _MEASURED.match(after)
