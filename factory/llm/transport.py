"""One request over HTTP: what came back, or which kind of failure it was.

The hot path is :mod:`factory.llm.wire`: the ``openai`` package costs many times the processor time
a request (measured, docs/performance.md). Names, variables and error classes of the API are kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, Final, Protocol, Self

from pydantic_core import from_json

from factory.errors import ModelError
from factory.llm.models import Endpoint
from factory.llm.replies import BrokenError
from factory.llm.request import Answer
from factory.llm.scripted import ScriptedModel
from factory.llm.sessions import ProxiedWire, headers_to, proxy_of
from factory.llm.wire import Wire

_PATH: Final = "/chat/completions"
#: Bytes; no answer of the API is larger, and an endless one must end.
_LONGEST_BODY: Final = 16 << 20
#: Of one answer; far past any context, and far below what a bill or a database can hold.
_MOST_TOKENS: Final = 10**9
_LATER: Final = frozenset({408, 409, 425, 429})
_NEVER: Final = frozenset({401, 402, 403, 404})
#: The API's codes of an account that is answered nothing until it is paid for: sent with 429, as
#: if that could change in a moment.
_UNPAID: Final = frozenset({"insufficient_quota", "billing_not_active"})
#: What gateways (OpenRouter, LiteLLM) name the cause of a 403 that is about one prompt.
_FLAGGED: Final = frozenset({"content_policy_violation", "content_filter", "refusal"})
#: What OpenRouter's moderation and guardrails leave in an error's metadata of the prompt.
_FLAGGED_PARTS: Final = frozenset({"flagged_input", "reasons", "patterns"})
#: How xAI begins a 403 of its safety checks, under the code that it also has for a key's rights.
_FLAGGED_TEXT: Final = "Content violates usage guidelines"
_LONGEST_WAIT: Final = 600.0
_QUOTED: Final = 300


class TryAgainError(Exception):
    """A failure that another try may not meet: of the connection, the server or a rate limit.

    ``limited`` is whether the endpoint asked for fewer requests; ``after`` the seconds that it
    asked to wait, if it said so.
    """

    def __init__(self, cause: str, *, limited: bool = False, after: float | None = None) -> None:
        super().__init__(cause)
        self.limited = limited
        self.after = after


class RefusedError(Exception):
    """A request that the endpoint will never answer: it costs its own row, and is not kept."""


class Transport(Protocol):
    """Sends one request body."""

    async def send(self, body: bytes) -> Answer:
        """Return the answer, without its cost; raises one of the errors above."""

    async def close(self) -> None:
        """Let connections go."""


class ScriptedTransport:
    """The scripted model: answers at once, in this process."""

    def __init__(self) -> None:
        self._model = ScriptedModel()

    async def send(self, body: bytes) -> Answer:
        """Return the scripted answer."""
        return self._model.answer(body)

    async def close(self) -> None:
        """Do nothing."""


class HttpTransport:
    """An OpenAI-compatible endpoint.

    Args:
        endpoint: where, and the key.
        timeout: seconds for a whole request.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._wire: Wire | ProxiedWire | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, body: bytes) -> Answer:
        """Return the answer of the endpoint.

        Raises:
            TryAgainError: no connection, no time left, 408, 409, 425, 429, 5xx, or no JSON.
            RefusedError: any other 4xx of this request, and a 403 that flags its prompt.
            ModelError: 401 to 404, or 429 of an account without credit: no request is answered.
        """
        if self._wire is None:
            self._wire = self._open()
        started = time.perf_counter()
        try:
            status, headers, content = await self._wire.post(body)
        except TimeoutError as error:
            raise TryAgainError(f"no answer within {self._timeout:g} s") from error
        except BrokenError as error:
            raise TryAgainError(str(error)) from error
        if status != 200:
            raise failure_of(self._endpoint, status, content, headers)
        return read_reply(content, time.perf_counter() - started)

    def _open(self) -> Wire | ProxiedWire:
        url = self._endpoint.url + _PATH
        if proxy_of(url) is not None:
            return ProxiedWire(self._endpoint, url, self._timeout, _LONGEST_BODY)
        headers = {**headers_to(self._endpoint), "Content-Type": "application/json"}
        return Wire(url, headers, self._timeout, _LONGEST_BODY)

    async def close(self) -> None:
        """Close the connections."""
        if self._wire is not None:
            await self._wire.close()
            self._wire = None


