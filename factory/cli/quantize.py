"""``quantize``: a model in fewer bits, for llama.cpp or vLLM, compared with what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from factory.cli.options import JsonOption, print_json
from factory.errors import UsageError


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
        int, typer.Option(min=1, metavar="N", help="So many of them, as many of each task.")
    ] = 1000,
    max_length: Annotated[
        int, typer.Option(min=16, metavar="TOKENS", help="At most so much of a sample.")
    ] = 2048,
    group_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Weights that share a scale: else the largest of 128, 64, 32 that divides.",
        ),
    ] = None,
    pad_for_tensor_parallel: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Pad MLPs with zeros, so that N devices can share them."
        ),
    ] = 1,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Compare the answers of both on the held-out samples of this run or mixture; "
            "gptq and awq take those of --calibrate unless told otherwise.",
        ),
    ] = None,
    questions: Annotated[
        int, typer.Option(min=1, metavar="N", help="At most so many of each task.")
    ] = 50,
    seed: Annotated[int, typer.Option(metavar="N", help="Of which samples are drawn.")] = 0,
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

    with answer_bars(silent=as_json) as bars:
        record: dict[str, Any]
        if to == "gptq" or to == "awq":
            if calibrate is None:
                raise UsageError(
                    f"--to {to} looks at samples to choose its scales: --calibrate RUN, whose "
                    "training samples it takes"
                )
            asked = Calibrating(
                to, calibrate, samples, group_size, pad_for_tensor_parallel, max_length, seed
            )
            record = quantise_calibrated(
                model, asked, out, cache_folder(), compare, questions, bars.update
            )
        else:
            if calibrate is not None or group_size is not None or pad_for_tensor_parallel > 1:
                raise UsageError(
                    f"--to {to} has blocks of its own and looks at no samples: --calibrate, "
                    "--group-size and --pad-for-tensor-parallel belong to gptq and awq"
                )
            record = quantise(model, to, out, cache_folder(), compare, questions, bars.update)
    if as_json:
        print_json(record)
    else:
        print_quantised(record)
