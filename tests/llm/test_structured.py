"""From what a model writes to a typed answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from factory.llm import Answer, AnswerError, Message, Question, ask_for, read_answer


class Judged(BaseModel):
    score: int
    good: bool
    verdict: Literal["keep", "drop"]


class Listed(BaseModel):
    items: list[str]


GOOD = '{"score": 3, "good": true, "verdict": "keep"}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here is the JSON: {GOOD} I hope it helps.",
        '{"score": "3", "good": "true", "verdict": "keep"}',
        '{"score": 3, "good": true, "verdict": "keep"',
        f"{{broken {GOOD}",
    ],
)
def test_what_can_be_read_is_read(text: str) -> None:
    assert read_answer(text, Judged) == Judged(score=3, good=True, verdict="keep")


def test_a_bare_list_is_taken_for_the_one_field() -> None:
    assert read_answer('["a", "b"]', Listed).items == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is empty"),
        ("I am sorry.", "no JSON in it"),
        ('{"score": 3, "good": true}', "verdict: Field required"),
        ('{"score": "many", "good": true, "verdict": "keep"}', "score"),
        ('{"score": 3, "good": true, "verdict": "perhaps"}', "verdict"),
        ("[" * 5000, "no JSON in it"),
        ('{"score": ' * 5000, "no JSON in it"),
        (f'{{"score": {"9" * 5000}, "good": true, "verdict": "keep"}}', "no JSON in it"),
    ],
)
def test_what_cannot_is_refused_with_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(AnswerError, match=complaint):
        read_answer(text, Judged)


def test_half_a_character_is_no_answer() -> None:
    assert read_answer('{"items": ["\\ud83d\\ude00"]}', Listed).items == ["😀"]
    with pytest.raises(AnswerError):
        read_answer('{"items": ["\\ud83d"]}', Listed)


@given(st.text() | st.text('{}[]":,\\du8e90 '))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(AnswerError):
        read = read_answer(text, Listed)
        assert isinstance(read, Listed)
        assert "".join(read.items).encode().decode() == "".join(read.items)


def answer(text: str, finish: str = "stop") -> Answer:
    return Answer(text, finish, 1, 1, 0.0, 0.0)


def test_a_bad_answer_is_asked_for_once_more_with_what_is_wrong() -> None:
    question = Question((Message("user", "Judge."),), Judged)
    asking = ask_for(question)
    assert next(asking) == question
    again = asking.send(answer('{"score": 3}'))
    assert again.messages[:1] == question.messages
    assert again.messages[1] == Message("assistant", '{"score": 3}')
    assert "good: Field required" in again.messages[2].content
    with pytest.raises(StopIteration) as made:
        asking.send(answer(GOOD))
    assert made.value.value == Judged(score=3, good=True, verdict="keep")


def test_a_second_bad_answer_is_the_last() -> None:
    asking = ask_for(Question((Message("user", "Judge."),), Judged))
    next(asking)
    asking.send(answer("no"))
    with pytest.raises(AnswerError, match="no JSON"):
        asking.send(answer("no"))


def test_a_text_that_was_cut_off_is_no_answer() -> None:
    asking = ask_for(Question((Message("user", "Write."),)))
    next(asking)
    assert "cut off" in asking.send(answer("once upon", "length")).messages[-1].content
    with pytest.raises(StopIteration) as made:
        asking.send(answer(" The end. "))
    assert made.value.value == "The end."


@pytest.mark.parametrize("said", ["", " \n"])
def test_no_message_is_empty_where_an_answer_was(said: str) -> None:
    """Some endpoints refuse a chat with an empty message: that would cost the row."""
    asking = ask_for(Question((Message("user", "Judge."),), Judged))
    next(asking)
    again = asking.send(answer(said))
    assert "it is empty" in again.messages[-1].content
    assert all(each.content.strip() for each in again.messages)
