"""A reader of the part of GBNF that the factory prints: it lists all that a grammar admits."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\(|\)|\{\d+,\d+\}|\?|\||[a-z][a-z0-9]*|\S')


def admitted_by(grammar: str, most: int = 200_000) -> list[str]:
    """Return every text that ``root`` admits, in no order; fails past ``most`` of them."""
    found = []
    for text in _Grammar(grammar).rule("root"):
        found.append(text)
        assert len(found) <= most
    return found


class _Grammar:
    def __init__(self, grammar: str) -> None:
        rules = (line.split(" ::= ", 1) for line in grammar.strip().split("\n"))
        self._rules = {name: _PIECE.findall(text) for name, text in rules}

    def rule(self, name: str) -> Iterator[str]:
        return self._alternatives(self._rules[name])

    def _alternatives(self, pieces: list[str]) -> Iterator[str]:
        depth, start = 0, 0
        for place, piece in enumerate([*pieces, "|"]):
            depth += (piece == "(") - (piece == ")")
            if piece == "|" and depth == 0:
                yield from self._sequence(pieces[start:place])
                start = place + 1

    def _sequence(self, pieces: list[str]) -> Iterator[str]:
        if not pieces:
            yield ""
            return
        end = _end_of_first(pieces)
        low, high, rest = _times(pieces[end:])
        once = list(self._one(pieces[:end]))
        heads = [""]
        for times in range(high + 1):
            if times >= low:
                tails = list(self._sequence(rest))
                yield from (head + tail for head in heads for tail in tails)
            heads = [head + each for head in heads for each in once]

    def _one(self, item: list[str]) -> Iterator[str]:
        if item[0] == "(":
            yield from self._alternatives(item[1:-1])
        elif item[0].startswith('"'):
            yield re.sub(r"\\(x[0-9a-f]{2}|.)", _unescaped, item[0][1:-1])
        else:
            yield from self.rule(item[0])


def _end_of_first(pieces: list[str]) -> int:
    depth = 0
    for place, piece in enumerate(pieces):
        depth += (piece == "(") - (piece == ")")
        if depth == 0:
            return place + 1
    raise AssertionError(f"a bracket is open: {pieces}")


def _times(pieces: list[str]) -> tuple[int, int, list[str]]:
    """Return how often the item before may stand, and what is left."""
    if pieces and pieces[0] == "?":
        return 0, 1, pieces[1:]
    if pieces and pieces[0].startswith("{"):
        low, high = map(int, pieces[0][1:-1].split(","))
        return low, high, pieces[1:]
    return 1, 1, pieces


def _unescaped(found: re.Match[str]) -> str:
    said = found[1]
    if said.startswith("x"):
        return chr(int(said[1:], 16))
    return "\n" if said == "n" else said
