"""What llama.cpp is asked for when it serves a model in this process."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from factory.llm import ModelSpec
from factory.llm.local import LocalServer
from factory.llm.names import model_spec


def test_a_local_model_keeps_no_prompts_and_has_a_context_for_each_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = SimpleNamespace(
        model=SimpleNamespace(path=""),
        cpuparams=SimpleNamespace(n_threads=-1),
        cpuparams_batch=SimpleNamespace(n_threads=-1),
        cache_ram_mib=8192,
    )
    started = []

    def server(given: object) -> SimpleNamespace:
        started.append(given)
        return SimpleNamespace(listening_address="http://127.0.0.1:1")

    package = SimpleNamespace(CommonParams=lambda: parameters, Server=server)
    monkeypatch.setitem(sys.modules, "xllamacpp", package)
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(b"GGUF")
    spec = ModelSpec.model_validate({"model": str(weights), "engine": "local", "concurrency": 2})
    local = LocalServer(spec, weights)
    assert started == [parameters]
    assert parameters.cache_ram_mib == 0
    assert local.slots == parameters.n_parallel == 2
    assert parameters.n_ctx == 2 * 4096
    assert (parameters.cpuparams.n_threads, parameters.cpuparams_batch.n_threads) == (1, 1)


def test_a_local_model_has_minutes_for_an_answer_unless_the_recipe_says_otherwise() -> None:
    assert model_spec({}, "smollm2").timeout == 900
    assert ModelSpec.model_validate({"engine": "local"}).timeout == 900
    assert ModelSpec.model_validate({"engine": "local", "timeout": 5}).timeout == 5
    assert ModelSpec.model_validate({"model": "m"}).timeout == 120
