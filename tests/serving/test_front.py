"""The served address: what is sent on, what comes back, and what each fault looks like."""

from __future__ import annotations

import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from aiohttp import web

from factory.serving.front import Limits
from factory.serving.layer import STOPS, Switches
from tests.llm.server import Fault, error, serve
from tests.serving.fronts import CHOICE, MODEL, Reply, ask, chat, completion, fronted
from tests.serving.test_few_shot import examples

SECRET = "sk-planted-key-0123456789"  # noqa: S105  (planted)
OFF = Switches(system=False, grammar=False, limits=False, stops=())


def says(text: str) -> Fault:
    return lambda _, __: completion(text)


def exchange(
    body: Any, switches: Switches | None = None, fault: Fault | None = None, **more: Any
) -> tuple[Reply, list[Any]]:
    """Return the reply, and the bodies that the engine got."""
    with serve(fault or says("1")) as seen, fronted(seen.url, switches, **more) as url:
        reply = ask(url, body)
        return reply, [json.loads(each) for each in seen.bodies]


def test_the_openai_client_gets_a_bare_digit() -> None:
    with serve(says(" 1\n")) as seen, fronted(seen.url) as url:
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        assert [each.id for each in client.models.list()] == [MODEL]
        done = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": CHOICE}]
        )
        client.close()

    assert done.choices[0].message.content == "1"
    assert done.model == MODEL
    assert done.usage is not None
    assert done.usage.total_tokens == 7


def test_every_part_is_put_into_the_request() -> None:
    reply, sent = exchange(chat())

    assert sent[0]["messages"][0] == {
        "role": "system",
        "content": "You are a helpful online shopping assistant. Your task is multiple-choice "
        "question answering.",
    }
    assert sent[0]["grammar"] == 'root ::= r0\nr0 ::= "0" | "1"\n'
    assert sent[0]["max_tokens"] == 8
    assert sent[0]["stop"] == list(STOPS)
    assert reply.headers["X-Task-Type"] == "multiple-choice"
    assert reply.headers["X-Answer-Bounded"] == "yes"


def test_with_every_switch_off_a_request_goes_on_as_it_came() -> None:
    asked = chat(temperature=0.5, seed=3, max_tokens=4)
    _, sent = exchange(asked, OFF)

    assert sent == [asked]


def test_what_a_request_brings_itself_is_kept() -> None:
    system = [{"role": "system", "content": "Mine."}, {"role": "user", "content": CHOICE}]
    own = {"max_completion_tokens": 3, "stop": "x", "response_format": {"type": "json_object"}}
    reply, sent = exchange({"model": MODEL, "messages": system, **own})

    assert sent == [{"model": MODEL, "messages": system, **own}]
    assert reply.headers["X-Answer-Bounded"] == "no"


@pytest.mark.parametrize(
    ("prompt", "bound"),
    [
        (CHOICE, {"choice": ["0", "1"]}),
        (
            "Rank them.\n1. a\n2. b\nOutput: ",
            {"grammar": 'root ::= r0\nr0 ::= "1," r1 | "2," r2\nr1 ::= "2"\nr2 ::= "1"\n'},
        ),
        (
            "Extract phrases of it.\nQuery: tea\nOutput: ",
            {"grammar": 'root ::= r0 (", " r0){0,7}\nr0 ::= r1\nr1 ::= "tea"\n'},
        ),
    ],
)
def test_vllm_is_told_in_its_own_words(prompt: str, bound: dict[str, Any]) -> None:
    _, sent = exchange(chat(prompt), dialect="vllm")

    assert sent[0]["structured_outputs"] == bound
    assert "grammar" not in sent[0]


def test_an_engine_of_no_known_kind_is_sent_no_grammar() -> None:
    reply, sent = exchange(chat(), dialect="openai")

    assert not {"grammar", "structured_outputs"} & sent[0].keys()
    assert reply.headers["X-Answer-Bounded"] == "no"


def test_who_knows_the_type_says_it_and_the_engine_never_hears_of_it() -> None:
    told = chat("Is it a fruit?", is_multiple_choice=True)
    reply, sent = exchange(told)
    assert reply.headers["X-Task-Type"] == "multiple-choice"
    assert "is_multiple_choice" not in sent[0]

    reply, sent = exchange(chat(task_type="generation"))
    assert reply.headers["X-Task-Type"] == "generation"
    assert not {"task_type", "grammar"} & sent[0].keys()

    assert exchange(chat(task_type="poem"))[0].data["error"]["param"] == "task_type"


def test_a_question_is_printed_twice() -> None:
    _, sent = exchange(chat(), Switches(reread=True))

    said = sent[0]["messages"][-1]["content"]
    assert said == f"{CHOICE.rstrip()}\n\nRead the question again:\n{CHOICE}"


