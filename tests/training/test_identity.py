"""What makes a training run this one, without one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import factory
from factory.errors import UsageError
from factory.training.finetune import RECORD, Plan, _identity, finetune
from factory.training.presets import PRESETS, with_changes


def test_a_run_is_the_same_however_its_path_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text("include: [catalogue]\ntasks:\n  task15: {size: 4}\n", encoding="utf-8")
    shutil.copytree(factory.run(recipe, "task15", tmp_path / "out").folder, tmp_path / "mine")
    shutil.copytree(tmp_path / "mine", tmp_path / "other")
    (tmp_path / "base").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = with_changes(PRESETS["nvidia"], base="base")
    typed = Plan(Path("mine"), tmp_path / "tuned")
    (tmp_path / "tuned").mkdir()
    said = json.dumps(_identity(typed, settings))
    (tmp_path / "tuned" / RECORD).write_text(said, encoding="utf-8")
    for run in (tmp_path / "mine", Path("other") / ".." / "mine"):
        # A finished one is left alone.
        assert finetune(replace(typed, run=run), settings, tmp_path).parent == typed.out
    absolute = with_changes(settings, base=str(tmp_path / "base"))
    assert finetune(typed, absolute, tmp_path).parent == typed.out
    for other, changed in ((replace(typed, run=Path("other")), "data"), (typed, "settings")):
        named = with_changes(settings, base="owner/name") if changed == "settings" else settings
        with pytest.raises(UsageError, match=f"it differs in {changed}"):
            finetune(other, named, tmp_path)
