"""The Batch lane: what goes up, what comes back, and that nothing is submitted twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from factory.errors import BudgetExceededError, ModelError
from factory.llm import Answer, Message, ModelSpec, Question, RefusedError
from factory.llm.asker import Asker, UnansweredError
from factory.llm.pool import ModelPool
from tests.llm.batch_server import Faults, Seen, serve_batches
from tests.llm.server import error

SECRET = "sk-planted-key-0123456789"  # noqa: S105  (planted)
#: The port that a test's folder is served at: the next server of it is the same endpoint.
PORTS: dict[Path, int] = {}

Work = Callable[[Asker], Awaitable[object]]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)


def question(text: str) -> Question:
    return Question((Message("user", text),), max_tokens=50)


def run(
    folder: Path,
    rows: Sequence[Work],
    faults: Faults | None = None,
    *,
    lane: str = "batch",
    budget: float | None = None,
    fresh: bool = False,
    prepare: Callable[[ModelPool], None] = lambda _: None,
    **options: Any,
) -> tuple[list[Any], Seen, ModelPool]:
    """Serve, ask, and return what ``work`` made of each row; errors are returned, too."""
    with serve_batches(faults, PORTS.get(folder, 0)) as seen:
        PORTS[folder] = int(seen.url.split(":")[2].removesuffix("/v1"))
        spec = ModelSpec.model_validate(
            {
                "model": "m",
                "base_url": seen.url,
                "lane": lane,
                "batch": {"poll": 0.02, **options},
                "price": {"prompt": 1.0, "completion": 2.0},
            }
        )

        async def main(pool: ModelPool) -> list[object]:
            left = len(rows)
            pool.quiet.expect(left)

            async def one(row: Work) -> object:
                nonlocal left
                try:
                    return await asyncio.wait_for(row(asker), 30)
                finally:
                    left -= 1
                    pool.quiet.expect(left or 1)

            async with pool.asker("default", "t") as asker:
                return await asyncio.gather(*map(one, rows), return_exceptions=True)

        with ModelPool({"default": spec}, folder, budget=budget, fresh=fresh) as pool:
            prepare(pool)
            return asyncio.run(main(pool)), seen, pool


def ask(*texts: str) -> list[Work]:
    """Return a row for each text."""
    return [lambda asker, text=text: asker.ask(question(text)) for text in texts]  # type: ignore[misc]


def texts_of(answers: Iterable[object]) -> list[str]:
    """Return the texts of answers, all of them good."""
    texts = []
    for each in answers:
        assert isinstance(each, Answer), each
        texts.append(each.text)
    return texts


def ask_all(folder: Path, *args: Any, rows: int = 7, **options: Any) -> tuple[Any, Seen, Any]:
    texts = [f"Write of hose {n}." for n in range(rows)]
    return run(folder, ask(*texts), *args, **options)


def usage(pool: ModelPool) -> Any:
    return pool.bill["t", "m"]


def test_what_is_gathered_goes_up_as_one_batch(tmp_path: Path) -> None:
    answers, seen, pool = ask_all(tmp_path)
    (batch,) = seen.batches
    lines = seen.requests(0)
    assert len(lines) == 7
    assert lines[0].keys() == {"custom_id", "method", "url", "body"}
    assert {"model": "m", "max_tokens": 50}.items() <= lines[0]["body"].items()
    assert batch["metadata"]["factory_batch"]
    assert len(set(texts_of(answers))) == 7
    assert (usage(pool).asked, usage(pool).known, seen.direct) == (7, 0, 0)


def test_answers_are_those_of_the_direct_lane_at_half_its_price(tmp_path: Path) -> None:
    batched, _, in_batch = ask_all(tmp_path / "batch")
    direct, _, alone = ask_all(tmp_path / "direct", lane="direct")
    assert texts_of(batched) == texts_of(direct)
    assert usage(in_batch).cost == pytest.approx(usage(alone).cost / 2)
    assert usage(in_batch).prompt_tokens == usage(alone).prompt_tokens


@pytest.mark.parametrize(("first", "second"), [("batch", "direct"), ("direct", "batch")])
def test_another_lane_asks_nothing_twice(tmp_path: Path, first: str, second: str) -> None:
    before, _, _ = ask_all(tmp_path, lane=first)
    after, seen, pool = ask_all(tmp_path, lane=second)
    assert texts_of(after) == texts_of(before)
    assert (seen.direct, seen.batches, usage(pool).known) == (0, [], 7)


def test_batches_are_split_by_requests_and_by_size(tmp_path: Path) -> None:
    answers, seen, _ = ask_all(tmp_path / "requests", requests=3)
    assert [len(seen.requests(n)) for n in range(len(seen.batches))] == [3, 3, 1]
    assert len(texts_of(answers)) == 7
    _, seen, _ = ask_all(tmp_path / "size", megabytes=0.0005)
    sizes = [len(seen.files[batch["input_file_id"]]) for batch in seen.batches]
    assert len(sizes) > 2
    assert max(sizes) <= 500


def test_who_asks_the_same_at_once_asks_once(tmp_path: Path) -> None:
    answers, seen, _ = run(tmp_path, ask(*["one"] * 5, "two"))
    assert len(texts_of(answers)) == 6
    assert len(seen.requests(0)) == 2


def test_a_second_question_goes_into_the_next_batch(tmp_path: Path) -> None:
    async def row(asker: Asker) -> Answer:
        one = question(f"Row {next(numbers)}.")
        first = await asker.ask(one)
        return await asker.ask(one.followed_by(first.text, "Again."))

    numbers = count()
    answers, seen, _ = run(tmp_path, [row] * 3)
    assert len(texts_of(answers)) == 3
    assert [len(seen.requests(n)) for n in range(2)] == [3, 3]
    assert len(seen.batches) == 2


def hose(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda body: f"hose {number}." in body["messages"][0]["content"]


@pytest.mark.parametrize(
    "instead",
    [(429, "slow down"), (500, "tired"), (0, ""), "", "{broken", '{"custom_id": 3}', "[]"],
)
def test_a_line_that_failed_is_asked_again_in_the_next_batch(tmp_path: Path, instead: Any) -> None:
    faults = Faults(line=lambda body, batch: instead if hose(3)(body) and not batch else None)
    answers, seen, pool = ask_all(tmp_path, faults)
    assert len(texts_of(answers)) == 7
    assert [len(seen.requests(n)) for n in range(len(seen.batches))] == [7, 1]
    assert usage(pool).failures == 1
    assert usage(pool).limited == (instead == (429, "slow down"))


def test_a_line_that_is_refused_costs_its_own_row_and_is_not_asked_again(tmp_path: Path) -> None:
    faults = Faults(line=lambda body, _: (400, "unsafe") if hose(3)(body) else None)
    answers, seen, _ = ask_all(tmp_path, faults)
    refused = answers.pop(3)
    assert isinstance(refused, RefusedError)
    assert str(refused) == "HTTP 400: unsafe"
    assert len(texts_of(answers)) == 6
    assert len(seen.batches) == 1
    # To hear it again would take a day.
    again, seen, _ = ask_all(tmp_path)
    assert str(again[3]) == "HTTP 400: unsafe"
    assert seen.batches == []
    # Who starts over asks it, too.
    again, seen, _ = ask_all(tmp_path, fresh=True)
    assert len(texts_of(again)) == 7
    assert len(seen.requests(0)) == 7


def test_what_every_batch_fails_in_is_left_for_another_run(tmp_path: Path) -> None:
    faults = Faults(line=lambda body, _: (503, "tired") if hose(3)(body) else None)
    answers, seen, _ = ask_all(tmp_path, faults)
    failed = answers.pop(3)
    assert isinstance(failed, UnansweredError)
    assert "failed in 4 batches, at last with HTTP 503: tired" in str(failed)
    assert len(texts_of(answers)) == 6
    assert [len(seen.requests(n)) for n in range(4)] == [7, 1, 1, 1]
    again, seen, _ = ask_all(tmp_path)
    assert len(texts_of(again)) == 7
    assert len(seen.requests(0)) == 1


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_a_batch_that_ends_early_gives_what_it_has(tmp_path: Path, status: str) -> None:
    answers, seen, _ = ask_all(tmp_path, Faults(status={0: (status, 0.6)}))
    assert len(texts_of(answers)) == 7
    assert [len(seen.requests(n)) for n in range(len(seen.batches))] == [7, 3]
    assert set(seen.answered.values()) == {1}


def test_an_endpoint_that_answers_nobody_ends_the_run_and_loses_no_answer(tmp_path: Path) -> None:
    faults = Faults(line=lambda body, _: (401, f"bad {SECRET}") if hose(3)(body) else None)
    answers, _, _ = ask_all(tmp_path, faults)
    assert isinstance(answers[3], ModelError)
    assert SECRET not in str(answers[3])
    again, seen, _ = ask_all(tmp_path)
    assert len(texts_of(again)) == 7
    assert len(seen.requests(0)) == 1


def complaint(code: str, line: int | None = None, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": "as the API says it", "line": line, "param": param}


def test_a_line_that_does_not_validate_costs_its_own_row(tmp_path: Path) -> None:
    faults = Faults(errors={0: [complaint("invalid_request", 3)]})
    answers, seen, _ = ask_all(tmp_path, faults)
    assert str(answers.pop(2)) == "invalid_request: as the API says it"
    assert len(texts_of(answers)) == 6
    assert [len(seen.requests(n)) for n in range(len(seen.batches))] == [7, 6]


@pytest.mark.parametrize(
    "listed",
    [complaint("billing_hard_limit_reached"), complaint("model_not_found", 1, "body.model")],
)
def test_a_batch_that_is_refused_whole_ends_the_run(tmp_path: Path, listed: dict[str, Any]) -> None:
    answers, seen, _ = ask_all(tmp_path, Faults(errors={0: [listed]}))
    assert all(isinstance(each, ModelError) for each in answers)
    assert "works on no batch" in str(answers[0])
    assert len(seen.batches) == 1
    again, seen, _ = ask_all(tmp_path)
    assert len(texts_of(again)) == 7
    assert len(seen.requests(0)) == 7


def test_batches_become_smaller_until_the_account_takes_them(tmp_path: Path) -> None:
    faults = Faults(errors={n: [complaint("token_limit_exceeded")] for n in range(2)})
    answers, seen, _ = ask_all(tmp_path, rows=8, faults=faults)
    assert len(texts_of(answers)) == 8
    sizes = [len(seen.requests(n)) for n in range(len(seen.batches))]
    assert sizes[:3] == [8, 4, 2]
    assert sum(sizes[2:]) == 8
    assert set(seen.answered.values()) == {1}


def test_no_more_tokens_are_under_way_than_the_account_allows(tmp_path: Path) -> None:
    calls: list[str] = []
    faults = Faults(call=lambda name, _: calls.append(name))
    answers, seen, _ = ask_all(tmp_path, faults, enqueued_tokens=10)
    assert len(texts_of(answers)) == 7
    assert [len(seen.requests(n)) for n in range(len(seen.batches))] == [2, 2, 2, 1]
    # Each is collected before the next one is created.
    told = [name for name in calls if name in ("POST /batches", "GET /files/{id}/content")]
    assert told == ["POST /batches", "GET /files/{id}/content"] * 4


@pytest.mark.parametrize(
    "calls",
    [
        {"POST /files"},
        {"POST /batches"},
        {"POST /batches", "GET /batches"},
        {"GET /batches/{id}", "GET /files/{id}/content"},
    ],
)
def test_a_connection_that_drops_is_taken_up_and_submits_nothing_twice(
    tmp_path: Path, calls: set[str]
) -> None:
    dropped = Faults(call=lambda name, number: "drop" if name in calls and not number else None)
    answers, seen, _ = ask_all(tmp_path, dropped)
    assert len(texts_of(answers)) == 7
    assert len(seen.batches) == 1
    assert all(seen.calls[each] > 1 for each in calls - {"POST /batches"})
    assert set(seen.submitted.values()) == {1}


def test_a_batch_taken_without_a_word_is_found_among_many(tmp_path: Path) -> None:
    """The endpoint's list has pages, and the batch is not on the first one."""

    def call(name: str, number: int) -> Any:
        if name != "POST /batches" or number:
            return None
        others = [{"id": f"other_{n}", "created_at": 1 << 40, "status": "completed"} for n in many]
        seen_batches.extend(others)
        return "drop"

    many = range(250)
    seen_batches: list[dict[str, Any]] = []
    answers, seen, _ = ask_all(tmp_path, Faults(call=call, listed=seen_batches))
    assert len(texts_of(answers)) == 7
    assert len(seen.batches) == 1
    assert seen.calls["GET /batches"] >= 3


