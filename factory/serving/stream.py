"""Answers while they are written: an engine's events read, cleaned on their way, and printed again.

What a client puts together from a stream is what it would have got as a whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json

from factory.serving.layer import THOUGHTS

#: What an event's line begins with, and the event after which none comes.
_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"
END: Final = _DATA + b" " + _DONE + b"\n\n"


class BrokenStreamError(Exception):
    """A stream that is none: it ended too early, never ends, or holds something else."""


def event(data: Any) -> bytes:
    """Return ``data`` as one event."""
    return _DATA + b" " + to_json(data) + b"\n\n"


async def parts_of(stream: AsyncIterable[bytes], longest: int) -> AsyncIterator[dict[str, Any]]:
    """Yield the parts of an answer as an engine's events tell them.

    Raises :class:`BrokenStreamError` for what is no part, for an engine's own error, and for more
    than ``longest`` bytes.
    """
    line = bytearray()
    length = 0
    async for piece in stream:
        length += len(piece)
        if length > longest:
            raise BrokenStreamError("an endless reply")
        *lines, rest = piece.split(b"\n")
        for each in lines:
            line += each
            if line.startswith(_DATA):
                said = bytes(line[len(_DATA) :]).strip()
                if said == _DONE:
                    return
                yield _part(said)
            line.clear()
        line += rest
    raise BrokenStreamError("a stream that broke off")


class Cleaned:
    """The parts of one answer as they are sent on: no space around it, none of its reasoning."""

    def __init__(self) -> None:
        # By choice: the space behind what was said, which is held back until more is said; no key
        # where nothing was said yet.
        self._held: dict[int, str] = {}

    def part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """Return a part without what a whole answer would not have."""
        return {**part, "choices": [self._choice(each) for each in part["choices"]]}

    def _choice(self, choice: dict[str, Any]) -> dict[str, Any]:
        delta = {name: value for name, value in choice["delta"].items() if name not in THOUGHTS}
        text = delta.get("content")
        if isinstance(text, str):
            delta["content"] = self._text(int(choice.get("index") or 0), text)
        return {**choice, "delta": delta}

    def _text(self, index: int, text: str) -> str:
        held = self._held.get(index)
        text = text.lstrip() if held is None else held + text
        said = text.rstrip()
        if held is not None or said:
            self._held[index] = text[len(said) :]
        return said


def parts_at_once(reply: Mapping[str, Any], *, usage: bool) -> Iterator[dict[str, Any]]:
    """Yield a whole reply as parts: what was said, why it ended, and its tokens where wanted."""
    kept = ("id", "created", "model", "system_fingerprint")
    head = {name: reply[name] for name in kept if name in reply}
    head["object"] = "chat.completion.chunk"
    said = [
        {"index": choice.get("index", 0), "delta": _delta(choice["message"]), "finish_reason": None}
        for choice in reply["choices"]
    ]
    why = [
        {
            "index": choice.get("index", 0),
            "delta": {},
            "finish_reason": choice.get("finish_reason") or "stop",
        }
        for choice in reply["choices"]
    ]
    yield {**head, "choices": said}
    yield {**head, "choices": why}
    if usage:
        yield {**head, "choices": [], "usage": reply.get("usage")}


def _delta(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as a part says it: its calls of tools are numbered there."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return dict(message)
    return {**message, "tool_calls": [{"index": at, **call} for at, call in enumerate(calls)]}


def _part(said: bytes) -> dict[str, Any]:
    try:
        part = from_json(said)
    except ValueError as error:
        raise BrokenStreamError("an event that is no JSON") from error
    if isinstance(part, dict) and part.get("error"):
        raise BrokenStreamError(f"it broke off: {_words(part['error'])}")
    choices = part.get("choices") if isinstance(part, dict) else None
    if not isinstance(choices, list) or not all(
        isinstance(each, dict) and isinstance(each.get("delta"), dict) for each in choices
    ):
        raise BrokenStreamError("an event that is no part of an answer")
    return dict(part)


def _words(error: Any) -> str:
    return str(error.get("message") if isinstance(error, dict) else error)
