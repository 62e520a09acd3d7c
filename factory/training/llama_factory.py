"""A complete configuration for LLaMA-Factory (keys as of 0.9.5), beside its dataset_info.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from factory.training.configuration import DEEPSPEED, Key, configuration, heading, warmup
from factory.training.presets import ALL_LINEAR, Settings

FILE: Final = "llama_factory.yaml"


def llama_factory_configuration(
    settings: Settings, data: str, folder: str, names: list[str], output: str, seed: int
) -> str:
    """Return the YAML; ``folder`` has ``dataset_info.json`` with the entries ``names``."""
    said = heading("LLaMA-Factory", f"llamafactory-cli train {FILE}", settings, data)
    return configuration(said, settings, _keys(settings, folder, names, output, seed))


def _keys(
    settings: Settings, folder: str, names: list[str], output: str, seed: int
) -> Iterator[Key]:
    yield Key("model_name_or_path", settings.base, "base")
    yield Key("template", settings.template, "template")
    yield Key("stage", "sft")
    yield Key("do_train", True)
    if settings.adapter == "full":
        yield Key("finetuning_type", "full", "adapter")
    else:
        yield Key("finetuning_type", "lora", "adapter")
        if settings.adapter == "qlora":
            yield Key("quantization_bit", 4, "adapter")
            yield Key("quantization_method", "bnb")
        yield Key("lora_rank", settings.rank, "rank")
        yield Key("lora_alpha", settings.alpha, "alpha")
        yield Key("lora_dropout", settings.dropout, "dropout")
        targets = "all" if settings.targets == ALL_LINEAR else ",".join(settings.targets)
        yield Key("lora_target", targets, "targets")
    yield Key("dataset_dir", folder)
    yield Key("dataset", ",".join(names))
    yield Key("train_on_prompt", False)
    yield Key("cutoff_len", settings.max_length, "max_length")
    yield Key("packing", settings.packing, "packing")
    if settings.packing:
        # Without it, samples of one sequence see one another.
        yield Key("neat_packing", True)
    yield Key("output_dir", output)
    yield Key("overwrite_output_dir", False)
    yield Key("optim", "adamw_torch")
    yield Key("learning_rate", settings.learning_rate, "learning_rate")
    yield Key("lr_scheduler_type", settings.schedule, "schedule")
    yield warmup(settings)
    yield Key("weight_decay", settings.weight_decay, "weight_decay")
    yield Key("per_device_train_batch_size", settings.micro_batch, "micro_batch")
    yield Key("gradient_accumulation_steps", settings.accumulation, "accumulation")
    yield Key("num_train_epochs", settings.epochs, "epochs")
    yield Key("bf16", settings.precision == "bf16", "precision")
    yield Key("gradient_checkpointing", True)
    yield Key("logging_steps", 10)
    yield Key("save_steps", 500)
    yield Key("report_to", "none")
    yield Key("seed", seed)
    if settings.zero:
        yield Key("deepspeed", DEEPSPEED, "zero")
