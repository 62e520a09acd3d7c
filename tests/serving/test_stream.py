"""Streamed answers: the same as whole ones, sent while they are written, and ended when broken."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any

import openai
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from factory.llm.local import LocalServer
from factory.llm.models import ModelSpec
from factory.serving.front import Limits
from factory.serving.layer import Switches
from factory.serving.stream import Cleaned, event, parts_of
from tests.llm.server import Fault, error, serve
from tests.serving.fronts import CHOICE, MODEL, WEIGHTS, ask, chat, completion, fronted

DONE = b"data: [DONE]\n\n"
MESSAGES: Any = [{"role": "user", "content": CHOICE}]


def part(text: str | None, **more: Any) -> dict[str, Any]:
    """Return one part of an engine's stream."""
    choice = {"index": 0, "delta": {"content": text, **more}, "finish_reason": None}
    return {"id": "1", "object": "chat.completion.chunk", "model": "file", "choices": [choice]}


def streamed(*parts: dict[str, Any] | bytes, done: bytes = DONE) -> Fault:
    """Return an engine that streams these parts."""
    raw = b"".join(each if isinstance(each, bytes) else event(each) for each in parts) + done
    return lambda _, __: web.Response(body=raw, content_type="text/event-stream")


def slowly(parts: AsyncIterator[bytes]) -> web.Response:
    return web.Response(body=parts, content_type="text/event-stream")


def lines_of(url: str, body: dict[str, Any]) -> list[bytes]:
    """Return the events of a streamed answer."""
    connection = HTTPConnection(url.removeprefix("http://").partition("/")[0], timeout=60)
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
    raw = response.read()
    connection.close()
    return [line.removeprefix(b"data: ") for line in raw.split(b"\n") if line]


def test_the_openai_client_reads_the_same_text_as_from_a_whole_answer() -> None:
    fault = streamed(part(None, role="assistant"), part(" "), part("1"), part("\n"))
    with serve(fault) as seen, fronted(seen.url) as url:
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        read = list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
        client.close()

    assert "".join(each.choices[0].delta.content or "" for each in read) == "1"
    assert {each.model for each in read} == {MODEL}
    assert json.loads(seen.bodies[0])["grammar"]


def test_the_tokens_are_counted_at_the_end_where_a_request_wants_it() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    counted = {**part("1"), "choices": [], "usage": usage}
    wanted = chat(stream=True, stream_options={"include_usage": True})
    with serve(streamed(part("1"), counted)) as seen, fronted(seen.url) as url:
        events = lines_of(url, wanted)
        sent = json.loads(seen.bodies[0])

    assert json.loads(events[-2])["usage"] == usage
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})


def test_a_part_is_sent_on_before_the_next_is_written() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield event(part("Oak"))
        await asyncio.sleep(2)
        yield event(part(" shoe"))
        yield DONE

    with serve(lambda _, __: slowly(parts())) as seen, fronted(seen.url) as url:
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        asked: Any = [{"role": "user", "content": "Write a title."}]
        parts_read = client.chat.completions.create(model=MODEL, messages=asked, stream=True)
        times = [time.monotonic() for _ in parts_read]
        client.close()

    assert max(later - earlier for earlier, later in pairwise(times)) > 1


@given(st.lists(st.text(alphabet=st.sampled_from("ab \n\t"), max_size=4), max_size=8))
def test_the_parts_of_a_text_are_those_of_the_whole_text_without_its_space(
    pieces: list[str],
) -> None:
    cleaned = Cleaned()
    said = [cleaned.part(part(each))["choices"][0]["delta"]["content"] for each in pieces]

    assert "".join(said) == "".join(pieces).strip()


def test_choices_beside_each_other_are_cleaned_apart_and_reasoning_stays_behind() -> None:
    cleaned = Cleaned()
    first = cleaned.part({"choices": [{"index": 1, "delta": {"content": " a "}}]})
    second = cleaned.part({"choices": [{"index": 0, "delta": {"content": " b"}}]})
    third = cleaned.part({"choices": [{"index": 1, "delta": {"content": "c", "reasoning": "x"}}]})

    assert first["choices"][0]["delta"] == {"content": "a"}
    assert second["choices"][0]["delta"] == {"content": "b"}
    assert third["choices"][0]["delta"] == {"content": " c"}


@given(st.lists(st.integers(0, 400), max_size=12))
def test_events_are_read_however_the_network_cuts_them(cuts: list[int]) -> None:
    raw = (
        b": hello\n\n" + event(part("Öl")) + b"data:" + event(part("b"))[6:].rstrip() + b"\r\n\r\n"
    )
    raw += DONE + b"never read"
    ends = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]

    async def pieces() -> AsyncIterator[bytes]:
        for start, end in pairwise(ends):
            yield raw[start:end]

    async def texts() -> list[str]:
        return [each["choices"][0]["delta"]["content"] async for each in parts_of(pieces(), 10_000)]

    assert asyncio.run(texts()) == ["Öl", "b"]


