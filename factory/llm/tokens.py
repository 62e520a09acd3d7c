"""How many tokens a prompt has, before it is sent.

A local model's own tokenizer counts exactly. For an endpoint, what it has reported so far says how
many characters it takes to a token; until it has reported something, the script of the text does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener
from urllib.request import Request as HttpRequest

from factory.errors import ModelError
from factory.llm.ledger import Ledger
from factory.llm.models import Endpoint, ModelSpec
from factory.llm.request import Message

#: Characters of one token where nothing is known: Latin text, and ideographs with kana.
_LATIN: Final = 4.2
_IDEOGRAPHS: Final = 1.3
_IDEOGRAPH: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
#: Tokens that a chat template puts around each message, and before the answer.
_OF_A_MESSAGE: Final = 4
_OF_A_CHAT: Final = 3
_TIMEOUT_SECONDS: Final = 60
#: Requests that a ledger must know of a model before its own ratio counts.
_ENOUGH: Final = 20


class TokenCounter:
    """Counts the tokens of chats.

    Attributes:
        exact: whether the model's own tokenizer counts.
    """

    exact = False

    def __init__(self, spec: ModelSpec, ledger: Ledger) -> None:
        spent = [each for each in ledger.spent() if each.model == spec.model]
        requests = sum(each.requests for each in spent)
        tokens = sum(each.prompt_tokens for each in spent)
        characters = sum(each.characters for each in spent)
        self._ratio = characters / tokens if requests >= _ENOUGH and tokens else None

    def count(self, messages: Sequence[Message]) -> int:
        """Return the tokens of one prompt."""
        text = "".join(content for _, content in messages)
        if self._ratio is not None:
            return round(len(text) / self._ratio)
        ideographs = len(_IDEOGRAPH.findall(text))
        counted = (len(text) - ideographs) / _LATIN + ideographs / _IDEOGRAPHS
        return round(counted) + _OF_A_MESSAGE * len(messages) + _OF_A_CHAT


class LocalTokenCounter:
    """Counts with the chat template and the tokenizer of a running llama.cpp server."""

    exact = True

    def __init__(self, endpoint: Endpoint) -> None:
        self._root = endpoint.url.removesuffix("/v1")
        # The server is in this process: a proxy of the environment cannot reach it, and need not
        # read the prompts.
        self._opener = build_opener(ProxyHandler({}))

    def count(self, messages: Sequence[Message]) -> int:
        """Return the tokens of one prompt; raises :class:`ModelError` where the server is gone."""
        chat = [{"role": role, "content": content} for role, content in messages]
        prompt = self._post("/apply-template", {"messages": chat})["prompt"]
        asked = {"content": prompt, "add_special": True, "parse_special": True}
        return len(self._post("/tokenize", asked)["tokens"])

    def _post(self, path: str, data: object) -> dict[str, str]:
        request = HttpRequest(  # noqa: S310  (our own server on this machine)
            self._root + path,
            data=json.dumps(data).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                read: dict[str, str] = json.load(response)
                return read
        except (URLError, OSError, ValueError) as error:
            raise ModelError(f"the local model does not count tokens: {error}") from error
