"""What a model is asked, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pydantic_core import to_json

from factory.llm.models import ModelSpec

KEY_BYTES: Final = 16
#: What the API calls the bound of an answer: newer models want the first, and refuse the second.
_BOUNDS: Final = ("max_completion_tokens", "max_tokens")


class Message(NamedTuple):
    """One message of a chat: ``role`` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a step of the line asks, before it is known which endpoint answers it.

    Attributes:
        messages: the chat so far.
        answer: the form of the answer; None for plain text.
        sample: which of several answers to one prompt is meant, from 0.
        max_tokens: of the answer, where the step knows better than the model's own bound.
        temperature: where the step needs one: 0 to extract and judge, more to vary.
        whole: whether a text of the form that was cut off at the bound is no text: it would be
            taken for one that ends there.
    """

    messages: tuple[Message, ...]
    answer: type[BaseModel] | None = None
    sample: int = 0
    max_tokens: int | None = None
    temperature: float | None = None
    whole: bool = False

    def followed_by(self, said: str, correction: str) -> Question:
        """Return the question after an answer that was no good: said again, with what is wrong."""
        more = (Message("assistant", said), Message("user", correction))
        return replace(self, messages=self.messages + more)


class Request(NamedTuple):
    """One request as it is sent, and its identity.

    ``key`` is a hash of the endpoint, the whole body and the sample index: whatever changes the
    answer changes it. ``max_tokens`` bounds the answer; ``characters`` is the prompt's length.
    """

    key: bytes
    body: bytes
    max_tokens: int
    characters: int


class Answer(NamedTuple):
    """What came back: ``finish`` is the API's ``finish_reason``; ``seconds`` what it took."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    cost: float
    seconds: float


class Writer:
    """Makes the requests of one model: what never changes is written once.

    Args:
        spec: the model.
        identity: of its endpoint, see :class:`~factory.llm.models.Endpoint`.
    """

    def __init__(self, spec: ModelSpec, identity: str) -> None:
        self._spec = spec
        self._salt = identity.encode() + b"\x1f"
        self._formats: dict[type[BaseModel] | None, bytes] = {}
        self._heads: dict[tuple[int, float | None], bytes] = {}

    def request(self, question: Question) -> Request:
        """Return the request of a question."""
        most = min(question.max_tokens or self._spec.max_tokens, self._spec.max_tokens)
        head = self._heads.get((most, question.temperature))
        if head is None:
            head = self._head(most, question.temperature)
            self._heads[most, question.temperature] = head
        form = self._formats.get(question.answer)
        if form is None:
            form = self._formats[question.answer] = self._format(question.answer)
        messages = to_json([{"role": role, "content": text} for role, text in question.messages])
        body = b"".join((head, messages, form, b"}"))
        index = question.sample.to_bytes(4, "little")
        key = blake2b(self._salt + index + body, digest_size=KEY_BYTES).digest()
        characters = sum(len(text) for _, text in question.messages)
        return Request(key, body, self._longest(most), characters)

    def _longest(self, most: int) -> int:
        """Return how many tokens an answer may have: a bound of the recipe's own goes first."""
        given = (self._spec.parameters.get(name) for name in _BOUNDS)
        return max((each for each in given if isinstance(each, int)), default=most)

    def _head(self, max_tokens: int, temperature: float | None) -> bytes:
        fields: dict[str, Any] = {"model": self._spec.model, **self._spec.parameters}
        if temperature is not None and "temperature" not in self._spec.parameters:
            fields["temperature"] = temperature
        # OpenAI's newer models refuse the older name; a recipe that gives either has chosen.
        if "max_completion_tokens" not in fields:
            fields.setdefault("max_tokens", max_tokens)
        return to_json(dict(sorted(fields.items())))[:-1] + b',"messages":'

    def _format(self, answer: type[BaseModel] | None) -> bytes:
        if answer is None or self._spec.structured == "none":
            return b""
        if self._spec.structured == "object":
            form: Mapping[str, Any] = {"type": "json_object"}
        else:
            form = {
                "type": "json_schema",
                "json_schema": {
                    "name": answer.__name__,
                    "schema": strict_schema(answer),
                    "strict": True,
                },
            }
        return b',"response_format":' + to_json(form)


def strict_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of ``answer`` as strict endpoints want it.

    Every property is required and no other is allowed; titles and defaults, which they do not
    know, are left out.
    """
    return dict(_strict(answer.model_json_schema()))


def _strict(node: Any) -> Any:
    if isinstance(node, Mapping):
        made = {
            name: (
                {key: _strict(each) for key, each in value.items()}
                if name in ("properties", "$defs")
                else _strict(value)
            )
            for name, value in node.items()
            if name not in ("title", "default")
        }
        if "properties" in made:
            made["required"] = list(made["properties"])
            made["additionalProperties"] = False
        return made
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_strict(each) for each in node]
    return node