@pytest.mark.parametrize("status", [429, 500, 502])
def test_calls_that_fail_are_made_again(tmp_path: Path, status: int) -> None:
    faults = Faults(call=lambda _, number: error(status, "later") if number < 2 else None)
    answers, seen, _ = ask_all(tmp_path, faults)
    assert len(texts_of(answers)) == 7
    assert len(seen.batches) == 1


@pytest.mark.parametrize(
    ("call", "status", "said"),
    [
        ("POST /files", 404, "has no Batch API"),
        ("POST /files", 401, "does not answer requests"),
        ("POST /batches", 400, "takes no batch"),
    ],
)
def test_an_endpoint_that_takes_no_batch_is_told(
    tmp_path: Path, call: str, status: int, said: str
) -> None:
    faults = Faults(call=lambda name, _: error(status, "no") if name == call else None)
    answers, seen, _ = ask_all(tmp_path, rows=3, faults=faults)
    assert all(isinstance(each, ModelError) and said in str(each) for each in answers)
    again, seen, _ = ask_all(tmp_path, rows=3)
    assert len(texts_of(again)) == 3
    assert len(seen.batches) == 1


def test_a_batch_that_the_endpoint_forgot_is_submitted_again(tmp_path: Path) -> None:
    def call(name: str, number: int) -> Any:
        return error(404, "no such batch") if (name, number) == ("GET /batches/{id}", 0) else None

    answers, seen, _ = ask_all(tmp_path, rows=3, faults=Faults(call=call))
    assert len(texts_of(answers)) == 3
    assert len(seen.batches) == 2


