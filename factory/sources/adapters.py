"""Which adapters there are: those of the package, and those of packages installed beside it.

A package says in an entry point of the group ``factory.sources`` under which name its adapter is
to be had. A recipe names adapters and never says which code one is: that is decided by what is
installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from factory.errors import SourceError
from factory.sources.base import Source

GROUP: Final = "factory.sources"


class Adapters(Mapping[str, Source]):
    """The adapters by the name that a recipe gives them (``adapter: esci``).

    A packaged name is never another package's. An installed adapter is loaded when it is first
    asked for; :class:`~factory.errors.SourceError` says where one cannot be.
    """

    def __init__(self, packaged: Mapping[str, Source]) -> None:
        self._packaged = packaged
        self._loaded: dict[str, Source] = {}

    @cached_property
    def _installed(self) -> Mapping[str, EntryPoint]:
        found = {point.name: point for point in entry_points(group=GROUP)}
        return {name: found[name] for name in sorted(found.keys() - self._packaged.keys())}

    def __getitem__(self, name: str) -> Source:
        if name in self._packaged:
            return self._packaged[name]
        if name not in self._loaded:
            self._loaded[name] = _load(self._installed[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._packaged or name in self._installed

    def __iter__(self) -> Iterator[str]:
        yield from self._packaged
        yield from self._installed

    def __len__(self) -> int:
        return len(self._packaged) + len(self._installed)


def _load(point: EntryPoint) -> Source:
    try:
        loaded = point.load()
        adapter: Source = loaded() if isinstance(loaded, type) else loaded
    except Exception as error:
        raise SourceError(
            f"the adapter {point.name!r} ({point.value}) cannot be loaded: {error}: mend or "
            "uninstall the package that brings it"
        ) from error
    absent = [name for name in ("name", "licence", "homepage", "options", "published", "offers",
                                "attach") if not hasattr(adapter, name)]  # fmt: skip
    if absent:
        raise SourceError(
            f"the adapter {point.name!r} ({point.value}) lacks {absent[0]!r}: "
            "docs/adding-a-source.md says what an adapter has"
        )
    if adapter.name != point.name:
        raise SourceError(
            f"the adapter {point.name!r} ({point.value}) calls itself {adapter.name!r}: give both "
            "one name"
        )
    return adapter
