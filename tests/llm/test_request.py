"""What makes a request this request."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from factory.llm import Message, ModelSpec, Question
from factory.llm.models import endpoint_of
from factory.llm.request import Writer, strict_schema

SPEC: dict[str, Any] = {"model": "m", "base_url": "http://127.0.0.1:1/v1"}
ASKED = (Message("system", "You write."), Message("user", "Write 'a \"b\" ünï ⟦c⟧'."))


class Inner(BaseModel):
    name: str
    sign: Literal["plus", "minus"] = "plus"


class Form(BaseModel):
    title: str
    parts: list[Inner]


def key(spec: dict[str, Any], question: Question, identity: str = "x") -> bytes:
    return Writer(ModelSpec.model_validate(spec), identity).request(question).key


def test_whatever_changes_the_answer_changes_the_key() -> None:
    question = Question(ASKED, Form)
    keys = [
        key(SPEC, question),
        key(SPEC | {"model": "n"}, question),
        key(SPEC | {"parameters": {"temperature": 0.5}}, question),
        key(SPEC | {"structured": "object"}, question),
        key(SPEC | {"max_tokens": 100}, question),
        key(SPEC, question, identity="another endpoint"),
        key(SPEC, Question((Message("system", "You do not write."), ASKED[1]), Form)),
        key(SPEC, Question((ASKED[0], Message("user", "Write.")), Form)),
        key(SPEC, Question(ASKED, Inner)),
        key(SPEC, Question(ASKED, Form, sample=1)),
        key(SPEC, Question(ASKED, Form, temperature=0.1)),
        key(SPEC, Question(ASKED, Form, max_tokens=7)),
        key(SPEC, question.followed_by("said", "wrong")),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "change", [{"concurrency": 3}, {"requests_per_minute": 5}, {"timeout": 1.5}, {"price": None}]
)
def test_what_does_not_change_the_answer_keeps_the_key(change: dict[str, Any]) -> None:
    question = Question(ASKED, Form)
    assert key(SPEC | change, question) == key(SPEC, question)


def test_the_body_is_the_requests_json() -> None:
    spec = ModelSpec.model_validate(SPEC | {"parameters": {"seed": 3}})
    body = json.loads(Writer(spec, "x").request(Question(ASKED, Form, temperature=0.2)).body)
    assert body["messages"] == [{"role": m.role, "content": m.content} for m in ASKED]
    assert (body["model"], body["seed"], body["temperature"]) == ("m", 3, 0.2)
    assert body["max_tokens"] == 512
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["title", "parts"]


def test_a_recipes_own_temperature_goes_first_and_its_bound_holds() -> None:
    spec = ModelSpec.model_validate(
        SPEC | {"parameters": {"temperature": 1.0, "max_completion_tokens": 9}}
    )
    body = json.loads(Writer(spec, "x").request(Question(ASKED, temperature=0.2)).body)
    assert body["temperature"] == 1.0
    assert "max_tokens" not in body
    assert "response_format" not in body


def test_a_strict_schema_requires_everything_and_allows_nothing_else() -> None:
    schema = strict_schema(Form)
    inner = schema["$defs"]["Inner"]
    assert inner["required"] == ["name", "sign"]
    assert inner["additionalProperties"] is schema["additionalProperties"] is False
    # A field that is called title is no title of the schema.
    assert "title" in schema["properties"]
    assert "title" not in schema["properties"]["title"]
    assert "default" not in inner["properties"]["sign"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"model": ""}, "the key 'model' is missing"),
        ({"base_url": "https://key@host/v1"}, "would end in logs"),
        ({"base_url": "http://example.com/v1"}, "over plain http"),
        ({"base_url": "ftp://example.com"}, "no http address"),
        ({"parameters": {"messages": []}}, "the line sets 'messages' itself"),
        ({"api_key_env": "sk-123"}, "api_key_env"),
        ({"concurrency": 0}, "concurrency"),
        ({"tempo": 1}, "tempo"),
    ],
)
def test_a_model_that_cannot_be_meant_is_refused(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ModelSpec.model_validate(SPEC | wrong)


def test_a_key_is_read_from_the_environment_and_never_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    endpoint = endpoint_of(ModelSpec.model_validate(SPEC | {"api_key_env": "MY_KEY"}))
    assert endpoint.key == "sk-secret"
    assert "secret" not in repr(endpoint)
    assert endpoint.identity == "http://127.0.0.1:1/v1"
