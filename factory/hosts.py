"""Which other machines a recipe may have asked: those that whoever runs it has named.

A recipe may come from a stranger. What it says is read, but it decides neither where prompts,
keys and rows are sent, nor which machines of a private network are looked at.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Final
from urllib.parse import SplitResult, urlsplit

#: Host names, parted by commas, that recipes may name for models and databases and, in private
#: networks, for sources.
HOSTS: Final = "ESHOP_FACTORY_HOSTS"


def split_address(address: str) -> SplitResult:
    """Return the parts of a web address; raises ``ValueError`` where it can be sent nowhere."""
    if not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError("spaces and letters beyond ASCII are written percent-encoded")
    parts = urlsplit(address)
    # Both are looked up in the text only when they are asked for.
    _ = parts.hostname, parts.port
    return parts


def is_loopback(host: str | None) -> bool:
    """Return whether ``host`` is this machine, by its name or its address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_named(host: str | None) -> bool:
    """Return whether the environment names ``host``: in a list, or as an endpoint of the user's."""
    listed = {each.strip().casefold() for each in os.environ.get(HOSTS, "").split(",")}
    for variable in ("OPENAI_BASE_URL", "HF_ENDPOINT"):
        try:
            listed.add((urlsplit(os.environ.get(variable, "")).hostname or "").casefold())
        except ValueError:
            continue
    return bool(host) and (host or "").casefold() in listed


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the internet's, and not of a private network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_global) and not mapped.is_multicast


def advice(host: str | None) -> str:
    """Return what to do where ``host`` has to be named first."""
    return f"if you trust this recipe with it, set {HOSTS}={host or 'HOST'}"
