"""Weights of adapters are chosen on one half of the held-out questions, and asked on the other."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from factory.errors import UsageError
from factory.evaluation.asking import Response, asked_question
from factory.evaluation.evaluate import RESULTS
from factory.evaluation.page import PAGE
from factory.evaluation.questions import read_benchmark
from factory.llm.request import Question
from factory.terminal.evaluations import SUMMARY_NAMES, print_results
from factory.terminal.intervals import with_interval
from factory.terminal.searched import print_searched
from factory.training.answers import answer_all
from factory.training.merge import merge_into_weights, read_adapter
from factory.training.search import Weights, deciding_half, merged_answers, search, trials_of
from tests.test_models_cli import command
from tests.training.tiny import tiny_model

SUMMARY = "mean over tasks"
#: How many of ten questions a model answers that took so much of the adapter.
RIGHT = {0.0: 2, 0.5: 9, 1.0: 6}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a run with 24 held-out questions of one task and one of another."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    rows = [
        {
            "input_field": f"Question {number}: 0 or 1?",
            "output_field": 1,
            "task_type": "multiple-choice",
            "metric": "accuracy",
            "task_name": "single" if number == 24 else "choose",
        }
        for number in range(25)
    ]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "test.jsonl").write_text(lines, encoding="utf-8")
    return folder


class Answering:
    """A model that is best halfway, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, float]] = []

    def __call__(self, weights: Weights, questions: Sequence[Question]) -> Sequence[Response]:
        self.asked.append(dict(weights))
        right = RIGHT[sum(weights.values())]
        return [Response("1" if place % 10 < right else "0") for place in range(len(questions))]


def searched(run: Path, out: Path, answering: Answering, **adapters: str) -> dict[str, Any]:
    trials = trials_of("alpha", {"mine": 1.0}, [0, 0.5, 1])
    said = adapters or {"mine": "a"}
    return search(deciding_half(run), trials, answering, out, SUMMARY, said)


