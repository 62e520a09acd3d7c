"""The boost of a prompt's tokens: its arithmetic, its way through a batch, and to both engines."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.llm.local import LocalServer
from factory.llm.models import ModelSpec
from factory.serving.boost import ARGUMENT, PromptBoosts, raised, strength_of
from factory.serving.layer import Switches
from tests.llm.server import serve
from tests.serving.fronts import CHOICE, WEIGHTS, ask, chat, completion, fronted

FIND = "Extract phrases of the entity type 'color'.\nQuery: red oak shoe\nOutput: "
BOOST = Switches(boost=2.0)
VOCABULARY = 8
#: What a batch does with its requests: a new one in a row, an end, and two kinds of moves.
ROW = st.integers(0, 3)
STEP = st.one_of(
    st.tuples(
        st.just("put"),
        ROW,
        st.lists(st.integers(-1, VOCABULARY), max_size=5),
        st.sampled_from([0.0, 1.5]),
    ),
    st.tuples(st.just("remove"), ROW),
    st.tuples(st.just("move"), ROW, ROW),
    st.tuples(st.just("swap"), ROW, ROW),
)


def test_each_token_of_a_prompt_is_raised_once_and_what_is_forbidden_stays_so() -> None:
    boosts = PromptBoosts(VOCABULARY)
    boosts.put(1, [3, 5, 3, VOCABULARY], 2.0)
    logits = np.zeros((2, VOCABULARY), dtype=np.float32)
    logits[1, 5] = -np.inf
    logits = raised(logits, *boosts.places())

    assert logits[0].tolist() == [0.0] * VOCABULARY
    assert logits[1].tolist() == [0, 0, 0, 2.0, 0, -np.inf, 0, 0]


@given(st.lists(STEP, max_size=12))
def test_a_boost_follows_its_request_through_the_batch(steps: list[tuple[Any, ...]]) -> None:
    boosts = PromptBoosts(VOCABULARY)
    # The same as rows of numbers that are carried about whole.
    batch = np.zeros((4, VOCABULARY))
    for name, *arguments in steps:
        getattr(boosts, name)(*arguments)
        if name == "put":
            row, prompt, strength = arguments
            batch[row] = [strength * (token in prompt) for token in range(VOCABULARY)]
        elif name == "remove":
            batch[arguments[0]] = 0
        elif name == "move":
            source, target = arguments
            carried = batch[source].copy()
            batch[source] = 0
            batch[target] = carried
        else:
            one, other = arguments
            batch[[one, other]] = batch[[other, one]]

    logits = raised(np.zeros((4, VOCABULARY)), *boosts.places())
    assert logits.tolist() == batch.tolist()


@pytest.mark.parametrize("wrong", ["2", True, -1, 101, float("nan"), [2]])
def test_a_strength_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=ARGUMENT):
        strength_of({ARGUMENT: wrong})


def test_a_request_that_says_no_strength_has_none() -> None:
    assert strength_of(None) == strength_of({"other": 1}) == 0
    assert strength_of({ARGUMENT: 2}) == 2


def test_vllm_is_told_the_strength_and_only_in_entity_questions() -> None:
    with serve(lambda _, __: completion("red")) as seen:
        with fronted(seen.url, BOOST, dialect="vllm") as url:
            ask(url, chat(FIND))
            ask(url, chat(CHOICE))
            ask(url, chat(FIND, vllm_xargs={ARGUMENT: 5, "other": "x"}))
        first, second, third = map(json.loads, seen.bodies)

    assert first["vllm_xargs"] == {ARGUMENT: 2.0}
    assert "vllm_xargs" not in second
    assert third["vllm_xargs"] == {ARGUMENT: 5, "other": "x"}


def told(prompt: str, **more: Any) -> list[Any]:
    """Return what llama.cpp was asked: the form of the chat, the tokens, and the answer."""
    asked: list[Any] = []

    def template(body: Any) -> Any:
        asked.append(body)
        return {"prompt": "<s>red oak</s>"}

    def tokenize(body: Any) -> Any:
        asked.append(body)
        return {"tokens": [1, 7, 4, 7, 2]}

    routes = {"/apply-template": template, "/tokenize": tokenize}
    with (
        serve(lambda _, __: completion("red"), routes=routes) as seen,
        fronted(seen.url, BOOST) as url,
    ):
        assert ask(url, chat(prompt, **more)).text == "red"
        return [*asked, json.loads(seen.bodies[0])]


def test_llamacpp_is_told_each_token_of_the_whole_chat_once() -> None:
    template, tokenize, sent = told(FIND)

    assert template == {"messages": sent["messages"]}
    assert tokenize == {"content": "<s>red oak</s>", "add_special": False, "parse_special": True}
    assert sent["logit_bias"] == [[1, 2.0], [2, 2.0], [4, 2.0], [7, 2.0]]


def test_other_questions_and_a_bias_of_the_requests_own_are_left_alone() -> None:
    assert "logit_bias" not in told(CHOICE)[-1]
    assert told(FIND, logit_bias={"3": 1})[-1]["logit_bias"] == {"3": 1}


@pytest.mark.parametrize("said", [{}, {"prompt": 3}, [], {"prompt": "x", "tokens": ["a"]}])
def test_an_engine_that_tells_no_tokens_is_a_502(said: Any) -> None:
    routes = {"/apply-template": lambda _: said, "/tokenize": lambda _: said}
    with (
        serve(lambda _, __: completion("red"), routes=routes) as seen,
        fronted(seen.url, BOOST) as url,
    ):
        reply = ask(url, chat(FIND))

    assert (reply.status, seen.requests) == (502, 0)


def test_an_engine_without_those_routes_is_a_502() -> None:
    with serve(lambda _, __: completion("red")) as seen, fronted(seen.url, BOOST) as url:
        reply = ask(url, chat(FIND))

    assert reply.status == 502
    assert "/apply-template answered 404" in reply.data["error"]["message"]


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="SmolLM2 was not fetched")
def test_a_real_model_says_nothing_but_its_prompts_tokens_where_they_are_raised_enough() -> None:
    pytest.importorskip("xllamacpp", reason="the extra local is not installed")
    spec = ModelSpec.model_validate({"engine": "local", "model": str(WEIGHTS)})
    server = LocalServer(spec, WEIGHTS)
    engine = server.endpoint.url
    strange = []
    for strength in (0.0, 100.0):
        switches = Switches(grammar=False, boost=strength)
        with fronted(engine, switches) as url:
            asked = chat(FIND, temperature=1.5, seed=1, max_tokens=32, logprobs=True)
            said = ask(url, asked).data["choices"][0]["logprobs"]["content"]
        whole = (
            "You are a helpful online shopping assistant. Your task is named entity recognition."
        )
        form = f"<|im_start|>system\n{whole}<|im_end|>\n<|im_start|>user\n{FIND}<|im_end|>\n"
        text = {"content": f"{form}<|im_start|>assistant\n", "parse_special": True}
        known = ask(engine, text, "/tokenize").data["tokens"]
        strange.append(sum(each["id"] not in known for each in said))

    assert strange[0] > 0
    assert strange[1] == 0


def test_the_processor_that_vllm_loads_raises_what_its_batch_says() -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed")
    torch = pytest.importorskip("torch")
    from types import SimpleNamespace

    from vllm import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate, MoveDirectionality

    from factory.serving.vllm_boost import PromptBoost

    model = SimpleNamespace(get_vocab_size=lambda: VOCABULARY)
    processor = PromptBoost(SimpleNamespace(model_config=model), torch.device("cpu"), False)
    boosted = SamplingParams(extra_args={ARGUMENT: 2.0})
    PromptBoost.validate_params(boosted)
    with pytest.raises(ValueError, match=ARGUMENT):
        PromptBoost.validate_params(SamplingParams(extra_args={ARGUMENT: "much"}))
    added = [(0, boosted, [3, 5, 3], []), (1, SamplingParams(), [1], []), (2, boosted, None, [])]
    processor.update_state(BatchUpdate(batch_size=3, removed=[], added=added, moved=[]))
    moved = [(0, 1, MoveDirectionality.SWAP)]
    processor.update_state(BatchUpdate(batch_size=3, removed=[], added=[], moved=moved))
    processor.update_state(None)
    logits = processor.apply(torch.zeros((3, VOCABULARY)))

    assert logits[1].tolist() == [0, 0, 0, 2.0, 0, 2.0, 0, 0]
    assert logits[[0, 2]].count_nonzero() == 0
    processor.update_state(BatchUpdate(batch_size=0, removed=[0, 1, 2], added=[], moved=[]))
    assert processor.apply(torch.zeros((1, VOCABULARY))).count_nonzero() == 0
    assert not processor.is_argmax_invariant()
