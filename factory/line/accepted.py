"""What the fold remembers of the samples that it accepted: 60 bytes each, or 72 with a subject."""

from __future__ import annotations

from array import array
from hashlib import blake2b

from factory.line.hashes import HASH_BYTES, HashTable
from factory.line.quotas import Stratum


class Accepted:
    """The accepted samples of a fold, known by hashes: of id and content, of question and answer.

    Ids are 16 hexadecimal digits, as :func:`factory.sample.sample_id` gives them; the other hashes
    have up to 8 bytes.
    """

    def __init__(self) -> None:
        self._ids = HashTable()
        self._contents = HashTable()
        self._asked = HashTable()
        self._subjects = HashTable()
        self._answered = array("Q")
        self._strata = array("I")
        self._stratum_numbers: dict[Stratum, int] = {}
        self._stratum_names: list[Stratum] = []
        #: Of a row whose question was asked before, the row that asked it last: few have one.
        self._asked_before: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(
        self,
        sample_id: str,
        content: bytes,
        asked: bytes,
        answered: bytes,
        subject: str,
        stratum: Stratum,
    ) -> None:
        """Remember a sample; ``asked`` and ``subject`` are empty where it has none."""
        row = len(self._ids)
        self._ids.add(int(sample_id, 16), row)
        self._contents.add(int.from_bytes(content, "little"), row)
        before = self._asked.add(int.from_bytes(asked, "little"), row)
        if before is not None:
            self._asked_before[row] = before
        if subject:
            self._subjects.add(_subject(subject), row)
        self._answered.append(int.from_bytes(answered, "little"))
        number = self._stratum_numbers.setdefault(stratum, len(self._stratum_names))
        if number == len(self._stratum_names):
            self._stratum_names.append(stratum)
        self._strata.append(number)

    def has_id(self, sample_id: str) -> bool:
        """Return whether a sample has this id."""
        return self._ids.find(int(sample_id, 16)) is not None

    def of_content(self, content: bytes) -> str:
        """Return the id of the sample that says the same; empty where none does."""
        return self._id(self._contents.find(int.from_bytes(content, "little")))

    def of_subject(self, subject: str) -> str:
        """Return the id of the sample that is about a subject; empty where none is."""
        return self._id(self._subjects.find(_subject(subject)))

    def answered_otherwise(self, asked: bytes, answered: bytes) -> list[tuple[str, Stratum]]:
        """Return id and stratum of the samples that ask the same, the last of them first.

        None of them where the last is answered alike: whoever takes no other answer has no other.
        """
        row = self._asked.find(int.from_bytes(asked, "little"))
        if row is None or self._answered[row] == int.from_bytes(answered, "little"):
            return []
        rows = [row]
        while (row := self._asked_before.get(row)) is not None:
            rows.append(row)
        return [(self._id(each), self._stratum_names[self._strata[each]]) for each in rows]

    def _id(self, row: int | None) -> str:
        return "" if row is None else f"{self._ids.hash_of(row):016x}"


def _subject(subject: str) -> int:
    return int.from_bytes(blake2b(subject.encode(), digest_size=HASH_BYTES).digest(), "little")