def test_the_answer_is_taken_out_of_its_reasoning() -> None:
    thought = "<think>\nApples grow.\nTables do not.\n</think>\n\n1"
    reply, sent = exchange(chat(max_tokens=8), Switches(reasoning=True), says(thought))

    assert reply.text == "1"
    assert "step by step" in sent[0]["messages"][-1]["content"]
    assert sent[0]["grammar"].startswith('root ::= "<think>\\n" [^<]{1,')
    assert sent[0]["max_tokens"] > 200


@pytest.mark.parametrize(
    "never",
    ["<think>\nand on and on", "", "<think>\na\n</think>\n\n", "Who knows? 0 or 1.", "answer: 7"],
)
def test_what_cannot_be_taken_out_is_asked_again_directly(never: str) -> None:
    def fault(number: int, _: bytes) -> web.StreamResponse:
        return completion(never if number == 0 else "0")

    reply, sent = exchange(chat(), Switches(reasoning=True), fault)

    assert reply.text == "0"
    assert "step by step" not in sent[1]["messages"][-1]["content"]
    assert sent[1]["max_tokens"] == 8
    assert reply.data["usage"] == {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Apples grow on trees, so the answer is 1.", "1"),
        ("Is the answer 0? No: the answer is option 1, apple", "1"),
        ("<think>\nApples grow.\n</think>\nAnswer: 1", "1"),
        ("Apples grow.</think>1", "1"),
    ],
)
def test_an_answer_is_found_in_other_models_words(said: str, answer: str) -> None:
    reply, sent = exchange(chat(), Switches(reasoning=True), says(said))

    assert reply.text == answer
    assert len(sent) == 1


def test_a_list_of_numbers_is_found_whole() -> None:
    prompt = "Output three numbers.\n1. a\n2. b\n3. c\n4. d\nOutput: "
    said = says("The answer is 4,1,3, since they match.")
    assert exchange(chat(prompt), Switches(reasoning=True), said)[0].text == "4,1,3"
    # Four numbers are no answer of three.
    _, sent = exchange(chat(prompt), Switches(reasoning=True), says("The answer is 4,1,3,2."))
    assert len(sent) == 2


def test_generated_text_is_not_reasoned() -> None:
    _, sent = exchange(chat("Write a title for a red shoe."), Switches(reasoning=True))

    assert len(sent) == 1
    assert "step by step" not in sent[0]["messages"][-1]["content"]


def test_an_image_goes_on_as_it_came() -> None:
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}]
    asked = {"model": MODEL, "messages": [{"role": "user", "content": content}]}
    reply, sent = exchange(asked)

    assert sent == [asked]
    assert "X-Task-Type" not in reply.headers


