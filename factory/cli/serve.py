"""``serve``: a model behind an OpenAI-compatible address, with the papers' inference recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from factory.cli.options import JsonOption, print_json
from factory.serving.boost import MOST

_RECIPE: Final = "The inference recipe"
_ENGINE: Final = "The engine"
_ADDRESS: Final = "The address"


def serve(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="smollm2, a .gguf file, ID@URL of an endpoint, or (--engine vllm) a folder of "
            "weights or a Hub's name.",
        ),
    ],
    system: Annotated[
        bool,
        typer.Option(
            "--system/--no-system",
            help="State the task type in a system prompt, where a request has none.",
            rich_help_panel=_RECIPE,
        ),
    ] = True,
    grammar: Annotated[
        bool,
        typer.Option(
            "--grammar/--no-grammar",
            help="Admit only answers of the task type's form.",
            rich_help_panel=_RECIPE,
        ),
    ] = True,
    limits: Annotated[
        bool,
        typer.Option(
            "--limits/--no-limits",
            help="Bound an answer's tokens by its task type, where a request does not.",
            rich_help_panel=_RECIPE,
        ),
    ] = True,
    few_shot: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Show the three nearest training samples of this run or mixture.",
            rich_help_panel=_RECIPE,
        ),
    ] = None,
    reread: Annotated[
        bool,
        typer.Option("--reread", help="Print the question twice.", rich_help_panel=_RECIPE),
    ] = False,
    reasoning: Annotated[
        bool,
        typer.Option(
            "--reasoning",
            help="Have choices, rankings and retrievals reasoned; the bare answer is returned.",
            rich_help_panel=_RECIPE,
        ),
    ] = False,
    boost_prompt_tokens: Annotated[
        float,
        typer.Option(
            min=0,
            max=MOST,
            metavar="LOGITS",
            help="Raise the prompt's own tokens in entity questions, by 2 say; 0: not.",
            rich_help_panel=_RECIPE,
        ),
    ] = 0.0,
    stop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="Where an answer ends, in place of the usual marks; repeat for several.",
            rich_help_panel=_RECIPE,
        ),
    ] = None,
    engine: Annotated[
        Literal["llama.cpp", "vllm", "openai"] | None,
        typer.Option(
            metavar="[llama.cpp|vllm|openai]",
            help="vllm starts one for a folder or a Hub's name; of an endpoint it says what it is, "
            "where it does not say so itself.",
            rich_help_panel=_ENGINE,
        ),
    ] = None,
    profile: Annotated[
        Literal["t4", "cpu"] | None,
        typer.Option(
            metavar="[t4|cpu]",
            help="vLLM's options for four T4 cards, or no card.",
            rich_help_panel=_ENGINE,
        ),
    ] = None,
    vllm_options: Annotated[
        str,
        typer.Option(metavar="TEXT", help="More of vLLM's own options.", rich_help_panel=_ENGINE),
    ] = "",
    start_time: Annotated[
        float,
        typer.Option(
            min=1, metavar="SECONDS", help="That vLLM may take to start.", rich_help_panel=_ENGINE
        ),
    ] = 900.0,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Requests at once; llama.cpp here takes at most 4.",
            rich_help_panel=_ENGINE,
        ),
    ] = 16,
    host: Annotated[
        str, typer.Option(metavar="NAME", help="Who may connect.", rich_help_panel=_ADDRESS)
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="N", help="0: a free one.", rich_help_panel=_ADDRESS
        ),
    ] = 8000,
    key_env: Annotated[
        str | None,
        typer.Option(
            metavar="VARIABLE",
            help="The variable that holds the key which clients must send.",
            rich_help_panel=_ADDRESS,
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(min=0.1, metavar="SECONDS", help="For one request.", rich_help_panel=_ADDRESS),
    ] = 120.0,
    max_request: Annotated[
        int,
        typer.Option(min=1, metavar="KIB", help="The longest request.", rich_help_panel=_ADDRESS),
    ] = 1024,
    as_json: JsonOption = False,
) -> None:
    """Serve a model to OpenAI clients, with the inference recipe of the papers before it.

    The task type is told from the prompt. Every part is a switch: serve with and without it, and
    ``evaluate`` both. Ends with Ctrl-C or SIGTERM.

    Examples:
        python -m factory serve smollm2
        python -m factory serve tuned.gguf --few-shot out/mine --port 8001
        python -m factory serve my-model@http://127.0.0.1:8080/v1 --no-grammar --reasoning
        python -m factory serve Qwen/Qwen2-7B-Instruct --engine vllm --profile t4
    """
    from factory.serving.few_shot import examples_of
    from factory.serving.front import Limits
    from factory.serving.layer import STOPS, Switches
    from factory.serving.serve import Service, client_key, serve
    from factory.serving.vllm import options_of
    from factory.sources.download import cache_folder
    from factory.terminal.serving import log_to_stderr, print_pace, print_served, served_as

    switches = Switches(
        system=system,
        grammar=grammar,
        reread=reread,
        reasoning=reasoning,
        boost=boost_prompt_tokens,
        limits=limits,
        stops=STOPS if stop is None else tuple(stop),
        examples=None if few_shot is None else examples_of(few_shot, reasoning=reasoning),
    )
    service = Service(
        model,
        cache_folder(),
        host=host,
        port=port,
        engine=engine,
        vllm_options=options_of(profile, vllm_options),
        start_seconds=start_time,
        key=client_key(key_env),
    )
    log_to_stderr()
    pace = serve(
        service,
        switches,
        Limits(concurrency, seconds=timeout, request_bytes=max_request << 10),
        lambda backend, url: (
            print_json(served_as(backend, url)) if as_json else print_served(backend, url, switches)
        ),
    )
    if profile == "t4":
        print_pace(pace)
