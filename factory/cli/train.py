"""``train``: a model tuned on a run's samples, here or by a trainer of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from factory.cli.options import JsonOption, print_json
from factory.errors import UsageError


def train(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A run or a mixture, such as out/v9b.")
    ],
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Whose settings: nvidia, llasa, ecomgpt, or tiny (for a CPU)."
        ),
    ] = "tiny",
    tool: Annotated[
        Literal["trl", "axolotl", "llama-factory"],
        typer.Option(
            metavar="[trl|axolotl|llama-factory]",
            help="trl trains here; the others get a configuration and the samples.",
        ),
    ] = "trl",
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that gets the adapter or the files.")
    ] = (Path("training")),
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Another base: a Hub's name, a folder or a GGUF file."),
    ] = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its chat template, for LLaMA-Factory.")
    ] = None,
    adapter: Annotated[
        Literal["qlora", "lora", "full"] | None,
        typer.Option(metavar="[qlora|lora|full]", help="In place of the preset's."),
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Share the preset's sequences of a step among so many."
        ),
    ] = None,
    micro_batch: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Sequences of one device at a time.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(metavar="TOKENS", min=16, help="Tokens of a sequence.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", help="In place of the preset's.")
    ] = None,
    precision: Annotated[
        Literal["bf16", "fp32"] | None,
        typer.Option(
            metavar="[bf16|fp32]",
            help="Of the base: 16 bits are several times faster on a CPU that knows them (AMX).",
        ),
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(metavar="N", help="In place of the preset's.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="At most so many steps.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="At most so many samples, from the start of the file."
        ),
    ] = None,
    reasoning: Annotated[
        bool, typer.Option("--reasoning", help="Train on the reasoning of samples that have some.")
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the order of samples.")] = 42,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a model on a run's samples, with loss on the answers alone.

    Settings are the papers'; what a paper does not print is marked as our choice in the files.

    Examples:
        python -m factory train out/v9b --preset nvidia --tool axolotl --out training
        python -m factory train out/task12 --preset tiny --steps 100
    """
    from factory.sources.download import cache_folder
    from factory.terminal.bars import TrainingDisplay
    from factory.training.configure import configure
    from factory.training.finetune import Plan, finetune
    from factory.training.presets import find_preset, with_changes

    settings = with_changes(
        find_preset(preset),
        base=base,
        template=template,
        adapter=adapter,
        micro_batch=micro_batch,
        max_length=max_length,
        learning_rate=learning_rate,
        precision=precision,
        epochs=epochs,
        devices=devices or (1 if tool == "trl" else None),
    )
    if tool != "trl":
        if steps is not None or limit is not None:
            raise UsageError(
                f"--steps and --limit are of --tool trl, which trains here: --tool {tool} gets all "
                "samples, and its file can be edited"
            )
        made = configure(folder, settings, tool, out, reasoning=reasoning, seed=seed)
        _tell(
            {"configuration": str(made)},
            f"{made}, its data beside it; its first lines say how to run it",
            as_json=as_json,
        )
        return
    plan = Plan(folder, out, limit, steps, reasoning, seed)
    with TrainingDisplay(silent=as_json) as display:
        target = finetune(plan, settings, cache_folder(), display.update)
    _tell({"model": str(target)}, f"{target}: tuned from {settings.base}", as_json=as_json)


def _tell(said: dict[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        print_json(said)
    else:
        typer.echo(line)
