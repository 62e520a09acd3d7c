"""The five calls of the Batch API that the lane needs, and what they can fail with."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, Final

from pydantic_core import from_json

from factory.errors import ModelError
from factory.llm.batch_files import URL
from factory.llm.models import Endpoint
from factory.llm.sessions import open_session
from factory.llm.transport import TryAgainError, failure_of

if TYPE_CHECKING:
    from aiohttp import ClientSession

#: The key of a batch's metadata that holds our own name for it.
TOKEN: Final = "factory_batch"  # noqa: S105  (no secret)
#: States in which a batch changes no more.
ENDED: Final = frozenset({"completed", "failed", "expired", "cancelled"})
_WINDOW: Final = "24h"
_PAGE: Final = 100
#: Seconds by which the endpoint's clock may be behind ours.
_CLOCKS_DIFFER: Final = 3600
_LONGEST_LINE: Final = 16 << 20


class MissingError(ModelError):
    """What the endpoint does not know: a batch that was removed, a file that has expired."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a batch was not begun; ``line`` (from 1) where one request is to blame."""

    code: str
    message: str
    line: int | None
    parameter: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What the endpoint says of a batch: its state, how far it is, where its results are."""

    name: str
    status: str
    created: int
    token: str
    files: tuple[str, ...]
    requests: int
    done: int
    complaints: tuple[Complaint, ...]


class BatchApi:
    """The Batch API of one endpoint.

    Every call raises :class:`TryAgainError` for what another try may not meet,
    :class:`~factory.llm.transport.RefusedError` for what this call will never get, and
    :class:`ModelError` where the endpoint answers nobody.

    Args:
        endpoint: where, and the key.
        timeout: seconds for which an answer may be silent.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.url = endpoint.url
        self._endpoint = endpoint
        self._timeout = timeout
        self._session: ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def upload(self, file: IO[bytes], name: str) -> str:
        """Send the file of a batch; return what the endpoint calls it."""
        from aiohttp import FormData

        file.seek(0)
        form = FormData()
        form.add_field("purpose", "batch")
        # The client closes what it has sent, and another try needs it again.
        copy = os.fdopen(os.dup(file.fileno()), "rb")
        form.add_field("file", copy, filename=name, content_type="application/jsonl")
        try:
            said = await self._json("POST", "/files", data=form)
        except MissingError as error:
            raise ModelError(
                f"{self._endpoint.url} has no Batch API ({error}): leave 'lane' out"
            ) from error
        finally:
            copy.close()
        return _text(said, "id")

    async def create(self, file: str, token: str) -> Batch:
        """Have a file's requests worked on; ``token`` is kept in the batch's metadata."""
        return _batch(
            await self._json(
                "POST",
                "/batches",
                json={
                    "input_file_id": file,
                    "endpoint": URL,
                    "completion_window": _WINDOW,
                    "metadata": {TOKEN: token},
                },
            )
        )

    async def retrieve(self, name: str) -> Batch:
        """Return how a batch stands; raises :class:`MissingError` where it is not known."""
        return _batch(await self._json("GET", f"/batches/{name}"))

    async def find(self, token: str, since: int) -> Batch | None:
        """Return the batch with our ``token``, created after ``since`` in Unix time."""
        after: dict[str, str] = {}
        while True:
            said = await self._json("GET", "/batches", params={"limit": str(_PAGE), **after})
            page = [_batch(each) for each in said.get("data") or ()]
            for each in page:
                if each.token == token:
                    return each
            if not page or not said.get("has_more"):
                return None
            # The newest come first.
            if max(each.created for each in page) < since - _CLOCKS_DIFFER:
                return None
            after = {"after": page[-1].name}

    async def lines(self, file: str) -> AsyncIterator[bytes]:
        """Yield the lines of a file; a line without an end is whole where the file ends with it.

        Raises :class:`MissingError` where the file is not known.
        """
        import aiohttp

        try:
            async with self._open().get(
                f"{self._endpoint.url}/files/{file}/content", allow_redirects=False
            ) as response:
                if response.status != HTTPStatus.OK:
                    raise self._failure(response.status, await response.read(), response.headers)
                rest = b""
                async for chunk in response.content.iter_any():
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        yield line
                    if len(rest) > _LONGEST_LINE:
                        raise TryAgainError("a line that does not end")
                if rest:
                    yield rest
        except TimeoutError as error:
            raise TryAgainError(f"silent for {self._timeout:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise TryAgainError(f"{type(error).__name__}: {error}") from error

    async def _json(self, method: str, path: str, **given: Any) -> Mapping[str, Any]:
        import aiohttp

        try:
            async with self._open().request(
                method, self._endpoint.url + path, allow_redirects=False, **given
            ) as response:
                content = await response.read()
                status, headers = response.status, response.headers
        except TimeoutError as error:
            raise TryAgainError(f"silent for {self._timeout:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise TryAgainError(f"{type(error).__name__}: {error}") from error
        if status != HTTPStatus.OK:
            raise self._failure(status, content, headers)
        try:
            said = from_json(content)
        except ValueError:
            said = None
        if not isinstance(said, Mapping):
            raise TryAgainError("an answer that is not in the form of the API")
        return said

    def _failure(self, status: int, content: bytes, headers: Mapping[str, str]) -> Exception:
        failure = failure_of(self._endpoint, status, content, headers)
        return MissingError(str(failure)) if status == HTTPStatus.NOT_FOUND else failure

    def _open(self) -> ClientSession:
        if self._session is None:
            from aiohttp import ClientTimeout

            # A large file takes longer than any one request may: only silence is bounded.
            timeout = ClientTimeout(total=None, sock_connect=self._timeout, sock_read=self._timeout)
            self._session = open_session(self._endpoint, timeout, {})
        return self._session


def _batch(said: Mapping[str, Any]) -> Batch:
    try:
        counts = said.get("request_counts") or {}
        errors = (said.get("errors") or {}).get("data") or ()
        return Batch(
            name=_text(said, "id"),
            status=_text(said, "status"),
            created=int(said.get("created_at") or 0),
            token=str((said.get("metadata") or {}).get(TOKEN) or ""),
            files=tuple(
                str(said[field]) for field in ("output_file_id", "error_file_id") if said.get(field)
            ),
            requests=int(counts.get("total") or 0),
            done=int(counts.get("completed") or 0) + int(counts.get("failed") or 0),
            complaints=tuple(
                Complaint(
                    code=str(each.get("code") or ""),
                    message=str(each.get("message") or ""),
                    line=each.get("line"),
                    parameter=str(each.get("param") or ""),
                )
                for each in errors
            ),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise TryAgainError("a batch that is not in the form of the API") from error


def _text(said: Mapping[str, Any], field: str) -> str:
    text = said.get(field)
    if not isinstance(text, str) or not text:
        raise TryAgainError(f"an answer of the API without {field!r}")
    return text
