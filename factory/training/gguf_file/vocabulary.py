"""A checkpoint's tokenizer as a GGUF file has it: words, their kinds, merges, special tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from factory.errors import TrainingError
from factory.training.pre_tokenizers import STEPS, name_of

_FILE: Final = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What llama.cpp needs to know of a tokenizer.

    Attributes:
        tokens, kinds: each token's text and its kind (the GGUF format's number), by token ID.
        splitting: llama.cpp's name of what comes before merges.
        begins: whether the tokenizer puts its first special token before a text.
        special: merges, special tokens and chat template, as the package ``gguf`` reads them.
    """

    tokens: Sequence[str]
    kinds: Sequence[int]
    splitting: str
    begins: bool
    special: Any

    @property
    def has_template(self) -> bool:
        """Return whether there is a chat template; llama.cpp takes one of its own without."""
        return self.special.chat_template is not None


def read_vocabulary(folder: Path, words: int) -> Vocabulary:
    """Return the byte-level BPE tokenizer in ``folder``, filled up to ``words`` tokens.

    Raises :class:`TrainingError` for other kinds of tokenizers, which would be served wrong.
    """
    import gguf
    import tokenizers

    path = folder / _FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:
        # The library raises bare exceptions for files that it cannot read.
        raise TrainingError(f"{path} cannot be read as a tokenizer: {error}") from error
    splitting = name_of(said.get("pre_tokenizer"))
    if said["model"].get("type") != "BPE" or said["model"].get("byte_fallback") or not splitting:
        raise TrainingError(
            f"{path}: only byte-level BPE that splits text as {', '.join(STEPS)} do is written to "
            "GGUF here; another would be served other tokens than it was trained on"
        )
    found = {number: text for text, number in tokenizer.get_vocab(with_added_tokens=True).items()}
    if max(found) >= words:
        raise TrainingError(
            f"{path} has a token {max(found)}, and the model has {words} rows of embeddings"
        )
    added = {each["id"]: each for each in said.get("added_tokens", ())}
    kind = gguf.TokenType
    tokens, kinds = [], []
    for number in range(words):
        tokens.append(found.get(number, f"[PAD{number}]"))
        if number not in found:
            kinds.append(int(kind.UNUSED))
        elif number in added:
            special = added[number]["special"]
            kinds.append(int(kind.CONTROL if special else kind.USER_DEFINED))
        else:
            kinds.append(int(kind.NORMAL))
    special = gguf.SpecialVocab(folder, load_merges=True, n_vocab=words)
    first = tokenizer.encode("a").ids[:1]
    begins = first == [special.special_token_ids.get("bos")]
    return Vocabulary(tokens, kinds, splitting, begins, special)


def add_vocabulary(writer: Any, vocabulary: Vocabulary) -> None:
    """Put a vocabulary into the head of a file."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.splitting)
    writer.add_token_list(list(vocabulary.tokens))
    writer.add_token_types(list(vocabulary.kinds))
    writer.add_add_space_prefix(False)
    vocabulary.special.add_special_token = {"bos": vocabulary.begins}
    vocabulary.special.add_to_gguf(writer, quiet=True)
