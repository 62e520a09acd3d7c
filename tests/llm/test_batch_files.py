"""The files of a batch: within the limits going up, read with whatever is wrong coming down."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.llm import Message, ModelSpec, Question
from factory.llm.batch_files import line_of, parts_of, read_result, tokens_of, write_requests
from factory.llm.models import BatchOptions, Endpoint
from factory.llm.request import Request, Writer

ENDPOINT = Endpoint("http://127.0.0.1/v1", "here", "sk-planted-key")
WRITER = Writer(ModelSpec.model_validate({"model": "m"}), "here")


def request(text: str) -> Request:
    return WRITER.request(Question((Message("user", text),), max_tokens=5))


@given(
    st.lists(st.text(max_size=60), max_size=30, unique=True),
    st.integers(1, 8),
    st.integers(200, 2000),
    st.none() | st.integers(1, 60),
)
def test_every_request_goes_up_once_and_every_batch_keeps_to_the_limits(
    texts: list[str], requests: int, size: int, tokens: int | None
) -> None:
    asked = [request(text) for text in texts]
    options = BatchOptions.model_validate({"requests": requests, "megabytes": size / 1e6})
    parts = list(parts_of(asked, options, tokens))
    assert [each for part in parts for each in part.requests] == asked
    for part in parts:
        file = io.BytesIO()
        write_requests(file, part.requests)
        assert part.tokens == sum(map(tokens_of, part.requests))
        if len(part.requests) > 1:
            assert len(part.requests) <= requests
            assert len(file.getvalue()) <= size
            assert tokens is None or part.tokens <= tokens


@given(st.text())
def test_a_line_says_the_request_as_it_would_be_sent(text: str) -> None:
    asked = request(text)
    (line,) = line_of(asked).splitlines()
    said = json.loads(line)
    assert bytes.fromhex(said["custom_id"]) == asked.key
    assert said["body"] == json.loads(asked.body)
    assert (said["method"], said["url"]) == ("POST", "/v1/chat/completions")


def line(response: Any = None, error: Any = None, custom_id: Any = "00ff") -> bytes:
    return json.dumps({"custom_id": custom_id, "response": response, "error": error}).encode()


REPLY = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}


def test_an_answer_is_read_and_has_no_time_of_its_own() -> None:
    read = read_result(ENDPOINT, line({"status_code": 200, "body": REPLY}))
    assert read is not None
    key, result = read
    assert key == bytes.fromhex("00ff")
    assert result.answer is not None
    assert (result.answer.text, result.answer.seconds) == ("yes", 0.0)


@pytest.mark.parametrize(
    ("said", "kind", "cause"),
    [
        (line({"status_code": 200, "body": {"choices": []}}), "failed", "not in the form"),
        (line({"status_code": 200, "body": None}), "failed", "not in the form"),
        (line({"status_code": 0, "body": None}), "failed", "no status"),
        (line({"status_code": 503, "body": {}}), "failed", "HTTP 503"),
        (line(None, {"code": "batch_expired", "message": "late"}), "failed", "batch_expired: late"),
        (line(None, None), "failed", "no answer"),
        (line({"status_code": 400, "body": {"error": {"message": "no"}}}), "refused", "400: no"),
        (line({"status_code": 401, "body": {}}), "hopeless", "HTTP 401"),
    ],
)
def test_what_is_no_answer_is_told_apart(said: bytes, kind: str, cause: str) -> None:
    read = read_result(ENDPOINT, said)
    assert read is not None
    result = read[1]
    assert cause in str(getattr(result, kind))
    others = {"failed", "refused", "hopeless", "answer"} - {kind}
    assert not any(getattr(result, each) for each in others)


def test_what_a_server_echoes_of_the_key_is_left_out() -> None:
    for said in (
        line(None, {"code": "x", "message": "bad sk-planted-key"}),
        line({"status_code": 400, "body": {"error": {"message": "bad sk-planted-key"}}}),
    ):
        read = read_result(ENDPOINT, said)
        assert read is not None
        assert "sk-planted-key" not in str(read[1])


@given(st.binary(max_size=80))
def test_noise_is_nobodys_result(noise: bytes) -> None:
    assert read_result(ENDPOINT, noise) is None


@pytest.mark.parametrize("custom_id", [None, 3, "row-1", ["00"]])
def test_a_line_of_somebody_else_is_nobodys_result(custom_id: Any) -> None:
    assert read_result(ENDPOINT, line({"status_code": 200, "body": REPLY}, None, custom_id)) is None
