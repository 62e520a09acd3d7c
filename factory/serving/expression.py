"""Sets of texts as expressions, printed as the two engines read them.

llama.cpp takes a grammar in GBNF, vLLM a regular expression; both are printed from one expression,
so that they cannot admit different answers. What stands in an expression many times is one rule in
GBNF, and is written out in a regular expression, which has no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Exactly this text."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """One after another."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """One of them; nothing at all too, where ``optional``."""

    parts: tuple[Expression, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """One to ``most`` of the same, parted by a text."""

    item: Expression
    separator: str
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class Without:
    """One to ``most`` characters, any but one."""

    character: str
    most: int


Expression: TypeAlias = Text | Sequence | Either | Listed | Without

#: What stands for more than itself in a regular expression: some dialects take no other escapes.
_SPECIAL: Final = re.compile(r"[\\.^$*+?()\[\]{}|]")
_CONTROLS: Final = {chr(code): f"\\x{code:02x}" for code in (*range(32), 127)}
_ESCAPED: Final = {**_CONTROLS, "\\": "\\\\", '"': '\\"', "\n": "\\n"}


def gbnf(expression: Expression) -> str:
    """Return a grammar whose ``root`` admits what ``expression`` does, in llama.cpp's form."""
    return _Gbnf().grammar(expression)


def regex(expression: Expression) -> str:
    """Return a regular expression that a whole text must match."""
    match expression:
        case Text(text):
            literal = _SPECIAL.sub(r"\\\g<0>", text).replace("\n", "\\n")
            return "".join(_CONTROLS.get(each, each) for each in literal)
        case Sequence(parts):
            return "".join(map(regex, parts))
        case Either(parts, optional):
            return f"(?:{'|'.join(map(regex, parts))}){'?' if optional else ''}"
        case Listed(item, separator, most):
            one = regex(item)
            return f"{one}(?:{regex(Text(separator))}{one}){{0,{most - 1}}}"
        case Without(character, most):
            return f"[^{regex(Text(character))}]{{1,{most}}}"


class _Gbnf:
    """Prints one expression; an alternation, which may stand in many places, is a rule."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._named: list[Either] = []

    def grammar(self, expression: Expression) -> str:
        rules = [f"root ::= {self._inline(expression)}"]
        # What a rule names is printed after it and not inside it: phrases of a long text refer to
        # each other deeper than Python calls go. The list grows meanwhile.
        rules.extend(
            f"{self._name(each)} ::= {' | '.join(map(self._inline, each.parts))}"
            for each in self._named
        )
        return "\n".join(rules) + "\n"

    def _inline(self, expression: Expression) -> str:
        match expression:
            case Text(text):
                return '"' + "".join(_ESCAPED.get(each, each) for each in text) + '"'
            case Sequence(parts):
                return " ".join(map(self._inline, parts))
            case Either(_, optional):
                return self._name(expression) + ("?" if optional else "")
            case Listed(item, separator, most):
                one = self._inline(item)
                again = f"({self._inline(Text(separator))} {one})"
                return f"{one} {again}{{0,{most - 1}}}" if most > 1 else one
            case Without(character, most):
                return f"[^{_ESCAPED.get(character, character)}]{{1,{most}}}"

    def _name(self, expression: Either) -> str:
        name = self._names.get(id(expression))
        if name is None:
            name = self._names[id(expression)] = f"r{len(self._names)}"
            self._named.append(expression)
        return name


def one_of(texts: Iterable[str]) -> Either:
    """Return what admits each of ``texts``."""
    return Either(tuple(map(Text, texts)))
