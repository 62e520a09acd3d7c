"""Recombine: one question about several records."""

from __future__ import annotations

from typing import Final

from factory.generators.base import RecordMap

MAPS: Final[tuple[RecordMap, ...]] = ()
