"""Self-Instruct on the line: rounds that see what earlier rounds accepted, whatever comes first."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from pathlib import Path

import pytest
from aiohttp import web

import factory
from factory.engines import LocalEngine
from factory.errors import ModelError, RecipeError, SourceError
from factory.filters import Novelty
from factory.line import run_task
from factory.line.compile import compile_task
from factory.llm.pool import ModelPool
from factory.recipe import load_recipe
from factory.sample import Sample
from tests.llm.server import Fault, Seen, error, serve

TASK = "carry_out_shop_task"
ROUND = 8
SHOP_WORDS = [
    *("parcel", "kettle", "blanket", "ladder", "customer", "coupon", "basket", "refund"),
    *("zipper", "sandal", "lantern", "drawer", "ribbon", "helmet", "saddle", "canister"),
    *("thermos", "mattress", "invoice", "voucher", "shelf", "cushion", "stapler", "whisk"),
]

#: The port that a test's folder is served at.
PORTS: dict[Path, int] = {}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")


def thinks(body: bytes) -> str:
    """Answer as a model would: a new English task, or an instance of one."""
    prompt = json.loads(body)["messages"][-1]["content"]
    digest = blake2b(prompt.encode(), digest_size=16).digest()
    words = [SHOP_WORDS[byte % len(SHOP_WORDS)] for byte in digest]
    if "Write one new task" in prompt:
        said = " ".join(words[:8])
        return json.dumps({"instruction": f"Tell the shop what is wrong with the {said} today."})
    if '"labels"' in prompt:
        return json.dumps({"labels": ["the shop", "today"], "input": f"We saw {words[0]} here."})
    return json.dumps({"input": f"We saw {words[0]} here.", "output": f"It was a {words[1]}."})


def reply(body: bytes) -> web.StreamResponse:
    choice = {"message": {"role": "assistant", "content": thinks(body)}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    return web.json_response({"choices": [choice], "usage": usage})


def recipe_at(folder: Path, url: str, concurrency: int, step: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipes.yaml"
    step = step or f"[{{by: self_instruct, with: {{round_size: {ROUND}}}}}]"
    path.write_text(
        "include: [catalogue]\n"
        f'models: {{default: {{model: m, base_url: "{url}", concurrency: {concurrency}}}}}\n'
        f"tasks: {{{TASK}: {{size: 20, generate: {step}}}}}\n",
        encoding="utf-8",
    )
    return path


def made(
    folder: Path, concurrency: int = 6, fault: Fault | None = None, latency: float = 0.0
) -> tuple[bytes, list[Sample], Seen]:
    def answer(number: int, body: bytes) -> web.StreamResponse:
        instead = fault(number, body) if fault else None
        return reply(body) if instead is None else instead

    with serve(answer, latency, PORTS.get(folder, 0)) as seen:
        # The next server of this folder is the same endpoint.
        PORTS[folder] = int(seen.url.split(":")[2].removesuffix("/v1"))
        recipe = load_recipe(recipe_at(folder, seen.url, concurrency))
        with ModelPool(recipe.models, folder / "cache") as pool:
            result = run_task(recipe, TASK, folder / "out", LocalEngine(), models=pool)
    samples = list(factory.read_samples(result.folder))
    return _said(samples), samples, seen


def _said(samples: list[Sample]) -> bytes:
    """Return what samples say: of two servers, the port is part of what a request is known by."""
    return json.dumps([[each.id, each.input_field, each.output_field] for each in samples]).encode()


def examples_in(body: bytes) -> list[str]:
    prompt = json.loads(body)["messages"][-1]["content"]
    return re.findall(r"^\d\. ⟦(.+)⟧$", prompt, re.MULTILINE)


def test_what_is_answered_first_changes_no_byte(tmp_path: Path) -> None:
    one, samples, _ = made(tmp_path / "one", concurrency=1)
    many, *_ = made(tmp_path / "many", concurrency=24, latency=0.003)
    assert one == many
    assert len(samples) == 20


def test_a_round_is_shown_what_earlier_rounds_accepted_and_nothing_of_its_own(
    tmp_path: Path,
) -> None:
    # One at a time, candidates are asked for in draw order.
    _, samples, seen = made(tmp_path, concurrency=1)
    asked = [body for body in seen.bodies if examples_in(body)]
    round_of = {
        json.loads(thinks(body))["instruction"]: number // ROUND
        for number, body in reversed([*enumerate(asked)])
    }
    accepted = {sample.slots["instruction"] for sample in samples}
    most = 0
    for number, body in enumerate(asked):
        machine = [each for each in examples_in(body) if each in round_of]
        assert accepted.issuperset(machine)
        assert all(round_of[each] < number // ROUND for each in machine)
        most = max(most, len(machine))
    assert most == 2


def test_every_task_is_new_among_seeds_and_others(tmp_path: Path) -> None:
    _, samples, _ = made(tmp_path)
    novelty = Novelty(0.7)
    for sample in samples:
        assert novelty.nearest(sample.slots["instruction"]) is None
        novelty.add(sample.id, sample.slots["instruction"])
        assert sample.provenance.generator == "self_instruct"
        assert all(each.startswith("seed:") for each in sample.provenance.source_ids)
        assert set(sample.slots) == {"instruction", "input", "target"}


def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    undisturbed, *_ = made(tmp_path / "a")

    def tired(number: int, body: bytes) -> web.StreamResponse | None:  # noqa: ARG001
        return error(401, "revoked") if number >= 21 else None

    with pytest.raises(ModelError):
        made(tmp_path / "b", fault=tired)
    resumed, *_ = made(tmp_path / "b")
    assert resumed == undisturbed


def test_a_larger_run_begins_as_the_smaller_one(tmp_path: Path) -> None:
    smaller, few, _ = made(tmp_path)
    with serve(lambda _, body: reply(body)) as seen:
        text = recipe_at(tmp_path, seen.url, 6).read_text().replace("size: 20", "size: 26")
        (tmp_path / "recipes.yaml").write_text(text)
        recipe = load_recipe(tmp_path / "recipes.yaml")
        with ModelPool(recipe.models, tmp_path / "cache2") as pool:
            result = run_task(recipe, TASK, tmp_path / "out2", LocalEngine(), models=pool)
    more = list(factory.read_samples(result.folder))
    assert (len(few), len(more)) == (20, 26)
    assert _said(more[:20]) == smaller


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [("balance: {locale: equal}", "leave 'balance' out"), ("filters: {}", "novelty: true")],
)
def test_rounds_need_the_draw_order_and_the_novelty_filter(
    tmp_path: Path, changes: str, complaint: str
) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(f"include: [catalogue]\ntasks: {{{TASK}: {{{changes}}}}}\n")
    with pytest.raises(RecipeError, match=complaint):
        compile_task(load_recipe(path), TASK)


def test_the_development_set_is_taken_for_seeds_by_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(
        "include: [catalogue]\n"
        f"tasks: {{{TASK}: {{size: 3, source: shopbench, rows: development_candidates}}}}\n"
    )
    recipe = load_recipe(path).with_changes(model="scripted")
    with pytest.raises(SourceError, match="allow"):
        run_task(recipe, TASK, tmp_path / "out", LocalEngine())
    allowed = recipe.with_changes(allow_test=("shopbench",))
    result = run_task(allowed, TASK, tmp_path / "out", LocalEngine())
    assert result.accepted == 3
