"""Every random choice of the factory: a pure function of (seed, task, key, purpose).

No choice reads a generator's state, Python's ``hash``, a set's order or the order in which work
arrives, so one more row, one more worker or one more kill changes no other row's choices. Purposes
are never shared: a position taken from the bits that also ordered the rows would be correlated with
that order.

The same function exists in SQL (:func:`sql_macro`), bit for bit, for the choices that DuckDB makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import md5

_UNIT_SEPARATOR = "\x1f"
#: A permutation of so many items takes one digest for certain.
_ONE_DIGEST = 20
_LOW_64 = (1 << 64) - 1
#: 2**64 over the golden ratio: multiplying by it spreads every low bit into the high ones.
_ODD = 0x9E3779B97F4A7C15


def draw(seed: int, task: str, key: str, purpose: str) -> int:
    """Return the 64-bit unsigned draw of one choice.

    The first eight bytes of ``md5(seed ␟ task ␟ key ␟ purpose)``, little-endian; md5 because DuckDB
    has it (``md5_number``), not for secrecy.
    """
    text = f"{seed}\x1f{task}\x1f{key}\x1f{purpose}"
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], "little")


def sql_macro(seed: int, task: str, name: str = "draw") -> str:
    """Return the statement that defines ``draw(key, purpose)`` in DuckDB for one seed and task."""
    head = f"{seed}{_UNIT_SEPARATOR}{task}{_UNIT_SEPARATOR}".replace("'", "''")
    return (
        f"CREATE OR REPLACE TEMP MACRO {name}(key, purpose) AS "
        f"(md5_number('{head}' || key || chr(31) || purpose) & {_LOW_64})::UBIGINT"
    )


class Draw:
    """The draws of one row: :func:`draw` with seed, task and key filled in."""

    __slots__ = ("_prefix",)

    def __init__(self, seed: int, task: str, key: str) -> None:
        self._prefix = f"{seed}\x1f{task}\x1f{key}\x1f"

    def integer(self, purpose: str) -> int:
        """Return the 64-bit draw of ``purpose``."""
        digest = md5((self._prefix + purpose).encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest[:8], "little")

    def below(self, bound: int, purpose: str) -> int:
        """Return a draw in ``range(bound)``."""
        return self.integer(purpose) % bound

    def permutation(self, length: int, purpose: str) -> list[int]:
        """Return a permutation of ``range(length)``.

        A Fisher-Yates shuffle that reads its choices from the 128 bits of one digest as mixed-radix
        digits, and from a further digest when fewer than 2**64 values would be left to choose by:
        so it is exact to 2**-64 at any length, and up to 20 items (20! < 2**62) take one digest.
        """
        order = list(range(length))
        if 1 < length <= _ONE_DIGEST:
            text = f"{self._prefix}{purpose}\x1f{length - 1}"
            bits = int.from_bytes(md5(text.encode(), usedforsecurity=False).digest(), "little")
            for last in range(length - 1, 0, -1):
                bits, other = divmod(bits, last + 1)
                order[last], order[other] = order[other], order[last]
            return order
        bits = left = 0
        for last in range(length - 1, 0, -1):
            if left <= last << 64:
                text = f"{self._prefix}{purpose}\x1f{last}"
                bits = int.from_bytes(md5(text.encode(), usedforsecurity=False).digest(), "little")
                left = 1 << 128
            left //= last + 1
            bits, other = divmod(bits, last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def largest(self, names: Sequence[str], purpose: str) -> str:
        """Return the name with the largest draw: a new name changes only the rows that it wins.

        A name's draw is the row's draw for ``purpose``, mixed with the name's own bits: one digest
        a row instead of one a name.
        """
        if len(names) == 1:
            return names[0]
        row = self.integer(purpose)
        return max(names, key=lambda name: ((row ^ _bits(name)) * _ODD) & _LOW_64)


@lru_cache(maxsize=4096)
def _bits(name: str) -> int:
    return int.from_bytes(md5(name.encode(), usedforsecurity=False).digest()[:8], "little")
