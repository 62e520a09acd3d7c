"""How a dataset's files are named, and which of the files somewhere are the ones wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from factory.errors import SourceError

_NAMES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which a dataset's files are named.

    Attributes:
        required: file names, or patterns such as ``*.parquet`` for shards; each must match.
        optional: names that are taken along where they exist.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and pattern, the required ones first."""
        return self.required + self.optional

    def matches(self, path: str) -> bool:
        """Return whether ``path`` (with ``/``) ends in one of the names."""
        return any(fnmatchcase(PurePosixPath(path).name, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, for which adapter, and where: the subject of every error message.

    Attributes:
        adapter: the adapter's name; homepage: where its dataset is published.
        layouts: the ways in which the files may be named, tried in this order.
        where: the address as it may be shown.
    """

    adapter: str
    homepage: str
    layouts: tuple[Layout, ...]
    where: str

    def choose(self, names: Iterable[str]) -> tuple[Layout, dict[str, tuple[str, ...]]]:
        """Return the first layout that ``names`` fill, and what each of its names took of them.

        ``names`` are paths with ``/``. A name without wildcards takes the path nearest to the top;
        a pattern takes all, sorted. Raises :class:`SourceError` where no layout is filled, or where
        two files of one name are equally near.
        """
        ordered = sorted(names, key=lambda name: (name.count("/"), name))
        for layout in self.layouts:
            taken = {name: self._matching(name, ordered) for name in layout.names}
            absent = [name for name in layout.required if not taken[name]]
            if not absent:
                return layout, taken
            # One of this layout's files is here, so the others are missing: trying the next layout
            # would end in a complaint about columns that nobody meant.
            if len(absent) < len(layout.required):
                raise self.missing(absent, ordered)
        raise self.missing(self.layouts[0].required, ordered)

    def missing(self, absent: Sequence[str], names: Sequence[str]) -> SourceError:
        """Return the error that ``absent`` are not among ``names``."""
        files = [PurePosixPath(name).name for name in names]
        near = sorted({match for name in absent for match in nearest(name, files, 1)})
        found = f"found {listed(names)}" if names else "found no files there"
        hint = f" (nearest: {listed(near)})" if near else ""
        return SourceError(
            f"{self.adapter}: looked for {' and '.join(map(repr, absent))} in {self.where} and "
            f"{found}{hint}: give the address of a folder that holds the files under the names "
            f"that {self.homepage} gives them"
        )

    def _matching(self, name: str, ordered: Sequence[str]) -> tuple[str, ...]:
        found = [path for path in ordered if fnmatchcase(PurePosixPath(path).name, name)]
        if "*" in name or not found:
            return tuple(found)
        top = [path for path in found if path.count("/") == found[0].count("/")]
        if len(top) > 1:
            raise SourceError(
                f"{self.adapter}: {self.where} holds {len(top)} files named {name!r} "
                f"({listed(top)}): give the address of the folder that is meant"
            )
        return tuple(top)


def nearest(name: str, names: Iterable[str], count: int) -> list[str]:
    """Return up to ``count`` of ``names`` that resemble ``name``, the most alike first."""
    from difflib import get_close_matches

    return get_close_matches(name, sorted(set(names)), count, 0.5)


def listed(names: Sequence[str]) -> str:
    """Return up to eight names, quoted, and how many more there are."""
    shown = ", ".join(map(repr, names[:_NAMES_SHOWN]))
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
