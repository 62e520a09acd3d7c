"""A complete configuration for axolotl (checked against the schema of 0.19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from factory.training.configuration import DEEPSPEED, Key, configuration, heading, warmup
from factory.training.presets import ALL_LINEAR, Settings

FILE: Final = "axolotl.yaml"


def axolotl_configuration(
    settings: Settings, data: str, files: list[str], output: str, seed: int
) -> str:
    """Return the YAML; ``files`` are messages as JSON lines, ``output`` the folder of the model.

    Paths in it are relative to the folder from which axolotl is run. Loss is on answers alone.
    """
    said = heading("axolotl", f"axolotl train {FILE}", settings, data)
    return configuration(said, settings, _keys(settings, files, output, seed))


def _keys(settings: Settings, files: list[str], output: str, seed: int) -> Iterator[Key]:
    yield Key("base_model", settings.base, "base")
    yield from _adapter(settings)
    yield Key(
        "datasets",
        [
            {
                "path": files[0] if len(files) == 1 else "json",
                **({} if len(files) == 1 else {"data_files": files}),
                "ds_type": "json",
                "split": "train",
                "type": "chat_template",
                "field_messages": "messages",
                "message_property_mappings": {"role": "role", "content": "content"},
                "roles_to_train": ["assistant"],
                "train_on_eos": "turn",
            }
        ],
    )
    yield Key("chat_template", "alpaca" if settings.template == "alpaca" else "tokenizer_default")
    yield Key("train_on_inputs", False)
    yield Key("dataset_prepared_path", f"{output}/prepared")
    yield Key("output_dir", output)
    yield Key("sequence_len", settings.max_length, "max_length")
    yield Key("sample_packing", settings.packing, "packing")
    if settings.packing:
        yield Key("eval_sample_packing", False)
        yield Key("pad_to_sequence_len", True)
    yield Key("optimizer", "adamw_torch")
    yield Key("learning_rate", settings.learning_rate, "learning_rate")
    yield Key("lr_scheduler", settings.schedule, "schedule")
    yield warmup(settings)
    yield Key("weight_decay", settings.weight_decay, "weight_decay")
    yield Key("micro_batch_size", settings.micro_batch, "micro_batch")
    yield Key("gradient_accumulation_steps", settings.accumulation, "accumulation")
    yield Key("num_epochs", settings.epochs, "epochs")
    yield Key("bf16", settings.precision == "bf16", "precision")
    if settings.precision == "bf16":
        yield Key("tf32", True)
    yield Key("gradient_checkpointing", True)
    yield Key("logging_steps", 10)
    yield Key("saves_per_epoch", 4)
    yield Key("seed", seed)
    if settings.zero:
        yield Key("deepspeed", DEEPSPEED, "zero")


def _adapter(settings: Settings) -> Iterator[Key]:
    if settings.adapter == "full":
        return
    yield Key("adapter", settings.adapter, "adapter")
    if settings.adapter == "qlora":
        yield Key("load_in_4bit", True, "adapter")
    yield Key("lora_r", settings.rank, "rank")
    yield Key("lora_alpha", settings.alpha, "alpha")
    yield Key("lora_dropout", settings.dropout, "dropout")
    if settings.targets == ALL_LINEAR:
        yield Key("lora_target_linear", True, "targets")
    else:
        yield Key("lora_target_modules", list(settings.targets), "targets")
