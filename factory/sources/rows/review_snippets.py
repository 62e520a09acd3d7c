"""Three snippets that say the asked thing, of three customers, among twelve that say another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.aspect_names import alike, has_cue
from factory.sources.snippets import bare, generic, one_sentence
from factory.sources.view import RowRejectedError
from factory.text import clean, similarity, tokens

OFFERS: Final = ("positives", "negatives", "tone")

_GOLDS: Final = 3
#: How many wrong ones say: another aspect of the type, the opposite, another aspect of other types.
_WANTED: Final[Mapping[str, int]] = {"type": 4, "opposite": 3, "elsewhere": 5}
_MOST_WORDS: Final = 8
_MOST_SIMILARITY: Final = 0.6


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the snippets; where one kind of wrong ones is scarce, the others stand in.

    A wrong one of another aspect has no word that speaks of the asked aspect, and its aspect cannot
    be taken for it. What says nothing in particular is neither right nor wrong.

    Raises :class:`RowRejectedError` where too few of either kind are left.
    """
    asked, polarity = facts["aspect"], facts["polarity"]
    shown: list[str] = []
    users: set[str | None] = set()
    golds: list[Mapping[str, Any]] = []
    for each in facts["golds"]:
        if len(golds) == _GOLDS:
            break
        if each["user_id"] not in users and _usable(each["snippet"], shown):
            users.add(each["user_id"])
            golds.append(each)
            shown.append(_plain(each["snippet"]))
    if len(golds) < _GOLDS:
        raise RowRejectedError("too-few-snippets", f"{len(golds)} of {_GOLDS}")
    wrong = [each for each in facts["others"] if _is_wrong(each, asked, polarity)]
    negatives: list[Mapping[str, Any]] = []
    missing = 0
    for part, count in (*_WANTED.items(), ("elsewhere", 0), ("type", 0), ("opposite", 0)):
        wanted = count or missing
        taken = _taken([each for each in wrong if each["part"] == part], wanted, shown)
        negatives += taken
        missing = missing + wanted - len(taken) if count else wanted - len(taken)
    if missing:
        raise RowRejectedError("too-few-others", f"{missing} are missing")
    locale = facts["locale"]
    yield {
        **{name: facts[name] for name in ("key", "locale", "product_type", "aspect")},
        "tone": polarity,
        "positives": [_plain(each["snippet"]) for each in golds],
        "negatives": [_plain(each["snippet"]) for each in negatives],
        "source_ids": list(
            dict.fromkeys(f"review:{locale}:{each['review_id']}" for each in (*golds, *negatives))
        ),
    }


def _plain(snippet: str) -> str:
    return bare(clean(snippet))


def _is_wrong(each: Mapping[str, Any], asked: str, polarity: str) -> bool:
    if each["aspect"] == asked:
        return bool(each["polarity"] != polarity)
    return not alike(each["aspect"], asked) and not has_cue(each["snippet"], asked)


def _usable(snippet: str, shown: Sequence[str]) -> bool:
    """Return whether a snippet is short, says something, and is not shown in other words yet."""
    plain = _plain(snippet)
    words = tokens(plain)
    return (
        bool(plain)
        and len(words) <= _MOST_WORDS
        and one_sentence(plain)
        and not generic(plain)
        and all(similarity(words, tokens(other)) < _MOST_SIMILARITY for other in shown)
    )


def _taken(
    usable: Sequence[Mapping[str, Any]], count: int, shown: list[str]
) -> list[Mapping[str, Any]]:
    """Return the first ``count`` that are none of those shown, and add them to these."""
    taken: list[Mapping[str, Any]] = []
    for each in usable:
        if len(taken) == count:
            break
        if _usable(each["snippet"], shown):
            taken.append(each)
            shown.append(_plain(each["snippet"]))
    return taken
