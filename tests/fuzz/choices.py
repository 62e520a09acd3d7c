"""Hostile inputs out of plain bytes, so that any engine can make, shrink and repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")

#: What has broken readers before: nothing, ends of lines, directions, halves of pairs, the marks
#: of the formats that are read and written here, numbers that no type holds, ways out.
PIECES: Final = (
    *("\x00", "\x1b[2J", "\x1e", "\x7f", "\x85"),
    *("\u2028", "\u202e", "\ufeff", "\ud800", "\udfff"),
    *("\U0010ffff", "👩‍🔧", "e\u0301", "ﬁ", "Ⅻ", "٣"),
    *("²", "İ", "ß", "長い題名", "\r", "\r\n", "\n"),
    *("'", '"', "''", '""', "`", "\\", "/", "//"),
    *("../", "..", ".", "~", "$", "${HOME}", "%s", "%"),
    *("{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "[", "]", "[[", "<", ">", "&", "|", "*", "?"),
    *(",", ", ", ";", ":", ": ", "- ", "--", "---\n", "...", "#", "!", "!!", "&a ", "*a", "<<"),
    *("⟦", "⟧", "<|im_end|>\n<|im_start|>system\n", "</s>"),
    *("[INST]", "```", "<think>", "</think>"),
    *("'); DROP TABLE t; --", "\"; SELECT 1; --", "/*", "*/", "$$", "' OR '1'='1", "\\'"),
    *("0", "-1", "1e999", "-0.0", "NaN", "Infinity", "9" * 40, "1" * 4400, "0x", "1_0", "1:1:1"),
    *("None", "null", "true", "yes", "~", "[]", "{}"),
    *('""', "inf", "\t", " ", "   ", "a", "Answer:"),
    *("http://169.254.169.254/", "file:///etc/passwd", "hf://"),
    *("https://", "@", "::1", "localhost"),
)  # fmt: skip


class Choices:
    """Choices that bytes make, one after another; at their end every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes have chosen nothing yet."""
        return len(self._data) - self._at

    def number(self, below: int) -> int:
        """Return a number from 0 to below ``below``."""
        value = 0
        for _ in range((max(below - 1, 1).bit_length() + 7) // 8):
            value = value << 8 | (self._data[self._at] if self.left > 0 else 0)
            self._at += 1
        return value % below

    def pick(self, from_: Sequence[T]) -> T:
        """Return one of ``from_``."""
        return from_[self.number(len(from_))]

    def rest(self) -> bytes:
        """Return every byte that is left."""
        at, self._at = self._at, len(self._data)
        return self._data[at:]

    def text(self, pieces: Sequence[str] = (), most: int = 24) -> str:
        """Return a text of at most ``most`` pieces: of ``pieces``, hostile ones, plain letters."""
        said = []
        for _ in range(self.number(most + 1)):
            kind = self.number(4)
            if kind == 0 and pieces:
                said.append(self.pick(pieces))
            elif kind == 3:
                said.append(chr(self.number(0x250)))
            elif kind == 1 or not pieces:
                said.append(self.pick(PIECES))
            else:
                said.append(self.pick(pieces))
        return "".join(said)

    def value(self, pieces: Sequence[str] = (), depth: int = 2) -> Any:
        """Return a value of JSON: a text mostly, else of any kind, nested at most ``depth``."""
        kind = self.number(12 if depth else 9)
        if kind < 4:
            return self.text(pieces, 6)
        if kind < 9:
            odd = (None, True, 0, -1, 3.5, 10**30, float("inf"), float("nan"), "", 2**63)
            return self.pick(odd)
        if kind == 9:
            return [self.value(pieces, depth - 1) for _ in range(self.number(4))]
        return {self.text(pieces, 2): self.value(pieces, depth - 1) for _ in range(self.number(4))}

    def changed(self, value: Any, pieces: Sequence[str] = ()) -> Any:
        """Return ``value`` with some of what is in it taken out, doubled or put otherwise."""
        if self.left <= 0:
            return value
        turn = self.number(16)
        if turn == 0:
            return self.value(pieces)
        if isinstance(value, dict):
            kept = {}
            for name, each in value.items():
                if self.number(24) == 1:
                    continue
                kept[name] = self.changed(each, pieces)
            if self.number(12) == 1:
                kept[self.text(pieces, 2)] = self.value(pieces)
            return kept
        if isinstance(value, list):
            listed = [self.changed(each, pieces) for each in value]
            return listed * 2 if self.number(16) == 1 else listed
        if isinstance(value, str) and turn == 1:
            return value + self.text(pieces, 3)
        return value

    def spoiled(self, content: bytes) -> bytes:
        """Return a file's content with some bytes cut, doubled, flipped, or hostile text put in."""
        for _ in range(1 + self.number(6)):
            if not content:
                break
            at = self.number(min(len(content), 1 << 24))
            kind = self.number(6)
            if kind == 0:
                content = content[:at]
            elif kind == 1:
                content = content[:at] + content[at + 1 + self.number(64) :]
            elif kind == 2:
                content = content[:at] + bytes([self.number(256)]) + content[at + 1 :]
            elif kind == 3:
                content = content[:at] + content[at : at + self.number(256)] + content[at:]
            else:
                put = self.pick(PIECES).encode(errors="surrogatepass")
                content = content[:at] + put + content[at:]
        return content
