"""Asking: what is retried, what is refused, what is paid, and that nothing is paid twice."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import threading
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from factory.errors import BudgetExceededError, ModelError
from factory.llm import (
    Answer,
    Message,
    ModelSpec,
    Price,
    Question,
    RefusedError,
    transport,
)
from factory.llm import asker as asking
from factory.llm import ledger as ledgers
from factory.llm.asker import Asker, DirectAsker, Means, UnansweredError
from factory.llm.budget import Budget
from factory.llm.ledger import Ledger
from factory.llm.models import Endpoint, endpoint_of
from factory.llm.scripted import ScriptedModel
from factory.llm.transport import HttpTransport, TryAgainError
from tests.llm.server import Fault, Seen, error, name_proxy, reply, serve

SECRET = "sk-planted-key-0123456789"  # noqa: S105  (planted)
PRICE = Price(prompt=1.0, completion=2.0)
BODY = b'{"model": "m", "messages": [{"role": "user", "content": "one"}], "max_tokens": 50}'


def question(text: str = "Write of a hose.") -> Question:
    return Question((Message("user", text),), max_tokens=50)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr(asking, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(asking, "_JITTER", 0.01)
    monkeypatch.setattr(asking, "_LONGEST_WAIT", 0.05)


Work = Callable[[Asker], Awaitable[object]]


def run(
    folder: Path,
    work: Work,
    fault: Fault | None = None,
    *,
    latency: float = 0.0,
    budget: float | None = None,
    renewed: set[bytes] | None = None,
    timeout: float = 20.0,
) -> tuple[object, Seen, Asker]:
    """Serve, ask, and return what ``work`` made of it; errors of ``work`` are returned, too."""
    with serve(fault, latency) as seen, Ledger(folder / "ledger") as ledger:
        # The port changes with every server; the endpoint's identity must not.
        spec = ModelSpec.model_validate({"model": "m", "base_url": seen.url, "concurrency": 8})
        endpoint = endpoint_of(spec)
        endpoint = type(endpoint)(endpoint.url, "the endpoint", endpoint.key)

        async def main() -> tuple[object, Asker]:
            means = Means(spec, endpoint, "t", ledger, PRICE, Budget(budget), renewed=renewed)
            async with DirectAsker(means, HttpTransport(endpoint, timeout)) as asker:
                try:
                    return await work(asker), asker
                except Exception as failure:  # noqa: BLE001  (the test looks at it)
                    return failure, asker

        result, asker = asyncio.run(main())
    return result, seen, asker


def ask(*texts: str) -> Work:
    async def work(asker: Asker) -> list[Answer]:
        return list(await asyncio.gather(*(asker.ask(question(text)) for text in texts)))

    return work


def test_an_answer_is_kept_and_never_asked_for_again(tmp_path: Path) -> None:
    first, seen, asker = run(tmp_path, ask("one", "two"))
    assert seen.requests == 2
    assert asker.usage.asked == 2
    assert asker.usage.cost == pytest.approx(sum(each.cost for each in first))  # type: ignore[attr-defined]
    again, seen, asker = run(tmp_path, ask("one", "two", "three"))
    assert seen.requests == 1
    assert (asker.usage.known, asker.usage.asked) == (2, 1)
    assert again[:2] == first  # type: ignore[index]


def test_what_was_paid_for_is_written_also_where_nobody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = ledgers._commit
    began = threading.Event()

    def slow(*given: Any) -> Exception | None:
        began.set()
        time.sleep(0.2)
        return commit(*given)

    async def interrupted(asker: Asker) -> None:
        asking = [asyncio.create_task(asker.ask(question(text))) for text in ("one", "two")]
        await asyncio.to_thread(began.wait)
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    monkeypatch.setattr(ledgers, "_commit", slow)
    _, first, _ = run(tmp_path, interrupted)
    monkeypatch.setattr(ledgers, "_commit", commit)
    _, again, asker = run(tmp_path, ask("one", "two"))
    # What was being written when they left; the other answer may still have been on its way.
    assert 1 <= asker.usage.known <= sum(first.answered.values())
    assert again.requests == 2 - asker.usage.known


def test_fresh_asks_again_once(tmp_path: Path) -> None:
    run(tmp_path, ask("one"))
    renewed: set[bytes] = set()
    _, seen, _ = run(tmp_path, ask("one"), renewed=renewed)
    assert seen.requests == 1
    _, seen, _ = run(tmp_path, ask("one"), renewed=renewed)
    assert seen.requests == 0


def test_who_asks_the_same_at_once_asks_once(tmp_path: Path) -> None:
    answers, seen, _ = run(tmp_path, ask(*["one"] * 6), latency=0.05)
    assert seen.requests == 1
    assert len({each.text for each in answers}) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "instead",
    [
        lambda: error(429, retry_after="0.02"),
        lambda: error(429),
        lambda: error(500),
        lambda: error(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
        lambda: error(408),
        lambda: web.Response(text="<html>", status=200),
        lambda: web.json_response({"choices": []}),
        lambda: web.Response(body=b"\xff\xfe", status=502),
    ],
)
def test_a_passing_fault_is_waited_out(tmp_path: Path, instead: Callable[[], web.Response]) -> None:
    answers, seen, asker = run(
        tmp_path, ask("one"), lambda number, _: instead() if number < 3 else None
    )
    assert isinstance(answers, list)
    assert seen.requests == 4
    assert asker.usage.failures == 3


def test_a_packed_answer_that_unpacks_to_gigabytes_is_given_up_in_time(tmp_path: Path) -> None:
    packed = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packed.compress(bytes(1 << 22)) for _ in range(64)) + packed.flush()
    headers = {"Content-Encoding": "gzip"}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers, _, asker = run(
        tmp_path,
        ask("one"),
        lambda number, _: web.Response(body=bomb, headers=headers) if number == 0 else None,
    )
    assert isinstance(answers, list)
    assert asker.usage.failures == 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    assert grown < 200, f"{grown} MB for a body of {len(bomb)} bytes"


def test_a_packed_answer_is_read(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(reply(ScriptedModel(), BODY)).encode())
    answers, seen, _ = run(
        tmp_path,
        ask("one"),
        lambda *_: web.Response(body=whole, headers={"Content-Encoding": "gzip"}),
    )
    assert isinstance(answers, list)
    assert seen.requests == 1


def test_a_date_to_come_back_at_is_by_the_servers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.time, "time", lambda: 0.0)
    said = {"retry-after": "Wed, 21 Oct 2026 07:28:03 GMT"}
    assert transport._retry_after({**said, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}) == 3
    assert transport._retry_after(said) == 600
    assert transport._retry_after({**said, "date": "today"}) is None


def test_an_answer_that_was_withheld_is_an_empty_one_and_no_fault_of_the_wire(
    tmp_path: Path,
) -> None:
    said = {"choices": [{"index": 0, "finish_reason": "content_filter"}]}
    answers, seen, _ = run(tmp_path, ask("one"), lambda *_: web.json_response(said))
    assert isinstance(answers, list)
    assert (answers[0].text, answers[0].finish) == ("", "content_filter")
    assert seen.requests == 1


def test_ten_rate_limits_in_a_row_lose_nothing(tmp_path: Path) -> None:
    answers, _, asker = run(
        tmp_path,
        ask(*(f"text {n}" for n in range(20))),
        lambda number, _: error(429, retry_after="0") if number < 200 else None,
    )
    assert isinstance(answers, list)
    assert len(answers) == 20
    assert asker.usage.limited == 200


def test_a_fault_that_stays_leaves_the_row_pending(tmp_path: Path) -> None:
    failure, seen, _ = run(tmp_path, ask("one"), lambda *_: error(500, "the server is tired"))
    assert isinstance(failure, UnansweredError)
    assert "HTTP 500: the server is tired" in str(failure)
    assert seen.requests == 8
    answers, seen, _ = run(tmp_path, ask("one"))
    assert isinstance(answers, list)
    assert seen.requests == 1


def test_a_refused_request_is_told_and_not_kept(tmp_path: Path) -> None:
    failure, seen, _ = run(tmp_path, ask("one"), lambda *_: error(400, "too long"))
    assert isinstance(failure, RefusedError)
    assert str(failure) == "HTTP 400: too long"
    assert seen.requests == 1
    answers, _, _ = run(tmp_path, ask("one"))
    assert isinstance(answers, list)


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_an_endpoint_that_answers_nobody_ends_the_run(tmp_path: Path, status: int) -> None:
    failure, seen, _ = run(tmp_path, ask("one"), lambda *_: error(status, f"bad key {SECRET}"))
    assert isinstance(failure, ModelError)
    assert not isinstance(failure, UnansweredError)
    assert SECRET not in str(failure)
    assert seen.requests == 1


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(
            {
                "error": {
                    "code": 403,
                    "message": "openai/gpt-4o requires moderation. Your input was flagged",
                    "metadata": {
                        "reasons": ["violence"],
                        "flagged_input": "a kitchen knife ...",
                        "provider_name": "OpenAI",
                        "model_slug": "openai/gpt-4o",
                    },
                }
            },
            id="OpenRouter, moderation",
        ),
        pytest.param(
            {
                "error": {
                    "code": 403,
                    "message": "Provider returned error",
                    "metadata": {"error_type": "content_policy_violation"},
                }
            },
            id="OpenRouter, a filter of the provider's",
        ),
        pytest.param(
            {
                "error": {
                    "code": 403,
                    "message": "Request blocked: prompt injection patterns detected",
                    "metadata": {"error_type": "permission_denied", "patterns": ["ignore_all"]},
                }
            },
            id="OpenRouter, a guardrail",
        ),
        pytest.param(
            {
                "code": "The caller does not have permission to execute the specified operation",
                "error": "Content violates usage guidelines. Team: t, API key ID: k, Model: "
                "grok-4-0709, Failed check: SAFETY_CHECK_TYPE_BIO",
            },
            id="xAI",
        ),
        pytest.param(
            {"error": {"message": "Blocked", "code": "content_filter"}}, id="a code of the API's"
        ),
    ],
)
def test_a_403_of_one_prompt_that_was_flagged_costs_its_own_row(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    failure, seen, _ = run(tmp_path, ask("one"), lambda *_: web.json_response(said, status=403))
    assert isinstance(failure, RefusedError)
    assert str(failure).startswith("HTTP 403: ")
    assert seen.requests == 1


@pytest.mark.parametrize(
    "said",
    [
        {"code": "permission-denied", "error": "Access to the chat endpoint is denied"},
        {"error": {"code": 403, "message": "No access", "metadata": {"provider_name": "OpenAI"}}},
        {"error": {"code": 403, "message": "No access", "metadata": "none", "type": None}},
        {"error": None},
        ["no"],
    ],
)
def test_a_403_that_says_nothing_of_its_prompt_ends_the_run(tmp_path: Path, said: Any) -> None:
    failure, _, _ = run(tmp_path, ask("one"), lambda *_: web.json_response(said, status=403))
    assert isinstance(failure, ModelError)


def test_an_account_without_credit_ends_the_run_and_is_no_rate_limit(tmp_path: Path) -> None:
    said = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    failure, seen, _ = run(tmp_path, ask("one"), lambda *_: web.json_response(said, status=429))
    assert isinstance(failure, ModelError)
    assert not isinstance(failure, UnansweredError)
    assert "You exceeded your quota" in str(failure)
    assert seen.requests == 1


def test_a_request_that_takes_too_long_is_tried_again(tmp_path: Path) -> None:
    failure, seen, _ = run(tmp_path, ask("one"), latency=0.4, timeout=0.05)
    assert isinstance(failure, UnansweredError)
    assert "no answer within 0.05 s" in str(failure)
    assert seen.requests >= 2


def test_an_answer_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    def endless(number: int, _: bytes) -> web.Response | None:
        return web.Response(body=b" " * ((16 << 20) + 1)) if number < 1 else None

    answers, _, asker = run(tmp_path, ask("one"), endless)
    assert isinstance(answers, list)
    assert asker.usage.failures == 1


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with serve() as seen:
        url = seen.url
    spec = ModelSpec.model_validate({"model": "m", "base_url": url})
    endpoint = endpoint_of(spec)

    async def main() -> None:
        with Ledger(tmp_path / "ledger") as ledger:
            means = Means(spec, endpoint, "t", ledger, PRICE)
            async with DirectAsker(means, HttpTransport(endpoint, 5)) as asker:
                await asker.ask(question())

    with pytest.raises(UnansweredError, match="run again to go on"):
        asyncio.run(main())


def test_what_an_endpoint_does_not_say_that_it_used_is_paid_for_at_most(tmp_path: Path) -> None:
    def silent(_: int, body: bytes) -> web.Response:
        return web.json_response({**reply(ScriptedModel(), body), "usage": None})

    answers, _, asker = run(tmp_path, ask("one"), silent)
    said, _, told = run(tmp_path / "told", ask("one"))
    assert asker.usage.cost > told.usage.cost > 0
    assert answers[0].text == said[0].text  # type: ignore[index]
    texts = [f"text {n}" for n in range(40)]
    failure, _, asker = run(tmp_path, ask(*texts), silent, budget=PRICE.cost(110, 50))
    assert isinstance(failure, BudgetExceededError)
    assert 0 < asker.usage.cost <= PRICE.cost(110, 50)


def test_a_budget_stops_before_it_is_passed(tmp_path: Path) -> None:
    texts = [f"text {n}" for n in range(40)]
    # The worst case of one request and a little more; what one really costs is far less.
    budget = PRICE.cost(110, 50)
    failure, seen, asker = run(tmp_path, ask(*texts), budget=budget)
    assert isinstance(failure, BudgetExceededError)
    assert asker.usage.cost <= budget
    assert 0 < seen.requests < 40
    # A larger budget goes on from there: what was paid is not paid again.
    answers, after, _ = run(tmp_path, ask(*texts), budget=100 * budget)
    assert isinstance(answers, list)
    assert after.requests + sum(seen.answered.values()) == 40


def test_the_key_is_sent_and_stands_nowhere_else(tmp_path: Path) -> None:
    _, seen, _ = run(tmp_path, ask("one"))
    assert seen.headers[0]["Authorization"] == f"Bearer {SECRET}"
    for path in tmp_path.rglob("*"):
        assert SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_budget_holds_also_where_the_recipes_own_parameter_bounds_answers(
    tmp_path: Path, name: str
) -> None:
    """An endpoint answers as long as it may, and the parameter goes before the question's bound."""

    def endless(_: int, body: bytes) -> web.StreamResponse:
        asked = json.loads(body)
        said = reply(ScriptedModel(), body)
        said["usage"] = {"prompt_tokens": 20, "completion_tokens": asked[name]}
        return web.json_response(said)

    with serve(endless) as seen, Ledger(tmp_path / "ledger") as ledger:
        spec = ModelSpec.model_validate(
            {"model": "m", "base_url": seen.url, "parameters": {name: 5000}}
        )
        budget = Budget(PRICE.cost(500, 5000))

        async def main() -> None:
            means = Means(spec, endpoint_of(spec), "t", ledger, PRICE, budget)
            async with DirectAsker(means, HttpTransport(endpoint_of(spec), 20)) as asker:
                for number in range(9):
                    await asker.ask(question(str(number)))

        with pytest.raises(BudgetExceededError):
            asyncio.run(main())
    assert budget.limit is not None
    assert 0 < budget.spent <= budget.limit


def test_a_key_that_a_server_echoes_is_not_told_in_part(tmp_path: Path) -> None:
    # Cut to what is quoted, the text ends amid the key.
    told = "x" * 290 + SECRET
    for instead in (error(400, told), web.Response(status=400, text=told)):
        failure, _, _ = run(tmp_path, ask("one"), lambda _, __, said=instead: said)
        assert isinstance(failure, RefusedError)
        assert SECRET[:4] not in str(failure)


def test_an_address_that_does_not_speak_tls_is_told_as_one() -> None:
    with serve() as seen:
        endpoint = Endpoint(seen.url.replace("http:", "https:"), "here")

        async def main() -> None:
            async with HttpTransport(endpoint, 20) as transport:
                await transport.send(BODY)

        # The number of TLS is not one of the system, where it says "Operation not permitted".
        with pytest.raises(TryAgainError, match="SSL"):
            asyncio.run(main())


def test_a_server_on_this_machine_is_asked_past_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_proxy(monkeypatch, "http://127.0.0.1:9")
    answers, seen, _ = run(tmp_path, ask("one"))
    assert isinstance(answers, list)
    assert seen.requests == 1
