"""A model that answers from a script: for tests and dry runs, without weights or a network.

It sees what a model sees, the messages and the schema, and nothing else: no task, no gold. Texts
are words of the prompt, drawn by the whole request, so the same request is always answered alike
and a changed one otherwise. A text that has room for all the words begins with any of them; every
other list of texts is the quoted text cut into parts; of numbered lines it has its choice, whatever
their order. What it writes is well-formed and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from pydantic_core import from_json, to_json

from factory.llm.request import Answer

IDENTITY: Final = "scripted:3"
_WORDS_OF_A_TEXT: Final = 12
_ITEMS: Final = 3
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
        return node["enum"][draw.below(len(node["enum"]))]
    if forms := node.get("anyOf") or node.get("oneOf") or node.get("allOf"):
        return _instance(forms[0], root, prompt, draw)
    kind = node.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        fields = node.get("properties", {})
        return {name: _instance(field, root, prompt, draw) for name, field in fields.items()}
    if kind == "array":
        least = node.get("minItems", min(_ITEMS, node.get("maxItems", _ITEMS)))
        items = node.get("items", {})
        if items.get("type") == "string" and "enum" not in items and draw.below(2):
            return _cut(prompt.words, draw, least)
        return [_instance(node.get("items", {}), root, prompt, draw) for _ in range(least)]
    return _scalar(kind, node, prompt, draw)


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
