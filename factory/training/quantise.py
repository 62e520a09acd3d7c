"""A model to a quantised one, what it is made of, and what was lost on the way.

::

    tuned.gguf          the model, for llama.cpp
    tuned.json          of what, how large, which tensors have which precision; what was lost
    tuned.compared/     the answers of both, as ``evaluate`` leaves them

    tuned-w4/           the model in four bits by GPTQ or AWQ, for vLLM; quantization.json in it
    tuned-w4.compared/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from factory.errors import OutputError, TrainingError, UsageError
from factory.evaluation.evaluate import Watch
from factory.evaluation.questions import Benchmark
from factory.llm.local import checksum
from factory.outputs.files import read_json, write_json
from factory.training.base import SMOLLM2, base_folder
from factory.training.comparison import compare, questions_of
from factory.training.four_bits import write as four_bits
from factory.training.four_bits.calibration import draw_calibration
from factory.training.four_bits.compressor import Method, check_installed
from factory.training.four_bits.write import FourBits, write_four_bits
from factory.training.gguf_file.write import Precision, versions, write_gguf

SUFFIX: Final = ".gguf"
RECORD: Final = ".json"
COMPARED: Final = ".compared"
_TEST: Final = "test.jsonl"
#: Keys that every record of a GGUF file has had.
_OF_RECORDS: Final = frozenset({"file", "to", "sha256", "tensors"})


@dataclass(frozen=True, slots=True)
class Calibrating:
    """How GPTQ or AWQ is asked for.

    Attributes:
        method: ``gptq`` or ``awq``.
        run: the run or mixture whose training samples are drawn from.
        samples: how many, as many of each task.
        group_size, devices, max_length: as in :class:`factory.training.four_bits.write.FourBits`.
        seed: of the drawing.
    """

    method: Method
    run: Path
    samples: int = 1000
    group_size: int | None = None
    devices: int = 1
    max_length: int = 2048
    seed: int = 0


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
    :func:`~factory.training.comparison.compare` raise; :class:`OutputError` where it would take the
    place of a file that is not of this verb. The file has its record before it is compared.
    """
    if out.suffix != SUFFIX:
        raise UsageError(f"--out {out}: the file is a GGUF file, so call it {out.stem}{SUFFIX}")
    _check_place(out)
    folder = _checkpoint(model, cache)
    benchmark = None if run is None else questions_of(run, limit, served=True)
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
        "versions": versions(to),
    }
    write_json(out.with_suffix(RECORD), record)
    if benchmark is not None:
        compared = out.with_suffix(COMPARED)
        record["comparison"] = compare(folder, out, benchmark, compared, cache, watch)
        write_json(out.with_suffix(RECORD), record)
    return record


def _check_place(out: Path) -> None:
    """Raise :class:`OutputError` where a file stands that is not of this verb: it may be anybody's.

    Which model it wrote, the record beside it says.
    """
    path = out.with_suffix(RECORD)
    known = read_json(path) or {}
    if path.exists() and not known.keys() >= _OF_RECORDS:
        raise OutputError(
            f"{path} is not of quantize, which writes what it did under that name: call the model "
            "something else with --out"
        )
    if out.exists() and not known:
        raise OutputError(
            f"{out} is not of quantize, which would have left {path.name} beside it: choose "
            "another file with --out"
        )


def quantise_calibrated(
    model: str,
    asked: Calibrating,
    out: Path,
    cache: Path,
    run: Path | None = None,
    limit: int = 50,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Write ``model`` in four bits as the folder ``out``; return its record.

    Held-out samples of ``run``, or where it is not given those of the calibration's run if it has
    some, are answered by both. The folder is whole before they are asked.

    Raises what :func:`~factory.training.four_bits.write.write_four_bits`,
    :func:`~factory.training.four_bits.calibration.draw_calibration` and
    :func:`~factory.training.comparison.compare` raise.
    """
    check_installed()
    if out.suffix == SUFFIX:
        raise UsageError(f"--out {out}: {asked.method} writes a folder, not a GGUF file")
    calibration = draw_calibration(asked.run, asked.samples, asked.seed)
    benchmark = _held_out(asked.run, run, limit)
    folder = _checkpoint(model, cache)
    plan = FourBits(asked.method, calibration, asked.group_size, asked.devices, asked.max_length)
    record = write_four_bits(folder, plan, out, watch) | {"model": model}
    if benchmark is not None:
        compared = out.with_name(out.name + COMPARED)
        try:
            record["comparison"] = compare(folder, out, benchmark, compared, cache, watch)
        except TrainingError as error:
            raise TrainingError(f"{out} is whole, but not compared: {error}") from error
    write_json(out / four_bits.RECORD, record)
    return record | {"folder": str(out)}


def _held_out(calibrated: Path, run: Path | None, limit: int) -> Benchmark | None:
    """Return the questions that are asked of both; None where there is no held-out sample."""
    if run is None and not (calibrated / _TEST).is_file():
        return None
    return questions_of(run or calibrated, limit, served=False)


def _checkpoint(model: str, cache: Path) -> Path:
    """Return the folder of the checkpoint that ``model`` names."""
    if model == SMOLLM2:
        return Path(base_folder(model, cache))
    path = Path(model).expanduser()
    if not path.exists():
        raise UsageError(
            f"{model}: there is no such folder; merge --into-weights and train --adapter full make "
            "checkpoints"
        )
    return Path(base_folder(str(path), cache))