@pytest.mark.parametrize(
    ("body", "status", "parameter"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        ({"model": MODEL}, 400, "messages"),
        (chat() | {"messages": ["hi"]}, 400, "messages"),
        (chat(stream="yes"), 400, "stream"),
        (chat(stream=True, stream_options=3), 400, "stream_options"),
        (chat() | {"model": "other"}, 404, "model"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_in_the_apis_form(
    body: Any, status: int, parameter: str | None
) -> None:
    reply, sent = exchange(body)

    assert reply.status == status
    assert reply.data["error"].keys() == {"message", "type", "param", "code"}
    assert reply.data["error"]["type"] == "invalid_request_error"
    assert reply.data["error"]["param"] == parameter
    assert sent == []


def test_the_openai_client_knows_the_errors() -> None:
    with serve(says("1")) as seen, fronted(seen.url) as url:
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        messages: Any = [{"role": "user", "content": CHOICE}]
        with pytest.raises(openai.BadRequestError, match="each of messages"):
            client.chat.completions.create(model=MODEL, messages=["hi"])  # type: ignore[list-item]
        with pytest.raises(openai.NotFoundError, match="it is 'm'"):
            client.chat.completions.create(model="gpt-4o", messages=messages)
        client.close()


def test_a_long_request_is_refused_unread() -> None:
    limits = Limits(request_bytes=2000)
    reply, sent = exchange(chat("word " * 1000), limits=limits)

    assert (reply.status, sent) == (413, [])
    assert reply.data["error"]["type"] == "invalid_request_error"


def test_health_and_what_is_not_there() -> None:
    with serve() as seen, fronted(seen.url) as url:
        assert ask(url, b"", "/health", "GET").data == {"status": "ok"}
        missing = ask(url, b"", "/v1/embeddings", "GET")

    assert missing.status == 404
    assert "/v1/embeddings" in missing.data["error"]["message"]


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_an_engine_in_trouble_is_a_502_and_a_line(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_: int, __: bytes) -> web.StreamResponse:
        return error(status, f"trouble with {SECRET}")

    with caplog.at_level(logging.ERROR, "factory.serving"):
        reply, _ = exchange(chat(), fault=fault, engine_key=SECRET)

    assert reply.status == 502
    assert reply.data["error"]["type"] == "server_error"
    assert f"it answered {status}: trouble with ..." in caplog.text
    assert SECRET not in caplog.text + json.dumps(reply.data)


def test_an_engine_that_dies_is_a_502_and_the_server_lives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serve(says("1")) as seen:
        upstream = seen.url
    with fronted(upstream) as url:
        with caplog.at_level(logging.ERROR, "factory.serving"):
            assert ask(url, chat()).status == 502
        assert f"{upstream}: ClientConnectorError" in caplog.text
        port = int(upstream.rpartition(":")[2].removesuffix("/v1"))
        with serve(says("1"), port=port):
            assert ask(url, chat()).text == "1"


def test_what_the_engine_says_of_a_bad_request_is_passed_on() -> None:
    def fault(_: int, __: bytes) -> web.StreamResponse:
        return error(400, "the prompt is longer than the context")

    reply, _ = exchange(chat(), fault=fault)

    assert reply.status == 400
    assert reply.data["error"]["message"] == "the prompt is longer than the context"


@pytest.mark.parametrize("said", ["<html>", "[]", '{"choices": 3}'])
def test_an_engine_that_talks_nonsense_is_a_502(said: str) -> None:
    reply, _ = exchange(chat(), fault=lambda _, __: web.Response(text=said))

    assert reply.status == 502


def test_a_slow_answer_is_a_504_in_time() -> None:
    with (
        serve(says("1"), latency=5) as seen,
        fronted(seen.url, limits=Limits(seconds=0.3)) as url,
    ):
        reply = ask(url, chat())

    assert reply.status == 504
    assert reply.data["error"]["message"] == "no answer within 0.3 s"


def test_who_never_ends_a_request_loses_the_place() -> None:
    with serve(says("1")) as seen, fronted(seen.url, limits=Limits(1, 0, seconds=0.5)) as url:
        host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as slow:
            slow.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
            )
            assert slow.recv(20).startswith(b"HTTP/1.1 504")
        assert ask(url, chat()).text == "1"


def test_requests_wait_for_the_engine_and_too_many_are_told_so() -> None:
    limits = Limits(concurrency=2, waiting=2)
    with serve(says("1"), latency=1.0) as seen, fronted(seen.url, limits=limits) as url:
        with ThreadPoolExecutor(8) as pool:
            found = sorted(reply.status for reply in pool.map(lambda _: ask(url, chat()), range(8)))
        assert seen.most_in_flight == 2
    assert set(found) == {200, 503}
    assert found.count(200) >= 4


def test_the_engines_key_goes_to_the_engine_and_the_clients_does_not() -> None:
    with (
        serve(says("1")) as seen,
        fronted(seen.url, engine_key=SECRET, key="mine") as url,
    ):
        assert ask(url, chat()).status == 401
        assert ask(url, chat(), Authorization="Bearer other").status == 401
        assert ask(url, b"", "/health", "GET").status == 200
        assert ask(url, chat(), Authorization="Bearer mine").status == 200
        assert [each["Authorization"] for each in seen.headers] == [f"Bearer {SECRET}"]


def test_examples_come_before_the_question() -> None:
    switches = Switches(examples=examples(("Apple?\n0. a\n1. b\nAnswer: ", "0")))
    _, sent = exchange(chat(), switches)

    assert [each["role"] for each in sent[0]["messages"]] == ["system", "user", "assistant", "user"]
    assert sent[0]["messages"][2]["content"] == "0"
    assert sent[0]["messages"][3]["content"] == CHOICE


@pytest.mark.parametrize("key", ["", "mine"])
def test_a_key_of_other_bytes_is_no_defect_of_the_server(key: str) -> None:
    with serve(says("1")) as seen, fronted(seen.url, key=key) as url:
        host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(
                b"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n"
            )
            assert client.recv(12) == (b"HTTP/1.1 401" if key else b"HTTP/1.1 200")


@pytest.mark.parametrize("stream", [False, True])
def test_the_engines_key_is_not_told_in_part(
    stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    # Cut to what is quoted, the text ends amid the key.
    told = "x" * 290 + SECRET

    def fault(_: int, __: bytes) -> web.StreamResponse:
        if stream:
            said = json.dumps({"error": {"message": told}})
            return web.Response(text=f"data: {said}\n\n", content_type="text/event-stream")
        return error(500, told)

    with caplog.at_level(logging.ERROR, "factory.serving"):
        reply, _ = exchange(chat(stream=stream), fault=fault, engine_key=SECRET)

    assert reply.status == 502
    assert SECRET[:4] not in caplog.text + json.dumps(reply.data)
