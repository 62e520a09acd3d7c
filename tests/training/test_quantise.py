"""What ``quantize`` writes beside a model, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_models_cli import command


@pytest.mark.parametrize("mine", ['{"model": "mine"}', "[1, 2]", "no JSON"])
def test_a_file_where_the_record_would_stand_is_left_alone(tmp_path: Path, mine: str) -> None:
    record = tmp_path / "tuned.json"
    record.write_text(mine, encoding="utf-8")
    asked = ("quantize", str(tmp_path / "none"), "--out", str(tmp_path / "tuned.gguf"))
    assert "is not of quantize" in command(*asked, code=1)
    assert record.read_text(encoding="utf-8") == mine
    # Its own record is written again: here only the model is missing.
    ours = {"model": "x", "file": "tuned.gguf", "to": "q8_0", "sha256": "0", "tensors": {}}
    record.write_text(json.dumps(ours), encoding="utf-8")
    assert "no such folder" in command(*asked, code=2)


def test_a_model_that_quantize_did_not_write_is_left_alone(tmp_path: Path) -> None:
    model = tmp_path / "tuned.gguf"
    model.write_bytes(b"GGUF of somebody")
    asked = ("quantize", str(tmp_path / "none"), "--out", str(model))
    said = command(*asked, code=1)
    assert "tuned.gguf is not of quantize, which would have left tuned.json beside it" in said
    assert "--out" in said
    assert model.read_bytes() == b"GGUF of somebody"
    # Beside its record it is ours: here only the checkpoint is missing.
    ours = {"model": "x", "file": "tuned.gguf", "to": "q8_0", "sha256": "0", "tensors": {}}
    (tmp_path / "tuned.json").write_text(json.dumps(ours), encoding="utf-8")
    assert "no such folder" in command(*asked, code=2)
