"""What a checkpoint answers: greedy, in batches, worded as its chat template has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any, Final

from factory.errors import TrainingError
from factory.evaluation.asking import Response
from factory.evaluation.contestants import Contestant, with_kept_answers
from factory.evaluation.evaluate import Watch as NamedWatch
from factory.evaluation.questions import Benchmark
from factory.llm.request import Question
from factory.outputs.files import read_json
from factory.training.base import fingerprint, load_model, load_tokenizer
from factory.training.checkpoint import Checkpoint
from factory.training.memory import check_free, ran_out
from factory.training.quiet import quiet

Watch = Callable[[int, int], None]
#: Questions that are answered at once, and where there is a card.
_BATCH: Final = 8
_BATCH_OF_CARD: Final = 32
#: Tokens of an answer whose question sets no bound.
_MOST: Final = 256
_COMPRESSED: Final = "compressed-tensors"
_BYTES_OF_A_WEIGHT: Final = 4


def kept_answers(
    name: str,
    model: Path,
    benchmark: Benchmark,
    asked: Sequence[Question],
    work: Path,
    watch: NamedWatch | None = None,
    *,
    fresh: bool = False,
) -> Contestant:
    """Return the contestant whose answers stand in a file in ``work``, had first if they do not.

    The file belongs to these weights and these questions; ``fresh`` has them answered again.

    Raises what :func:`answer_all` raises.
    """
    key = blake2b(f"{fingerprint(model)} {benchmark.fingerprint}".encode(), digest_size=8)
    answers = work / f"checkpoint-{key.hexdigest()}.jsonl"
    if fresh:
        answers.unlink(missing_ok=True)
    told = None if watch is None else lambda done, total: watch(name, done, total)
    return with_kept_answers(
        name, answers, work, benchmark.questions, lambda: answer_all(model, asked, told)
    )


def answer_all(
    folder: Path, questions: Sequence[Question], watch: Watch | None = None
) -> list[Response]:
    """Return the answers of the checkpoint in ``folder``, in the order of the questions.

    Each is the likeliest token after the likeliest token, up to the question's ``max_tokens``; no
    sampling, whatever the checkpoint's own settings say.

    Raises:
        TrainingError: it cannot be loaded, has no chat template, or memory runs out.
    """
    tokenizer = load_tokenizer(str(folder))
    if tokenizer.chat_template is None:
        raise TrainingError(f"{folder} has no chat template, so nobody knows how it is spoken to")
    tokenizer.padding_side = "left"
    model = loaded(folder)
    prompts = [_worded(tokenizer, each) for each in questions]
    lengths = [len(tokenizer(each, add_special_tokens=False)["input_ids"]) for each in prompts]
    found: dict[int, Response] = {}
    limits = [each.max_tokens or _MOST for each in questions]
    at_once = _BATCH if model.device.type == "cpu" else _BATCH_OF_CARD
    for most, places in _batches(limits, lengths, at_once):
        with ran_out(f"{folder} cannot answer {len(places)} questions at a time here"):
            texts = _generated(model, tokenizer, [prompts[place] for place in places], most)
        for place, (tokens, text) in zip(places, texts, strict=True):
            finish = "length" if tokens == most else "stop"
            found[place] = Response(text, finish, lengths[place], tokens)
        if watch is not None:
            watch(len(found), len(questions))
    return [found[place] for place in range(len(questions))]


def loaded(folder: Path) -> Any:
    """Return the model in 32 bits, on the card where there is one; of four bits, what they say."""
    import torch

    said = read_json(folder / "config.json") or {}
    options: dict[str, Any] = {"dtype": torch.float32}
    if (said.get("quantization_config") or {}).get("quant_method") == _COMPRESSED:
        from transformers import CompressedTensorsConfig

        options["quantization_config"] = CompressedTensorsConfig(dequantize=True)
    else:
        weights = sum(map(prod, Checkpoint(folder).shapes.values()))
        check_free(weights * _BYTES_OF_A_WEIGHT, f"asking {folder} in 32 bits")
    with quiet():
        model = load_model(str(folder), **options).float().eval()
    return model.to("cuda") if torch.cuda.is_available() else model


def _batches(
    limits: Sequence[int], lengths: Sequence[int], at_once: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield a limit and the places of questions that have it and are of nearly one length."""
    order = sorted(range(len(limits)), key=lambda place: (limits[place], lengths[place]))
    for most, own in groupby(order, key=lambda place: limits[place]):
        places = list(own)
        for start in range(0, len(places), at_once):
            yield most, places[start : start + at_once]


def _worded(tokenizer: Any, question: Question) -> str:
    messages = [{"role": each.role, "content": each.content} for each in question.messages]
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return text


def _generated(
    model: Any, tokenizer: Any, prompts: Sequence[str], most: int
) -> list[tuple[int, str]]:
    """Return how many tokens each answer has, with the one that ends it, and its text."""
    import torch

    # What a template needs before everything stands in it.
    batch = tokenizer(
        list(prompts), return_tensors="pt", padding=True, add_special_tokens=False
    ).to(model.device)
    ends = _ends(model, tokenizer)
    with torch.no_grad():
        made = model.generate(
            **batch,
            max_new_tokens=most,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            repetition_penalty=1.0,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
        )
    answers = []
    for row in made[:, batch["input_ids"].shape[1] :].tolist():
        stop = next((place for place, token in enumerate(row) if token in ends), None)
        own = row if stop is None else row[:stop]
        answers.append((len(own), tokenizer.decode(own, skip_special_tokens=True)))
    return answers


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: the tokenizer's, and the checkpoint's own settings'."""
    said = model.generation_config.eos_token_id
    own = said if isinstance(said, list) else [said]
    return sorted({each for each in (*own, tokenizer.eos_token_id) if each is not None})
