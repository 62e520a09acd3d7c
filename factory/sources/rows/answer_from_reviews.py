"""Whether an answer follows from the snippets, and is one that a shop's assistant could give.

Upstream's answers are customers': many speak of themselves, and many tell what no snippet says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from factory.draw import Draw
from factory.sources.rows.answerability import read_question, within
from factory.sources.view import RowRejectedError
from factory.text import clean, tokens

OFFERS: Final = ("question", "snippets", "target")

_FIRST_PERSON: Final = re.compile(r"\b(i|i'm|i've|i'd|my|mine|me|we|we've|our|us)\b", re.IGNORECASE)
_UNSURE: Final = re.compile(r"\b(not sure|don'?t know|no idea|can'?t say)\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://|www\.|@\w", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d")
#: An answer's words that neither question nor snippets need to hold.
_EASY: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by can come comes could do does for from had has have if in "
        "is it its just no not of on only or receive so than that the their them then there "
        "these they this to too up was were will with would yes you your ",
    )
)
_LEAST_SUPPORT: Final = 0.6
_FEWEST_WORDS: Final = 3
_LONGEST: Final = 400


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row with its question, its snippets and the answer as ``target``.

    Raises :class:`RowRejectedError` for an answer in the first person, one that says nothing or too
    much, and one of whose words (or any number) the snippets support too few.
    """
    question, document = read_question(facts["input"].decode())
    snippets = within(document)
    answer = clean(facts["answer"])
    for reason, pattern in (("first-person", _FIRST_PERSON), ("unsure", _UNSURE)):
        if found := pattern.search(answer):
            raise RowRejectedError(f"answer-{reason}", found[0])
    if _ADDRESS.search(answer):
        raise RowRejectedError("answer-with-address", answer)
    words = tokens(answer)
    if len(words) < _FEWEST_WORDS or len(answer) > _LONGEST:
        raise RowRejectedError("answer-length", f"{len(answer)} characters, {len(words)} words")
    said = frozenset(tokens(" ".join((question, *snippets))))
    told = frozenset(tokens(" ".join(snippets)))
    hard = [word for word in words if word not in _EASY]
    if missing := [word for word in hard if _NUMBER.search(word) and word not in said]:
        raise RowRejectedError("answer-unsupported", f"the number {missing[0]!r}")
    support = sum(word in said for word in hard) / len(hard) if hard else 0.0
    if support < _LEAST_SUPPORT or not any(word in told for word in hard):
        raise RowRejectedError("answer-unsupported", f"{support:.0%} of its words")
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    # Sellers and customers write as they speak.
    target = f"{answer[:1].upper()}{answer[1:]}"
    yield {**kept, "question": question, "snippets": snippets, "target": target}
