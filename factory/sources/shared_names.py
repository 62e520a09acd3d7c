"""The names that listings of one kind have in common: words of their titles, side by side.

What most titles of a kind say is a name of the kind, or a feature of it; which, a reader must say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from factory.sources.lexicons import COLORS, MATERIALS
from factory.text import clean, tokens

_LONGEST: Final = 5
#: No name begins or ends with one of these.
_JOINING: Final = frozenset(
    {
        *("a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the"),
        *("to", "with", "de", "del", "la", "el", "con", "para", "y", "por", "en", "und", "mit"),
        *("für", "der", "die", "das", "et", "le", "les", "pour", "avec", "e", "di", "per", "da"),
    }
)

#: What follows one of these is a feature: a blender with presets is called a blender.
_BEFORE_A_FEATURE: Final = frozenset(
    {"with", "without", "by", "con", "sin", "mit", "ohne", "avec", "sans", "senza"}
)

#: A name of these words alone says what something looks like, is made of or comes in.
_NO_KIND: Final = frozenset(
    {
        *(
            word
            for named in (*COLORS.values(), *MATERIALS.values())
            for name in named
            for word in tokens(name)
        ),
        *("color", "colors", "colour", "count", "inch", "inches", "large", "liter", "liters"),
        *("medium", "model", "pack", "packs", "pcs", "piece", "pieces", "series", "set", "size"),
        *("small", "juego", "litros", "modelo", "pieza", "piezas", "serie", "talla", "tamaño"),
        *("unidad", "unidades", "farbe", "größe", "stück", "couleur", "pièces", "taille"),
        *("colore", "pezzi", "taglia"),
    }
)
#: Shorter words of Latin script are units and parts of names: oz, usb c, women s.
_LETTERS_OF_A_KIND: Final = 3


def shared_names(
    titles: Sequence[str], brands: Collection[str], *, share: float, most: int
) -> tuple[str, ...]:
    """Return what at least ``share`` of the titles say in one to five neighbouring words.

    The most frequent come first, at most ``most``; a part of a name that stands in as many titles
    is no name of its own, and neither is a brand or a color, a material, a size alone.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for title in titles:
        counts.update(set(_runs(tokens(clean(title)))))
    makers = {word for brand in brands for word in tokens(brand)}
    least = share * len(titles)
    found = [
        (count, run)
        for run, count in counts.items()
        if count >= least and not makers.intersection(run) and any(map(_names_a_kind, run))
    ]
    found.sort(key=lambda each: (-each[0], -len(each[1]), each[1]))
    names = [" ".join(run) for count, run in found if not _within(run, count, found)]
    return tuple(names[:most])


def _names_a_kind(word: str) -> bool:
    return word not in _NO_KIND and (len(word) >= _LETTERS_OF_A_KIND or not word.isascii())


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(len(words)):
        for length in range(1, _LONGEST + 1):
            run = tuple(words[start : start + length])
            named = len(run) == length and all(
                word.isalpha() and word not in _BEFORE_A_FEATURE for word in run
            )
            if named and not {run[0], run[-1]} & _JOINING:
                yield run


def _within(run: tuple[str, ...], count: int, found: Iterable[tuple[int, tuple[str, ...]]]) -> bool:
    padded = f" {' '.join(run)} "
    return any(
        other != run and number == count and padded in f" {' '.join(other)} "
        for number, other in found
    )
