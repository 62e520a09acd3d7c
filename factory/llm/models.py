"""A language model as a recipe names it: where it is, how it is asked, and what it costs.

The names of the parameters are those of the OpenAI API (``temperature``, ``max_tokens``, ``seed``),
and a key is only ever named by the environment variable that holds it.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from factory.errors import ModelError
from factory.hosts import advice, is_loopback, is_named, split_address

OPENAI: Final = "https://api.openai.com/v1"
#: What the line sets itself, so a recipe cannot.
_OURS: Final = frozenset({"model", "messages", "response_format", "stream", "stream_options", "n"})

#: Each row that waits for a batch is held in memory meanwhile.
_MOST_GATHERED: Final = 100_000

#: Four answers at a time on one thread: 1.5 billion parameters took 48 seconds for each of them on
#: a machine that others used too, and models of seven billion are asked this way as well.
_LOCAL_SECONDS: Final = 900.0

Positive = Annotated[int, Field(gt=0, strict=True)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Price(BaseModel):
    """What tokens cost, in US dollars per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Amount = Field(description="US dollars per million tokens of prompts")
    completion: Amount = Field(description="US dollars per million tokens of answers")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return the price of one request in US dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


FREE: Final = Price(prompt=0.0, completion=0.0)


class BatchOptions(BaseModel):
    """How requests are gathered into batches; the defaults are the Batch API's own limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(50_000, ge=1, le=50_000, strict=True, description="of a batch, at most")
    megabytes: float = Field(200.0, gt=0, le=200, description="of a batch's file, at most")
    enqueued_tokens: Positive | None = Field(
        None, description="of the prompts of all batches under way, as the account's limits say"
    )
    poll: float = Field(
        15.0,
        gt=0,
        allow_inf_nan=False,
        description="seconds until a batch is first looked at; later looks are up to 20 times that",
    )


class ModelSpec(BaseModel):
    """One entry of a recipe's ``models:`` block."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["openai", "local", "scripted"] = Field(
        "openai",
        description="openai: any endpoint that speaks its API; local: llama.cpp in this process; "
        "scripted: answers made of the prompt's own words, for tests and dry runs",
    )
    model: str = Field(
        "", description="the name that the endpoint knows it by; a GGUF file or smollm2 for local"
    )
    base_url: str | None = Field(
        None, description="the endpoint; else OPENAI_BASE_URL, else OpenAI's own"
    )
    api_key_env: str = Field(
        "OPENAI_API_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="which variable holds it"
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="request parameters of the API, such as temperature"
    )
    structured: Literal["schema", "object", "none"] = Field(
        "schema", description="what the endpoint can be asked for: JSON of a schema, JSON, or text"
    )
    lane: Literal["direct", "batch"] = Field(
        "direct", description="batch: through the endpoint's Batch API, within a day, at half price"
    )
    batch: BatchOptions = Field(
        default_factory=BatchOptions.model_construct,
        description="how requests are gathered where lane is batch",
    )
    concurrency: Positive = Field(64, description="requests in flight at most")
    requests_per_minute: Positive | None = Field(
        None, description="your account's limit; without it the endpoint's own answers decide"
    )
    tokens_per_minute: Positive | None = Field(None, description="the same of tokens")
    timeout: float = Field(
        120.0, gt=0, allow_inf_nan=False, description="seconds for one request; 900 for local"
    )
    max_tokens: Positive = Field(512, description="of an answer; a task may ask for fewer")
    price: Price | None = Field(None, description="in place of the dated table's")
    # Not a field: a recipe cannot say that somebody gave its address.
    _given: bool = PrivateAttr(default=False)

    @model_validator(mode="before")
    @classmethod
    def _patient(cls, given: Any) -> Any:
        """Give a local model time: an answer that is given up is asked for again."""
        if isinstance(given, Mapping) and given.get("engine") == "local":
            return {"timeout": _LOCAL_SECONDS, **given}
        return given

    @field_validator("parameters")
    @classmethod
    def _not_ours(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        for name in _OURS & parameters.keys():
            raise ValueError(f"the line sets {name!r} itself")
        return parameters

    @field_validator("base_url")
    @classmethod
    def _bare(cls, url: str | None) -> str | None:
        if url is not None:
            check_url(url)
        return url

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.engine == "openai" and not self.model:
            raise ValueError("the key 'model' is missing: the name that the endpoint knows it by")
        if self.engine != "openai" and self.lane == "batch":
            raise ValueError(f"engine {self.engine} has no Batch API: leave 'lane' out")
        return self

    def as_given(self) -> Self:
        """Return this entry as one whose address the user gave, and no recipe."""
        given = self.model_copy()
        given._given = True
        return given

    @property
    def is_given(self) -> bool:
        """Whether the user gave its address, and no recipe."""
        return self._given

    @property
    def rows_in_flight(self) -> int:
        """How many rows should be under way at a time: in a batch, all that there are."""
        return _MOST_GATHERED if self.lane == "batch" else self.concurrency


def check_url(url: str) -> None:
    """Raise ``ValueError`` for an address that would leak a secret or is none.

    Plain http is for this machine and private networks, where local servers stand.
    """
    try:
        parts = split_address(url)
    except ValueError as error:
        raise ValueError(f"{url!r} is no http address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http address")
    if parts.username or parts.password:
        raise ValueError("a key in an address would end in logs: name its variable in api_key_env")
    if parts.scheme == "http" and not _is_near(parts.hostname):
        raise ValueError(
            f"{parts.hostname}: prompts and keys over plain http can be read: use https"
        )


def _is_near(host: str) -> bool:
    if is_loopback(host) or host.endswith((".local", ".internal")) or "." not in host:
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go.

    Attributes:
        url: the address of the API, without a slash at its end.
        identity: what stands for it in the ledger: the address, or a local model's checksum, whose
            port changes with every start.
        key: the secret; never printed.
    """

    url: str
    identity: str
    key: str = field(default="", repr=False)

    def without_key(self, text: str) -> str:
        """Return ``text`` without the key: what a server echoes may hold it."""
        return text.replace(self.key, "...") if self.key else text


def endpoint_of(spec: ModelSpec) -> Endpoint:
    """Return the endpoint of an ``openai`` model, its address and key from the environment.

    Raises :class:`ModelError` where no key is set for OpenAI's own address; other servers may need
    none. And where a recipe names another machine that the user has not: prompts hold what the
    sources say, and ``api_key_env`` may name any variable.
    """
    url = (spec.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).rstrip("/")
    try:
        check_url(url)
    except ValueError as error:
        raise ModelError(f"OPENAI_BASE_URL: {error}") from error
    host = split_address(url).hostname
    if (
        spec.base_url
        and url != OPENAI
        and not (spec.is_given or is_loopback(host) or is_named(host))
    ):
        raise ModelError(
            f"{spec.model}: this recipe would send prompts and the key in {spec.api_key_env} to "
            f"{host}, which nobody but the recipe names: {advice(host)}"
        )
    key = os.environ.get(spec.api_key_env, "").strip()
    if not key and url == OPENAI:
        raise ModelError(
            f"{spec.model}: no key in {spec.api_key_env}: set it, set OPENAI_BASE_URL for a server "
            "of your own, or use a model with engine: local"
        )
    if not key.isascii() or any(c.isspace() for c in key):
        raise ModelError(f"{spec.api_key_env} holds characters that no key has: set it again")
    return Endpoint(url, url, key)
