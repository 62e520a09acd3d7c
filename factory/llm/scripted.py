"""A model that answers from a script: for tests and dry runs, without weights or a network.

It sees what a model sees, the messages and the schema, and nothing else: no task, no gold. Texts
are words of the prompt, drawn by the whole request, so the same request is always answered alike
and a changed one otherwise. A text that has room for all the words begins with any of them;
every other list of texts is the quoted text cut into parts; of numbered lines it has its choice,
whatever their order. Of a list of names it takes the first where the quoted text says them all, of
a long one as often one that it says as any, and begins what stands beside the name where that
stands, as a label does. What it writes is well-formed and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from pydantic_core import from_json, to_json

from factory.llm.request import Answer

IDENTITY: Final = "scripted:4"
_WORDS_OF_A_TEXT: Final = 12
_ITEMS: Final = 3
#: A shorter list is of answers, not of names.
_LONG_LIST: Final = 5
_WORDS_AFTER_A_NAME: Final = 3
_TRIES: Final = 4
_CHARACTERS_OF_A_TOKEN: Final = 4
#: A numbered line with a text of the shop.
_NUMBERED: Final = re.compile(
    "^([0-9]+)[.] (\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}.*)$", re.MULTILINE
)
_QUOTED: Final = re.compile(
    "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}([^\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}]+)"
)


class ScriptedModel:
    """Answers request bodies at once."""

    def answer(self, body: bytes) -> Answer:
        """Return the answer to one request in the form of the API."""
        request = from_json(body)
        asked = "\n".join(str(each["content"]) for each in request["messages"])
        form = (request.get("response_format") or {}).get("json_schema", {}).get("schema")
        draw = _Bits(body)
        prompt = _Prompt(_words(asked), dict(_NUMBERED.findall(asked)))
        text = (
            _text(prompt.words, draw, _WORDS_OF_A_TEXT)
            if form is None
            else to_json(_instance(form, form, prompt, draw)).decode()
        )
        return Answer(
            text=text,
            finish="stop",
            prompt_tokens=len(asked) // _CHARACTERS_OF_A_TOKEN + 1,
            completion_tokens=len(text) // _CHARACTERS_OF_A_TOKEN + 1,
            cost=0.0,
            seconds=0.0,
        )


def _words(asked: str) -> list[str]:
    """Return the words of the longest text that is quoted in a prompt, else of all of it."""
    text = max(_QUOTED.findall(asked), key=len, default=asked)
    return [word for word in text.split() if any(map(str.isalnum, word))] or ["answer"]


@dataclass(frozen=True, slots=True)
class _Prompt:
    """What answers are made of: the quoted words, and numbered lines by their number."""

    words: Sequence[str]
    numbered: Mapping[str, str]


class _Bits:
    """A stream of draws from one request."""

    def __init__(self, body: bytes) -> None:
        self._seed = blake2b(body, digest_size=16).digest()
        self._count = 0

    def below(self, bound: int) -> int:
        self._count += 1
        digest = blake2b(self._seed + self._count.to_bytes(4, "little"), digest_size=8).digest()
        return int.from_bytes(digest, "little") % bound


def _text(words: Sequence[str], draw: _Bits, length: int) -> str:
    """Return consecutive words of the prompt: a part of it, as an extraction would be."""
    start = draw.below(max(len(words) - length, 1))
    return " ".join(words[start : start + length])


def _cut(words: Sequence[str], draw: _Bits, parts: int) -> list[str]:
    """Return ``parts`` runs of words that together are all of them; one word is cut itself."""
    pieces, joint = (words, " ") if len(words) > 1 else (words[0], "")
    places = sorted({1 + draw.below(len(pieces)) for _ in range(parts - 1)} - {len(pieces)})
    runs = zip([0, *places], [*places, len(pieces)], strict=True)
    return [joint.join(pieces[start:end]) for start, end in runs]


def _instance(
    node: Mapping[str, Any], root: Mapping[str, Any], prompt: _Prompt, draw: _Bits
) -> Any:
    """Return an instance of a JSON schema."""
    if "$ref" in node:
        return _instance(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root, prompt, draw)
    if "const" in node:
        return node["const"]
    if "enum" in node:
        return _name(node["enum"], prompt.words, draw)
    if forms := node.get("anyOf") or node.get("oneOf") or node.get("allOf"):
        return _instance(forms[0], root, prompt, draw)
    kind = node.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return _object(node.get("properties", {}), root, prompt, draw)
    if kind == "array":
        least = node.get("minItems", min(_ITEMS, node.get("maxItems", _ITEMS)))
        items = node.get("items", {})
        if items.get("type") == "string" and "enum" not in items and draw.below(2):
            return _cut(prompt.words, draw, least)
        return _different(least, items, root, prompt, draw)
    return _scalar(kind, node, prompt, draw)


def _name(names: Sequence[Any], words: Sequence[str], draw: _Bits) -> Any:
    """Return one of a list: the first where the text says all, of a long one often one it says."""
    said = [name for name in names if _stands_at(name, words) is not None]
    if len(said) == len(names):
        return names[0]
    among = said if said and len(names) >= _LONG_LIST and draw.below(2) else names
    return among[draw.below(len(among))]


def _different(
    count: int, node: Mapping[str, Any], root: Mapping[str, Any], prompt: _Prompt, draw: _Bits
) -> list[Any]:
    """Return instances of one form; an object that begins as another is drawn anew, a few times."""
    made: list[Any] = []
    begun: list[Any] = []
    for _ in range(count):
        for _ in range(_TRIES):
            each = _instance(node, root, prompt, draw)
            first = next(iter(each.values()), None) if isinstance(each, dict) else None
            if first is None or first not in begun:
                break
        made.append(each)
        begun.append(first)
    return made


def _object(
    fields: Mapping[str, Any], root: Mapping[str, Any], prompt: _Prompt, draw: _Bits
) -> dict[str, Any]:
    """Return an instance of an object: a text beside a name of a list begins where that stands."""
    made: dict[str, Any] = {}
    place: int | None = None
    for name, field in fields.items():
        if place is not None and field.get("type") == "string" and "enum" not in field:
            end = place + 2 + draw.below(_WORDS_AFTER_A_NAME)
            made[name] = " ".join(prompt.words[place:end])
            continue
        made[name] = _instance(field, root, prompt, draw)
        if len(field.get("enum", ())) >= _LONG_LIST:
            place = _stands_at(made[name], prompt.words)
    return made


def _stands_at(name: object, words: Sequence[str]) -> int | None:
    """Return where the first word of ``name`` stands in a text; a number stands nowhere."""
    first = str(name).casefold().split(" ")[0]
    if not first.isalpha():
        return None
    return next(
        (place for place, word in enumerate(words) if word.casefold().strip(".,;:!?") == first),
        None,
    )


def _scalar(kind: object, node: Mapping[str, Any], prompt: _Prompt, draw: _Bits) -> Any:
    if kind in ("integer", "number"):
        low = node.get("minimum", node.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in node))
        high = node.get("maximum", low + 9)
        numbers = range(int(low), int(high) + 1)
        if {*map(str, numbers)} == prompt.numbered.keys():
            return min(numbers, key=lambda number: _place(prompt.numbered[str(number)]))
        return numbers[draw.below(len(numbers))]
    if kind == "boolean":
        return draw.below(2) == 1
    if kind == "null":
        return None
    words = prompt.words
    length = 2 + draw.below(_WORDS_OF_A_TEXT - 1)
    if length >= len(words):
        first = draw.below(len(words))
        words = [*words[first:], *words[:first]]
    text = _text(words, draw, length)
    return text[: node["maxLength"]].strip() if "maxLength" in node else text


def _place(line: str) -> bytes:
    """Return where a line stands in an order that is always the same."""
    return blake2b(line.encode(), digest_size=8).digest()
