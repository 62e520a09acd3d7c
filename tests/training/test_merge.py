"""Merged adapters are W0 + sum of w s B A, on tiny random models; what cannot be is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factory.errors import OutputError, TrainingError, UsageError
from factory.training.merge import (
    NVIDIA_TRACKS,
    Adapter,
    merge_adapters,
    merge_into_weights,
    read_adapter,
    weights_of_track,
)
from tests.test_models_cli import command

LAYERS = ("q_proj", "v_proj")


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch", reason="the extra train is not installed")


@pytest.fixture(scope="module")
def base(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
    folder = tmp_path_factory.mktemp("base")
    config = transformers.LlamaConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    torch.manual_seed(0)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    from tokenizers import Tokenizer, models

    words = Tokenizer(models.WordLevel({"a": 0, "b": 1}, "a"))
    marks = {"eos_token": "b"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, **marks).save_pretrained(folder)
    return folder


def adapter(torch: Any, base: Path, folder: Path, seed: int, **changes: Any) -> Adapter:
    import peft
    import transformers

    torch.manual_seed(seed)
    weight = changes.pop("weight", 1.0)
    options = {"r": 4, "lora_alpha": 8, "target_modules": list(LAYERS), **changes}
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    tuned = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **options))
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn_like(parameter))
    tuned.save_pretrained(folder)
    return read_adapter(folder.name, folder, weight)


def updated(base: Path, adapters: list[Adapter]) -> dict[str, Any]:
    """Return the weights of the adapted layers by the formula, written out once more."""
    import transformers
    from safetensors.torch import load_file

    weights = dict(transformers.AutoModelForCausalLM.from_pretrained(base).named_parameters())
    found = {
        name: tensor.double() for name, tensor in weights.items() if any(x in name for x in LAYERS)
    }
    for each in adapters:
        tensors = load_file(each.folder / "adapter_model.safetensors")
        s = each.config["lora_alpha"] / each.config["r"]
        for name in found:
            layer = f"base_model.model.{name.removesuffix('.weight')}"
            a = tensors[f"{layer}.lora_A.weight"].double()
            b = tensors[f"{layer}.lora_B.weight"].double()
            found[name] = found[name] + each.weight * s * (b @ a)
    return found


def adapted(base: Path, folder: Path) -> dict[str, Any]:
    import peft
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    whole = peft.PeftModel.from_pretrained(model, folder).merge_and_unload()
    return {
        name: tensor.double()
        for name, tensor in whole.named_parameters()
        if any(x in name for x in LAYERS)
    }


def alike(torch: Any, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.allclose(found[name], tensor, atol=1e-4, rtol=1e-5), name


@pytest.mark.parametrize("alpha", [0.56, 1.0, 0.0, -0.5])
def test_wise_ft_is_exact_for_any_alpha(
    tmp_path: Path, torch: Any, base: Path, alpha: float
) -> None:
    one = adapter(torch, base, tmp_path / "one", 1, weight=alpha)
    alike(
        torch,
        adapted(base, merge_adapters([one], tmp_path / "out")),
        updated(base, [one]),
    )


def test_a_weighted_sum_is_exact_into_an_adapter_and_into_the_weights(
    tmp_path: Path, torch: Any, base: Path
) -> None:
    import transformers

    both = [
        adapter(torch, base, tmp_path / "one", 1, weight=0.56),
        adapter(torch, base, tmp_path / "two", 2, weight=0.75, r=2, lora_alpha=6),
    ]
    wanted = updated(base, both)
    alike(torch, adapted(base, merge_adapters(both, tmp_path / "sum")), wanted)
    whole = merge_into_weights(both, None, tmp_path / "whole", tmp_path)
    model = transformers.AutoModelForCausalLM.from_pretrained(whole)
    found = {name: tensor.double() for name, tensor in model.named_parameters() if name in wanted}
    alike(torch, found, wanted)
    record = json.loads((whole / "merge.json").read_text(encoding="utf-8"))
    assert [each["weight"] for each in record["adapters"]] == [0.56, 0.75]


def test_rank_stabilised_adapters_have_their_own_scale(
    tmp_path: Path, torch: Any, base: Path
) -> None:
    one = adapter(torch, base, tmp_path / "one", 1, use_rslora=True)
    assert one.scale == pytest.approx(8 / 4**0.5)
    alike(
        torch,
        adapted(base, merge_adapters([one], tmp_path / "out")),
        adapted(base, one.folder),
    )


def test_what_cannot_be_merged_is_told_in_one_line(tmp_path: Path, torch: Any, base: Path) -> None:
    one = adapter(torch, base, tmp_path / "one", 1)
    narrow = adapter(torch, base, tmp_path / "narrow", 2, target_modules=["q_proj"])
    with pytest.raises(TrainingError, match="change different layers"):
        merge_adapters([one, narrow], tmp_path / "out")
    other = Adapter("o", one.folder, 1.0, {**one.config, "base_model_name_or_path": "another"})
    with pytest.raises(TrainingError, match="different bases"):
        merge_adapters([one, other], tmp_path / "out")
    adapter(torch, base, tmp_path / "dora", 3)
    config = json.loads((tmp_path / "dora" / "adapter_config.json").read_text(encoding="utf-8"))
    (tmp_path / "dora" / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    with pytest.raises(TrainingError, match="use_dora"):
        read_adapter("d", tmp_path / "dora", 1.0)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(OutputError, match="holds something else"):
        merge_adapters([one], tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").is_file()
    with pytest.raises(OutputError, match="holds something else"):
        merge_adapters([one], tmp_path / "mine" / "notes.txt")
    pointer = adapter(torch, base, tmp_path / "pointer", 4)
    # What git leaves in the place of a large file that it was not asked to bring.
    (tmp_path / "pointer" / "adapter_model.safetensors").write_text("version https://git-lfs")
    with pytest.raises(TrainingError, match="is damaged"):
        merge_adapters([pointer], tmp_path / "out")


def test_an_adapter_whose_training_broke_down_is_refused(
    tmp_path: Path, torch: Any, base: Path
) -> None:
    from safetensors.torch import load_file, save_file

    broken = adapter(torch, base, tmp_path / "broken", 1)
    file = broken.folder / "adapter_model.safetensors"
    tensors = load_file(file)
    next(iter(tensors.values()))[0, 0] = float("nan")
    save_file(tensors, file)
    with pytest.raises(TrainingError, match="infinite or none"):
        merge_adapters([broken], tmp_path / "out")
    with pytest.raises(TrainingError, match="infinite or none"):
        merge_into_weights([broken], None, tmp_path / "weights", tmp_path)


def test_a_folder_without_an_adapter_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no adapter"):
        read_adapter("x", tmp_path, 1.0)


def test_the_papers_table_names_its_adapters() -> None:
    assert weights_of_track(3, ["v7", "v8", "v9b"]) == {"v8": 0.56, "v9b": 0.25}
    with pytest.raises(UsageError, match="give v7b=FOLDER"):
        weights_of_track(2, ["v7", "v8"])
    assert set(NVIDIA_TRACKS) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--weight", "nan"), "'nan' is no share"),
        (("--weight", "inf"), "'inf' is no share"),
        (("--weight", "0.5", "--nvidia-track", "1"), "leave --weight out"),
        (("--on", "out/mine"), "are of a search"),
        (("--metric", "questions"), "are of a search"),
        (("--grid", "0,1"), "are of a search"),
        (("--base", "x"), "is for --into-weights"),
    ],
)
def test_options_that_nothing_would_read_are_told_in_one_line(
    given: tuple[str, ...], said: str
) -> None:
    assert said in command("merge", "a/adapter", *given, code=2)
