"""A source's published files, brought into the cache before a run needs them.

What is fetched is what the source's adapter reads, and it is opened once by that adapter: so a
source that was fetched is one that can be used, offline too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from factory.errors import SourceError, UsageError, did_you_mean

if TYPE_CHECKING:
    from factory.sources import Source, SourceFile
    from factory.sources.progress import Watcher

_SNAPSHOTS: Final = "snapshots"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched, and under which terms.

    Attributes:
        source: the adapter's name.
        address: where the files came from, as a recipe's ``path:`` may say it.
        revision: the commit of a dataset on a Hub; None for files of a web server, which has none.
        licence: SPDX identifier, or ``unknown``: then the terms stand at ``homepage``.
        homepage: where the dataset is published.
        files: the files in the cache, as the adapter read them.
        record: the JSON file in the cache that says all this.
    """

    source: str
    address: str
    revision: str | None
    licence: str
    homepage: str
    files: tuple[SourceFile, ...]
    record: Path

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


def fetch_source(
    name: str,
    *,
    address: str | None = None,
    options: Mapping[str, Any] | None = None,
    watcher: Watcher | None = None,
) -> Fetched:
    """Bring the published files of the source ``name`` into the cache and record their licence.

    What the cache has is not fetched again; a download that was broken off goes on. ``address``
    takes another place than the published one (a mirror, a revision: ``hf://datasets/o/n@v1``);
    ``options`` are the adapter's own, as ``with:`` in a recipe gives them (``categories`` of
    Amazon Reviews, without which all of it would come). ``watcher`` is told of the bytes
    (:data:`factory.sources.progress.Watcher`).

    Raises:
        UsageError: there is no such source, it is published at no address that can be fetched
            (the message says where to get it and how a recipe reads it), or the options are wrong.
        SourceError: the network, the server or the disk fails, or the files are not in the schema
            that the adapter reads.
    """
    import duckdb
    from pydantic import ValidationError

    from factory.sources import SOURCES
    from factory.sources.address import shown
    from factory.sources.interrupts import interruptible
    from factory.sources.progress import watched_by

    source = SOURCES.get(name)
    if source is None:
        raise UsageError(
            f"there is no source {name!r}: {did_you_mean(name, SOURCES)}"
            f"the sources are {', '.join(sorted(SOURCES))}"
        )
    where = address or source.published
    if not where:
        raise UsageError(_by_hand(source))
    if "://" not in where:
        raise UsageError(
            f"{name}: {where!r} is no address to fetch from: write hf://datasets/<owner>/<name> or "
            "https://...; a recipe reads files on this machine where they lie"
        )
    try:
        chosen = source.options.model_validate(dict(options or {}))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"])) or "the options"
        raise UsageError(f"{name}: {key}: {fault['msg']}") from None
    with watched_by(watcher), duckdb.connect() as connection, interruptible(connection):
        # The test part stays hidden in a run; here no row is read out, and a dataset that is all
        # test part would seem empty without it.
        attached = source.attach(connection, "fetched", where, chosen, allow_test=True)
    fetched = Fetched(
        source=name,
        address=shown(where),
        revision=_revision(attached.files),
        licence=source.licence,
        homepage=source.homepage,
        files=attached.files,
        record=_record_path(name, where),
    )
    _write_record(fetched, chosen.model_dump(mode="json", exclude_defaults=True))
    return fetched


def _by_hand(source: Source) -> str:
    name = source.name
    recipe = f"sources: {{{name}: {{adapter: {name}, path: /where/they/lie}}}}"
    if urlsplit(source.homepage).scheme != "https":
        return f"{name} is not fetched, it reads files of your own: write {recipe} in a recipe"
    return (
        f"{name} is published at no address that can be fetched (a login, a form, or files among "
        f"others): get its files from {source.homepage}, then write {recipe} in the recipe, or run "
        f"with --source {name}=/where/they/lie"
    )


def _revision(files: tuple[SourceFile, ...]) -> str | None:
    """Return the commit that the Hub's cache names in ``.../snapshots/<commit>/...``."""
    for file in files:
        parts = file.path.parts
        if _SNAPSHOTS in parts[:-2]:
            return parts[parts.index(_SNAPSHOTS) + 1]
    return None


def _record_path(name: str, address: str) -> Path:
    from factory.sources.download import cache_folder

    key = blake2b(address.encode(), digest_size=4).hexdigest()
    return cache_folder() / "sources" / f"{name}-{key}.json"


def _write_record(fetched: Fetched, options: Mapping[str, Any]) -> None:
    record = {
        "source": fetched.source,
        "address": fetched.address,
        "revision": fetched.revision,
        "licence": fetched.licence,
        "homepage": fetched.homepage,
        "options": dict(options),
        "files": [
            {"path": str(file.path), "bytes": file.size, "fingerprint": file.fingerprint}
            for file in fetched.files
        ],
    }
    path = fetched.record
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise SourceError(
            f"{fetched.source}: the files are in the cache, but {str(path)!r} cannot be written "
            f"({error.strerror or error}): choose another ESHOP_FACTORY_CACHE"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
