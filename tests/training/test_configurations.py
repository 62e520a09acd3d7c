"""Settings are the papers' own, and the configurations say all of them to the tools."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import factory
from factory.errors import UsageError
from factory.training.configure import configure
from factory.training.presets import PRESETS, find_preset, with_changes
from tests.test_models_cli import command

#: The tables of the papers, in the words of the settings.
PRINTED: dict[str, dict[str, Any]] = {
    "nvidia": {
        "base": "Qwen/Qwen2-72B-Instruct",
        "adapter": "qlora",
        "rank": 64,
        "alpha": 32,
        "dropout": 0.05,
        "targets": "all-linear",
        "learning_rate": 2e-4,
        "schedule": "cosine",
        "warmup": 10,
        "weight_decay": 0.01,
        "micro_batch": 1,
        "accumulation": 4,
        "devices": 8,
        "packing": True,
        "precision": "bf16",
    },
    "llasa": {
        "base": "Qwen/Qwen2-72B",
        "adapter": "lora",
        "rank": 8,
        "targets": ("q_proj", "k_proj", "v_proj"),
        "learning_rate": 4e-5,
        "schedule": "cosine",
        "warmup": 0.1,
        "batch": 256,
        "devices": 8,
        "epochs": 2,
        "max_length": 2048,
        "precision": "bf16",
        "zero": 3,
    },
    "ecomgpt": {
        "adapter": "full",
        "learning_rate": 2e-5,
        "schedule": "cosine",
        "warmup": 0.03,
        "weight_decay": 0.0,
        "micro_batch": 4,
        "accumulation": 8,
        "devices": 4,
        "batch": 128,
        "epochs": 3,
        "max_length": 1024,
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    recipe = folder / "recipes.yaml"
    recipe.write_text("include: [catalogue]\ntasks:\n  task12: {size: 12}\n", encoding="utf-8")
    return factory.run(recipe, "task12", folder / "out").folder


@pytest.mark.parametrize("name", PRINTED)
def test_what_a_paper_prints_is_what_the_preset_says_and_not_marked_as_chosen(name: str) -> None:
    settings = PRESETS[name]
    for setting, printed in PRINTED[name].items():
        assert getattr(settings, setting) == printed, setting
    # A batch is printed, and how it is shared out is not.
    assert not settings.chosen & (PRINTED[name].keys() - {"batch"})


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("tool", ["axolotl", "llama-factory"])
def test_a_configuration_is_whole_and_its_files_are_there(
    tmp_path: Path, run: Path, preset: str, tool: Any
) -> None:
    settings = PRESETS[preset]
    path = configure(run, settings, tool, tmp_path / "training")
    text = path.read_text(encoding="utf-8")
    said = yaml.safe_load(text)
    assert said["base_model" if tool == "axolotl" else "model_name_or_path"] == settings.base
    if tool == "axolotl":
        (data,) = said["datasets"]
        rows = (path.parent / data["path"]).read_text(encoding="utf-8").splitlines()
        first = json.loads(rows[0])[data["field_messages"]]
        assert [each["role"] for each in first] == ["system", "user", "assistant"]
        assert data["roles_to_train"] == ["assistant"]
        assert said["train_on_inputs"] is False
    else:
        entries = json.loads((path.parent / said["dataset_dir"] / "dataset_info.json").read_text())
        rows = (
            (path.parent / said["dataset_dir"] / entries[said["dataset"]]["file_name"])
            .read_text(encoding="utf-8")
            .splitlines()
        )
        assert said["train_on_prompt"] is False
    assert len(rows) == 12
    assert bool(settings.zero) == (path.parent / "deepspeed.json").is_file()
    if settings.zero:
        assert said["deepspeed"] == "deepspeed.json"
        zero = json.loads((path.parent / "deepspeed.json").read_text())["zero_optimization"]
        assert zero["stage"] == settings.zero
    # The same again changes nothing.
    assert configure(run, settings, tool, tmp_path / "training").read_text("utf-8") == text


def test_choices_are_marked_where_they_stand_and_nowhere_else(tmp_path: Path, run: Path) -> None:
    text = configure(run, PRESETS["nvidia"], "axolotl", tmp_path).read_text(encoding="utf-8")
    marked = {line.split(":")[0] for line in text.splitlines() if line.endswith("print it")}
    assert marked == {"sequence_len", "num_epochs"}
    mine = with_changes(PRESETS["nvidia"], max_length=512)
    text = configure(run, mine, "axolotl", tmp_path).read_text(encoding="utf-8")
    assert "sequence_len: 512\n" in text


def test_other_devices_leave_the_sequences_of_a_step_as_they_are() -> None:
    assert with_changes(PRESETS["nvidia"], devices=1).accumulation == 32
    assert with_changes(PRESETS["llasa"], devices=4, micro_batch=2).batch == 256
    assert with_changes(PRESETS["tiny"]) is PRESETS["tiny"]


def test_mistakes_are_told_in_one_line(tmp_path: Path, run: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'nvidia'"):
        find_preset("nvdia")
    with pytest.raises(UsageError, match="--learning-rate"):
        with_changes(PRESETS["tiny"], learning_rate=-1.0)
    with pytest.raises(UsageError, match="--adapter lora: these settings tune all weights"):
        with_changes(PRESETS["ecomgpt"], adapter="lora")
    said = command(
        "train", str(tmp_path), "--tool", "axolotl", "--out", str(tmp_path / "x"), code=2
    )
    assert "is not a finished run" in said
    if importlib.util.find_spec("trl") is None:
        said = command("train", str(run), "--out", str(tmp_path / "y"), code=2)
        assert "pip install 'eshop-factory[train]'" in said


def test_axolotls_own_schema_takes_every_configuration(tmp_path: Path, run: Path) -> None:
    config = pytest.importorskip("axolotl.utils.schemas.config", reason="axolotl is not installed")
    for name, settings in PRESETS.items():
        path = configure(run, settings, "axolotl", tmp_path / name)
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        config.AxolotlInputConfig(**said)
        # It takes unknown keys without a word.
        assert not said.keys() - config.AxolotlInputConfig.model_fields.keys()


def test_llama_factorys_own_arguments_have_every_key(tmp_path: Path, run: Path) -> None:
    hparams = pytest.importorskip("llamafactory.hparams", reason="LLaMA-Factory is not installed")
    known = {
        field.name
        for arguments in (
            hparams.ModelArguments,
            hparams.DataArguments,
            hparams.FinetuningArguments,
            hparams.TrainingArguments,
        )
        for field in dataclasses.fields(arguments)
    }
    for name, settings in PRESETS.items():
        path = configure(run, settings, "llama-factory", tmp_path / name)
        assert not yaml.safe_load(path.read_text(encoding="utf-8")).keys() - known


@pytest.mark.parametrize("tool", ["axolotl", "llama-factory"])
def test_what_a_configuration_cannot_say_is_refused_and_the_seed_is_said(
    tmp_path: Path, run: Path, tool: str
) -> None:
    asked = ("train", str(run), "--tool", tool, "--out", str(tmp_path / "x"))
    for option in ("--limit", "--steps"):
        assert "are of --tool trl" in command(*asked, option, "2", code=2)
    made = json.loads(command(*asked, "--seed", "7", "--json"))
    said = yaml.safe_load(Path(made["configuration"]).read_text(encoding="utf-8"))
    assert said["seed"] == 7
