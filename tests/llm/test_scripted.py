"""The scripted model sees what a model sees, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

import factory.llm.scripted as scripted
from factory.llm import Message, ModelSpec, Question
from factory.llm.request import Writer
from tests.catalogue import TASKS

SPEC = ModelSpec.model_validate({"engine": "scripted", "model": "scripted"})


QUOTED = "the red brass garden hose with a long nozzle and no kinks"


class Part(BaseModel):
    name: str
    polarity: Literal["positive", "negative"]


class Form(BaseModel):
    text: str
    score: int = Field(ge=2, le=4)
    good: bool
    parts: list[Part] = Field(min_length=2, max_length=2)
    perhaps: str | None


def body(text: str) -> bytes:
    return Writer(SPEC, "x").request(Question((Message("user", text),), Form)).body


def test_answers_are_in_the_form_and_of_the_quoted_words() -> None:
    text = f"Say it of ⟦{QUOTED}⟧, please."
    for number in range(30):
        answer = scripted.ScriptedModel().answer(body(f"{number} {text}"))
        form = Form.model_validate_json(answer.text, strict=True)
        # One that takes all the words may begin with any of them.
        assert form.text in f"{QUOTED} {QUOTED}"
        assert 2 <= form.score <= 4


class Parts(BaseModel):
    parts: list[str]


def test_every_other_list_is_the_quoted_text_cut_into_parts() -> None:
    cut = 0
    for number in range(40):
        question = Question((Message("user", f"{number}: cut ⟦{QUOTED}⟧."),), Parts)
        answer = scripted.ScriptedModel().answer(Writer(SPEC, "x").request(question).body)
        parts = Parts.model_validate_json(answer.text).parts
        assert all(part in f"{QUOTED} {QUOTED}" for part in parts)
        cut += " ".join(parts) == QUOTED
    assert 10 <= cut <= 30


def test_the_same_request_is_answered_alike_and_another_one_otherwise() -> None:
    model = scripted.ScriptedModel()
    answers = [model.answer(body(f"⟦one two three four five six seven {n}⟧")).text for n in "abcd"]
    assert len(set(answers)) > 1
    assert model.answer(body("⟦x y⟧")) == scripted.ScriptedModel().answer(body("⟦x y⟧"))


class Chosen(BaseModel):
    number: int = Field(ge=1, le=3)


def test_of_numbered_lines_it_has_its_choice_whatever_their_order() -> None:
    def chosen(names: str) -> str:
        lines = "\n".join(f"{place}. ⟦{name}⟧" for place, name in enumerate(names, 1))
        question = Question((Message("user", f"Which one?\n{lines}"),), Chosen)
        answer = scripted.ScriptedModel().answer(Writer(SPEC, "x").request(question).body)
        return names[Chosen.model_validate_json(answer.text).number - 1]

    assert chosen("abc") == chosen("bca") == chosen("cba")
    assert len({names.index(chosen(names)) for names in ("abc", "def", "ghi", "jkl", "mno")}) > 1


def test_without_a_form_it_answers_in_words() -> None:
    request = Writer(SPEC, "x").request(Question((Message("user", "Say ⟦a b c⟧."),)))
    assert scripted.ScriptedModel().answer(request.body).text == "a b c"


def test_it_knows_no_task() -> None:
    source = Path(scripted.__file__).read_text(encoding="utf-8")
    assert [task for task in TASKS if task in source] == []
    assert json.loads(body("x"))["messages"] == [{"role": "user", "content": "x"}]
