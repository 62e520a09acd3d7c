"""Which descriptions stand beside that of the same product in another language.

Neither the language of an option must give the answer away (either all four are in one, or two and
two are) nor the words and numbers that it shares with the description that is asked about: other
options share as many of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from factory.draw import Draw
from factory.sources.translated import in_language, translated
from factory.sources.view import RowRejectedError
from factory.text import clean, similarity, tokens

OFFERS: Final = ("positive", "negatives", "source_ids")

_NEGATIVES: Final = 3
_MOST_SIMILARITY: Final = 0.5
#: Two wrong options may be alike, but not the same text in other words.
_MOST_ALIKE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Description:
    """A text that another product lends: whose, in which shop, and its ``words``."""

    id: str
    locale: str
    text: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Option:
    """A description that may stand as wrong, near the right one or not.

    ``shared`` is how many words it has in common with the text that is asked about.
    """

    description: Description
    near_by: bool
    shared: int

    @property
    def rank(self) -> tuple[bool, int]:
        return (not self.near_by, -self.shared)


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a description, the same product's in another language, and three others.

    Raises :class:`RowRejectedError` where a description was not translated, or too few others are
    in the languages that are wanted.
    """
    asked, right = facts["description"], facts["positive"]
    locale, other = facts["locale"], facts["other_locale"]
    about, answer = frozenset(tokens(asked)), frozenset(tokens(right))
    if not translated(about, answer) or not in_language(asked, locale):
        raise RowRejectedError("untranslated", asked)
    if not in_language(right, other):
        raise RowRejectedError("untranslated", right)
    shared = len(about & answer)
    possible = _possible(facts, about, answer, shared)
    same = [each for each in possible if each.description.locale == other]
    abroad = [each for each in possible if each.description.locale != other]
    wanted = draw.largest(
        sorted({each.description.locale for each in abroad}) or [other], "language"
    )
    third = [each for each in abroad if each.description.locale == wanted]
    # One of the right one's language is enough only where it shares more words.
    mixed = (
        draw.below(2, "mixed") == 0
        and len(third) > 1
        and any(each.shared > shared for each in same)
    )
    # Those of another language are two, and those of the right one's are chosen as if they were
    # all: so the words tell as little among the two that are left.
    wrong = _chosen(same, 1 if mixed else _NEGATIVES, shared, len(right), draw)
    if mixed:
        wrong += sorted(third, key=_rank)[:2]
    if len(wrong) < _NEGATIVES:
        raise RowRejectedError("too-few-descriptions", f"{len(wrong)} others in {other}")
    kept = {name: facts[name] for name in ("key", "locale", "description", "subject")}
    shown = [each.description for each in wrong]
    yield {
        **kept,
        "positive": right,
        "negatives": [each.text for each in shown],
        "source_ids": [
            *facts["source_ids"],
            *(f"product:{each.locale}:{each.id}" for each in shown),
        ],
    }


def _possible(
    facts: dict[str, Any], about: frozenset[str], answer: frozenset[str], shared: int
) -> list[_Option]:
    """Return the descriptions of other products that cannot be this one's.

    Raises :class:`RowRejectedError` where the words alone tell the right one: it shares ``shared``
    with the text that is asked about, and no other in its language shares as many.
    """
    locale, other = facts["locale"], facts["other_locale"]
    found: list[_Option] = []
    most = -1
    for listed, near_by in ((facts["near_by"], True), (facts["others"], False)):
        for each in listed.decode(errors="replace").split("\x1e") if listed else ():
            lent = _lent(each)
            if lent is None or lent.locale == locale or lent.id == facts["product_id"]:
                continue
            option = _Option(lent, near_by, len(about & lent.words))
            found.append(option)
            if lent.locale == other and option.shared > most:
                most = option.shared
    if most < shared:
        raise RowRejectedError("told-by-words", f"no other option shares {shared} words with it")
    return [each for each in found if not _alike(each, about) and not _like(each, answer)]


# A text is lent to dozens of rows; reading it is most of what a row costs.
@lru_cache(maxsize=1 << 14)
def _lent(written: str) -> Description | None:
    """Return a text as a reader sees it; None where it is in another language than its shop's."""
    name, locale, text = written.split("\x1f")
    text = clean(text)
    if not in_language(text, locale):
        return None
    return Description(name, locale, text, frozenset(tokens(text)))


def _chosen(
    possible: Sequence[_Option], count: int, shared: int, length: int, draw: Draw
) -> list[_Option]:
    """Return ``count`` of ``possible``: by draw one to all of them share as many words as the gold.

    ``shared`` is how many words the right option has in common with the text that is asked about,
    and ``length`` how many characters it has. Raises :class:`RowRejectedError` where none of
    ``possible`` shares as many.
    """
    order = draw.permutation(len(possible), f"order {count}")
    left = sorted((possible[place] for place in order), key=_rank)
    above = [each for each in left if each.shared >= shared]
    if not above:
        raise RowRejectedError("told-by-words", f"no other option shares {shared} words with it")
    under = [each for each in left if each.shared < shared]
    more = min(1 + draw.below(_NEGATIVES, "more words"), count)
    # How many wrong options are shorter than the right one is drawn: its length rank tells nothing.
    shorter = draw.below(count + 1, "length rank")
    chosen: list[_Option] = []
    while len(chosen) < count:
        rest = [
            each
            for each in ((above if len(chosen) < more else under) or above)
            if not any(_like(each, other.description.words, _MOST_ALIKE) for other in chosen)
        ]
        if not rest:
            break
        short = len(chosen) < shorter
        fitting = [each for each in rest if (len(each.description.text) < length) == short]
        chosen.append((fitting or rest)[0])
        above = [each for each in above if each is not chosen[-1]]
        under = [each for each in under if each is not chosen[-1]]
    return chosen


_rank: Final = attrgetter("rank")


def _alike(option: _Option, about: frozenset[str]) -> bool:
    """Return whether an option says nearly what is asked about in the words ``about``."""
    words = option.description.words
    return option.shared >= _MOST_SIMILARITY * (len(words) + len(about) - option.shared)


def _like(option: _Option, others: frozenset[str], most: float = _MOST_SIMILARITY) -> bool:
    """Return whether an option shares as much as ``most`` with a text of the words ``others``."""
    return similarity(option.description.words, others) >= most