def failure_of(
    endpoint: Endpoint,
    status: int,
    content: bytes,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> TryAgainError | RefusedError | ModelError:
    """Return which kind of failure an answer with ``status`` is, with what the endpoint said."""
    error = _error(content)
    # Cut last: of a key that stands across the cut, half would be left.
    said = endpoint.without_key(_message(error, content))[:_QUOTED]
    cause = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    unpaid = isinstance(error, Mapping) and str(error.get("code")) in _UNPAID
    if (status in _LATER or status >= 500) and not unpaid:
        return TryAgainError(cause, limited=status == 429, after=_retry_after(headers))
    flagged = status == 403 and _is_flagged(error)
    if (status in _NEVER and not flagged) or status < 400 or unpaid:
        return ModelError(f"{endpoint.url} does not answer requests ({cause})")
    return RefusedError(cause)


def read_reply(content: bytes, seconds: float) -> Answer:
    """Return the answer in a body of the API; raises :class:`TryAgainError` where it is none."""
    try:
        return answer_of(from_json(content), seconds)
    except ValueError as error:
        raise TryAgainError("an answer that is not in the form of the API") from error


def answer_of(reply: Any, seconds: float) -> Answer:
    """Return the answer in a body of the API, once read as JSON; raises as above."""
    try:
        choice = reply["choices"][0]
        finish = _text(choice.get("finish_reason"))
        # What an endpoint withholds (content_filter) comes without a message from some.
        message = choice.get("message") or {} if finish else choice["message"]
        usage = reply.get("usage") or {}
        return Answer(
            text=_text(message.get("content")),
            finish=finish,
            prompt_tokens=_tokens(usage.get("prompt_tokens")),
            completion_tokens=_tokens(usage.get("completion_tokens")),
            cost=0.0,
            seconds=round(seconds, 4),
        )
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise TryAgainError("an answer that is not in the form of the API") from error


def _text(value: Any) -> str:
    """Return a text of a reply, empty for one that is absent; raises where it is something else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in place of a text")
    return value


def _tokens(value: Any) -> int:
    """Return a count of a reply; raises where it is none: bills and ledgers add it up."""
    count = int(value or 0)
    if not 0 <= count <= _MOST_TOKENS:
        raise ValueError(f"{count} tokens")
    return count


def _error(content: bytes) -> Any:
    """Return what stands under ``error`` in a body; None where nothing does."""
    try:
        return from_json(content)["error"]
    except (ValueError, LookupError, TypeError):
        return None


def _is_flagged(error: Any) -> bool:
    """Return whether a 403 says that its one prompt was moderated, not that the key may nothing."""
    if not isinstance(error, Mapping):
        return str(error).startswith(_FLAGGED_TEXT)
    metadata = error.get("metadata")
    parts = metadata if isinstance(metadata, Mapping) else {}
    causes = (error.get("code"), error.get("type"), parts.get("error_type"))
    return (
        any(str(cause) in _FLAGGED for cause in causes)
        or any(map(parts.get, _FLAGGED_PARTS))
        or str(error.get("message")).startswith(_FLAGGED_TEXT)
    )


def _message(error: Any, content: bytes) -> str:
    """Return what an error says, else the whole body."""
    said = error.get("message") if isinstance(error, Mapping) else error
    return content.decode(errors="replace").strip() if said is None else str(said)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, as a number or as a date; at most 600."""
    said = headers.get("retry-after-ms")
    try:
        if said is not None:
            seconds = float(said) / 1000
        elif (said := headers.get("retry-after")) is None:
            return None
        else:
            try:
                seconds = float(said)
            except ValueError:
                # By the server's clock where it says that too: ours may be a year behind.
                now = headers.get("date")
                since = parsedate_to_datetime(now).timestamp() if now else time.time()
                seconds = parsedate_to_datetime(said).timestamp() - since
    except (ValueError, TypeError, OverflowError):
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_WAIT)
