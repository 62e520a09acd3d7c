"""What a Hub and the way to it can refuse, each said in one line with its cause and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from factory.errors import HubError

#: Answers that another try may turn out better.
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Answers that say: the branch has moved on.
MOVED: Final = frozenset({409, 412})
_URL: Final = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")
_TOKEN: Final = re.compile(r"\b(?:hf|api_org)_[A-Za-z0-9_]{4,}|Bearer\s+\S+")
#: How the client of large files (hf_xet) tells a status: as text alone.
_IN_WORDS: Final = re.compile(r"HTTP status (?:client|server) error \((\d{3})\b")
_LONGEST: Final = 300
_KEPT: Final = "; what arrived whole is not sent twice"


def status_of(error: BaseException) -> int | None:
    """Return the status that a Hub answered with; None where it did not answer."""
    for each in _chain(error):
        response = getattr(each, "response", None)
        if response is not None:
            return int(response.status_code)
        if told := _IN_WORDS.search(str(each)):
            return int(told[1])
    return None


def is_passing(error: BaseException) -> bool:
    """Return whether another try may go better: a busy Hub, a broken connection."""
    status = status_of(error)
    if status is not None:
        return status in PASSING
    return any(_of_the_transport(each) for each in _chain(error))


def retry_after(error: BaseException) -> float | None:
    """Return the seconds that a Hub asks to wait, where it says so in a number."""
    for each in _chain(error):
        response = getattr(each, "response", None)
        if response is not None:
            text = response.headers.get("Retry-After", "")
            return float(text) if text.isdigit() else None
    return None


def explained(error: Exception, repo: str, endpoint: str, token: str | None) -> HubError:
    """Return what stopped a push, in one line without a secret."""
    status = status_of(error)
    said = told_by(error, token)
    if status is not None:
        return HubError(_refused(status, said, repo, endpoint))
    if any(type(each).__name__ == "OfflineModeIsEnabled" for each in _chain(error)):
        text = "HF_HUB_OFFLINE keeps this machine off the network: unset it to push"
    elif is_passing(error):
        text = (
            f"{endpoint} cannot be reached ({said}): check the network and HF_ENDPOINT, and push "
            f"again{_KEPT}"
        )
    elif isinstance(error, ValueError):
        text = f"{repo} could not be pushed ({said}): mend that and push again"
    else:
        text = f"{repo} could not be pushed ({said}): push again{_KEPT}"
    return HubError(text)


def _refused(status: int, said: str, repo: str, endpoint: str) -> str:
    tokens = f"{endpoint}/settings/tokens"
    if status >= 500:
        return f"{endpoint} failed ({said}): push again later{_KEPT}"
    known = {
        401: f"{endpoint} does not know the token of this machine: set HF_TOKEN to a valid one "
        f"({tokens}), or log in with: hf auth login",
        403: f"this token may not write to {repo} ({said}): give it write access to "
        f"{repo.partition('/')[0]} ({tokens}), or push to a name of your own",
        404: f"{repo} is not there any more, or this token does not see it ({said}): check the "
        f"name and {tokens}, and push again",
        409: f"{repo} was changed meanwhile ({said}): push again",
        412: f"{repo} was changed meanwhile ({said}): push again",
        429: f"{endpoint} wants fewer requests ({said}): wait some minutes and push again{_KEPT}",
    }
    return known.get(status, f"{endpoint} refused it ({said}): mend that and push again")


def told_by(error: BaseException, token: str | None) -> str:
    """Return what the Hub or the transport says of an error, in one line without secrets."""
    *_, deepest = _chain(error)
    told = getattr(deepest, "server_message", None)
    for each in _chain(error):
        told = told or getattr(each, "server_message", None)
    status = status_of(error)
    lines = [line.strip() for line in str(told or deepest).splitlines() if line.strip()]
    text = " ".join(lines[:1] if told is None else lines) or type(deepest).__name__
    if status is not None and str(status) not in text:
        text = f"{status}: {text}"
    if token:
        text = text.replace(token, "***")
    text = _TOKEN.sub("***", _URL.sub(r"\1", text))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from, the outermost first."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        # The client wraps what happens in its threads; what httpx wraps is its own affair.
        each = each.__cause__ if type(each) is RuntimeError else None


def _of_the_transport(error: BaseException) -> bool:
    """Return whether a connection broke, whichever of httpx's two packages carried it."""
    names = {base.__name__ for base in type(error).__mro__}
    return "TransportError" in names or (
        isinstance(error, ConnectionError | TimeoutError) and "OfflineModeIsEnabled" not in names
    )
