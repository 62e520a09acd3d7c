"""Which language a text is in, behind one function that may abstain, and the filter over it.

Product text is hard for language identification: short, full of names, numbers and loan words. So a
detector here names a language only where it has grounds to, and the filter rejects only what a
detector contradicts: an abstention trusts the locale (rule G8). ``docs/language.md`` has the
measured comparison of the detectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import Field

from factory.filters.base import Filter, field_texts
from factory.filters.detectors import STATISTICAL_DETECTORS
from factory.sample import Sample, Verdict

Detector: TypeAlias = Literal["script", "langdetect", "lingua"]

#: The language in which each shop writes, as an ISO 639-1 code, by locale in lower case.
LOCALE_LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "us": "en",
        "uk": "en",
        "es": "es",
        "jp": "ja",
        "de": "de",
        "fr": "fr",
        "it": "it",
        "cn": "zh",
    }
)

#: What those languages are called in a prompt.
LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "English",
        "es": "Spanish",
        "ja": "Japanese",
        "de": "German",
        "fr": "French",
        "it": "Italian",
        "zh": "Chinese",
    }
)

#: The languages that a statistical detector chooses from, beside the one that is expected.
LANGUAGES: Final = tuple(sorted(LANGUAGE_NAMES))

#: ISO 15924 codes of the scripts in which a language is written; Japanese is ``Jpan`` where kana
#: show it. A language that is not listed is never contradicted by a script.
SCRIPTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("en", "es", "de", "fr", "it", "pt", "nl", "pl", "sv", "da", "cs", "tr", "vi"),
            frozenset({"Latn"}),
        ),
        "ja": frozenset({"Jpan", "Hani"}),
        "zh": frozenset({"Hani"}),
        "ko": frozenset({"Hang", "Hani"}),
        **dict.fromkeys(("ru", "uk", "bg"), frozenset({"Cyrl"})),
        "el": frozenset({"Grek"}),
        "ar": frozenset({"Arab"}),
        "he": frozenset({"Hebr"}),
        "hi": frozenset({"Deva"}),
        "th": frozenset({"Thai"}),
    }
)

_LATIN_LANGUAGES: Final = frozenset(
    language for language, scripts in SCRIPTS.items() if "Latn" in scripts
)

#: Below this many Latin letters no text contradicts an East Asian shop: many names are Latin.
MIN_LATIN: Final = 20
#: Below this many letters a statistical detector is not asked.
MIN_LETTERS: Final = 12
#: Longer texts are cut: the choice is settled long before, and time grows with the length.
MAX_CHARACTERS: Final = 1000
#: A Chinese or Japanese character says about as much as this many letters of an alphabet.
_WEIGHT: Final = 3
#: From this many Han characters on, a text without any kana is not Japanese.
_LONG_HAN: Final = 30

_LATIN: Final = re.compile(
    "[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]+"
)
_KANA: Final = re.compile(
    "[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\uff66-\uff6f\uff71-\uff9d]+"
)
_HAN: Final = re.compile("[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
_OTHERS: Final = re.compile(
    "(?P<Hang>[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]+)|(?P<Cyrl>[\u0400-\u052f]+)"
    "|(?P<Grek>[\u0370-\u03ff]+)|(?P<Arab>[\u0620-\u06ff]+)|(?P<Hebr>[\u05d0-\u05ea]+)"
    "|(?P<Deva>[\u0900-\u097f]+)|(?P<Thai>[\u0e01-\u0e5b]+)"
)
_BEYOND_LATIN: Final = re.compile(
    "[\u0370-\u1dff\u2e80-\ud7ff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]"
)
_ANY_OTHER: Final = re.compile("[\u0370-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_EAST_ASIAN: Final = frozenset({"Jpan", "Hani", "Hang"})
_LANGUAGE_OF_SCRIPT: Final = MappingProxyType(
    {"Jpan": "ja", "Hang": "ko", "Grek": "el", "Hebr": "he", "Thai": "th"}
)


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """What a detector says of a text.

    Attributes:
        language: ISO 639-1 code, or None where the detector abstains.
        confidence: in [0, 1]; 0 where it has nothing to say.
        script: ISO 15924 code of the script that the text is in, or None where it is mixed or too
            short to say. Known also where the language is not.
    """

    language: str | None
    confidence: float
    script: str | None = None

    def contradicts(self, expected: str) -> bool:
        """Return whether the text is not in ``expected`` as far as the detector can tell."""
        if self.language is not None:
            return self.language != expected
        scripts = SCRIPTS.get(expected)
        return self.script is not None and scripts is not None and self.script not in scripts

    def __str__(self) -> str:
        read = self.language or f"{self.script or 'unknown'} script"
        return f"{read} ({self.confidence:.2f})"


ABSTAIN: Final = LanguageGuess(None, 0.0)


def identify(
    text: str, expected: str, detector: Detector, min_confidence: float | None = None
) -> LanguageGuess:
    """Return the language of ``text``, or abstain.

    Every detector reads the script first, which settles Japanese with kana, Korean, Greek, Hebrew
    and Thai. Characters that only simplified Chinese or only Japanese has (by the national
    character sets GB 2312 and JIS X 0208) settle text in Han characters alone. ``script`` stops
    there: it abstains among the languages that share an alphabet, and knows only that Latin text is
    not Japanese. ``langdetect`` and ``lingua`` go on to choose among the shops' languages and
    ``expected``, and abstain below ``min_confidence`` (None: the detector's own default).

    Args:
        text: any text; the first :data:`MAX_CHARACTERS` are read.
        expected: ISO 639-1 code of the language that the locale promises. It decides only between
            abstaining and not, never which language is named.
        detector: one of the three names; none ever stands in for another.
        min_confidence: in [0, 1].

    Raises:
        MissingExtraError: the detector's package is not installed.
        RecipeError: the detector does not know ``expected``.
    """
    if (
        detector == "script"
        and expected in _LATIN_LANGUAGES
        and (text.isascii() or _BEYOND_LATIN.search(text) is None)
    ):
        return ABSTAIN
    text = text[:MAX_CHARACTERS]
    guess, letters = _by_script(text, expected)
    if detector == "script" or guess.language is not None or letters < MIN_LETTERS:
        return guess
    if guess.script not in (None, "Latn"):
        return guess
    languages = LANGUAGES if expected in LANGUAGES else (*LANGUAGES, expected)
    statistical = STATISTICAL_DETECTORS[detector]
    language, confidence = statistical.identify(text, languages)
    floor = statistical.min_confidence if min_confidence is None else min_confidence
    if language is None or confidence < floor:
        return guess
    return LanguageGuess(language, confidence, guess.script)


def _by_script(text: str, expected: str) -> tuple[LanguageGuess, int]:
    """Return what the script says, and the number of letters of any script."""
    han = "".join(_HAN.findall(text))
    counts = {
        "Latn": sum(map(len, _LATIN.findall(text))),
        "Jpan": sum(map(len, _KANA.findall(text))),
        "Hani": len(han),
    }
    if _ANY_OTHER.search(text):
        for run in _OTHERS.finditer(text):
            other = run.lastgroup or ""
            counts[other] = counts.get(other, 0) + len(run[0])
    letters = sum(counts.values())
    if not letters:
        return ABSTAIN, 0
    weights = {s: n * _WEIGHT if s in _EAST_ASIAN else n for s, n in counts.items() if n}
    if "Jpan" in weights:
        # Japanese is written in kana and Han together.
        weights["Jpan"] += weights.pop("Hani", 0)
    weight, script = max(zip(weights.values(), weights, strict=True))
    share = round(weight / sum(weights.values()), 2)
    if script == "Latn":
        expects_latin = "Latn" in SCRIPTS.get(expected, ("Latn",))
        plainly = share >= 0.8 if expects_latin else letters == counts["Latn"] >= MIN_LATIN
        return LanguageGuess(None, share, "Latn" if plainly else None), letters
    if share < 0.5 or counts[script] < 2:
        return LanguageGuess(None, share), letters
    if script == "Hani":
        return _by_characters(han, share), letters
    return LanguageGuess(_LANGUAGE_OF_SCRIPT.get(script), share, script), letters


def _by_characters(han: str, share: float) -> LanguageGuess:
    """Tell Chinese from Japanese by characters that only one of their character sets has."""
    chinese, japanese = _national_characters()
    simplified = sum(character in chinese for character in han)
    shinjitai = sum(character in japanese for character in han)
    # One simplified character in a long text may be a name, but no long text in Japanese does
    # without kana and without a single character of Japan's own.
    some = simplified > 2 * shinjitai and simplified * 20 >= len(han)
    if some or (not shinjitai and len(han) >= _LONG_HAN):
        return LanguageGuess("zh", share, "Hani")
    if shinjitai > 2 * simplified:
        return LanguageGuess("ja", share, "Hani")
    return LanguageGuess(None, share, "Hani")


@lru_cache(maxsize=1)
def _national_characters() -> tuple[frozenset[str], frozenset[str]]:
    """Return the Han characters that GB 2312 has and JIS X 0208 lacks, and Japan's own.

    Japan's own are in neither GB 2312 nor Big5, the character set of traditional Chinese.
    """
    han = "".join(map(chr, range(0x4E00, 0x9FA6)))

    def characters(encoding: str) -> set[str]:
        return set(han.encode(encoding, "ignore").decode(encoding))

    simplified, japanese = characters("gb2312"), characters("shift_jis")
    return (
        frozenset(simplified - japanese),
        frozenset(japanese - simplified - characters("big5")),
    )


class LanguageFilter(Filter):
    """Rejects samples whose source text is not in the language that their shop writes (rule G8).

    The texts of ``fields`` are joined and judged as one. From ``min_chars`` characters on the
    detector is asked; a shorter text trusts the locale, and only its script is tested. The score is
    the detector's confidence.
    """

    name: ClassVar[str] = "language"

    detector: Detector = Field(
        default="script", description=f"one of {', '.join(get_args(Detector))}"
    )
    fields: tuple[str, ...] = Field(
        default=("slots",),
        min_length=1,
        description="where the shop's text is: slots, options, a slot",
    )
    min_chars: int = Field(default=40, ge=0, description="below it, only the script is tested")
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="below it the detector abstains; null: the detector's own",
    )

    @property
    def costly(self) -> bool:
        """Whether the detector is a statistical one."""
        return self.detector != "script"

    def require(self) -> None:
        """Raise :class:`~factory.errors.MissingExtraError` where the detector is missing."""
        if self.detector != "script":
            STATISTICAL_DETECTORS[self.detector].require()

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict, ``language-mismatch`` with what was expected and what was read."""
        parts = [part for field in self.fields for part in field_texts(sample, field, self.name)]
        if (
            self.detector == "script"
            and sample.lang in _LATIN_LANGUAGES
            and all(map(str.isascii, parts))
        ):
            return self.keep(0.0)
        text = " ".join(parts)
        detector = self.detector if len(text) >= self.min_chars else "script"
        guess = identify(text, sample.lang, detector, self.min_confidence)
        if guess.contradicts(sample.lang):
            detail = f"expected {sample.lang}, read {guess}"
            return self.drop("language-mismatch", detail, guess.confidence)
        return self.keep(guess.confidence)