def test_a_budget_counts_half_the_price_and_is_not_passed(tmp_path: Path) -> None:
    _, _, alone = ask_all(tmp_path / "direct", lane="direct")
    # A few answers as they come, and the worst case of one request, at half price.
    a_few = usage(alone).cost / 2 * 0.4
    budget = a_few + (130 + 2 * 50) / 1e6 / 2
    answers, seen, pool = ask_all(tmp_path / "batch", budget=budget)
    good = [each for each in answers if isinstance(each, Answer)]
    assert any(isinstance(each, BudgetExceededError) for each in answers)
    assert 2 <= len(good) < 7
    assert len(seen.requests(0)) <= 2
    assert usage(pool).cost <= budget
    rest, after, _ = ask_all(tmp_path / "batch", budget=1.0)
    assert len(texts_of(rest)) == 7
    assert sum(seen.submitted.values()) == len(good)
    assert sum(after.submitted.values()) == 7 - len(good)


def test_no_secret_goes_into_a_file_and_the_key_goes_with_every_call(tmp_path: Path) -> None:
    _, seen, _ = ask_all(tmp_path, Faults(line=lambda *_: (400, f"bad {SECRET}")))
    assert {each["Authorization"] for each in seen.headers} == {f"Bearer {SECRET}"}
    for path in tmp_path.rglob("*"):
        assert SECRET.encode() not in path.read_bytes()


