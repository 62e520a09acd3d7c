"""``quantize``: a model in fewer bits, for llama.cpp or vLLM, compared with what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from factory.cli.options import JsonOption, print_json
from factory.errors import UsageError

#: What only a method that looks at samples can be told: its field, and the option that tells it.
_CALIBRATING: Final = {
    "run": "--calibrate",
    "samples": "--samples",
    "max_length": "--max-length",
    "group_size": "--group-size",
    "devices": "--pad-for-tensor-parallel",
    "seed": "--seed",
}
#: Of each task, where nobody says how many.
_QUESTIONS: Final = 50


def quantize(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A checkpoint's folder, such as merged, or a GGUF file."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="PATH", help="The GGUF file, or the folder of GPTQ or AWQ."),
    ],
    to: Annotated[
        Literal["q4_0", "q4_k_m", "q8_0", "f16", "gptq", "awq"],
        typer.Option(
            metavar="[q4_0|q4_k_m|q8_0|f16|gptq|awq]",
            help="A GGUF file of 4.5, 4.8, 8.5 or 16 bits a weight, or four bits for vLLM.",
        ),
    ] = "q8_0",
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="For gptq and awq: the run or mixture whose training samples they look at.",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="So many of them, as many of each task: else 1,000.",
        ),
    ] = None,
    max_length: Annotated[
        int | None,
        typer.Option(
            min=16,
            metavar="TOKENS",
            help="At most so much of a sample: else 2,048.",
        ),
    ] = None,
    group_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Weights that share a scale: else the largest of 128, 64, 32 that divides.",
        ),
    ] = None,
    pad_for_tensor_parallel: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Pad MLPs with zeros, so that N devices can share them."
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Compare the answers of both on the held-out samples of this run or mixture; "
            "gptq and awq take those of --calibrate unless told otherwise.",
        ),
    ] = None,
    questions: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="At most so many of each task: else 50."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of which samples are drawn: else 0.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a model in fewer bits, for llama.cpp or vLLM, and say what that lost.

    Beside a GGUF file, a file of the same name with .json holds what was written and what the
    comparison found; in a folder, quantization.json does.

    Examples:
        python -m factory quantize merged --to q4_0 --out tuned.gguf --compare out/mine
        python -m factory quantize merged --to gptq --calibrate out/v9b --out tuned-w4
    """
    from factory.sources.download import cache_folder
    from factory.terminal.bars import answer_bars
    from factory.terminal.quantised import print_quantised
    from factory.training.quantise import Calibrating, quantise, quantise_calibrated

    values = (calibrate, samples, max_length, group_size, pad_for_tensor_parallel, seed)
    given: dict[str, Any] = {
        field: value for field, value in zip(_CALIBRATING, values, strict=True) if value is not None
    }
    limit = _QUESTIONS if questions is None else questions
    with answer_bars(silent=as_json) as bars:
        record: dict[str, Any]
        if to == "gptq" or to == "awq":
            if calibrate is None:
                raise UsageError(
                    f"--to {to} looks at samples to choose its scales: --calibrate RUN, whose "
                    "training samples it takes"
                )
            asked = Calibrating(to, **given)
            record = quantise_calibrated(
                model, asked, out, cache_folder(), compare, limit, bars.update
            )
        else:
            if given:
                raise UsageError(
                    f"--to {to} has blocks of its own and looks at no samples: leave out "
                    f"{', '.join(_CALIBRATING[field] for field in given)}, for gptq and awq alone"
                )
            if questions is not None and compare is None:
                raise UsageError(f"--questions {questions}: of which run? Give --compare RUN")
            record = quantise(model, to, out, cache_folder(), compare, limit, bars.update)
    if as_json:
        print_json(record)
    else:
        print_quantised(record)