def test_a_score_is_printed_alike_by_whatever_prints_it(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # no line is broken within a score
    folder = run.parent / "search"
    record = searched(run, folder, Answering())
    print_searched(record, ["none", "half", "whole"])
    of_search = capsys.readouterr().out
    print_results(json.loads((folder / RESULTS).read_bytes()), folder, folder / PAGE)
    of_evaluation = capsys.readouterr().out
    shown = re.compile(r"0\.\d{3} \(0\.\d{3} to \d\.\d{3}\)")
    scores = [with_interval(each["score"]) for each in record["trials"]]
    assert all(map(shown.fullmatch, scores))
    assert all(each in of_search and each in of_evaluation for each in scores)
    page = (folder / PAGE).read_text(encoding="utf-8").replace('<span class="interval">', "(")
    assert all(each in page.replace("</span>", ")") for each in scores)
    behind = with_interval(record["trials"][2]["behind"], signed=True)
    assert behind.startswith("+0.250 (+0.000 to ")
    assert behind in of_search
    assert f"1 of mine against 0.5 of mine, {SUMMARY}: -0.250 (-0." in of_evaluation
    assert with_interval({"value": -0.00004, "low": -0.5, "high": 0.1}) == "0.000 (-0.500 to 0.100)"


@pytest.mark.parametrize("width", ["60", "80"])
def test_no_line_is_broken_within_an_interval(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    folder = run.parent / f"search {width}"
    record = searched(run, folder, Answering())
    print_searched(record, ["0.25 of the first and 0.5 of the second", "half of it", "whole"])
    of_search = capsys.readouterr().out
    for trial in record["trials"]:
        for found in filter(None, (trial["score"], trial["behind"])):
            value, bounds = with_interval(found, signed=found is not trial["score"]).split(" ", 1)
            assert value in of_search
            assert bounds in of_search
        assert not trial["behind"] or f"{trial['behind']['p']:.3f}" in of_search
    results = json.loads((folder / RESULTS).read_bytes())
    names = [f"out/tuned on everything, try {place}.gguf" for place in range(3)]
    results["models"] = dict(zip(names, results["models"].values(), strict=True))
    print_results(results, folder, folder / PAGE)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= int(width)
    for model in results["models"].values():
        scores = [model["overall"][summary] for summary in SUMMARY_NAMES]
        for of_task in model["tasks"].values():
            scores += of_task["measures"].values()
        assert all(any(with_interval(found) in line for line in lines) for found in scores)
    for each in results["comparisons"]:
        for summary in SUMMARY_NAMES:
            found = each[summary]
            difference = f"{with_interval(found, signed=True)}, p = {found['p']:.4g}"
            assert any(difference in line for line in lines)


def test_the_best_is_found_and_each_other_says_how_far_it_is_behind(run: Path) -> None:
    record = searched(run, run.parent / "search", Answering())

    assert record["best"] == {"mine": 0.5}
    none, half, whole = record["trials"]
    assert half["behind"] is None
    assert half["score"]["value"] == pytest.approx(11 / 12, abs=1e-6)
    assert whole["behind"]["value"] == pytest.approx(3 / 12, abs=1e-6)
    for each in (none, whole):
        assert each["behind"]["low"] <= each["behind"]["value"] <= each["behind"]["high"]
    assert none["behind"]["p"] < whole["behind"]["p"]
    assert json.loads((run.parent / "search" / "search.json").read_text("utf-8")) == record


def test_of_equal_weights_the_nearest_to_the_base_is_taken(run: Path) -> None:
    def always(weights: Weights, questions: Sequence[Question]) -> list[Response]:  # noqa: ARG001
        return [Response("1") for _ in questions]

    trials = trials_of("weights", {"a": 1.0, "b": 1.0}, [0.25, 0.5])
    found = search(deciding_half(run), trials, always, run.parent / "s", SUMMARY, {"a": "1"})

    assert found["best"] == {"a": 0.25, "b": 0.25}


def test_what_decided_is_not_asked_again_at_the_end(run: Path) -> None:
    out = run.parent / "search"
    record = searched(run, out, Answering())

    final = read_benchmark(run, unseen_by=out / "search.json")

    every = {each.id for each in read_benchmark(run).questions}
    assert {each.id for each in final.questions} == every - set(record["questions"])
    # Of a task with one question nothing decides: it is left for the end.
    assert "single" in {each.task for each in final.questions}
    assert len(record["questions"]) == 12


def test_a_search_goes_on_where_it_was_stopped_and_takes_no_others_answers(run: Path) -> None:
    out = run.parent / "search"

    class Stops(Answering):
        def __call__(self, weights: Weights, questions: Sequence[Question]) -> Sequence[Response]:
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return super().__call__(weights, questions)

    with pytest.raises(KeyboardInterrupt):
        searched(run, out, Stops())
    goes_on = Answering()
    searched(run, out, goes_on)

    assert goes_on.asked == [{"mine": 1.0}]
    again = Answering()
    searched(run, out, again, mine="trained further")
    assert len(again.asked) == 3


def test_alphas_scale_what_was_given_and_weights_are_combined() -> None:
    given = {"v8": 0.56, "v9b": 0.75}

    assert trials_of("alpha", given, [1, 0.5]) == [{"v8": 0.28, "v9b": 0.375}, given]
    assert len(trials_of("weights", given, [0, 0.5, 1])) == 9
    for grid in ([0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.5]):
        with pytest.raises(UsageError, match="between 2 and 30"):
            trials_of("weights", given, grid)


def test_nothing_is_chosen_on_a_benchmark(run: Path) -> None:
    development = run / "development.json"
    (run / "test.jsonl").rename(development)

    with pytest.raises(UsageError, match="is a benchmark"):
        deciding_half(development)


def test_a_file_that_is_no_search_is_told(run: Path) -> None:
    with pytest.raises(UsageError, match=r"no search\.json"):
        read_benchmark(run, unseen_by=run / "manifest.json")


def test_a_trial_is_the_base_with_so_much_of_the_adapter_and_leaves_nothing(
    run: Path, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="the extra train is not installed")
    peft = pytest.importorskip("peft", reason="the extra train is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
    base = tiny_model(tmp_path / "base")
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    options = peft.LoraConfig(task_type="CAUSAL_LM", r=4, init_lora_weights=False)
    peft.get_peft_model(model, options).save_pretrained(tmp_path / "adapter")
    adapter = read_adapter("mine", tmp_path / "adapter", 1.0)
    whole = merge_into_weights([adapter], None, tmp_path / "whole", tmp_path)
    asked = [asked_question(each, "task-type", None) for each in deciding_half(run).questions]
    answer = merged_answers([adapter], None, tmp_path / "scratch", tmp_path)

    assert answer({"mine": 0.0}, asked) == answer_all(base, asked)
    tuned = answer({"mine": 1.0}, asked)

    assert tuned == answer_all(whole, asked)
    assert tuned != answer_all(base, asked)
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--search", "alpha"], "Give --on RUN"),
        (["--search", "alpha", "--on", "RUN", "--grid", "0,much"], "write numbers"),
        (["--search", "alpha", "--on", "RUN", "--grid", "0,nan"], "write numbers"),
        (["--search", "weights", "--on", "RUN", "--grid", "1"], "are 1 trials"),
        (["--search", "alpha", "--on", "ADAPTER"], "neither a run's folder"),
    ],
)
def test_a_search_that_cannot_be_is_told_in_one_line(
    run: Path, tmp_path: Path, given: list[str], said: str
) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "base_model_name_or_path": "base"}
    (adapter / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    named = {"RUN": str(run), "ADAPTER": str(adapter)}
    arguments = [named.get(each, each) for each in given]

    refused = command("merge", str(adapter), *arguments, code=2)

    assert said in " ".join(refused.split())
