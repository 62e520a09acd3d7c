"""Which descriptions stand beside that of the same product in another language.

Neither the language of an option must give the answer away (either all four are in one, or two and
two are) nor the words and numbers that it shares with the description that is asked about: other
options share as many of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
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


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield one row: a description, the same product's in another language, and three others.

    Raises :class:`RowRejectedError` where a description was not translated, or too few others are
    in the languages that are wanted.
    """
    asked, right = facts["description"], facts["positive"]
    locale, other = facts["locale"], facts["other_locale"]
    if not translated(asked, right) or not in_language(asked, locale):
        raise RowRejectedError("untranslated", asked)
    if not in_language(right, other):
        raise RowRejectedError("untranslated", right)
    possible = _possible(facts)
    same = [each for each in possible if each["locale"] == other]
    abroad = [each for each in possible if each["locale"] not in (locale, other)]
    wanted = draw.largest(sorted({each["locale"] for each in abroad}) or [other], "language")
    third = [each for each in abroad if each["locale"] == wanted]
    about = frozenset(tokens(asked))
    shared = len(about & frozenset(tokens(right)))
    # One of the right one's language is enough only where it shares more words.
    mixed = (
        draw.below(2, "mixed") == 0
        and len(third) > 1
        and any(len(about & each["words"]) > shared for each in same)
    )
    # Those of another language are two, and those of the right one's are chosen as if they were
    # all: so the words tell as little among the two that are left.
    wrong = _chosen(same, 1 if mixed else _NEGATIVES, about, shared, len(right), draw)
    if mixed:
        wrong += sorted(third, key=lambda each: (not each["near_by"], -len(about & each["words"])))[
            :2
        ]
    if len(wrong) < _NEGATIVES:
        raise RowRejectedError("too-few-descriptions", f"{len(wrong)} others in {other}")
    kept = {name: facts[name] for name in ("key", "locale", "description", "subject")}
    yield {
        **kept,
        "positive": right,
        "negatives": [each["text"] for each in wrong],
        "source_ids": [
            *facts["source_ids"],
            *(f"product:{each['locale']}:{each['id']}" for each in wrong),
        ],
    }


def _possible(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the descriptions of other products that cannot be this one's, with their ``words``."""
    shown = [frozenset(tokens(facts["description"])), frozenset(tokens(facts["positive"]))]
    found = []
    for each in facts["others"]:
        if each["id"] == facts["product_id"] or each["locale"] == facts["locale"]:
            continue
        text, words = _lent(each["text"], each["locale"])
        if words and all(similarity(words, other) < _MOST_SIMILARITY for other in shown):
            found.append({**each, "text": text, "words": words})
    return found


# A text is lent to dozens of rows; reading it is most of what a row costs.
@lru_cache(maxsize=1 << 13)
def _lent(written: bytes, locale: str) -> tuple[str, frozenset[str]]:
    """Return a text as a reader sees it, and its words: none where it is in another language."""
    text = clean(written.decode(errors="replace"))
    return text, frozenset(tokens(text)) if in_language(text, locale) else frozenset()


def _chosen(
    possible: Sequence[dict[str, Any]],
    count: int,
    about: frozenset[str],
    shared: int,
    length: int,
    draw: Draw,
) -> list[dict[str, Any]]:
    """Return ``count`` of ``possible``: by draw one to all of them share as many words as the gold.

    ``about`` are the words of the text that is asked about, ``shared`` how many of them the right
    option has and ``length`` how many characters. Raises :class:`RowRejectedError` where none of
    ``possible`` shares as many.
    """
    order = draw.permutation(len(possible), f"order {count}")
    left = [possible[place] for place in order]
    left.sort(key=lambda each: (not each["near_by"], -len(about & each["words"])))
    above = [each for each in left if len(about & each["words"]) >= shared]
    if not above:
        raise RowRejectedError("told-by-words", f"no other option shares {shared} words with it")
    under = [each for each in left if len(about & each["words"]) < shared]
    more = min(1 + draw.below(_NEGATIVES, "more words"), count)
    # How many wrong options are shorter than the right one is drawn: its length rank tells nothing.
    shorter = draw.below(count + 1, "length rank")
    chosen: list[dict[str, Any]] = []
    while len(chosen) < count:
        rest = [
            each
            for each in ((above if len(chosen) < more else under) or above)
            if all(similarity(each["words"], other["words"]) < _MOST_ALIKE for other in chosen)
        ]
        if not rest:
            break
        fitting = [each for each in rest if (len(each["text"]) < length) == (len(chosen) < shorter)]
        chosen.append((fitting or rest)[0])
        above = [each for each in above if each is not chosen[-1]]
        under = [each for each in under if each is not chosen[-1]]
    return chosen
