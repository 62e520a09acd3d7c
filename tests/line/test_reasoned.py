"""Samples with a chain of thought: what is asked, what is kept, and what stands where."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import factory
from factory.engines import LocalEngine
from factory.errors import RecipeError
from factory.line import RunResult, run_task
from factory.line.compile import compile_task
from factory.line.job import NothingMadeError
from factory.llm.pool import ModelPool
from factory.outputs.jsonl import read_records
from factory.recipe import load_recipe
from factory.sample import Sample
from tests.llm.server import Seen, serve

TASK = "reason_about_units"
#: What a model makes of one prompt: the steps, and the answer.
Thinks = Callable[[str, int], tuple[list[str], str]]
STEPS = [
    "The title states an amount in one unit.",
    "The question asks for it in another one.",
    "So it has to be converted.",
]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")


def made(folder: Path, thinks: Thinks, size: int = 8, **options: Any) -> tuple[RunResult, Seen]:
    """Run the task with a model that ``thinks``: given the prompt and how often it was asked."""
    asked: Counter[str] = Counter()

    def answer(number: int, body: bytes) -> web.StreamResponse:  # noqa: ARG001
        prompt = json.loads(body)["messages"][-1]["content"]
        question = re.findall("⟦(.+?)⟧", prompt, re.DOTALL)[-1]
        steps, said = thinks(question, asked[question])
        options = dict(re.findall(r"^(\d)\. (.+)$", question, re.MULTILINE))
        steps = [*steps, f"So it comes to {options[said]}."]
        asked[question] += 1
        text = json.dumps({"steps": steps, "answer": said})
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        return web.json_response({"choices": [choice], "usage": usage})

    with serve(answer) as seen:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "recipes.yaml"
        balance = ", balance: {position: free}" if options.get("gold") == "voted" else ""
        path.write_text(
            "include: [catalogue]\n"
            f'models: {{default: {{model: m, base_url: "{seen.url}", concurrency: 1}}}}\n'
            f"tasks: {{{TASK}: {{size: {size}, "
            f"generate: [{{by: cot, with: {json.dumps(options)}}}]{balance}}}}}\n",
            encoding="utf-8",
        )
        recipe = load_recipe(path)
        with ModelPool(recipe.models, folder / "cache") as pool:
            return run_task(recipe, TASK, folder / "out", LocalEngine(), models=pool), seen


def samples(result: RunResult) -> list[Sample]:
    return list(factory.read_samples(result.folder))


def dropped(result: RunResult) -> Counter[str]:
    records = read_records(result.folder / "rejected.jsonl")
    return Counter(each["reason"] for each in records if each["filter"] == "generate.cot")


def always(answer: str) -> Thinks:
    return lambda question, turn: (STEPS, answer)  # noqa: ARG005


def test_reasoning_stands_beside_a_bare_answer_where_it_ends_at_the_gold(tmp_path: Path) -> None:
    result, _ = made(tmp_path, always("2"))
    for sample in samples(result):
        assert (sample.output_field, sample.gold) == ("2", 2)
        last = f"So it comes to {sample.options[2]}."
        assert sample.reasoning == "\n".join([*STEPS, last])
        assert sample.provenance.generator == "cot"
        assert sample.provenance.tokens == 15
    assert dropped(result)["answer-differs"] > 0


def test_the_gold_is_not_in_what_is_asked(tmp_path: Path) -> None:
    result, seen = made(tmp_path, always("0"), size=4)
    asked = [json.loads(body)["messages"][-1]["content"] for body in seen.bodies]
    for sample in samples(result):
        [prompt] = [each for each in asked if sample.input_field in each]
        example, _, question = prompt.partition("Question: ⟦")
        assert question.startswith(sample.input_field.strip())
        assert sample.input_field not in example


def test_it_is_asked_again_until_it_is_right_and_no_more(tmp_path: Path) -> None:
    """The second sample of each prompt says 1: rows whose gold is 0 took one answer, others two."""
    result, _ = made(tmp_path, lambda _, turn: (STEPS, str(turn)), samples=2)
    golds = [sample.gold for sample in samples(result)]
    assert set(golds) == {0, 1}
    for sample in samples(result):
        assert sample.provenance.tokens == 15 * (1 + int(str(sample.gold)))


def test_unsound_reasoning_is_dropped_though_its_answer_is_right(tmp_path: Path) -> None:
    with pytest.raises(NothingMadeError, match="equation-wrong"):
        made(tmp_path, lambda question, turn: ([*STEPS, "2 + 2 = 5."], "1"), size=2)  # noqa: ARG005


def test_where_no_gold_is_known_the_answer_of_most_is_the_gold(tmp_path: Path) -> None:
    said = ["3", "1", "3"]
    result, seen = made(
        tmp_path, lambda _, turn: (STEPS, said[turn % 3]), gold="voted", samples=3, agree=2
    )
    found = samples(result)
    assert len(found) == 8
    for sample in found:
        assert (sample.gold, sample.output_field) == (3, "3")
    assert seen.requests >= 24


def test_a_vote_that_nobody_wins_makes_no_sample(tmp_path: Path) -> None:
    with pytest.raises(NothingMadeError, match="no-agreement"):
        made(tmp_path, lambda _, turn: (STEPS, str(turn % 3)), gold="voted", samples=3, agree=2)


def test_a_voted_gold_can_have_no_quota_of_its_place(tmp_path: Path) -> None:
    steps = "[{by: cot, with: {gold: voted, samples: 3, agree: 2}}]"
    with pytest.raises(RecipeError, match="position: free"):
        compile_task(load_recipe(recipe_with(tmp_path, steps)), TASK)


def test_a_step_of_the_row_stands_before_those_of_the_sample(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    prompt = "{% block system %}Write.{% endblock %}{% block user %}{{ title }}{% endblock %}"
    (tmp_path / "prompts" / "note.j2").write_text(prompt)
    steps = "[{by: cot}, {by: write, with: {prompt: note.j2}}]"
    with pytest.raises(RecipeError, match="put 'write' before it"):
        compile_task(load_recipe(recipe_with(tmp_path, steps)), TASK)


def recipe_with(folder: Path, steps: str) -> Path:
    path = folder / "recipes.yaml"
    path.write_text(f"include: [catalogue]\ntasks: {{{TASK}: {{generate: {steps}}}}}\n")
    return path


@pytest.mark.parametrize("options", ["samples: 2, agree: 3", "gold: voted, samples: 4, agree: 2"])
def test_a_vote_that_cannot_be_won_is_refused(tmp_path: Path, options: str) -> None:
    path = recipe_with(tmp_path, f"[{{by: cot, with: {{{options}}}}}]")
    with pytest.raises(RecipeError, match="agree"):
        load_recipe(path)


def test_rows_that_wait_for_a_scarce_stratum_go_on_with_the_next_window(tmp_path: Path) -> None:
    """A model that is right in one place alone fills that place first: the others wait for keys."""
    result, _ = made(tmp_path, always("1"), size=12)
    assert {sample.gold for sample in samples(result)} == {1}
    again, seen = made(tmp_path / "again", always("1"), size=12)
    assert (again.folder / "train.jsonl").read_bytes() == (
        result.folder / "train.jsonl"
    ).read_bytes()
    assert seen.requests > 12
