"""A GGUF file: llama.cpp computes with it what transformers computes with the checkpoint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.errors import TrainingError, UsageError
from factory.training.base import base_folder
from factory.training.gguf_file.write import write_gguf
from factory.training.merge import merge_into_weights, read_adapter
from factory.training.pre_tokenizers import STEPS
from tests.test_models_cli import command
from tests.training.tiny import TEXT, Served, chances_of, distance, tiny_model

transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("gguf", reason="the extra train is not installed")
pytest.importorskip("xllamacpp", reason="the extra local is not installed")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("llama"))


def tokens_of(folder: Path, text: str = TEXT) -> list[int]:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return found


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("Llama", {}),
        ("Llama", {"attention_bias": True, "head_dim": 32, "rope_theta": 100000.0}),
        ("Qwen2", {"vocab_size": 640}),
    ],
)
def test_what_is_served_is_what_the_checkpoint_computes(
    tmp_path: Path, kind: str, sizes: dict[str, Any], tied: bool
) -> None:
    folder = tiny_model(tmp_path / "model", kind, tie_word_embeddings=tied, **sizes)
    served = Served(write_gguf(folder, "f16", tmp_path / "model.gguf").path)
    # Long enough that a wrong rotation shows, and step by step as an answer is written.
    tokens = tokens_of(folder, TEXT * 3)
    for _ in range(6):
        chances, found = chances_of(folder, tokens), served.chances(tokens)
        assert abs(distance(found, chances)) < 1e-3
        assert max(found, key=found.__getitem__) == int(chances.argmax())
        tokens.append(int(chances.argmax()))


@pytest.mark.parametrize("splitting", STEPS)
def test_text_becomes_the_same_tokens_as_in_training(tmp_path: Path, splitting: str) -> None:
    folder = tiny_model(tmp_path / "model", splitting=splitting)
    served = Served(write_gguf(folder, "q8_0", tmp_path / "model.gguf").path)
    assert served.tokens(TEXT) == tokens_of(folder)
    marked = f"<|im_start|>user\n{TEXT}<|im_end|>\n"
    assert served.tokens(marked) == tokens_of(folder, marked)


def test_a_gguf_file_becomes_a_checkpoint_that_splits_text_as_it_says(
    tmp_path: Path, llama: Path
) -> None:
    file = write_gguf(llama, "f16", tmp_path / "model.gguf").path
    folder = Path(base_folder(str(file), tmp_path))
    assert tokens_of(folder) == tokens_of(llama)


@pytest.mark.parametrize("to", ["q8_0", "q4_0"])
def test_an_adapter_survives_quantising(tmp_path: Path, llama: Path, to: Any) -> None:
    import peft
    import torch

    base = transformers.AutoModelForCausalLM.from_pretrained(llama)
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    tuned = peft.get_peft_model(base, config)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weights in tuned.named_parameters():
            if "lora_" in name:
                weights.normal_(std=0.15)
    tuned.save_pretrained(tmp_path / "adapter")
    adapter = read_adapter("tuned", tmp_path / "adapter", 0.56)
    merged = merge_into_weights([adapter], str(llama), tmp_path / "merged", tmp_path)
    served = Served(write_gguf(merged, to, tmp_path / "tuned.gguf").path)
    tokens = tokens_of(llama, TEXT)
    near, far = 0.0, 0.0
    for end in range(20, len(tokens), 10):
        found = served.chances(tokens[:end])
        near += distance(found, chances_of(merged, tokens[:end]))
        far += distance(found, chances_of(llama, tokens[:end]))
    assert near < far / (20 if to == "q8_0" else 2)


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path: Path, llama: Path) -> None:
    first = write_gguf(llama, "q4_0", tmp_path / "first.gguf")
    second = write_gguf(llama, "q4_0", tmp_path / "second.gguf")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.kinds == {"f32": 5, "q4_0": 14, "q8_0": 2}


def test_q4_k_m_is_llama_cpps_mix_and_nearer_than_q4_0(tmp_path: Path) -> None:
    sizes = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 8}
    folder = tiny_model(tmp_path / "model", initializer_range=0.1, **sizes)
    first = write_gguf(folder, "q4_k_m", tmp_path / "first.gguf")
    # Blocks 0, 3, 6 and 7 of 8 have more bits for values and down projections; so has the output.
    assert first.kinds == {"f32": 17, "q4_k": 8 * 7 - 8 + 1, "q6_k": 8 + 1}
    second = write_gguf(folder, "q4_k_m", tmp_path / "second.gguf")
    assert first.path.read_bytes() == second.path.read_bytes()
    four = write_gguf(folder, "q4_0", tmp_path / "four.gguf", embeddings="q4_0")
    tokens = tokens_of(folder)
    own = chances_of(folder, tokens)
    lost = [distance(Served(each.path).chances(tokens), own) for each in (first, four)]
    assert lost[0] < lost[1]


def test_rows_that_256_does_not_divide_take_the_nearest_kind(tmp_path: Path, llama: Path) -> None:
    written = write_gguf(llama, "q4_k_m", tmp_path / "model.gguf")
    assert written.kinds == {"f32": 5, "q5_0": 13, "q8_0": 3}
    tokens = tokens_of(llama)
    assert distance(Served(written.path).chances(tokens), chances_of(llama, tokens)) < 0.1


def test_another_function_of_the_same_name_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model(tmp_path / "model", hidden_size=256, intermediate_size=256)
    monkeypatch.setattr(
        "factory.training.gguf_file.k_quants._function", lambda: lambda *given: given[4] * 144
    )
    with pytest.raises(TrainingError, match="does not write Q6_K as this project knows it"):
        write_gguf(folder, "q4_k_m", tmp_path / "model.gguf")
    assert not list(tmp_path.glob("*.gguf"))


def test_weights_in_several_files_are_read_as_one(tmp_path: Path, llama: Path) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(llama)
    parted = shutil.copytree(llama, tmp_path / "model")
    (parted / "model.safetensors").unlink()
    model.save_pretrained(parted, max_shard_size="100KB")
    assert len(list(parted.glob("*.safetensors"))) > 1
    whole = write_gguf(llama, "q8_0", tmp_path / "whole" / "model.gguf").path.read_bytes()
    assert write_gguf(parted, "q8_0", tmp_path / "model.gguf").path.stat().st_size == len(whole)
    tokens = tokens_of(llama)
    served = Served(tmp_path / "model.gguf").chances(tokens)
    assert served == Served(tmp_path / "whole" / "model.gguf").chances(tokens)


def test_rows_that_do_not_divide_into_blocks_have_16_bits(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", hidden_size=48, head_dim=16)
    written = write_gguf(folder, "q4_0", tmp_path / "model.gguf")
    assert "token_embd.weight" in written.not_divisible
    assert "blk.0.ffn_down.weight" not in written.not_divisible  # its rows are 96 long
    tokens = tokens_of(folder)
    found = Served(written.path).chances(tokens)
    assert distance(found, chances_of(folder, tokens)) < 0.5


def changed(folder: Path, to: Path, file: str = "config.json", **changes: Any) -> Path:
    copy = shutil.copytree(folder, to)
    said = json.loads((copy / file).read_text("utf-8"))
    (copy / file).write_text(json.dumps(said | changes), "utf-8")
    return copy


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architectures": ["BloomForCausalLM"]}, "BloomForCausalLM is not written"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "rotation is yarn"),
        ({"hidden_act": "gelu"}, "activation is gelu"),
        ({"quantization_config": {"bits": 4}}, "quantised already"),
        ({"vocab_size": 10}, "10 rows of embeddings"),
        ({"num_hidden_layers": 1}, "no tensor that llama.cpp knows"),
    ],
)
def test_a_model_that_would_be_written_wrong_is_refused(
    tmp_path: Path, llama: Path, changes: dict[str, Any], said: str
) -> None:
    folder = changed(llama, tmp_path / "model", **changes)
    with pytest.raises(TrainingError, match=said):
        write_gguf(folder, "q8_0", tmp_path / "model.gguf")
    assert not list(tmp_path.glob("*.gguf*"))


def test_a_tokenizer_that_would_be_served_wrong_is_refused(tmp_path: Path, llama: Path) -> None:
    splitter = {"type": "WhitespaceSplit"}
    folder = changed(llama, tmp_path / "model", "tokenizer.json", pre_tokenizer=splitter)
    with pytest.raises(TrainingError, match="other tokens than it was trained on"):
        write_gguf(folder, "q8_0", tmp_path / "model.gguf")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, llama: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    out = tmp_path / "model.gguf"
    before = write_gguf(llama, "q8_0", out).path.read_bytes()
    broken = shutil.copytree(llama, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = torch.nan
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(TrainingError, match=r"model\.norm\.weight"):
        write_gguf(broken, "q8_0", out)
    assert out.read_bytes() == before
    assert not list(tmp_path.glob(".*"))
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(TrainingError, match="damaged"):
        write_gguf(broken, "q8_0", out)
    (broken / "model.safetensors").unlink()
    with pytest.raises(UsageError, match="safetensors"):
        write_gguf(broken, "q8_0", out)


def test_the_command_says_what_was_lost(tmp_path: Path, llama: Path) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text("include: [catalogue]\ntasks:\n  task15: {size: 4, test: 6}\n", "utf-8")
    run = factory.run(recipe, "task15", tmp_path / "out").folder
    out = tmp_path / "small.gguf"
    asked = ("--compare", str(run), "--questions", "5")
    said = command("quantize", str(llama), "--to", "f16", "--out", str(out), *asked)
    assert "of 5 held-out answers are the same" in said
    record = json.loads((tmp_path / "small.json").read_text("utf-8"))
    # Near ties may fall the other way in 16 bits.
    assert record["comparison"]["same"] >= 4
    assert record["comparison"]["scores"].keys() == {"unquantised", "quantised"}
    assert record["bytes"] == out.stat().st_size
    assert (tmp_path / "small.compared" / "evaluation.html").is_file()
    # Other questions, and the same file again.
    command("quantize", str(llama), "--out", str(out), "--compare", str(run), "--questions", "3")
    for wrong, words in (
        ((str(tmp_path / "none"),), "no such folder"),
        ((str(run),), "no model's folder"),
        ((str(llama), "--compare", str(tmp_path)), "neither a run's folder"),
    ):
        assert words in command("quantize", *wrong, "--out", str(tmp_path / "x.gguf"), code=2)
    assert "so call it x.gguf" in command("quantize", str(llama), "--out", "x.bin", code=2)
    assert not list(tmp_path.glob("x.*"))
