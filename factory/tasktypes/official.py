"""What the readers of ShopBench's official parser share (KDD Cup 2024, parser 0.1.1)."""

from __future__ import annotations

from typing import Final

#: A response is cut to this many characters before anything else is done with it.
RESPONSE_CHARACTERS: Final = 5000


def read_integers(text: str) -> list[int]:
    r"""Return the integers of a response, as the official parser reads rankings and retrievals.

    Numeric characters, commas and spaces are kept and everything else is deleted, *then* the rest
    is split at the commas: ``"1\n2\n3"`` and ``"1，2，3"`` are the number 123, and ``"1 2 3"`` is
    none.
    """
    kept = "".join([c for c in text[:RESPONSE_CHARACTERS] if c.isnumeric() or c in ", "])
    integers = []
    for part in kept.split(","):
        try:
            integers.append(int(part))
        except ValueError:
            continue
    return integers


def encodes(text: str) -> bool:
    """Return whether ``text`` can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
