"""What answers behind the served address: llama.cpp here, an endpoint elsewhere, or vLLM."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from factory.errors import ModelError, UsageError
from factory.llm.local import SMOLLM2, LocalServer, weights_of
from factory.llm.models import Endpoint, ModelSpec, endpoint_of
from factory.serving.layer import Dialect
from factory.serving.vllm import VllmServer

if TYPE_CHECKING:
    from aiohttp import ClientSession

_GGUF: Final = ".gguf"
#: Where the address of an endpoint begins.
_AT: Final = "@http"
#: How engines name themselves as the owner of a model.
_OWNERS: Final[dict[str, Dialect]] = {"llamacpp": "llama.cpp", "vllm": "vllm"}
_SECONDS_TO_TELL: Final = 15


@dataclass(frozen=True, slots=True)
class Backend:
    """A model that answers.

    Attributes:
        model: the name that it knows the model by.
        endpoint: where it answers.
        dialect: how it is told what it may answer.
        slots: how many requests it works on at once; 0 where nobody knows.
        process: the engine's own, where this program started one.
    """

    model: str
    endpoint: Endpoint
    dialect: Dialect
    slots: int = 0
    process: VllmServer | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every request."""
        key = self.endpoint.key
        return {"Authorization": f"Bearer {key}"} if key else {}


@asynccontextmanager
async def opened(
    model: str,
    session: ClientSession,
    cache: Path,
    *,
    engine: Dialect | None = None,
    vllm_options: tuple[str, ...] = (),
    concurrency: int = 16,
    start_seconds: float = 900.0,
    boosts: bool = False,
) -> AsyncIterator[Backend]:
    """Have what ``model`` names, and stop what was started for it at the end.

    ``model`` is smollm2, a GGUF file, or ``ID@URL``; with ``engine`` vllm a folder or a Hub's name.
    ``engine`` says what an endpoint is that does not say so itself. A vLLM that is started here can
    raise the tokens of a prompt where ``boosts``.

    Raises:
        UsageError: a model that is none of these.
        ModelError: it does not start, or nobody answers at the address.
        MissingExtraError: the engine is not installed.
    """
    served, at, url = model.partition(_AT)
    if vllm_options and (at or engine != "vllm"):
        raise UsageError("--profile and --vllm-options are for --engine vllm, which starts a vLLM")
    if at:
        yield await _elsewhere(served, at[1:] + url, session, engine)
    elif engine == "vllm":
        async with VllmServer(model, vllm_options, boosts=boosts) as process:
            await process.ready(session, start_seconds)
            yield Backend(process.name, Endpoint(process.url, model), "vllm", process=process)
    elif model == SMOLLM2 or model.endswith(_GGUF):
        spec = ModelSpec.model_validate(
            {"engine": "local", "model": model, "concurrency": concurrency}
        )
        server = LocalServer(spec, weights_of(spec, cache))
        yield Backend(Path(model).stem, server.endpoint, "llama.cpp", server.slots)
    else:
        raise UsageError(
            f"{model}: name smollm2, a .gguf file, ID@URL of an endpoint, or give --engine vllm "
            "for a folder of weights or a Hub's name"
        )


async def _elsewhere(
    served: str, url: str, session: ClientSession, engine: Dialect | None
) -> Backend:
    try:
        spec = ModelSpec.model_validate({"model": served, "base_url": url}).as_given()
    except ValidationError as error:
        raise UsageError(f"{served}: {error.errors()[0]['msg']}") from error
    endpoint = endpoint_of(spec)
    backend = Backend(served, endpoint, "openai")
    owner = await _owner(backend, session)
    return Backend(served, endpoint, engine or _OWNERS.get(owner, "openai"))


async def _owner(backend: Backend, session: ClientSession) -> str:
    """Return who an endpoint says the model belongs to; empty where it lists no models."""
    import aiohttp

    where = f"{backend.endpoint.url}/models"
    limit = aiohttp.ClientTimeout(total=_SECONDS_TO_TELL)
    try:
        async with session.get(where, headers=backend.headers, timeout=limit) as response:
            if response.status in (401, 403):
                raise ModelError(f"{backend.endpoint.url} refuses the key ({response.status})")
            if response.status != 200:
                return ""
            listed: Any = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ModelError(
            f"nobody answers at {backend.endpoint.url} ({type(error).__name__}): start the engine "
            "first, or mend the address"
        ) from error
    except ValueError:
        return ""
    models = listed.get("data") if isinstance(listed, dict) else None
    for each in models if isinstance(models, list) else ():
        if isinstance(each, dict) and isinstance(each.get("owned_by"), str):
            return str(each["owned_by"])
    return ""
