"""The papers' inference recipe, as a change of one request and of what came back for it.

Each part is a switch, so that what it does can be measured. Nothing here speaks to anybody: a
request's body goes in, the bodies to send come out, and the answer is taken from the reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal

from factory.serving.boost import ARGUMENT
from factory.serving.expression import Either, Expression, Text, gbnf, regex
from factory.serving.few_shot import Examples
from factory.serving.grammar import admitted, after_reasoning
from factory.serving.recognise import (
    ENTITIES,
    MULTIPLE_CHOICE,
    RANKING,
    RETRIEVAL,
    Asked,
    recognise,
)
from factory.tasktypes.answer_length import most_tokens
from factory.tasktypes.reasoned import CLOSES, OPENS, taken_apart
from factory.tasktypes.system_prompt import TOLD, system_prompt

#: How an engine is told what it may answer; ``openai`` knows no such thing.
Dialect = Literal["llama.cpp", "vllm", "openai"]

#: A 4-bit Qwen2-72B may miss its own end; chat models print one of these there.
STOPS: Final = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>")
#: Answers that follow from thinking, and that a rule can take out of it: generated text is answered
#: at once, as in LLaSA, and entities are copied.
_REASONED: Final = frozenset({MULTIPLE_CHOICE, RANKING, RETRIEVAL})
_THINK: Final = (
    f"Think step by step first, between {OPENS.strip()} and {CLOSES.strip()}. After that, write "
    "only the answer."
)
_AGAIN: Final = "Read the question again:"
#: Of the reasoning: tokens where none were asked for, and characters where a grammar bounds it.
_REASONING_TOKENS: Final = 256
_REASONING_CHARACTERS: Final = 600
#: ShopBench's own fields: who knows them may say so. They go no further.
_TYPE: Final = "task_type"
_FLAG: Final = "is_multiple_choice"
#: What a request brings itself to bound its answer.
_BOUNDS: Final = ("grammar", "structured_outputs", "response_format", "tools", "functions")
_TOKENS: Final = ("max_completion_tokens", "max_tokens")
#: What raises tokens: OpenAI's field, and vLLM's arguments for what it was made to load.
_BIAS: Final = "logit_bias"
_ARGUMENTS: Final = "vllm_xargs"
#: How a request asks for its answer while it is written, and for the count of its tokens then.
_STREAM: Final = ("stream", "stream_options")
#: Where engines hand reasoning over beside an answer.
THOUGHTS: Final = ("reasoning_content", "reasoning")


class RefusedRequestError(ValueError):
    """A request that cannot be answered as it is; ``parameter`` is what is wrong with it."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Switches:
    """Which parts of the recipe are on.

    Attributes:
        system: state the task type in a system prompt, where a request has none.
        grammar: admit only answers of the recognised form.
        reread: print the question twice.
        reasoning: ask for steps before an answer, and take the answer out of them.
        boost: by how much the logits of the prompt's own tokens are raised in entity questions;
            0 for not at all.
        limits: bound the tokens of an answer by its type.
        stops: texts at which an answer ends.
        examples: where the nearest samples are looked up; None for no few-shot.
    """

    system: bool = True
    grammar: bool = True
    reread: bool = False
    reasoning: bool = False
    boost: float = 0.0
    limits: bool = True
    stops: tuple[str, ...] = STOPS
    examples: Examples | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it goes to the engine.

    Attributes:
        body: what is sent.
        asked: what was recognised; None where a request is passed as it came.
        constrained: whether a grammar goes with it.
        direct: the same without reasoning, for an answer that could not be taken out; None where
            there was no reasoning.
        form: what an answer behind reasoning looks like; None where the prompt does not show it.
        stream: whether the answer is wanted while it is written.
        usage: whether the count of tokens is wanted at a stream's end.
        boost: by how much the prompt's tokens are still to be raised, where the engine has to be
            told which those are.
    """

    body: dict[str, Any]
    asked: Asked | None = None
    constrained: bool = False
    direct: Prepared | None = None
    form: Expression | None = None
    stream: bool = False
    usage: bool = False
    boost: float = 0.0


def prepare(
    request: Mapping[str, Any], model: str, dialect: Dialect, switches: Switches
) -> Prepared:
    """Return what to send for a chat request.

    The last message decides: where it is no user's text (an image, a tool's result), the request
    goes on as it came. Reasoning is asked for whole, also where a stream is wanted: it has to be
    whole before the answer can be taken out of it.

    Raises :class:`RefusedRequestError` for what is no chat request.
    """
    messages = _messages(request)
    body = {key: value for key, value in request.items() if key not in (_TYPE, _FLAG)}
    body["model"] = model
    stream, usage = _streamed(request)
    question = _text(messages[-1])
    if question is None:
        return Prepared(body, stream=stream, usage=usage)
    told = request.get(_TYPE) or ""
    if not isinstance(told, str) or (told and told not in TOLD):
        raise RefusedRequestError(f"{_TYPE} is one of {', '.join(TOLD)}", _TYPE)
    asked = recognise(question, is_multiple_choice=request.get(_FLAG) is True, task_type=told)
    if switches.reasoning and asked.task_type in _REASONED:
        body = {key: value for key, value in body.items() if key not in _STREAM}
        direct = _prepared(body, messages, question, asked, dialect, switches, reasoning=False)
        first = _prepared(body, messages, question, asked, dialect, switches, reasoning=True)
        form = admitted(asked, question)
        return replace(first, direct=direct, form=form, stream=stream, usage=usage)
    plain = _prepared(body, messages, question, asked, dialect, switches, reasoning=False)
    return replace(plain, stream=stream, usage=usage)


def finished(reply: Mapping[str, Any], prepared: Prepared) -> dict[str, Any] | None:
    """Return the engine's reply with bare answers in it; None where one cannot be taken out.

    Then the question is to be asked directly.
    """
    choices = []
    for choice in reply["choices"]:
        message = choice["message"]
        text = message.get("content")
        if prepared.asked is None or not isinstance(text, str):
            choices.append(choice)
            continue
        answer = _answer(text, prepared.form) if prepared.direct is not None else text.strip()
        if answer is None:
            return None
        # Some engines hand reasoning over beside the answer: it is not what was asked for.
        kept = {name: value for name, value in message.items() if name not in THOUGHTS}
        choices.append({**choice, "message": {**kept, "content": answer}})
    return {**reply, "choices": choices}


def _messages(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RefusedRequestError("messages is a list of at least one message", "messages")
    if not all(isinstance(each, dict) and isinstance(each.get("role"), str) for each in messages):
        raise RefusedRequestError("each of messages is an object with a role", "messages")
    return messages


def _streamed(request: Mapping[str, Any]) -> tuple[bool, bool]:
    """Return whether a stream is wanted, and the count of tokens at its end."""
    stream = request.get("stream") or False
    options = request.get("stream_options") or {}
    if not isinstance(stream, bool):
        raise RefusedRequestError("stream is true or false", "stream")
    if not isinstance(options, dict):
        raise RefusedRequestError("stream_options is an object", "stream_options")
    return stream, bool(options.get("include_usage"))


def _text(message: Mapping[str, Any]) -> str | None:
    """Return the text of a user's message; None of what is something else."""
    content = message.get("content")
    if isinstance(content, list) and all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in content
    ):
        content = "".join(part["text"] for part in content)
    return content if message["role"] == "user" and isinstance(content, str) else None


