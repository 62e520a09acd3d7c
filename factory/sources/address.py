"""An address, as a recipe writes it, resolved to local files.

An adapter says how its dataset's files are named; this module finds them, whether they ship with
the package, lie on disk, or are published on the Hugging Face Hub or on a web server.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from factory.errors import SourceError
from factory.sources import download, hub
from factory.sources.layout import Layout, Search, listed, nearest

_SAMPLES: Final = Path(__file__).parent / "samples"

#: How far below a folder files are looked for: the Hub's converter writes ``default/train/*``.
_DEPTH: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """The local files behind an address.

    Attributes:
        layout: the first of the adapter's layouts that the files fill.
        files: absolute paths by the layout's names, sorted; none for an optional name that is not
            there, and at most one for a name without wildcards.
    """

    layout: Layout
    files: Mapping[str, tuple[Path, ...]]


def resolve(address: str, *, adapter: str, homepage: str, layouts: Sequence[Layout]) -> Found:
    """Return the local files behind ``address``, fetching them first where they are remote.

    ``address`` is ``bundled``, a folder (searched two levels deep), a file, a glob,
    ``hf://datasets/<owner>/<name>[@revision][/path]`` or the Hub's web address of the same, or an
    ``https://`` address of a file or of a folder (ending in ``/``). Only files that a layout names
    are fetched. They are kept, the Hub's in its own cache and others under
    :func:`factory.sources.download.cache_folder`; what is there whole is not fetched again.

    Raises:
        SourceError: in one line that names what was looked for, where, what was found there, and
            what to do.
    """
    search = Search(adapter, homepage, tuple(layouts), repr(shown(address)))
    if address == "bundled":
        return _bundled(search)
    place = hub.parse(address)
    if place is not None:
        return _on_hub(search, place)
    scheme, parting, _ = address.partition("://")
    scheme = scheme.lower() if parting else ""
    if scheme in ("http", "https"):
        return _on_web(search, address)
    if scheme or not address.strip():
        raise SourceError(
            f"{adapter}: cannot read the address {search.where}: it must be a folder, a file, a "
            "glob, an hf://datasets/ or https:// address, or 'bundled'"
        )
    try:
        return _on_disk(search, address)
    except (OSError, RuntimeError) as error:  # ~name, where nobody has that name
        said = getattr(error, "strerror", None) or error
        raise SourceError(f"{adapter}: cannot look into {search.where}: {said}") from error


def shown(address: str) -> str:
    """Return ``address`` as it may be shown and kept: a web address without user name or query.

    Signed links carry their key in the query, and nothing that is written down may hold a key.
    """
    if not address.casefold().startswith(("http://", "https://")):
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"{address.partition('://')[0]}://…"
    return parts._replace(
        netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "", fragment=""
    ).geturl()


def _bundled(search: Search) -> Found:
    folder = _SAMPLES / search.adapter
    if not folder.is_dir():
        raise SourceError(
            f"{search.adapter}: this installation has no bundled sample in {str(folder)!r}: "
            f"install the package again, or give the address of the files of {search.homepage}"
        )
    return _in_folder(search, folder)


def _on_disk(search: Search, address: str) -> Found:
    path = Path(address).expanduser()
    if path.is_dir():
        return _in_folder(search, path)
    if path.is_file():
        return _from_paths(search, [path])
    if glob.has_magic(address):
        hits = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute patterns
        return _from_paths(search, [Path(hit) for hit in hits if Path(hit).is_file()])
    folder, missing = path.absolute().parent, path.name
    while not folder.is_dir():
        folder, missing = folder.parent, folder.name
    names = sorted(entry.name for entry in folder.iterdir())
    near = nearest(missing, names, 3)
    holds = f"nearest: {listed(near)}" if near else f"it holds {listed(names) or 'nothing'}"
    raise SourceError(
        f"{search.adapter}: there is no {str(path)!r}: {str(folder)!r} has no {missing!r} "
        f"({holds}): correct the address, or use 'bundled', the sample that ships with the package"
    )


def _in_folder(search: Search, folder: Path) -> Found:
    root = folder.absolute()
    layout, taken = search.choose(_walk(root))
    return _found(layout, root, taken)


def _from_paths(search: Search, paths: Sequence[Path]) -> Found:
    layout, taken = search.choose([path.absolute().as_posix() for path in paths])
    return _found(layout, Path(), taken)


def _found(layout: Layout, root: Path, taken: Mapping[str, tuple[str, ...]]) -> Found:
    files = {name: tuple(root / path for path in paths) for name, paths in taken.items()}
    return Found(layout, files)


def _walk(root: Path) -> Iterator[str]:
    """Yield the files of ``root`` down to :data:`_DEPTH`, relative to it; hidden ones left out."""
    for folder, folders, names in os.walk(root):
        below = Path(folder).relative_to(root)
        depth = len(below.parts)
        folders[:] = [name for name in folders if depth < _DEPTH and not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(folder, name).is_file():
                yield (below / name).as_posix()


def _on_hub(search: Search, place: hub.Place) -> Found:
    for layout in search.layouts:
        folder, names = hub.snapshot(place, layout, search.adapter)
        if any(Layout(layout.required).matches(name) for name in names):
            try:
                chosen, taken = replace(search, layouts=(layout,)).choose(names)
            except SourceError:
                break  # only this layout's files were fetched: the whole list says more
            return _found(chosen, folder, taken)
    search.choose(hub.listing(place, search.adapter))
    raise SourceError(f"{search.adapter}: {place} changed while it was read: run again")


def _on_web(search: Search, address: str) -> Found:
    download.check(address, search.adapter)
    parts = urlsplit(address)
    name = unquote(PurePosixPath(parts.path).name)
    if not parts.path.endswith("/"):
        if not any(layout.matches(name) for layout in search.layouts):
            wanted = [name for layout in search.layouts for name in layout.names]
            raise SourceError(
                f"{search.adapter}: {search.where} ends neither in '/' nor in the name of a file "
                f"that is read ({listed(wanted)}): end a folder's address in '/'"
            )
        layout, taken = search.choose([name])
        path = download.fetch(address, name, search.adapter)
        if path is None:
            raise search.missing([name], [])
        return _found(layout, path.parent, taken)
    for layout in search.layouts:
        if any("*" in name for name in layout.required):
            continue  # a web server does not list its files, so a pattern cannot be filled
        fetched = _fetch_all(layout, parts, search)
        if fetched:
            chosen, taken = replace(search, layouts=(layout,)).choose(fetched)
            return _found(chosen, next(iter(fetched.values())).parent, taken)
    raise search.missing(search.layouts[0].required, [])


def _fetch_all(layout: Layout, folder: SplitResult, search: Search) -> dict[str, Path]:
    """Fetch the layout's files that the folder at an address has, stopping at a missing one."""
    fetched: dict[str, Path] = {}
    for name in layout.names:
        address = folder._replace(path=folder.path + quote(name)).geturl()
        path = download.fetch(address, name, search.adapter)
        if path is not None:
            fetched[name] = path
        elif name in layout.required:
            break
    return fetched
