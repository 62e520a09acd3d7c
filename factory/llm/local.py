"""A model in this process: llama.cpp's own server on a free port of this machine.

The embedded default is SmolLM2-135M-Instruct (Apache-2.0, 98 MB): it writes valid JSON of poor
content, which is enough to try a recipe out. Any GGUF file serves by its path.
"""

from __future__ import annotations

from functools import cache
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from factory.errors import MissingExtraError, ModelError
from factory.llm.models import Endpoint, ModelSpec

#: What ``model: smollm2`` names: the file and its checksum.
SMOLLM2: Final = "smollm2"
SMOLLM2_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
#: One thread: a second one on a busy machine made it twenty times slower (docs/performance.md).
_THREADS: Final = 1
_SLOTS: Final = 4
_CONTEXT_OF_A_SLOT: Final = 4096
_BLOCK: Final = 1 << 20


class LocalServer:
    """A running model.

    Attributes:
        endpoint: where it answers; named in the ledger by the checksum of its weights.
        slots: how many requests it works on at once.
    """

    def __init__(self, spec: ModelSpec, weights: Path) -> None:
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingExtraError("xllamacpp", "local", "a model with engine: local") from error
        self.slots = min(spec.concurrency, _SLOTS)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(weights)
        parameters.n_parallel = self.slots
        parameters.n_ctx = _CONTEXT_OF_A_SLOT * self.slots
        parameters.cpuparams.n_threads = _THREADS
        parameters.cpuparams_batch.n_threads = _THREADS
        # By default up to 8 GB of prompts seen before, which differ from row to row.
        parameters.cache_ram_mib = 0
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.verbosity = -1
        try:
            self._server: Any = xllamacpp.Server(parameters)
            address = self._server.listening_address
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"{str(weights)!r} cannot be loaded by llama.cpp: {error}") from error
        self.endpoint = Endpoint(f"{address}/v1", identity_of(weights))


def weights_of(spec: ModelSpec, cache: Path) -> Path:
    """Return the GGUF file of a local model.

    Raises :class:`ModelError` where it is not there, with what brings it.
    """
    if spec.model in ("", SMOLLM2):
        path = cache / "models" / SMOLLM2_FILE
        if not path.is_file():
            raise ModelError(
                "no language model to ask: set OPENAI_API_KEY (and OPENAI_BASE_URL), name one "
                "under models: in the recipe, or bring the small local one with "
                "python -m factory fetch smollm2"
            )
        return path
    path = Path(spec.model).expanduser()
    if not path.is_file():
        raise ModelError(f"no weights at {spec.model!r}: give the path of a GGUF file, or smollm2")
    return path


@cache
def identity_of(weights: Path) -> str:
    """Return what stands for a local model in the ledger: the checksum of its weights."""
    return f"gguf:{checksum(weights)[:32]}"


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
