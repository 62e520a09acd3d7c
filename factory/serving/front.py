"""The served address: OpenAI's routes, what is refused, and the errors as that API writes them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp import ClientError, ClientPayloadError, ClientTimeout, web
from pydantic_core import from_json, to_json

from factory.serving.backends import Backend
from factory.serving.layer import (
    Prepared,
    RefusedRequestError,
    Switches,
    finished,
    prepare,
    with_tokens_raised,
)
from factory.serving.pace import Pace
from factory.serving.prompt_tokens import NoTokensError, prompt_tokens
from factory.serving.stream import END, BrokenStreamError, Cleaned, event, parts_at_once, parts_of

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

LOG: Final = logging.getLogger("factory.serving")
#: Which kind of answer was recognised, and whether a grammar bounded it.
TYPE_HEADER: Final = "X-Task-Type"
BOUND_HEADER: Final = "X-Answer-Bounded"
_HEALTH: Final = "/health"
#: No reply of an engine is larger, and an endless one must end.
_LONGEST_REPLY: Final = 16 << 20
#: That a client may take to read why its stream ends.
_SECONDS_TO_TAKE: Final = 1.0

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_QUOTED: Final = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server takes on.

    Attributes:
        concurrency: requests that the engine works on at once; others wait.
        waiting: how many may wait; a further one is told to come later (503).
        seconds: of one request, its waiting included; then 504.
        request_bytes: of one request; a longer one is refused (413).
    """

    concurrency: int = 16
    waiting: int = 256
    seconds: float = 120.0
    request_bytes: int = 1 << 20


