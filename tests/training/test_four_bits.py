"""Four bits on tiny random models: padded ones compute what they computed, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.errors import OutputError, TrainingError, UsageError
from factory.training.answers import loaded
from factory.training.base import load_model
from factory.training.four_bits.calibration import draw_calibration
from factory.training.four_bits.compressor import Method, input_sizes
from factory.training.four_bits.group_size import choose_group_size, padded_size
from factory.training.four_bits.padding import mlp_width, pad_mlp
from factory.training.four_bits.write import RECORD, FourBits, write_four_bits
from factory.training.quantise import Calibrating, quantise_calibrated
from tests.test_models_cli import command
from tests.training.tiny import TEXT, chances_of, tiny_model

torch = pytest.importorskip("torch", reason="neither train nor quantize is installed")
transformers = pytest.importorskip("transformers", reason="no extra with models is installed")


#: As Qwen2-72B: groups of 128 divide everything, and two devices cannot share the MLP's three.
SIZES: dict[str, Any] = {"hidden_size": 256, "intermediate_size": 384, "initializer_range": 0.05}


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("qwen"), "Qwen2", **SIZES)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    recipe = folder / "recipes.yaml"
    recipe.write_text("include: [catalogue]\ntasks:\n  task15: {size: 12, test: 4}\n", "utf-8")
    return factory.run(recipe, "task15", folder / "out").folder


@pytest.mark.parametrize(
    ("kind", "more"), [("Qwen2", {}), ("Llama", {"mlp_bias": True, "attention_bias": True})]
)
def test_a_padded_model_has_the_same_logits(tmp_path: Path, kind: str, more: Any) -> None:
    folder = tiny_model(tmp_path / "model", kind, **SIZES, **more)
    model = load_model(str(folder), dtype=torch.float32)
    tokens = torch.randint(0, 300, (2, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = model(tokens).logits
        pad_mlp(model, padded_size(mlp_width(model), 2, 128))
        after = model(tokens).logits
    # A longer sum may be rounded otherwise in its last place.
    assert float((after - before).abs().max()) <= 1e-6 * float(before.abs().max())
    model.save_pretrained(tmp_path / "padded")
    again = load_model(str(tmp_path / "padded"), dtype=torch.float32)
    with torch.no_grad():
        assert torch.equal(again(tokens).logits, after)
    assert again.model.layers[0].mlp.down_proj.in_features == 512


def test_groups_of_128_divide_on_two_devices_only_when_padded(qwen: Path) -> None:
    model = load_model(str(qwen))
    with pytest.raises(UsageError, match=r"down_proj .384. on 2 devices: --group-size 64 does"):
        choose_group_size(input_sizes(model), 128, 2)
    pad_mlp(model, padded_size(mlp_width(model), 2, 128))
    assert choose_group_size(input_sizes(model), 128, 2) == 128


def test_a_model_whose_padded_units_would_speak_is_refused(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", hidden_act="sigmoid")
    with pytest.raises(TrainingError, match="sigmoid, which is not known to be 0 at 0"):
        pad_mlp(load_model(str(folder)), 128)


@pytest.fixture(scope="module")
def compressor() -> None:
    pytest.importorskip("llmcompressor", reason="the extra quantize is not installed")


def told(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
    return said


@pytest.mark.usefixtures("compressor")
@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_four_bits_stay_near_the_model_that_they_were_made_of(
    tmp_path: Path, qwen: Path, run: Path, method: Method
) -> None:
    plan = FourBits(method, draw_calibration(run, 6), devices=2, max_length=64)
    record = write_four_bits(qwen, plan, tmp_path / "made")
    assert record == told(tmp_path / "made")
    assert (record["group_size"], record["intermediate_size"]["padded"]) == (128, 512)
    assert record["calibration"] | {"run": ""} == {
        "run": "",
        "samples": 6,
        "tasks": {"task15": 6},
        "tokens": 6 * 64,
        "shortened": 6,
        "fingerprint": plan.calibration.fingerprint,
    }
    config = json.loads((tmp_path / "made" / "config.json").read_text("utf-8"))
    assert (config["intermediate_size"], config["dtype"]) == (512, "bfloat16")
    assert config["quantization_config"]["ignore"] == ["lm_head"]
    tokens = transformers.AutoTokenizer.from_pretrained(qwen)(TEXT)["input_ids"]
    own, found = chances_of(qwen, tokens), loaded_chances(tmp_path / "made", tokens)
    other = chances_of(tiny_model(tmp_path / "other", "Qwen2", **SIZES, seed=1), tokens)
    assert divergence(own, found) < divergence(own, other) / 10


def divergence(own: Any, other: Any) -> float:
    return float((own.exp() * (own - other)).sum())


def loaded_chances(folder: Path, tokens: list[int]) -> Any:
    with torch.no_grad():
        return torch.log_softmax(loaded(folder)(torch.tensor([tokens])).logits[0, -1], -1)


@pytest.mark.usefixtures("compressor")
def test_the_same_samples_give_the_same_weights(tmp_path: Path, qwen: Path, run: Path) -> None:
    plan = FourBits("gptq", draw_calibration(run, 4), max_length=32)
    for name in ("first", "second"):
        write_four_bits(qwen, plan, tmp_path / name)
    first, second = (
        (tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second")
    )
    assert first == second


@pytest.mark.usefixtures("compressor")
def test_a_folder_is_whole_or_as_it_was(
    tmp_path: Path, qwen: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "made"
    write_four_bits(qwen, FourBits("gptq", draw_calibration(run, 2), max_length=32), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    other = FourBits("gptq", draw_calibration(run, 3), max_length=32)

    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 1 byte")

    with monkeypatch.context() as patched:
        patched.setattr("llmcompressor.oneshot", full)
        with pytest.raises(TrainingError, match="memory ran out: fewer --samples"):
            write_four_bits(qwen, other, out)
        patched.setattr("factory.training.memory.free_memory", lambda: 1000)
        with pytest.raises(TrainingError, match=r"needs 0\.0 GB of memory"):
            write_four_bits(qwen, other, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="holds something else"):
        write_four_bits(qwen, other, tmp_path / "mine")


@pytest.mark.usefixtures("compressor")
def test_a_comparison_that_does_not_fit_leaves_the_folder(
    tmp_path: Path, qwen: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Enough for 16 bits, not for the 32 in which both are asked.
    needed = 2 * sum(each.numel() for each in load_model(str(qwen)).state_dict().values())
    monkeypatch.setattr("factory.training.memory.free_memory", lambda: needed)
    asked = Calibrating("gptq", run, samples=2, max_length=32)
    with pytest.raises(TrainingError, match=r"w4 is whole, but not compared: asking .* in 32 bits"):
        quantise_calibrated(str(qwen), asked, tmp_path / "w4", tmp_path, limit=2)
    assert told(tmp_path / "w4")["group_size"] == 128


@pytest.mark.usefixtures("compressor")
def test_the_command_says_what_was_lost_and_computes_nothing_twice(
    tmp_path: Path, qwen: Path, run: Path
) -> None:
    out = tmp_path / "w4"
    asked = ("--to", "gptq", "--calibrate", str(run), "--samples", "4", "--max-length", "64")
    said = command("quantize", str(qwen), *asked, "--out", str(out), "--questions", "3")
    assert "a scale for each 128 weights: the largest that divides" in said
    assert "4 samples were cut at 64 tokens" in said
    assert "of 3 held-out answers are the same" in said
    record = told(out)
    assert record["comparison"]["scores"].keys() == {"unquantised", "quantised"}
    kept = [out / "model.safetensors", *(tmp_path / "w4.compared" / ".work").glob("*.jsonl")]
    written = [path.stat() for path in kept]
    again = json.loads(
        command("quantize", str(qwen), *asked, "--out", str(out), "--questions", "3", "--json")
    )
    assert again.pop("folder") == str(out)
    assert again == record == told(out)
    assert len(kept) == 3
    assert [path.stat().st_mtime_ns for path in kept] == [each.st_mtime_ns for each in written]
