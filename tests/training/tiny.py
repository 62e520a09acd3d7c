"""Tiny models of random weights with tokenizers that merge, and a server that tells of tokens."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.llm.local import LocalServer
from factory.llm.models import ModelSpec
from factory.training.pre_tokenizers import STEPS

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
#: What splitters disagree on: digits, line breaks, spaces, apostrophes, other scripts.
TEXT = (
    "It's 1234 dollars.\n\n1. blue  12 shoes,   don't\r\n\n  2\t"
    "價格是 45 元。 Größe 9½ ¿Qué? ___ :-)"
)
_MARKS = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>"}
#: The first token after the special ones, an exclamation mark.
_LETTER = 2


def tiny_model(
    folder: Path, kind: str = "Llama", splitting: str = "smollm", seed: int = 0, **sizes: Any
) -> Path:
    """Write a model of random weights, norms and biases too, and its tokenizer."""
    import torch
    import transformers

    tokenizer = _tokenizer(folder, splitting)
    halves = [
        number
        for word, number in tokenizer.get_vocab().items()
        if not word.replace("Ġ", "").replace("Ċ", "").isascii()
    ]
    settings = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "initializer_range": 0.2,
        "bos_token_id": 1,
        "eos_token_id": 0,
        **sizes,
    }
    transformers.set_seed(seed)
    config = getattr(transformers, f"{kind}Config")(**settings)
    model = getattr(transformers, f"{kind}ForCausalLM")(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim == 1:
                weights.add_(torch.randn_like(weights) * (0.5 if "bias" in name else 0.1))
            if name == "lm_head.weight":
                # No answer in halves of letters, which are shown in more ways than one.
                weights[halves] = 0.0
    model.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path, splitting: str) -> Any:
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    # Merges across all that splitters part, so that another splitter gives other tokens.
    lines = [TEXT, "12 1234 45 45 12 \n\n  \n\n  \n1 \n1 12", "price prices shoes"] * 20
    tokenizer.train_from_iterator(lines, trainer)
    said = json.loads(tokenizer.to_str())
    said["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            each | ({"trim_offsets": True} if each["type"] == "ByteLevel" else {})
            for each in STEPS[splitting]
        ],
    }
    shifted = {word: number + 2 for word, number in said["model"]["vocab"].items()}
    said["model"]["vocab"] = {"<|im_end|>": 0, "<|im_start|>": 1, **shifted}
    whole = Tokenizer.from_str(json.dumps(said))
    whole.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=whole, **_MARKS)
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    return fast


class Served:
    """A GGUF file that llama.cpp serves in this process."""

    def __init__(self, path: Path) -> None:
        spec = ModelSpec.model_validate({"engine": "local", "model": str(path), "concurrency": 1})
        self._server = LocalServer(spec, path)
        self._url = self._server.endpoint.url.removesuffix("/v1")

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        found: list[int] = self._post("/tokenize", {"content": text})["tokens"]
        return found

    def chances(self, tokens: Sequence[int]) -> dict[int, float]:
        """Return the logarithm of the chance of each of the likeliest next tokens."""
        body = {"prompt": list(tokens), "n_predict": 1, "n_probs": 100}
        # Chances are those before sampling. What is sampled is one letter: of a token that ends the
        # answer, or is half a letter, the server tells nothing.
        body["logit_bias"] = [[_LETTER, 1000]]
        listed = self._post("/completion", body)["completion_probabilities"][0]["top_logprobs"]
        return {each["id"]: each["logprob"] for each in listed}

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(  # noqa: S310 (our own server)
            self._url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)


def chances_of(folder: Path, tokens: Sequence[int]) -> Any:
    """Return the logarithms of the chances of every next token, as ``transformers`` has them."""
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([list(tokens)])).logits[0, -1], -1)


def distance(served: dict[int, float], chances: Any) -> float:
    """Return the Kullback-Leibler divergence from a checkpoint's chances to the served ones."""
    from math import exp

    return sum(exp(log) * (log - float(chances[token])) for token, log in served.items())
