"""``dataset_info.json``: how LLaMA-Factory is told what a folder's files hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

DATASET_INFO: Final = "dataset_info.json"
_CHAT: Final = {
    "formatting": "sharegpt",
    "columns": {"messages": "messages"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    },
}
#: The description of each format that LLaMA-Factory reads.
_ENTRIES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "alpaca": {
            "formatting": "alpaca",
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "response": "output",
                "system": "system",
            },
        },
        "sharegpt": {
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
            },
        },
        "messages": _CHAT,
        "openai": _CHAT,
    }
)


def dataset_info(
    name: str, title: str, files: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Return the content of ``dataset_info.json``; empty for a format that is not read.

    ``files`` are the data files by split. An entry is one file: ``task12`` of training samples,
    ``task12_test`` of test samples, ``task12_00001`` of a second file (give them all to
    ``dataset:``, parted by commas).
    """
    if name not in _ENTRIES:
        return {}
    entries = {}
    for split, paths in files.items():
        for number, path in enumerate(paths):
            entry = title if split == "train" else f"{title}_{split}"
            if len(paths) > 1:
                entry = f"{entry}_{number:05}"
            entries[entry] = {"file_name": path, **_ENTRIES[name]}
    return entries
