"""What a shell completes: names from the recipe at hand, and the runs that there are.

A shell waits for every key that is pressed, so nothing is checked here: names are read straight
from the YAML, and a recipe that cannot be read completes to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import typer

#: A word, and what it means.
Words: TypeAlias = list[tuple[str, str]]

_CATALOGUE: Final = Path(__file__).parents[1] / "catalogue"
_BESIDE: Final = Path("recipes.yaml")
_MOST_RUNS: Final = 200
#: The models of every recipe; a test holds that there are no others.
BUILT_IN: Final = {
    "default": "the recipe's own, or the environment's endpoint",
    "scripted": "words of the prompt: a dry run",
    "smollm2": "a small model in this process",
}
#: The output formats; a test holds that there are no others.
FORMATS: Final = {
    "eshop": "ShopBench's rows, as its evaluation reads them",
    "ecom": "EcomInstruct's task folders, as EcomGPT's reader takes them",
    "alpaca": "instruction, input, output",
    "sharegpt": "conversations between human and gpt",
    "messages": "chat messages, the task type in the system prompt",
    "openai": "files for OpenAI's fine-tuning: messages and no other key",
    "prompt-completion": "prompt and completion as texts, for models without a chat template",
    "prompt-completion-chat": "prompt and completion as messages, for TRL",
    "samples": "whole samples, as the run's own files hold them",
}


def tasks(ctx: typer.Context, incomplete: str) -> Words:
    """Return the tasks of the recipe on the command line."""
    return _beginning(incomplete, _named(ctx, "tasks"))


def mixtures(ctx: typer.Context, incomplete: str) -> Words:
    """Return the mixtures of the recipe on the command line."""
    return _beginning(incomplete, _named(ctx, "mixtures"))


def sources(ctx: typer.Context, incomplete: str) -> Words:
    """Return the sources of the recipe on the command line."""
    return _beginning(incomplete, _named(ctx, "sources"))


def source_paths(ctx: typer.Context, incomplete: str) -> Words:
    """Return ``NAME=`` of each source, and ``NAME=bundled``."""
    words = [(f"{name}={at}", "") for name, _ in _named(ctx, "sources") for at in ("", "bundled")]
    return _beginning(incomplete, words)


def models(ctx: typer.Context, incomplete: str) -> Words:
    """Return the models of the recipe on the command line, and those of every recipe."""
    return _beginning(incomplete, [*_named(ctx, "models"), *BUILT_IN.items()])


def fetched(incomplete: str) -> Words:
    """Return what ``fetch`` can bring: the packaged sources, and the embedded model."""
    adapters = {each.get("adapter", name) for name, each in _blocks(_CATALOGUE, "sources")}
    return _beginning(
        incomplete,
        [*((each, "") for each in sorted(adapters)), ("smollm2", BUILT_IN["smollm2"])],
    )


def papers(incomplete: str) -> Words:
    """Return the papers whose sets tasks make."""
    known = {
        "nvidia": "the 38 sets of the KDD Cup's winner",
        "eshop": "LLaSA's EshopInstruct",
        "dev": "ShopBench's development tasks",
        "ecom": "EcomGPT's EcomInstruct",
    }
    return _beginning(incomplete, list(known.items()))


def splits(incomplete: str) -> Words:
    """Return the files of a run that ``show`` reads."""
    return _beginning(incomplete, [("train", ""), ("test", ""), ("rejected", "what was dropped")])


def formats(incomplete: str) -> Words:
    """Return the output formats."""
    return _beginning(incomplete, list(FORMATS.items()))


def kinds(incomplete: str) -> Words:
    """Return the kinds of files that formats lie in."""
    return _beginning(incomplete, [("jsonl", "a record a line"), ("parquet", "columns, packed")])


def runs(incomplete: str) -> Words:
    """Return folders of finished runs: below what is typed, or below here."""
    return _beginning(incomplete, [(folder, "") for folder in _runs(incomplete)])


def lent(ctx: typer.Context, incomplete: str) -> Words:
    """Return the tasks of the mixture's folder on the command line."""
    folder = _argument(ctx, "folder", Path())
    names = sorted(each.parent.name for each in folder.glob("*/manifest.json"))
    return _beginning(incomplete, [(name, "") for name in names])


def _runs(typed: str) -> Iterator[str]:
    head, slash, _ = typed.rpartition("/")
    above = Path(head or ("/" if slash else "."))
    # A run is out/task12: from here two folders down, from what is typed one or two.
    found = (
        manifest.parent
        for pattern in ("*/manifest.json", "*/*/manifest.json")
        for manifest in above.glob(pattern)
    )
    yield from sorted(str(each) for each in islice(found, _MOST_RUNS))


def _argument(ctx: typer.Context, name: str, otherwise: Path) -> Path:
    """Return the argument of the line; where an option still lacks its value, it waits unparsed."""
    given = ctx.params.get(name) or next(iter(ctx.args), None)
    return Path(given) if given else otherwise


def _beginning(incomplete: str, words: Words) -> Words:
    return [(word, meaning) for word, meaning in words if word.startswith(incomplete)]


def _named(ctx: typer.Context, block: str) -> Words:
    """Return the names that a block of the recipe has, with their titles."""
    recipe = _argument(ctx, "recipe", _BESIDE)
    names = {name: str(each.get("title", "")) for name, each in _blocks(recipe, block)}
    return list(names.items())


def _blocks(recipe: Path, block: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a block, of a recipe with what it includes or of a folder of them."""
    for path in _files(recipe):
        data = _read(path)
        for entry in data.get("include") or []:
            one = entry if isinstance(entry, dict) else {"from": entry}
            moved = one.get("source") is not None and block != "tasks"
            if isinstance(one.get("from"), str) and not moved:
                at = _CATALOGUE if one["from"] == "catalogue" else path.parent / one["from"]
                for included in _files(at):
                    yield from _entries(_read(included), block)
        yield from _entries(data, block)


def _files(at: Path) -> list[Path]:
    return sorted(at.glob("*.yaml")) if at.is_dir() else [at]


def _entries(data: dict[str, Any], block: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = data.get(block)
    for name, value in entries.items() if isinstance(entries, dict) else ():
        yield str(name), value if isinstance(value, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    """Return the data of a YAML file, every scalar as its text; nothing where it cannot be read."""
    import yaml

    # As where recipes are loaded: libyaml is fast, and only our own files are trusted to it.
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_text(encoding="utf-8")
        loader = fast if path.parent == _CATALOGUE else yaml.SafeLoader
        events = yaml.parse(text, Loader=loader)
        start = next(e for e in events if isinstance(e, yaml.MappingStartEvent))
        data = _value(start, events)
    except (OSError, ValueError, StopIteration, yaml.YAMLError, RecursionError):
        return {}
    return dict(data)


def _value(event: Any, events: Iterator[Any]) -> Any:
    """Return what begins with an event: to read on costs a fifth of what loading does."""
    kind = type(event).__name__
    if kind == "ScalarEvent":
        return event.value
    if kind == "MappingStartEvent":
        mapping = {}
        while type(key := next(events)).__name__ != "MappingEndEvent":
            name = _value(key, events)
            value = _value(next(events), events)
            if isinstance(name, str):
                mapping[name] = value
        return mapping
    if kind == "SequenceStartEvent":
        sequence = []
        while type(item := next(events)).__name__ != "SequenceEndEvent":
            sequence.append(_value(item, events))
        return sequence
    return None
