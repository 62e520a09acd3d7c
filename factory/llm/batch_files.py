"""The files of the Batch API: a line a request going up, a line a result coming down.

Results come in any order, in a file of answers and a file of errors; what is no line of ours, or is
broken, is nobody's result, and its request is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any, Final, NamedTuple

from pydantic_core import from_json, to_json

from factory.errors import ModelError
from factory.llm.models import BatchOptions, Endpoint
from factory.llm.request import Answer, Request
from factory.llm.transport import TryAgainError, answer_of, failure_of

#: What each request of a batch is sent to, as the endpoint itself names it.
URL: Final = "/v1/chat/completions"
_HEAD: Final = b'{"custom_id":"%b","method":"POST","url":"' + URL.encode() + b'","body":'
_TAIL: Final = b"}\n"
_CHARACTERS_A_TOKEN: Final = 4
_MEGABYTE: Final = 1_000_000


class Result(NamedTuple):
    """What came of one request: an answer, a refusal with its cause, or a failure.

    ``hopeless`` is a failure that every other request would meet.
    """

    answer: Answer | None = None
    refused: str = ""
    failed: TryAgainError | None = None
    hopeless: ModelError | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The requests of one batch; ``tokens`` is about what their prompts take."""

    requests: Sequence[Request]
    tokens: int


def tokens_of(request: Request) -> int:
    """Return about how many tokens the prompt takes."""
    return request.characters // _CHARACTERS_A_TOKEN + 1


def parts_of(
    requests: Iterable[Request], options: BatchOptions, most_tokens: int | None
) -> Iterator[Part]:
    """Split requests into batches within the limits; a request larger than these goes alone."""
    part: list[Request] = []
    size = tokens = 0
    for request in requests:
        more, costs = len(line_of(request)), tokens_of(request)
        if part and (
            len(part) == options.requests
            or size + more > options.megabytes * _MEGABYTE
            or (most_tokens is not None and tokens + costs > most_tokens)
        ):
            yield Part(part, tokens)
            part, size, tokens = [], 0, 0
        part.append(request)
        size += more
        tokens += costs
    if part:
        yield Part(part, tokens)


def line_of(request: Request) -> bytes:
    """Return a request as a line of a batch's file, known by its key."""
    return _HEAD % request.key.hex().encode() + request.body + _TAIL


def write_requests(file: IO[bytes], requests: Iterable[Request]) -> None:
    """Write a batch's file."""
    for request in requests:
        file.write(line_of(request))
    file.flush()


def read_result(endpoint: Endpoint, line: bytes) -> tuple[bytes, Result] | None:
    """Return the key and the result of one line; None for a line that is no result of ours."""
    try:
        said = from_json(line)
        key = bytes.fromhex(said["custom_id"])
        return key, _result(endpoint, said)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return None


def _result(endpoint: Endpoint, said: Mapping[str, Any]) -> Result:
    response = said.get("response")
    if response is None:
        # Not sent at all: the batch expired or was cancelled before its turn.
        error = said.get("error") or {}
        cause = f"{error.get('code') or 'no answer'}: {error.get('message') or ''}"
        return Result(failed=TryAgainError(endpoint.without_key(cause)))
    status = int(response.get("status_code") or 0)
    if status == HTTPStatus.OK:
        try:
            return Result(answer_of(response.get("body"), seconds=0.0))
        except TryAgainError as error:
            return Result(failed=error)
    if not status:
        return Result(failed=TryAgainError("no status"))
    failure = failure_of(endpoint, status, to_json(response.get("body")))
    if isinstance(failure, TryAgainError):
        return Result(failed=failure)
    if isinstance(failure, ModelError):
        return Result(hopeless=failure)
    return Result(refused=str(failure))
