"""A fine-tuning run with TRL: samples to an adapter, resumed where it was stopped.

::

    training/
      adapter/          the LoRA adapter (model/ where all weights are tuned), with its tokenizer
      training.json     settings, data, versions and losses; written last
      .work/            checkpoints
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from factory.errors import MissingExtraError, TrainingError, UsageError
from factory.outputs.files import checksum, write_json
from factory.training.base import base_folder, load_model, load_tokenizer
from factory.training.memory import is_out_of_memory
from factory.training.presets import ALL_LINEAR, SEED, Settings
from factory.training.rows import training_file, training_rows

ADAPTER: Final = "adapter"
MODEL: Final = "model"
RECORD: Final = "training.json"
_WORK: Final = ".work"
_STATE: Final = "trainer_state.json"
_PACKAGES: Final = ("torch", "transformers", "trl", "peft", "datasets")
_SAVES: Final = 10
#: For models without a chat template of their own: Alpaca's, as EcomGPT and LLaMA-Factory use it.
_ALPACA: Final = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'user' %}"
    "{{ '### Instruction:\\n' + message['content'] + '\\n\\n### Response:\\n' }}"
    "{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}"
)

Watch = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: on which samples, for how long, where.

    Attributes:
        run: the folder of the run or mixture whose training samples are taken.
        out: the folder that gets the adapter.
        limit: at most so many samples, from the start of the file; steps: at most so many steps.
        reasoning: whether answers have their reasoning before them.
        seed: of the order of samples and of what LoRA begins with.
    """

    run: Path
    out: Path
    limit: int | None = None
    steps: int | None = None
    reasoning: bool = False
    seed: int = SEED


def finetune(plan: Plan, settings: Settings, cache: Path, watch: Watch | None = None) -> Path:
    """Tune ``settings.base`` on the samples of a run; return the folder of what was made.

    A run that was stopped goes on from its last checkpoint, and a finished one is left alone.
    ``watch`` is told the step, how many there are, and the loss.

    Raises:
        UsageError: the folder holds another run, or the samples' folder has none.
        TrainingError: the model cannot be loaded, lacks a chat template, memory runs out, or the
            loss becomes no number.
        MissingExtraError: the extra ``train`` is not installed.
    """
    target = plan.out / (MODEL if settings.adapter == "full" else ADAPTER)
    said = _identity(plan, settings)
    if _finished(plan.out, said):
        return target
    trainer = build_trainer(plan, settings, cache, watch)
    checkpoints = _checkpoints(plan.out / _WORK)
    write_json(plan.out / _WORK / RECORD, said)
    with _explained(settings):
        made = trainer.train(resume_from_checkpoint=str(checkpoints[-1]) if checkpoints else None)
    _check_finite(trainer, settings)
    trainer.save_model(str(target))
    losses = [
        {"step": each["step"], "loss": each["loss"]}
        for each in trainer.state.log_history
        if "loss" in each
    ]
    write_json(
        plan.out / RECORD,
        {
            **said,
            "steps": trainer.state.global_step,
            "loss": round(made.training_loss, 6),
            "losses": losses,
            "versions": {name: version(name) for name in _PACKAGES},
        },
    )
    return target


def build_trainer(plan: Plan, settings: Settings, cache: Path, watch: Watch | None = None) -> Any:
    """Return TRL's trainer of a run: loss on the answer and its end alone, packed or not.

    Raises what :func:`finetune` raises.
    """
    try:
        import datasets  # type: ignore[import-untyped]
        import peft
        import trl
    except ImportError as error:
        raise MissingExtraError("trl", "train", "a training run") from error
    training_file(plan.run)
    folder = base_folder(settings.base, cache)
    tokenizer = load_tokenizer(folder)
    _give_template(tokenizer, settings)
    rows = datasets.Dataset.from_list(
        list(training_rows(plan.run, plan.limit, reasoning=plan.reasoning))
    )
    adapter = None
    if settings.adapter != "full":
        adapter = peft.LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=ALL_LINEAR if settings.targets == ALL_LINEAR else list(settings.targets),
            task_type="CAUSAL_LM",
        )
    with _explained(settings):
        return trl.SFTTrainer(
            model=load_model(folder, **_placement(settings)),
            args=_arguments(plan, settings, trl),
            train_dataset=rows,
            processing_class=tokenizer,
            peft_config=adapter,
            callbacks=[_watching(watch, settings)],
        )


