"""Reverse: what was asked becomes the answer, and the answer what is asked about."""

from __future__ import annotations

from typing import Final

from factory.generators.base import RecordMap

MAPS: Final[tuple[RecordMap, ...]] = ()