def _prepared(
    body: Mapping[str, Any],
    messages: list[Mapping[str, Any]],
    question: str,
    asked: Asked,
    dialect: Dialect,
    switches: Switches,
    *,
    reasoning: bool,
) -> Prepared:
    sent = dict(body)
    sent["messages"] = _asked_with(messages, question, asked, switches, reasoning=reasoning)
    if switches.limits and not any(sent.get(name) for name in _TOKENS):
        sent["max_tokens"] = most_tokens(asked.task_type)
    if reasoning:
        for name in _TOKENS:
            if isinstance(sent.get(name), int):
                sent[name] += _REASONING_TOKENS
    if switches.stops and not sent.get("stop"):
        sent["stop"] = list(switches.stops)
    boost = _boost(sent, asked, dialect, switches)
    answer = None
    if switches.grammar and dialect != "openai" and not any(sent.get(name) for name in _BOUNDS):
        answer = admitted(asked, question)
    if answer is None:
        return Prepared(sent, asked, boost=boost)
    if reasoning:
        answer = after_reasoning(answer, _REASONING_CHARACTERS)
    sent.update(bounded(answer, dialect))
    return Prepared(sent, asked, constrained=True, boost=boost)


def _boost(sent: dict[str, Any], asked: Asked, dialect: Dialect, switches: Switches) -> float:
    """Tell vLLM to raise the prompt's tokens; return by how much llama.cpp is to be told to."""
    if asked.task_type != ENTITIES or not switches.boost or sent.get(_BIAS):
        return 0.0
    if dialect == "vllm":
        own = sent.get(_ARGUMENTS) or {}
        if not isinstance(own, dict):
            raise RefusedRequestError(f"{_ARGUMENTS} is an object", _ARGUMENTS)
        sent[_ARGUMENTS] = {ARGUMENT: switches.boost, **own}
    return switches.boost if dialect == "llama.cpp" else 0.0