def _arguments(plan: Plan, settings: Settings, trl: Any) -> Any:
    import torch

    return trl.SFTConfig(
        output_dir=str(plan.out / _WORK),
        per_device_train_batch_size=settings.micro_batch,
        gradient_accumulation_steps=settings.accumulation,
        num_train_epochs=settings.epochs,
        max_steps=plan.steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        optim="adamw_torch",
        max_length=settings.max_length,
        packing=settings.packing,
        completion_only_loss=True,
        bf16=settings.precision == "bf16" and torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),
        gradient_checkpointing=torch.cuda.is_available(),
        logging_steps=max(1, min(10, (plan.steps or 100) // 10)),
        # Else a loss that is no number is told as the mean of those before it.
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=max(1, (plan.steps or 1000) // _SAVES),
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        seed=plan.seed,
        data_seed=plan.seed,
        dataloader_pin_memory=False,
    )


def _placement(settings: Settings) -> dict[str, Any]:
    """Return how the base is loaded: in 4 bits for QLoRA, which needs a card."""
    import torch

    if settings.adapter == "qlora":
        if not torch.cuda.is_available():
            raise TrainingError(
                "QLoRA loads its base in 4 bits, which needs a CUDA device: train with --adapter "
                "lora here, or write a configuration with --tool axolotl for a machine that has one"
            )
        from transformers import BitsAndBytesConfig

        four_bits = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
            bnb_4bit_use_double_quant=True,
        )
        return {"quantization_config": four_bits, "dtype": torch.bfloat16}
    return {"dtype": torch.bfloat16 if settings.precision == "bf16" else torch.float32}


def _give_template(tokenizer: Any, settings: Settings) -> None:
    if tokenizer.chat_template is not None:
        return
    if settings.template != "alpaca":
        raise TrainingError(
            f"{settings.base} has no chat template, so nobody knows how it is spoken to: take its "
            "instruction-tuned sister, or --template alpaca"
        )
    tokenizer.chat_template = _ALPACA


def _watching(watch: Watch | None, settings: Settings) -> Any:
    """Return what tells the loss, and ends a run whose loss or gradient is no number any more."""
    from transformers import TrainerCallback

    class Watching(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
            if not logs or "loss" not in logs:
                return
            if not all(math.isfinite(float(logs.get(name, 0))) for name in ("loss", "grad_norm")):
                raise TrainingError(_broke_down(state.global_step, settings))
            if watch is not None:
                watch(state.global_step, state.max_steps, float(logs["loss"]))

    return Watching()


def _check_finite(trainer: Any, settings: Settings) -> None:
    """Raise :class:`TrainingError` where a weight that was trained is no number."""
    trained = (each for each in trainer.model.parameters() if each.requires_grad)
    if not all(bool(each.isfinite().all()) for each in trained):
        raise TrainingError(_broke_down(trainer.state.global_step, settings))


def _broke_down(steps: int, settings: Settings) -> str:
    return (
        f"the training broke down within {steps} steps: its numbers are infinite or none. A "
        f"smaller --learning-rate than {settings.learning_rate:g} is what helps as a rule; give "
        "--out another folder then"
    )


def _identity(plan: Plan, settings: Settings) -> dict[str, Any]:
    """Return what makes a training this one; a folder is the same however its path was typed."""
    file = training_file(plan.run)
    chosen = settings.model_dump(mode="json", exclude={"paper", "chosen"})
    if (base := Path(settings.base).expanduser()).exists():  # else a name of the Hub
        chosen["base"] = str(base.resolve())
    folder = str(plan.run.resolve())
    return {
        "settings": chosen,
        "data": {"folder": folder, "blake2b": checksum(file), "limit": plan.limit},
        "steps_wanted": plan.steps,
        "reasoning": plan.reasoning,
        "seed": plan.seed,
    }


def _finished(out: Path, said: dict[str, Any]) -> bool:
    """Return whether ``out`` holds this very run, finished; False where it may begin or go on."""
    try:
        (out / _WORK).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
    for file in (out / RECORD, out / _WORK / RECORD):
        if file.is_file():
            known = json.loads(file.read_text(encoding="utf-8"))
            differs = [name for name in said if known.get(name) != said[name]]
            if differs:
                raise UsageError(
                    f"{out} holds another training run (it differs in {', '.join(differs)}): "
                    "choose another folder with --out"
                )
            if file == out / RECORD:
                return True
    return False


def _checkpoints(work: Path) -> list[Path]:
    """Return the checkpoints that are whole, the earliest first: their state is written last."""
    states = work.glob(f"checkpoint-*/{_STATE}")
    return sorted((each.parent for each in states), key=lambda path: int(path.name.split("-")[1]))


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Turn what a library says when memory runs out, or a layer is missing, into one line."""
    try:
        yield
    except (MemoryError, RuntimeError, ValueError) as error:
        if is_out_of_memory(error):
            raise TrainingError(_out_of_memory(settings)) from error
        if "target modules" in str(error).lower():
            raise TrainingError(
                f"{settings.base} has none of the layers {settings.targets}: --targets all-linear"
            ) from error
        raise


def _out_of_memory(settings: Settings) -> str:
    return (
        f"memory ran out with {settings.micro_batch} sequences of {settings.max_length} tokens at "
        "a time: a smaller --micro-batch or --max-length needs less; the last checkpoint is kept"
    )
