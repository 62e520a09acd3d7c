"""Language models: how they are named, asked, paid and remembered.

What opens them (:mod:`factory.llm.pool`) is imported by the line alone: reading a recipe costs no
event loop.
"""

from __future__ import annotations

from factory.llm.models import ModelSpec, Price
from factory.llm.names import BUILT_IN, DEFAULT, model_spec
from factory.llm.request import Answer, Message, Question
from factory.llm.structured import AnswerError, ask_for, read_answer
from factory.llm.transport import RefusedError

__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "Answer",
    "AnswerError",
    "Message",
    "ModelSpec",
    "Price",
    "Question",
    "RefusedError",
    "ask_for",
    "model_spec",
    "read_answer",
]
