"""Source adapters: one module a dataset, each mapping upstream files onto the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.sources.base import TABLES, AttachedSource, Quarantine, Source, SourceFile
from factory.sources.esci import EsciSource
from factory.sources.lookup import source_rows

__all__ = [
    "SOURCES",
    "TABLES",
    "AttachedSource",
    "Quarantine",
    "Source",
    "SourceFile",
    "source_rows",
]

#: The adapters by the name that a recipe gives them (``adapter: esci``).
SOURCES: Final[Mapping[str, Source]] = MappingProxyType({EsciSource.name: EsciSource()})
