"""Which of millions of rows has a hash: a table of 12 to 20 bytes a row, where a dict takes 150.

What two samples have in common (an id, a content, a question) is known by a hash of 8 bytes: of a
million rows two that differ share one in 3 of 10^8 runs, of a billion in one run of 37.
"""

from __future__ import annotations

from array import array
from typing import Final

#: Bytes of a hash that a table takes.
HASH_BYTES: Final = 8
_SMALLEST: Final = 1 << 10


class HashTable:
    """Finds the number of the row that was added last under a hash of 8 bytes.

    Open addressing: a slot holds the number of a row (4 bytes; 0 is none), and a second array the
    hashes in the order of their rows (8 bytes each), so that a growing table moves only numbers.
    At least a third of the slots are free. The hash 0 stands for a row that has none.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._slots = array("I", bytes(4 * _SMALLEST))
        self._last = _SMALLEST - 1
        #: How many more hashes fit before two thirds of the slots are taken.
        self._room = _SMALLEST * 2 // 3

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, row_hash: int) -> int | None:
        """Return the row of a hash, counted from 0; None where no row has it."""
        slots, hashes, last = self._slots, self._hashes, self._last
        slot = row_hash & last
        while row := slots[slot]:
            if hashes[row - 1] == row_hash:
                return row - 1
            slot = (slot + 1) & last
        return None

    def add(self, row_hash: int, row: int) -> int | None:
        """Let ``row`` be the one of a hash, and return the one before, where there was one.

        Rows come in order, and those left out have no hash.
        """
        slots, hashes, last = self._slots, self._hashes, self._last
        if row > len(hashes):
            hashes.frombytes(bytes(HASH_BYTES * (row - len(hashes))))
        hashes.append(row_hash)
        if not row_hash:
            return None
        slot = row_hash & last
        while (earlier := slots[slot]) and hashes[earlier - 1] != row_hash:
            slot = (slot + 1) & last
        slots[slot] = row + 1
        if earlier:
            return earlier - 1
        self._room -= 1
        if not self._room:
            self._grow()
        return None

    def hash_of(self, row: int) -> int:
        """Return the hash that a row was added under."""
        return self._hashes[row]

    def _grow(self) -> None:
        earlier, hashes = self._slots, self._hashes
        self._slots = slots = array("I", bytes(2 * len(earlier) * earlier.itemsize))
        self._last = last = len(slots) - 1
        self._room = len(slots) // 3
        for row in filter(None, earlier):
            slot = hashes[row - 1] & last
            while slots[slot]:
                slot = (slot + 1) & last
            slots[slot] = row