class _FailedError(Exception):
    """An answer that is an error: its status, OpenAI's type of it, and what was wrong."""

    def __init__(self, status: int, kind: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.parameter = parameter

    def said(self) -> dict[str, Any]:
        said = {
            "message": str(self),
            "type": self.kind,
            "param": self.parameter,
            "code": None,
        }
        return {"error": said}

    def response(self) -> web.Response:
        return _json(self.said(), status=self.status)


class Front:
    """One served model."""

    def __init__(
        self,
        backend: Backend,
        session: ClientSession,
        switches: Switches,
        limits: Limits,
        key: str = "",
        pace: Pace | None = None,
    ) -> None:
        self._pace = Pace() if pace is None else pace
        self._backend = backend
        self._session = session
        self._switches = switches
        self._limits = limits
        self._key = key.encode()
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._under_way = 0
        self._since = int(time.time())

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application(
            client_max_size=self._limits.request_bytes, middlewares=[_errors, self._check_key]
        )
        application.router.add_get(_HEALTH, self._health)
        application.router.add_get("/v1/models", self._models)
        application.router.add_post("/v1/chat/completions", self._chat)
        return application

    @web.middleware
    async def _check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse who does not send the key, where there is one; health is anybody's to ask."""
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        # Bytes that are no UTF-8 are read as halves of characters, which cannot be written as it.
        given = said.encode(errors="surrogateescape")
        if self._key and request.path != _HEALTH and not compare_digest(given, self._key):
            raise _FailedError(
                401, "invalid_request_error", "the key is missing or not the right one"
            )
        return await handler(request)

    async def _health(self, _: web.Request) -> web.Response:
        process = self._backend.process
        if process is not None and process.code is not None:
            return _json({"status": f"the engine ended with code {process.code}"}, status=503)
        return _json({"status": "ok"})

    async def _models(self, _: web.Request) -> web.Response:
        model = {
            "id": self._backend.model,
            "object": "model",
            "created": self._since,
            "owned_by": "factory",
        }
        return _json({"object": "list", "data": [model]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if self._under_way >= self._limits.concurrency + self._limits.waiting:
            raise _FailedError(503, "server_error", "too many requests wait: try again later")
        self._under_way += 1
        try:
            # The reading, too: who sends a body for ever must not keep a place.
            async with asyncio.timeout(self._limits.seconds) as clock:
                body = _object(await request.read())
                self._check_model(body.get("model"))
                prepared = prepare(body, self._backend.model, self._backend.dialect, self._switches)
                self._pace.came(time.monotonic())
                async with self._slots:
                    if prepared.stream:
                        return await self._streamed(request, prepared, clock)
                    reply = await self._answer(prepared)
                self._pace.was_answered(time.monotonic())
        except RefusedRequestError as error:
            raise _FailedError(400, "invalid_request_error", str(error), error.parameter) from error
        except TimeoutError:
            raise self._late() from None
        finally:
            self._under_way -= 1
        response = _json(reply)
        response.headers.update(_headers(prepared))
        return response

    async def _streamed(
        self, request: web.Request, prepared: Prepared, clock: asyncio.Timeout
    ) -> web.StreamResponse:
        """Send an answer while it is written.

        What fails before its first part is answered as ever; later, its status has been sent, and
        an event says what failed.
        """
        async with aclosing(self._parts(prepared)) as parts:
            first = await anext(parts, None)
            if first is None:
                raise self._gone("an answer without a text")
            response = web.StreamResponse(headers=_headers(prepared))
            response.content_type = "text/event-stream"
            response.headers["Cache-Control"] = "no-cache"
            end = clock.when()
            clock.reschedule(None)
            try:
                async with asyncio.timeout_at(end):
                    await response.prepare(request)
                    await response.write(event(first))
                    async for part in parts:
                        await response.write(event(part))
                    await response.write(END)
                self._pace.was_answered(time.monotonic())
            except _FailedError as error:
                await _end_with(error, request, response)
            except TimeoutError:
                await _end_with(self._late(), request, response)
            except ConnectionResetError:
                # Who asked is gone: the engine hears of it as its own connection is closed.
                LOG.info("a client left its answer")
        return response

    async def _parts(self, prepared: Prepared) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the parts of an answer; raises :class:`_FailedError` with what went wrong."""
        if prepared.direct is not None:
            for part in parts_at_once(await self._answer(prepared), usage=prepared.usage):
                yield part
            return
        cleaned = Cleaned()
        try:
            async with self._posted(await self._body(prepared)) as response:
                if response.status != 200:
                    raise self._refused(response.status, _read(await _whole(response)))
                async for part in parts_of(response.content.iter_any(), _LONGEST_REPLY):
                    kept = part if prepared.asked is None else cleaned.part(part)
                    yield {**kept, "model": self._backend.model}
        except (ClientError, OSError) as error:
            raise self._unreached(error) from error
        except BrokenStreamError as error:
            said = self._backend.endpoint.without_key(str(error))[:_QUOTED]
            raise self._gone(said) from error

    def _check_model(self, named: object) -> None:
        if named != self._backend.model:
            raise _FailedError(
                404,
                "invalid_request_error",
                f"there is no model {str(named)[:80]!r} here: it is {self._backend.model!r}",
                "model",
            )

    async def _answer(self, prepared: Prepared) -> dict[str, Any]:
        reply = await self._sent(await self._body(prepared))
        done = finished(reply, prepared)
        if done is None and prepared.direct is not None:
            spent = reply
            done = finished(await self._sent(prepared.direct.body), prepared.direct)
            if done is not None:
                done["usage"] = _both(spent.get("usage"), done.get("usage"))
        if done is None:
            raise self._gone("an answer without a text")
        # The name by which it was asked, and not a file's.
        return {**done, "model": self._backend.model}

    async def _body(self, prepared: Prepared) -> Mapping[str, Any]:
        """Return what is sent, its prompt's tokens raised where they are to be."""
        if not prepared.boost:
            return prepared.body
        try:
            messages = prepared.body["messages"]
            tokens = await prompt_tokens(self._session, self._backend, messages)
        except NoTokensError as error:
            raise self._gone(str(error)) from error
        except (ClientError, OSError) as error:
            raise self._unreached(error) from error
        return with_tokens_raised(prepared, tokens)

    async def _sent(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the engine's reply; raises :class:`_FailedError` with what it said instead."""
        try:
            async with self._posted(body) as response:
                reply = _read(await _whole(response))
                status = response.status
        except (ClientError, OSError) as error:
            raise self._unreached(error) from error
        if status == 200 and _is_completion(reply):
            return dict(reply)
        raise self._refused(status, reply)

    def _posted(self, body: Mapping[str, Any]) -> AbstractAsyncContextManager[ClientResponse]:
        return self._session.post(
            f"{self._backend.endpoint.url}/chat/completions",
            data=to_json(body),
            headers={"Content-Type": "application/json", **self._backend.headers},
            timeout=ClientTimeout(total=None, sock_connect=10),
            allow_redirects=False,
        )

    def _late(self) -> _FailedError:
        message = f"no answer within {self._limits.seconds:g} s"
        LOG.warning("%s", message)
        return _FailedError(504, "server_error", message)

    def _unreached(self, error: ClientError | OSError) -> _FailedError:
        if isinstance(error, TimeoutError):
            return self._gone("no connection in time")
        return self._gone(type(error).__name__)

    def _refused(self, status: int, reply: object) -> _FailedError:
        """Return the error for a reply that is no answer: a client's fault is said in its words."""
        if status in (400, 413, 422, 429) and isinstance(reply, dict):
            return _FailedError(status, "invalid_request_error", self._said(reply))
        return self._gone(f"it answered {status}: {self._said(reply)}")

    def _said(self, reply: object) -> str:
        """Return an engine's own words about an error, cut, without its key."""
        error = reply.get("error", reply) if isinstance(reply, dict) else None
        message = error.get("message") if isinstance(error, dict) else error
        # Cut last: of a key that stands across the cut, half would be left.
        return self._backend.endpoint.without_key(str(message or "no reason given"))[:_QUOTED]

    def _gone(self, cause: str) -> _FailedError:
        message = f"the engine behind this server does not answer ({cause})"
        LOG.error("%s: %s", self._backend.endpoint.url, cause)
        return _FailedError(502, "server_error", message)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in the API's form; a defect is logged with its traceback."""
    try:
        return await handler(request)
    except _FailedError as error:
        return error.response()
    except web.HTTPRequestEntityTooLarge:
        return _FailedError(413, "invalid_request_error", "the request is too long").response()
    except web.HTTPException as error:
        said = f"{request.method} {request.path}: {error.reason}"
        return _FailedError(error.status, "invalid_request_error", said).response()
    except Exception:
        LOG.exception("a defect of this server")
        return _FailedError(500, "server_error", "a defect of this server: see its log").response()


async def _end_with(
    error: _FailedError, request: web.Request, response: web.StreamResponse
) -> None:
    """Say in a stream what failed; whoever does not read it even now loses the connection."""
    try:
        async with asyncio.timeout(_SECONDS_TO_TAKE):
            await response.write(event(error.said()))
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


def _headers(prepared: Prepared) -> dict[str, str]:
    """Return what a reply says of how its request was understood."""
    if prepared.asked is None:
        return {}
    bounded = "yes" if prepared.constrained else "no"
    return {TYPE_HEADER: prepared.asked.task_type, BOUND_HEADER: bounded}


def _read(raw: bytes) -> Any:
    """Return JSON as an object; None of what is none."""
    try:
        return from_json(raw)
    except ValueError:
        return None


async def _whole(response: ClientResponse) -> bytes:
    raw = bytearray()
    async for part in response.content.iter_any():
        raw += part
        if len(raw) > _LONGEST_REPLY:
            raise ClientPayloadError("an endless reply")
    return bytes(raw)


def _object(raw: bytes) -> dict[str, Any]:
    body = _read(raw)
    if not isinstance(body, dict):
        raise RefusedRequestError("the body is no JSON object")
    return body


def _is_completion(reply: Any) -> bool:
    """Return whether a reply has messages where the API has them."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    return (
        isinstance(choices, list)
        and bool(choices)
        and all(
            isinstance(each, dict) and isinstance(each.get("message"), dict) for each in choices
        )
    )


def _both(first: Any, second: Any) -> dict[str, int]:
    """Return the tokens of two requests together."""
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    counted = [each if isinstance(each, dict) else {} for each in (first, second)]
    return {name: sum(int(each.get(name) or 0) for each in counted) for name in names}


def _json(data: Any, status: int = 200) -> web.Response:
    return web.Response(body=to_json(data), status=status, content_type="application/json")
