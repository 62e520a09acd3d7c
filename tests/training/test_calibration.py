"""What a model is calibrated on: training samples, evenly by task, the same each time."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factory
from factory.errors import TrainingError, UsageError
from factory.outputs.jsonl import read_samples
from factory.training.four_bits.calibration import draw_calibration, share_out
from factory.training.four_bits.group_size import choose_group_size, padded_size
from factory.training.memory import check_free, free_memory
from tests.test_models_cli import command

RECIPE = """
include: [catalogue]
mixtures:
  both:
    title: Both
    tasks: {task12: 6, task15: 20, write_query_for_product: 3}
    held_out: [write_query_for_product]
    test: 3
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "recipes.yaml").write_text(RECIPE, "utf-8")
    return factory.run(folder / "recipes.yaml", mixture="both", out=folder / "out").folder


def test_samples_are_drawn_evenly_by_task_and_the_same_each_time(run: Path) -> None:
    drawn = draw_calibration(run, 10)
    assert drawn.tasks == {"task12": 5, "task15": 5}
    assert drawn == draw_calibration(run, 10)
    assert drawn.fingerprint != draw_calibration(run, 10, seed=1).fingerprint
    # A task that has fewer leaves the rest to the others; more than there is, is all there is.
    assert draw_calibration(run, 20).tasks == {"task12": 6, "task15": 14}
    assert draw_calibration(run, 1000).record()["samples"] == 26


def test_only_training_samples_are_drawn_worded_as_in_training(run: Path) -> None:
    drawn = draw_calibration(run, 1000)
    asked = {each[1]["content"] for each in drawn.chats}
    assert asked == {each.input_field for each in read_samples(run / "train.jsonl")}
    assert not asked & {each.input_field for each in read_samples(run / "test.jsonl")}
    assert [[message["role"] for message in each] for each in drawn.chats] == [
        ["system", "user", "assistant"]
    ] * 26


def changed(run: Path, to: Path, change: dict[str, Any]) -> Path:
    to.mkdir()
    (to / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    lines = (run / "train.jsonl").read_text("utf-8").splitlines()
    first = json.loads(lines[0])
    for name, value in change.items():
        first[name] = first[name] | value if isinstance(value, dict) else value
    (to / "train.jsonl").write_text("\n".join([json.dumps(first), *lines[1:]]) + "\n", "utf-8")
    return to


def test_what_measures_a_model_never_calibrates_it(run: Path, tmp_path: Path) -> None:
    for change, said in (
        ({"split": "test"}, "is a test sample: held-out samples measure a model"),
        ({"provenance": {"source": "shopbench"}}, "a question of shopbench, on which models"),
    ):
        with pytest.raises(UsageError, match=said):
            draw_calibration(changed(run, tmp_path / said[:6].strip(), change), 5)
    with pytest.raises(UsageError, match="never questions that a model is measured on"):
        draw_calibration(run / "test.jsonl", 5)


@settings(max_examples=30)
@given(
    st.integers(1, 500),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 200), min_size=1),
)
def test_shares_are_as_even_as_what_is_there_allows(count: int, there: dict[str, int]) -> None:
    shares = share_out(count, there)
    assert sum(shares.values()) == min(count, sum(there.values()))
    assert all(0 <= shares[task] <= there[task] for task in there)
    # Whoever has less than another has all that is there, or one less for what does not divide.
    most = max(shares.values())
    assert all(shares[task] >= most - 1 or shares[task] == there[task] for task in there)


def test_the_group_is_the_largest_that_divides_every_input() -> None:
    assert choose_group_size({"q_proj": 576, "down_proj": 1536}) == 64  # SmolLM2-135M
    assert choose_group_size({"q_proj": 8192, "down_proj": 29568}) == 128
    with pytest.raises(
        UsageError, match=r"does not divide the input of q_proj .576.: --group-size 64"
    ):
        choose_group_size({"q_proj": 576, "down_proj": 1536}, 128)
    with pytest.raises(TrainingError, match="no group of 128, 64, 32"):
        choose_group_size({"q_proj": 40})


def test_qwen2_72b_is_padded_as_its_makers_say() -> None:
    assert [padded_size(29568, devices, 128) for devices in (2, 4, 8)] == [29696] * 3
    assert padded_size(29568, 1, 128) == 29568
    # 231 groups cannot be shared; nor is half a group made smaller where 128 was asked for.
    own = {"self_attn.o_proj": 8192, "mlp.down_proj": 29568, "mlp.up_proj": 8192}
    with pytest.raises(UsageError, match=r"down_proj .29,568. on 8 devices"):
        choose_group_size(own, 128, 8)
    assert choose_group_size(own | {"mlp.down_proj": 29696}, None, 8) == 128


def test_memory_that_does_not_suffice_is_told_before() -> None:
    free = free_memory()
    if free is None:
        pytest.skip("this system does not tell how much memory is free")
    check_free(1, "nothing")
    with pytest.raises(TrainingError, match=r"quantising needs .* GB of memory and .* GB is free"):
        check_free(free * 2, "quantising")


def test_the_command_says_what_does_not_go_together(tmp_path: Path) -> None:
    model, out = str(tmp_path), str(tmp_path / "made")
    said = command("quantize", model, "--to", "gptq", "--out", out, code=2)
    assert "--calibrate RUN, whose training samples it takes" in said
    for option in ("calibrate", "samples", "max-length", "group-size", "seed"):
        said = command("quantize", model, f"--{option}", "32", "--out", "x.gguf", code=2)
        assert f"leave out --{option}, for gptq and awq alone" in said
    two = ("--pad-for-tensor-parallel", "1", "--seed", "0")  # what they are where nobody says
    said = command("quantize", model, "--to", "f16", *two, "--out", "x.gguf", code=2)
    assert "--to f16 has blocks of its own" in said
    assert "leave out --pad-for-tensor-parallel, --seed, for gptq and awq alone" in said
    said = command("quantize", model, "--questions", "5", "--out", "x.gguf", code=2)
    assert "--questions 5: of which run? Give --compare RUN" in said


@pytest.mark.skipif(
    importlib.util.find_spec("llmcompressor") is not None, reason="the extra quantize is installed"
)
def test_without_the_extra_one_line_says_how_to_install_it(run: Path, tmp_path: Path) -> None:
    asked = ("--to", "awq", "--calibrate", str(run), "--out", str(tmp_path / "made"))
    said = command("quantize", str(tmp_path), *asked, code=2)
    assert said.strip().endswith("pip install 'eshop-factory[quantize]'")