def test_reasoning_is_asked_for_whole_and_its_answer_comes_as_a_stream() -> None:
    thought = completion("<think>\nApples grow.\n</think>\n\n1")
    wanted = chat(stream=True, stream_options={"include_usage": True})
    with serve(lambda _, __: thought) as seen, fronted(seen.url, Switches(reasoning=True)) as url:
        *parts, done = lines_of(url, wanted)
        sent = json.loads(seen.bodies[0])

    said, why, count = map(json.loads, parts)
    assert done == b"[DONE]"
    assert said["choices"][0]["delta"] == {"role": "assistant", "content": "1"}
    assert why["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert (count["choices"], count["usage"]["total_tokens"]) == ([], 7)
    assert {each["object"] for each in (said, why, count)} == {"chat.completion.chunk"}
    assert not {"stream", "stream_options"} & sent.keys()


def test_what_fails_before_the_first_part_is_an_ordinary_error() -> None:
    with serve(lambda _, __: error(400, "too long")) as seen, fronted(seen.url) as url:
        reply = ask(url, chat(stream=True))
    assert (reply.status, reply.data["error"]["message"]) == (400, "too long")

    with serve(lambda _, __: web.Response(text="<html>")) as seen, fronted(seen.url) as url:
        assert ask(url, chat(stream=True)).status == 502
    with serve(streamed()) as seen, fronted(seen.url) as url:
        assert ask(url, chat(stream=True)).status == 502


@pytest.mark.parametrize(
    "broken",
    [
        streamed(part("Oak"), done=b""),
        streamed(part("Oak"), b"data: {\n\n"),
        streamed(part("Oak"), b'data: {"error": {"message": "out of memory"}}\n\n'),
        streamed(part("Oak"), b'data: {"choices": [{"delta": 3}]}\n\n'),
    ],
)
def test_what_fails_later_is_an_event_that_the_openai_client_raises(broken: Fault) -> None:
    with serve(broken) as seen, fronted(seen.url) as url:
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        read = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        assert next(read).choices[0].delta.content == "Oak"
        with pytest.raises(openai.APIError, match="the engine behind this server"):
            next(read)
        client.close()


def test_a_stream_that_takes_too_long_says_so_and_ends() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield event(part("Oak"))
        await asyncio.sleep(3)
        yield DONE

    limits = Limits(seconds=0.5)
    with serve(lambda _, __: slowly(parts())) as seen, fronted(seen.url, limits=limits) as url:
        events = lines_of(url, chat(stream=True))

    assert json.loads(events[-1])["error"]["message"] == "no answer within 0.5 s"
    assert b"[DONE]" not in events


def test_who_leaves_or_never_reads_gives_the_place_free_and_the_engine_hears_of_it() -> None:
    ended: list[str] = []

    def fault(number: int, _: bytes) -> web.StreamResponse:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    # Less than the longest reply in all, and far more than a connection holds.
                    yield event(part("x" * 100_000))
                    await asyncio.sleep(0.01)
            finally:
                ended.append("gone")

        return slowly(parts()) if number < 2 else completion("1")

    # Long enough for the second to have its turn on a slow machine too.
    limits = Limits(concurrency=1, waiting=1, seconds=2.0)
    with serve(fault) as seen, fronted(seen.url, limits=limits) as url:
        host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
        body = json.dumps(chat(stream=True)).encode()
        # Whoever reads again in time gets the end of the answer, and then the connection's.
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += f"Content-Length: {len(body)}\r\n"
        leaves = socket.create_connection((host, int(port)), timeout=20)
        leaves.sendall(head.encode() + b"\r\n" + body)
        leaves.recv(100)
        leaves.close()
        with socket.create_connection((host, int(port)), timeout=20) as stalls:
            stalls.sendall(head.encode() + b"\r\n" + body)
            end = time.monotonic() + 40
            while len(ended) < 2 and time.monotonic() < end:
                # The engine's iterator may hang on a connection's error until that is collected.
                gc.collect()
                time.sleep(0.05)
            assert ended == ["gone", "gone"]
            # What it finds, late, is the connection's end, and no wait for more.
            with suppress(ConnectionResetError):
                while stalls.recv(1 << 20):
                    pass
        assert ask(url, chat()).text == "1"


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="SmolLM2 was not fetched")
@pytest.mark.parametrize("prompt", [CHOICE, "Write a title for a red shoe."])
def test_a_real_model_streams_what_it_says_whole(prompt: str) -> None:
    pytest.importorskip("xllamacpp", reason="the extra local is not installed")
    spec = ModelSpec.model_validate({"engine": "local", "model": str(WEIGHTS)})
    server = LocalServer(spec, WEIGHTS)
    with fronted(server.endpoint.url) as url:
        asked = chat(prompt, temperature=0, max_tokens=24)
        whole = ask(url, asked).text
        *events, done = lines_of(url, asked | {"stream": True})

    said = [json.loads(each)["choices"][0]["delta"].get("content") or "" for each in events]
    assert done == b"[DONE]"
    assert "".join(said) == whole != ""
