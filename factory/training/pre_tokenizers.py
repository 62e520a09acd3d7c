"""How byte-level tokenizers split text before their merges, and what llama.cpp calls each way.

A checkpoint says it in ``tokenizer.json``, a GGUF file by a name. Where the two differ, a model is
served other tokens than it was trained on, digits and line breaks first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

_WORDS: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST: Final = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def _split(pattern: str) -> list[dict[str, Any]]:
    return [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
    ]


_GPT2: Final = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}

#: By llama.cpp's name: the steps, as the library ``tokenizers`` writes them.
STEPS: Final[Mapping[str, list[dict[str, Any]]]] = MappingProxyType(
    {
        "gpt-2": [_GPT2],
        "smollm": [{"type": "Digits", "individual_digits": True}, _GPT2],
        "qwen2": _split(_WORDS + r"\p{N}" + _REST),
        "llama-bpe": _split(_WORDS + r"\p{N}{1,3}" + _REST),
    }
)


def name_of(pre_tokenizer: Mapping[str, Any] | None) -> str | None:
    """Return llama.cpp's name of the ``pre_tokenizer`` of a ``tokenizer.json``.

    None where it has none that is known here.
    """
    if pre_tokenizer is None:
        return None
    listed = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    # Offsets are for highlighting: they change no token.
    steps = [
        {key: value for key, value in each.items() if key != "trim_offsets"} for each in listed
    ]
    return next((name for name, known in STEPS.items() if known == steps), None)


def restore(tokenizer: Any, name: str) -> None:
    """Give a fast tokenizer the steps that the GGUF file which it came from names.

    ``transformers`` reads such a file's words and merges, and takes GPT-2's steps for those of
    SmolLM, whose digits stand alone.
    """
    if name != "smollm":
        return
    from tokenizers import pre_tokenizers

    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
