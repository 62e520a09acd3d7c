"""Which tokens a prompt has, as llama.cpp's server says: it takes a boost by token, not by word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from factory.serving.backends import Backend

if TYPE_CHECKING:
    from aiohttp import ClientSession


class NoTokensError(Exception):
    """A server that does not say which tokens a prompt has."""


async def prompt_tokens(session: ClientSession, backend: Backend, messages: Any) -> list[int]:
    """Return the different tokens of a chat in the model's own form, its marks included.

    Raises :class:`NoTokensError` where the server does not tell, and what the connection raises.
    """
    said = await _asked(session, backend, "apply-template", {"messages": messages})
    whole = {"content": said.get("prompt"), "add_special": False, "parse_special": True}
    if not isinstance(whole["content"], str):
        raise NoTokensError("/apply-template gave no prompt")
    tokens = (await _asked(session, backend, "tokenize", whole)).get("tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, int) for token in tokens):
        raise NoTokensError("/tokenize gave no tokens")
    return sorted(set(tokens))


async def _asked(
    session: ClientSession, backend: Backend, route: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    where = f"{backend.endpoint.url.removesuffix('/v1')}/{route}"
    async with session.post(where, json=body, headers=backend.headers) as response:
        if response.status != 200:
            raise NoTokensError(f"/{route} answered {response.status}")
        try:
            said = await response.json(content_type=None)
        except ValueError:
            said = None
    if not isinstance(said, dict):
        raise NoTokensError(f"/{route} gave no object")
    return said