def with_tokens_raised(prepared: Prepared, tokens: Iterable[int]) -> dict[str, Any]:
    """Return a request's body that has llama.cpp raise ``tokens``, which may not repeat."""
    return {**prepared.body, _BIAS: [[token, prepared.boost] for token in tokens]}


def bounded(answer: Expression, dialect: Dialect) -> dict[str, Any]:
    """Return the fields of a request that bound its answer, as an engine reads them."""
    if dialect == "llama.cpp":
        return {"grammar": gbnf(answer)}
    if isinstance(answer, Either) and all(isinstance(each, Text) for each in answer.parts):
        texts = [each.text for each in answer.parts if isinstance(each, Text)]
        return {"structured_outputs": {"choice": texts}}
    # A regular expression has no names for what stands many times: phrases of 96 words took
    # xgrammar 15 s as one, and 0.01 s as a grammar.
    return {"structured_outputs": {"grammar": gbnf(answer)}}


def _asked_with(
    messages: list[Mapping[str, Any]],
    question: str,
    asked: Asked,
    switches: Switches,
    *,
    reasoning: bool,
) -> list[Mapping[str, Any]]:
    """Return the chat with what the switches put into it."""
    before, last = list(messages[:-1]), messages[-1]
    said = question
    if switches.reread:
        said = f"{question.rstrip()}\n\n{_AGAIN}\n{question}"
    if reasoning:
        said = f"{_THINK}\n\n{said}"
    if switches.examples is not None:
        for near in switches.examples.nearest(question, asked.task_type):
            before.append({"role": "user", "content": near.prompt})
            before.append({"role": "assistant", "content": near.answer})
    if switches.system and not any(each["role"] in ("system", "developer") for each in before):
        before.insert(0, {"role": "system", "content": system_prompt(asked.task_type)})
    return [*before, {**last, "content": said} if said != question else last]


def _answer(text: str, form: Expression | None) -> str | None:
    """Return the bare answer behind its reasoning; None where there is none.

    It is what follows the closing mark, or, in the words of a model that set no marks, what has the
    answer's form behind the last "answer".
    """
    answer = taken_apart(text).answer
    if answer == text:
        # Not to the letter as trained: other models put the mark where they like.
        _, closed, behind = text.rpartition(CLOSES.strip())
        answer = behind if closed or form is not None else ""
    answer = answer.strip()
    if form is None:
        return answer or None
    if _whole(form).fullmatch(answer):
        return answer
    said = _said(form).findall(answer)
    return said[-1] if said else None


@lru_cache(maxsize=64)
def _whole(form: Expression) -> re.Pattern[str]:
    return re.compile(regex(form))


@lru_cache(maxsize=64)
def _said(form: Expression) -> re.Pattern[str]:
    return re.compile(rf"\banswer\b[^\d\n]{{0,40}}({regex(form)})(?!\d|,\s*\d)", re.IGNORECASE)