def test_what_is_waited_for_is_told(tmp_path: Path) -> None:
    pools: list[ModelPool] = []
    told: list[tuple[int, int, int]] = []
    faults = Faults(call=lambda *_: told.extend(each.awaited.now for each in pools), looks=5)
    _, _, pool = ask_all(tmp_path, faults, rows=5, requests=3, prepare=pools.append)
    assert (2, 0, 5) in told
    assert pool.awaited.now == (0, 0, 0)


def test_the_server_is_one_that_the_client_of_the_api_understands(tmp_path: Path) -> None:
    openai = pytest.importorskip("openai", reason="the API's own client is not installed")
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 9}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    path = tmp_path / "requests.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    with serve_batches() as seen, openai.OpenAI(base_url=seen.url, api_key="x") as client:
        file = client.files.create(file=path, purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"factory_batch": "t"},
        )
        for _ in range(3):
            client.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
        while batch.status != "completed":
            batch = client.batches.retrieve(batch.id)
        listed = list(client.batches.list(limit=2))
        assert [each.id for each in listed] == ["batch_3", "batch_2", "batch_1", "batch_0"]
        assert listed[-1].metadata == {"factory_batch": "t"}
        assert batch.request_counts.completed == 1
        (answer,) = client.files.content(batch.output_file_id).text.splitlines()
        assert json.loads(answer)["response"]["body"]["choices"][0]["message"]["content"]
        assert client.batches.cancel("batch_3").status == "cancelled"
