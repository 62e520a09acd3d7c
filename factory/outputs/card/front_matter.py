"""The YAML at the head of a card: what the Hub and ``load_dataset`` read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import yaml

from factory.outputs.card.facts import CardFacts, Part
from factory.outputs.card.words import CATEGORIES
from factory.outputs.dataset_folder import checksum_of
from factory.outputs.features import SAMPLE, as_yaml
from factory.text import visible

_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_MORE: Final = "10M<n<100M"
_TAGS: Final = ("synthetic", "e-commerce", "shopping", "instruction-tuning")
_LONGEST_NAME: Final = 200
_ONE_LINE: Final = 1_000_000


#: Stands for the columns, which are dumped once for all configurations: there may be hundreds.
_COLUMNS: Final = "COLUMNS"


def front_matter(facts: CardFacts) -> str:
    """Return the front matter without the lines that enclose it."""
    languages = sorted({lang for counts in (facts.languages or {}).values() for lang in counts})
    licence = facts.licence
    data: dict[str, Any] = {
        "pretty_name": visible(" ".join(facts.title.split()))[:_LONGEST_NAME],
        **({"language": languages} if languages else {}),
        "license": licence.hub,
        **({"license_name": licence.name} if licence.name else {}),
        **({"license_link": licence.link} if licence.link else {}),
        "size_categories": [_size(facts.rows)],
        "task_categories": _categories(facts),
        "tags": [*_TAGS, *sorted({track for track in _tracks(facts) if track})],
    }
    if configs := _configs(facts):
        data["configs"] = [
            {
                "config_name": name,
                # `datasets` keeps what it has read under the folder's name and these words: without
                # the checksum it would give the samples of an earlier run for these.
                "description": f"checksum {_checksum(parts)}",
                "data_files": [{"split": part.split, "path": part.data} for part in parts],
                **({"default": True} if name == configs[0][0] and len(configs) > 1 else {}),
            }
            for name, parts in configs
        ]
        data["dataset_info"] = [
            {
                "config_name": name,
                "features": _COLUMNS,
                "splits": [
                    {"name": part.split, "num_bytes": part.size, "num_examples": part.rows}
                    for part in parts
                ],
                "download_size": sum(part.size for part in parts),
                "dataset_size": sum(part.size for part in parts),
            }
            for name, parts in configs
        ]
    return _yaml(data).replace(f"  features: {_COLUMNS}\n", f"  features: {_columns()}\n")


@cache
def _columns() -> str:
    """Return the columns of a sample on one line: a line each would hide everything else."""
    return _yaml(as_yaml(SAMPLE), flow=True).strip()


def _yaml(data: Any, *, flow: bool = False) -> str:
    text: str = yaml.safe_dump(
        data, sort_keys=False, allow_unicode=True, width=_ONE_LINE, default_flow_style=flow
    )
    return text


def _checksum(parts: Sequence[Part]) -> str:
    described = {each.data: {"blake2b": each.checksum} for each in parts}
    return checksum_of(described, described)


def _configs(facts: CardFacts) -> list[tuple[str, tuple[Part, ...]]]:
    """Return the configurations by name, the default first: the folder's own, one for each task."""
    configs = [("default", facts.parts)] if facts.parts else []
    if facts.mixture:
        configs += [(task.name, task.parts) for task in facts.made]
    return configs


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), _MORE)


def _categories(facts: CardFacts) -> list[str]:
    found = {CATEGORIES[task.type] for task in facts.made if task.type in CATEGORIES}
    return sorted(found | {"text-generation"})


def _tracks(facts: CardFacts) -> Iterable[str]:
    return (str((task.sample or {}).get("track", "")) for task in facts.made)
