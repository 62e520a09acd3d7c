"""A served model from start to end: the engine, the address, and a clean stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from factory.errors import ModelError, UsageError
from factory.serving.backends import Backend, opened
from factory.serving.front import Front, Limits
from factory.serving.layer import Dialect, Switches
from factory.serving.pace import Pace
from factory.serving.prompt_tokens import NoTokensError, prompt_tokens

_SECONDS_TO_FINISH: Final = 10.0


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, and where.

    Attributes:
        model: smollm2, a GGUF file, ``ID@URL``, or what vLLM is to load.
        cache: where fetched weights lie.
        host, port: the address; port 0 is a free one.
        engine: llama.cpp, vllm or openai, where it does not follow from the model.
        vllm_options: vLLM's own.
        start_seconds: how long the engine may take to start.
        key: what clients must send as theirs; empty for none.
    """

    model: str
    cache: Path
    host: str = "127.0.0.1"
    port: int = 8000
    engine: Dialect | None = None
    vllm_options: tuple[str, ...] = ()
    start_seconds: float = 900.0
    key: str = field(default="", repr=False)


def client_key(variable: str | None) -> str:
    """Return what clients must send as their key; empty where no variable is named.

    Raises :class:`UsageError` where the variable holds nothing.
    """
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise UsageError(f"--key-env {variable}: it is not set, and a key is what was asked for")
    return key


def serve(
    service: Service,
    switches: Switches,
    limits: Limits,
    tell: Callable[[Backend, str], None],
) -> Pace:
    """Serve until SIGINT or SIGTERM; requests under way have ten seconds to be answered.

    ``tell`` is called once, with the engine and the address, when requests are taken. Returns how
    fast questions were answered.

    Raises:
        UsageError: a model or an address that cannot be.
        ModelError: an engine that does not start, or that ended.
        MissingExtraError: an engine that is not installed.
    """
    pace = Pace()
    asyncio.run(_serve(service, switches, limits, tell, pace))
    return pace


async def _serve(
    service: Service,
    switches: Switches,
    limits: Limits,
    tell: Callable[[Backend, str], None],
    pace: Pace,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    try:
        async with aiohttp.ClientSession() as session:
            # A signal ends it at any moment: also while an engine starts.
            serving = _until_cancelled(service, switches, limits, session, tell, pace)
            work = asyncio.create_task(serving)
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)


async def _until_cancelled(
    service: Service,
    switches: Switches,
    limits: Limits,
    session: aiohttp.ClientSession,
    tell: Callable[[Backend, str], None],
    pace: Pace,
) -> None:
    async with opened(
        service.model,
        session,
        service.cache,
        engine=service.engine,
        vllm_options=service.vllm_options,
        concurrency=limits.concurrency,
        start_seconds=service.start_seconds,
        boosts=switches.boost > 0,
    ) as backend:
        if switches.boost and backend.dialect == "llama.cpp":
            await _check_boost(session, backend)
        if backend.slots:
            limits = replace(limits, concurrency=min(limits.concurrency, backend.slots))
        front = Front(backend, session, switches, limits, service.key, pace)
        runner = web.AppRunner(
            front.application(),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SECONDS_TO_FINISH,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, service.host, service.port)
            try:
                await site.start()
            except OSError as error:
                raise UsageError(
                    f"{service.host}:{service.port} cannot be served at ({error.strerror}): give "
                    "another --port"
                ) from error
            port = runner.addresses[0][1]
            host = f"[{service.host}]" if ":" in service.host else service.host
            tell(backend, f"http://{host}:{port}/v1")
            await _ended(backend)
        finally:
            await runner.cleanup()


async def _check_boost(session: aiohttp.ClientSession, backend: Backend) -> None:
    """Raise :class:`ModelError` where an engine does not say which tokens a prompt has."""
    try:
        await prompt_tokens(session, backend, [{"role": "user", "content": "tea"}])
    except (NoTokensError, aiohttp.ClientError, OSError) as error:
        raise ModelError(
            f"{backend.endpoint.url} does not say which tokens a prompt has "
            f"({backend.endpoint.without_key(str(error))}): name the address of llama.cpp's own "
            "server, or serve without --boost-prompt-tokens"
        ) from error


async def _ended(backend: Backend) -> None:
    """Wait until an engine of ours ends; raises :class:`ModelError` then."""
    if backend.process is None:
        await asyncio.Event().wait()
    else:
        code = await backend.process.ended()
        raise ModelError(f"vLLM ended with code {code}: its own lines say why; start it again")
