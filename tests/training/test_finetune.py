"""A training run for real, on the embedded model's shape with random weights: what carries loss."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import factory
from factory.errors import TrainingError, UsageError
from factory.training.finetune import Plan, build_trainer, finetune
from factory.training.presets import PRESETS, Settings, with_changes

transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("trl", reason="the extra train is not installed")

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    recipe = folder / "recipes.yaml"
    recipe.write_text("include: [catalogue]\ntasks:\n  task15: {size: 16}\n", encoding="utf-8")
    return factory.run(recipe, "task15", folder / "out").folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny Llama of random weights whose tokens are bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("base")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    marks = {"eos_token": "<|im_end|>", "pad_token": "<|pad|>"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks)
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    config = transformers.LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
    )
    transformers.set_seed(0)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def settings(base: Path, **changes: Any) -> Settings:
    return with_changes(PRESETS["tiny"], base=str(base), max_length=2048, micro_batch=2, **changes)


@pytest.mark.parametrize("packing", [False, True])
def test_only_the_answer_and_its_end_carry_loss(
    tmp_path: Path, run: Path, base: Path, packing: bool
) -> None:
    trainer = build_trainer(Plan(run, tmp_path / "out"), settings(base, packing=packing), tmp_path)
    answers = sorted(f"{each.output_field}<|im_end|>" for each in factory.read_samples(run))
    found = []
    for batch in trainer.get_train_dataloader():
        for labels in batch["labels"].tolist():
            span: list[int] = []
            for label in [*labels, -100]:
                if label != -100:
                    span.append(label)
                elif span:
                    found.append(trainer.processing_class.decode(span).strip())
                    span = []
    assert sorted(found) == answers


def test_a_run_is_taken_up_where_it_stopped_and_a_finished_one_left_alone(
    tmp_path: Path, run: Path, base: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(step: int, _: int, __: float) -> None:
        if step >= 3:
            raise StoppedError

    plan = Plan(run, tmp_path / "out", steps=6)
    with pytest.raises(StoppedError):
        finetune(plan, settings(base), tmp_path, stop)
    assert not (tmp_path / "out" / "training.json").exists()
    # Killed while it wrote the next checkpoint: its weights are there, and no state.
    partial = tmp_path / "out" / ".work" / "checkpoint-4"
    partial.mkdir()
    (partial / "adapter_model.safetensors").write_bytes(b"half of it")
    steps: list[int] = []
    adapter = finetune(plan, settings(base), tmp_path, lambda step, *_: steps.append(step))
    assert min(steps) > 1
    assert max(steps) == 6
    record = json.loads((tmp_path / "out" / "training.json").read_text(encoding="utf-8"))
    assert record["steps"] == 6
    assert {"adapter_config.json", "adapter_model.safetensors"} <= {
        path.name for path in adapter.iterdir()
    }
    made = (adapter / "adapter_model.safetensors").stat().st_mtime_ns
    finetune(plan, settings(base), tmp_path)
    assert (adapter / "adapter_model.safetensors").stat().st_mtime_ns == made
    with pytest.raises(UsageError, match="differs in settings"):
        finetune(plan, settings(base, learning_rate=0.5), tmp_path)


def test_what_stands_in_the_way_is_one_line(tmp_path: Path, run: Path, base: Path) -> None:
    bare = tmp_path / "bare"
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(bare)
    with pytest.raises(TrainingError, match="has no chat template"):
        build_trainer(Plan(run, tmp_path / "a"), settings(bare), tmp_path)
    with pytest.raises(TrainingError, match="needs a CUDA device"):
        build_trainer(Plan(run, tmp_path / "b"), settings(base, adapter="qlora"), tmp_path)
    with pytest.raises(TrainingError, match="none of the layers"):
        build_trainer(Plan(run, tmp_path / "c"), settings(base, targets=("nowhere",)), tmp_path)
    with pytest.raises(TrainingError, match="cannot be loaded"):
        build_trainer(Plan(run, tmp_path / "d"), settings(tmp_path / "nothing"), tmp_path)
    for name in ("model.safetensors", "tokenizer.json"):
        pointer = tmp_path / f"without {name}"
        shutil.copytree(base, pointer)
        # What git leaves in the place of a large file that it was not asked to bring.
        (pointer / name).write_text("version https://git-lfs.github.com/spec/v1\n")
        with pytest.raises(TrainingError, match="cannot be loaded"):
            build_trainer(Plan(run, tmp_path / "e"), settings(pointer), tmp_path)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_that_breaks_down_ends_with_one_line_and_no_adapter(
    tmp_path: Path, run: Path, base: Path, precision: str
) -> None:
    wild = settings(base, learning_rate=1e30, precision=precision)
    told: list[float] = []
    with pytest.raises(TrainingError, match=r"broke down within \d steps.*smaller --learning-rate"):
        finetune(
            Plan(run, tmp_path / "out", steps=6), wild, tmp_path, lambda *said: told.append(said[2])
        )
    assert all(loss == loss for loss in told)
    assert not (tmp_path / "out" / "adapter").exists()
    assert not (tmp_path / "out" / "training.json").exists()


def test_an_adapter_that_broke_in_its_last_step_is_not_kept(
    tmp_path: Path, run: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from factory.training import finetune as rooms

    build = rooms.build_trainer

    def broken(*given: Any) -> Any:
        trainer = build(*given)
        train = trainer.train

        def and_break(**more: Any) -> Any:
            made = train(**more)
            next(each for each in trainer.model.parameters() if each.requires_grad).data[0] = float(
                "inf"
            )
            return made

        trainer.train = and_break
        return trainer

    monkeypatch.setattr(rooms, "build_trainer", broken)
    with pytest.raises(TrainingError, match="broke down within 1 steps"):
        finetune(Plan(run, tmp_path / "out", steps=1), settings(base), tmp_path)
    assert not (tmp_path / "out" / "adapter").exists()
