"""A model to a quantised file, what it is made of, and what was lost on the way.

::

    tuned.gguf          the model, for llama.cpp
    tuned.json          of what, how large, which tensors have which precision; what was lost
    tuned.compared/     the answers of both, as ``evaluate`` leaves them
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError
from factory.llm.local import checksum
from factory.outputs.files import write_json
from factory.training.base import SMOLLM2, base_folder
from factory.training.comparison import compare, questions_of
from factory.training.gguf_file.write import Precision, versions, write_gguf

SUFFIX: Final = ".gguf"
RECORD: Final = ".json"
COMPARED: Final = ".compared"

Watch = Callable[[str, int, int], None]


def quantise(
    model: str,
    to: Precision,
    out: Path,
    cache: Path,
    run: Path | None = None,
    limit: int = 50,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Write ``model`` (a checkpoint's folder, or a GGUF file) as ``out``; return its record.

    With ``run``, at most ``limit`` held-out samples of each of its tasks are answered by both.
    ``watch`` is told what is under way, how far it is, and how far it goes.

    Raises what :func:`~factory.training.gguf_file.write.write_gguf` and
    :func:`~factory.training.comparison.compare` raise.
    """
    if out.suffix != SUFFIX:
        raise UsageError(f"--out {out}: the file is a GGUF file, so call it {out.stem}{SUFFIX}")
    if model != SMOLLM2 and not Path(model).expanduser().exists():
        raise UsageError(
            f"{model}: there is no such folder; merge --into-weights and train --adapter full make "
            "checkpoints"
        )
    folder = Path(base_folder(str(Path(model).expanduser()) if model != SMOLLM2 else model, cache))
    benchmark = None if run is None else questions_of(run, limit)
    writing = None if watch is None else lambda done, total: watch(out.name, done, total)
    written = write_gguf(folder, to, out, writing)
    record: dict[str, Any] = {
        "model": model,
        "file": str(out),
        "to": to,
        "sha256": checksum(out),
        "bytes": written.bytes,
        "tensors": written.kinds,
        "not_divisible": list(written.not_divisible),
        "chat_template": written.chats,
        "versions": versions(),
    }
    if benchmark is not None:
        compared = out.with_suffix(COMPARED)
        record["comparison"] = compare(folder, out, benchmark, compared, cache, watch)
    write_json(out.with_suffix(RECORD), record)
    return record
