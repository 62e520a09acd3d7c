"""The target that reads a finished run whose files somebody edited."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from factory.engines import LocalEngine
from factory.errors import FactoryError
from factory.line import run_task
from factory.outputs.formats import FORMATS
from factory.recipe import load_recipe
from factory.report.gathering import gather
from factory.report.page import render
from factory.runs.compare import diff
from factory.runs.export import export
from factory.runs.folder import records_of
from factory.runs.run import Run
from factory.runs.selection import Selection, select
from factory.runs.summary import summarise
from factory.terminal.samples import print_records, print_story
from tests.fuzz.choices import Choices

_PROJECT: Final = Path(__file__).parents[2]
_SAMPLES: Final = 3
_WORDS: Final = ("train", "ranking", "task15", "{}", "[", "0", "en", "\u202e", "../x")
_FILES: Final = ("manifest.json", "train.jsonl", "rejected.jsonl", "README.md")


@cache
def _run() -> dict[str, bytes]:
    """Return the files of a small run, made once."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = load_recipe(_PROJECT / "recipes.yaml").with_changes(limit=_SAMPLES)
        made = run_task(recipe, "task15", Path(folder), LocalEngine()).folder
        return {name: (made / name).read_bytes() for name in _FILES}


def _edited(name: str, content: bytes, choices: Choices) -> bytes:
    """Return a file with a value of its JSON, or some bytes, put otherwise."""
    if name == "README.md" or choices.number(6) == 1:
        return choices.spoiled(content)
    if name == "manifest.json":
        return json.dumps(choices.changed(json.loads(content), _WORDS)).encode()
    lines = content.splitlines()
    if not lines:
        return content
    at = choices.number(len(lines))
    record = json.loads(lines[at])
    if isinstance(record, dict) and choices.number(2):
        field = choices.pick(tuple(record))
        try:  # some fields are JSON in JSON
            changed = json.dumps(choices.changed(json.loads(record[field]), _WORDS))
        except (TypeError, ValueError):
            changed = choices.value(_WORDS)
        record[field] = changed
    else:
        record = choices.changed(record, _WORDS)
    lines[at] = json.dumps(record).encode()
    return b"".join(line + b"\n" for line in lines)


def runs(data: bytes, folder: Path) -> None:
    """Show, count, compare, export and report a run of which one file was edited."""
    choices = Choices(data)
    verb = choices.number(8)
    edited = choices.pick(_FILES[:3] if choices.number(8) else _FILES)
    made, other = folder / "made", folder / "other"
    for path, changes in ((made, True), (other, False)):
        path.mkdir()
        for name, content in _run().items():
            if changes and name == edited:
                content = _edited(name, content, choices)  # noqa: PLW2901
            (path / name).write_bytes(content)
    sample_id: Any = json.loads(_run()["train.jsonl"].splitlines()[0])["id"]
    split = choices.pick(("train", "test", "rejected"))
    printed = io.StringIO()
    verbs: tuple[Callable[[], object], ...] = (
        lambda: print_records(list(records_of(made, split))),
        lambda: print_story(Run(made).why(sample_id).told),
        lambda: Run(made).to_pandas(split),
        lambda: export(made, choices.pick(tuple(FORMATS)), stored=choices.pick((None, "jsonl"))),
        lambda: render(summarise(made), gather(made)),
        lambda: (Run(made)._repr_html_(), summarise(made)._repr_html_(), [*Run(made)]),
        lambda: diff(made, other)._repr_html_(),
        lambda: select(made, split, Selection(contains=(choices.text(_WORDS, 2),)), limit=3),
    )
    with suppress(FactoryError), redirect_stdout(printed):
        verbs[verb % len(verbs)]()
    assert "\u202e" not in printed.getvalue()
    assert "\x1b[2J" not in printed.getvalue()
