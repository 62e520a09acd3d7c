"""What a dataset card says to programs: the YAML between its first two lines of ``---``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from factory.errors import OutputError, UsageError
from factory.outputs.run_folder import CARD

_FENCE: Final = "---"
#: Of a card's front matter; a mixture of 160 tasks says less than ten thousand.
_MOST_VALUES: Final = 200_000


def front_matter(content: bytes, path: Path) -> tuple[dict[str, Any], str]:
    """Return the YAML of a card and the text after it; raises :class:`OutputError`."""
    import yaml

    text = content.decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE or _FENCE not in (line.rstrip() for line in lines[1:]):
        return {}, text
    end = next(n for n, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE)
    try:
        data = yaml.safe_load("\n".join(lines[1:end]))
        _check_size(data)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise OutputError(f"{path}: its front matter is no YAML ({_first(error)})") from error
    return (data if isinstance(data, dict) else {}), "\n".join(lines[end + 1 :])


def _check_size(data: Any) -> None:
    """Raise ``ValueError`` for values that stand inside themselves, or multiply by aliases."""
    left, level = _MOST_VALUES, [data]
    while level:
        left -= len(level)
        if left < 0:
            raise ValueError(f"it nests without end, or holds more than {_MOST_VALUES:,} values")
        inner: list[Any] = []
        for each in level:
            if isinstance(each, Mapping):
                inner += each.values()
            elif isinstance(each, list | tuple | set):
                inner += each
        level = inner[: left + 1]


def files_of_card(content: bytes, path: Path) -> list[str]:
    """Return the names and patterns of the data files that a card's configs name."""
    data, _ = front_matter(content, path)
    return [name for config in _configs_of(data) for name in _names(config.get("data_files"))]


def _configs_of(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the configs of a card, which somebody may have written by hand."""
    return [each for each in _listed(card.get("configs")) if isinstance(each, dict)]


def _names(data_files: Any) -> Iterator[str]:
    if isinstance(data_files, str):
        yield data_files
    elif isinstance(data_files, Mapping):
        yield from _names(data_files.get("path", list(data_files.values())))
    elif isinstance(data_files, Sequence):
        for each in data_files:
            yield from _names(each)


def card_with_formats(folder: Path, formats: Sequence[str]) -> bytes:
    """Return the card of a run with the configs of each format that goes with it.

    The configs are those of the format's own card, under the format's name, with their files where
    they lie in the repository. The file here stays as it is: it describes this folder.

    Raises:
        UsageError: the run has no card.
        OutputError: a card cannot be read.
    """
    import yaml

    try:
        card = (folder / CARD).read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"{folder} has no {CARD}, which would name the formats: run the task again"
        ) from None
    data, text = front_matter(card, folder / CARD)
    for name in dict.fromkeys(formats):
        path = folder / name / CARD
        own, _ = front_matter(path.read_bytes(), path)
        data["configs"] = [*_configs_of(data), *_configs(own, name)]
        if described := own.get("dataset_info"):
            data["dataset_info"] = [
                *_listed(data.get("dataset_info")),
                *(
                    {**info, "config_name": _named(name, info.get("config_name"))}
                    for info in _listed(described)
                ),
            ]
    head = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return f"{_FENCE}\n{head}{_FENCE}\n{text}".encode()


def _configs(card: Mapping[str, Any], folder: str) -> Iterator[dict[str, Any]]:
    for config in _configs_of(card):
        # The run's own samples stay what is loaded where nothing is named.
        kept = {key: value for key, value in config.items() if key != "default"}
        yield kept | {
            "config_name": _named(folder, config.get("config_name")),
            "data_files": _moved(config.get("data_files"), folder),
        }


def _named(folder: str, config: str | None) -> str:
    """Return the name of a format's config: the format's own name for what it holds as a whole."""
    return folder if config in (None, "default") else f"{folder}-{config}"


def _moved(data_files: Any, folder: str) -> Any:
    """Return the same files, one folder further down."""
    if isinstance(data_files, str):
        return f"{folder}/{data_files}"
    if isinstance(data_files, Mapping):
        return {
            key: value if key == "split" else _moved(value, folder)
            for key, value in data_files.items()
        }
    return [_moved(each, folder) for each in data_files or ()]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _first(error: Exception) -> str:
    return str(error).split("\n")[0]
