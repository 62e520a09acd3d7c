"""One file that shows a run: an overview, and every sample with its whole story.

It asks for nothing: its style and its script are in it and are all that its policy lets run, and
source text is text wherever it stands. It says nothing that does not follow from the run's files,
which hold no clock: the same run gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from factory.errors import OutputError, UsageError
from factory.outputs.files import explained, write_whole
from factory.outputs.records import MISREAD
from factory.outputs.run_folder import PAGE
from factory.report.gathering import MOST_SAMPLES, Gathered, gather
from factory.report.overview import Fill, overview
from factory.report.shown import shown, visible
from factory.runs.summary import Summary, summarise

_ASSETS: Final = Path(__file__).with_name("assets")
#: The parts of the page's script, in the order in which they need each other.
_SCRIPTS: Final = ("text.js", "samples.js", "list.js", "detail.js", "page.js")
_MOST_SOURCES: Final = 6
#: How every page begins.
_BEGINS: Final = b"<!doctype html>"


@dataclass(frozen=True, slots=True)
class Report:
    """A page that was written: its file, its size, and how many samples of how many it has."""

    path: Path
    bytes: int
    samples: int
    of: int


def write_report(
    folder: Path, target: Path | None = None, *, samples: int = MOST_SAMPLES
) -> Report:
    """Write the page of a finished run or mixture, whole or not at all.

    ``samples`` is how many it has at the most, kept and dropped ones; which, the run's seed draws.

    Raises:
        UsageError: the folder is no finished run, or ``target`` is something else than a page.
        OutputError: a file of it cannot be read, or the page cannot be written.
    """
    path = target or folder / PAGE
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file, such as --out {path / PAGE}")
    _check_page(path)
    summary = summarise(folder)
    gathered = gather(folder, samples)
    # Letters that no text can hold were written out by now: none can be lost here.
    page = render(summary, gathered).encode()
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, page)
    whole = gathered.all_kept + gathered.all_dropped
    return Report(path, len(page), gathered.samples, whole)


def _check_page(path: Path) -> None:
    """Raise :class:`UsageError` for a file that is no page: it may be a run's samples."""
    if not path.is_file():
        return
    with explained(path), path.open("rb") as file:
        begins = file.read(len(_BEGINS))
    if begins and begins.lower() != _BEGINS:
        raise UsageError(f"{path} holds something else than a page: name another file with --out")


def render(summary: Summary, gathered: Gathered) -> str:
    """Return the page as text; raises :class:`OutputError` where the manifest is another's."""
    from jinja2 import TemplateError

    try:
        return _rendered(summary, gathered)
    except (*MISREAD, TemplateError) as error:
        raise OutputError(
            f"{summary.name}: its manifest is of another format ({error!r}): make the run again"
        ) from error


def _rendered(summary: Summary, gathered: Gathered) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": shown, "visible": visible}
    environment.tests["fill"] = lambda value: isinstance(value, Fill)
    style, script = _style(), _script()
    sources = sorted({task.source for task in summary.tasks if task.source})
    more = f" and {len(sources) - _MOST_SOURCES} more" if len(sources) > _MOST_SOURCES else ""
    return environment.from_string(_asset("page.html")).render(
        summary=summary,
        gathered=gathered,
        overview=overview(summary),
        fills=[
            Fill(task.accepted + sum(task.left_out.values()), sum(task.wanted.values()))
            for task in summary.tasks
        ],
        sources=", ".join(sources[:_MOST_SOURCES]) + more,
        style=Markup(style),  # noqa: S704 - the project's own
        script=Markup(script),  # noqa: S704 - the project's own
        policy=_policy(style, script),
        facts=_embedded(
            {
                "folder": f"out/{summary.name}",
                "samples": gathered.samples,
                "drawn": _drawn(gathered),
                "tasks": gathered.common,
                "facets": _facets(gathered),
            }
        ),
    )


def _drawn(gathered: Gathered) -> str:
    """Return what the page says where it has not all samples."""
    if gathered.is_whole:
        return ""
    return f"drawn from {gathered.all_kept:,} kept and {gathered.all_dropped:,} dropped"


def _facets(gathered: Gathered) -> dict[str, dict[str, int]]:
    """Return the counts of each filter, the most first; a score by the name that it has."""
    return {
        name: dict(
            sorted(counts.items())
            if name == "score"
            else sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        )
        for name, counts in gathered.facets.items()
    }


def _embedded(data: Any) -> Markup:
    """Return JSON that ends no script element and opens no comment, whatever its strings hold."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing of it is markup any more


def _policy(style: str, script: str) -> str:
    """Return the policy of the page: nothing is loaded, and only what it ships is obeyed."""
    return (
        f"default-src 'none'; style-src '{_fingerprint(style)}'; "
        f"script-src '{_fingerprint(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _style() -> str:
    return _asset("page.css")


def _script() -> str:
    parts = "\n".join(_asset(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
