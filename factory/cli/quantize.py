"""``quantize``: a model as one small file that llama.cpp serves, compared with what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from factory.cli.options import JsonOption, print_json


def quantize(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A checkpoint's folder, such as merged, or a GGUF file."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The GGUF file that is written.")],
    to: Annotated[
        Literal["q4_0", "q8_0", "f16"],
        typer.Option(metavar="[q4_0|q8_0|f16]", help="Bits of a weight: 4.5, 8.5 or 16."),
    ] = "q8_0",
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Compare the answers of both on the held-out samples of this run or mixture.",
        ),
    ] = None,
    questions: Annotated[
        int, typer.Option(min=1, metavar="N", help="At most so many of each task.")
    ] = 50,
    as_json: JsonOption = False,
) -> None:
    """Write a Llama or Qwen2 as a GGUF file for llama.cpp, and say what that lost.

    A file of the same name with .json holds what was written and what the comparison found.

    Examples:
        python -m factory quantize merged --to q4_0 --out tuned.gguf --compare out/mine
    """
    from factory.sources.download import cache_folder
    from factory.terminal.bars import answer_bars
    from factory.terminal.quantised import print_quantised
    from factory.training.quantise import quantise

    with answer_bars(silent=as_json) as bars:
        record: dict[str, Any] = quantise(
            model, to, out, cache_folder(), compare, questions, bars.update
        )
    if as_json:
        print_json(record)
    else:
        print_quantised(record)
