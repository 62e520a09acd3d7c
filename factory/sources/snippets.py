"""Snippets of reviews: short verbatim words that judge one aspect, and how they are told apart."""

from __future__ import annotations

import re
from typing import Final

from factory.text import tokens

#: A snippet of several sentences is none; neither is one that a word of its text runs through.
_SENTENCE_END: Final = re.compile(r"[.!?。！？](?=\s|$)|\n")
_EDGE: Final = " \t\"'“”‘’.,;:!?()[]-–—…"
#: Praise and blame that fit any aspect: they say nothing of the one that is asked for.
_ANYTHING: Final = frozenset(
    {
        *("a", "an", "the", "and", "but", "or", "so", "very", "really", "too", "is", "are"),
        *("was", "were", "be", "it", "this", "that", "these", "those", "i", "we", "my", "our"),
        *("they", "them", "he", "she", "you", "have", "has", "had", "not", "no", "good"),
        *("great", "nice", "bad", "best", "better", "love", "loved", "like", "liked"),
        *("excellent", "perfect", "amazing", "awesome", "fine", "ok", "okay", "happy"),
        *("pleased", "satisfied", "terrible", "awful", "poor", "worst", "recommend", "product"),
        *("item", "thing", "purchase", "buy", "bought", "everything", "all", "just", "super"),
        *("pretty", "quite", "absolutely", "in", "of", "to", "for", "with", "on", "at", "as"),
        *("don", "t", "didn", "s", "simply", "me", "highly", "recommended", "would", "again"),
        *("could", "happier", "still", "star", "stars"),
    }
)

#: What nobody says in praise, unless a word of the second list stands shortly before it.
_BLAME: Final = frozenset(
    {
        *("awful", "broke", "broken", "crushed", "damaged", "defective", "disappointed"),
        *("disappointing", "dirty", "fake", "faulty", "flimsy", "horrible", "late", "misleading"),
        *("poor", "poorly", "refused", "ripped", "rude", "terrible", "torn", "uncomfortable"),
        *("unusable", "useless", "worst", "wrong"),
    }
)
_NEGATIONS: Final = frozenset(
    {
        *("aren", "cannot", "didn", "don", "doesn", "hardly", "isn", "neither", "never", "no"),
        *("nobody", "none", "nor", "not", "nothing", "t", "wasn", "weren", "without", "won"),
    }
)
_SHORTLY: Final = 4


def bare(snippet: str) -> str:
    """Return a snippet without the punctuation at its edges."""
    return snippet.strip(_EDGE)


def one_sentence(snippet: str) -> bool:
    """Return whether a snippet stays within one sentence."""
    return _SENTENCE_END.search(snippet) is None


def sentence_of(snippet: str, text: str) -> str:
    """Return the first sentence of a text that holds a snippet, whatever its case; else nothing."""
    part = snippet.casefold()
    sentences = (each.strip() for each in _SENTENCE_END.split(text))
    return next((each for each in sentences if part in each.casefold()), "")


def generic(snippet: str) -> bool:
    """Return whether a snippet says nothing in particular: ``great product``, ``I love it``."""
    return all(word in _ANYTHING for word in tokens(snippet))


def blames(snippet: str) -> bool:
    """Return whether a snippet surely finds fault, in English: ``a useless answer``."""
    words = tokens(snippet)
    return any(
        word in _BLAME and not _NEGATIONS.intersection(words[max(0, place - _SHORTLY) : place])
        for place, word in enumerate(words)
    )


def located(snippet: str, text: str) -> str | None:
    """Return a snippet as ``text`` writes it; None unless it stands there exactly once."""
    found = [
        match[0]
        for match in re.finditer(
            r"(?<!\w)" + r"\s+".join(map(re.escape, snippet.split())) + r"(?!\w)",
            text,
            re.IGNORECASE,
        )
    ]
    return found[0] if len(found) == 1 else None
