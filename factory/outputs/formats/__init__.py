"""The output formats, by the names that recipes and the command line give them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.errors import UsageError, did_you_mean
from factory.outputs.formats.alpaca import Alpaca
from factory.outputs.formats.base import BLANK, JSONL, PARQUET, Format
from factory.outputs.formats.ecom import Ecom
from factory.outputs.formats.eshop import Eshop
from factory.outputs.formats.messages import Messages, OpenAI
from factory.outputs.formats.prompt_completion import PromptCompletion, PromptCompletionChat
from factory.outputs.formats.samples import Samples
from factory.outputs.formats.sharegpt import ShareGPT

_ALL: Final[tuple[Format, ...]] = (
    Eshop(),
    Ecom(),
    Alpaca(),
    ShareGPT(),
    Messages(),
    OpenAI(),
    PromptCompletion(),
    PromptCompletionChat(),
    Samples(),
)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({each.name: each for each in _ALL})

__all__ = ["BLANK", "FORMATS", "JSONL", "PARQUET", "Format", "find_format"]


def find_format(name: str) -> Format:
    """Return a format by its name; raises :class:`UsageError` with the nearest one."""
    if name not in FORMATS:
        raise UsageError(
            f"there is no format {name!r}: {did_you_mean(name, FORMATS)}There are "
            f"{', '.join(FORMATS)}"
        )
    return FORMATS[name]
