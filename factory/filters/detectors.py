"""The statistical language detectors, each restricted to the languages it is asked about.

A detector that is named is the one that answers: which packages happen to be installed never
changes a run's bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from factory.errors import MissingExtraError, RecipeError

if TYPE_CHECKING:
    from lingua import LanguageDetector

_PURPOSE: Final = "the language filter's detector {!r}"


class StatisticalDetector(Protocol):
    """A package that chooses among languages.

    Attributes:
        name: as a recipe writes it.
        min_confidence: below it the detector's word is not worth more than the locale's.
    """

    name: ClassVar[str]
    min_confidence: ClassVar[float]

    def require(self) -> None:
        """Raise :class:`MissingExtraError` where the package is missing."""

    def identify(self, text: str, languages: tuple[str, ...]) -> tuple[str | None, float]:
        """Return the likeliest of ``languages`` and its probability among them.

        Raises :class:`MissingExtraError`, and :class:`RecipeError` for a language that the
        detector does not know.
        """


class Langdetect:
    """The package langdetect: naive Bayes over character n-grams of Wikipedia (Nakatani, 2010).

    Its sampling is seeded for each text, so that a text always gets the same answer, and a private
    factory holds the profiles of the languages asked about alone: probabilities are then shares
    among these, and take a sixth of the time that all 55 profiles take.
    """

    name: ClassVar[str] = "langdetect"
    # The probability is a mean over seven trials: 0.9 asks that all seven agree.
    min_confidence: ClassVar[float] = 0.9

    def require(self) -> None:
        """Raise :class:`MissingExtraError` where langdetect is missing."""
        if find_spec("langdetect") is None:
            raise MissingExtraError("langdetect", "", _PURPOSE.format(self.name))

    def identify(self, text: str, languages: tuple[str, ...]) -> tuple[str | None, float]:
        """Return the likeliest language and its probability; None without any known n-gram."""
        self.require()
        from langdetect.lang_detect_exception import (  # type: ignore[import-untyped]
            LangDetectException,
        )

        detector = _langdetect_factory(languages).create()
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except LangDetectException:
            return None, 0.0
        shares: dict[str, float] = {}
        for each in found:
            language = each.lang.partition("-")[0]
            shares[language] = shares.get(language, 0.0) + each.prob
        if not shares:
            return None, 0.0
        best = max(shares, key=lambda language: (shares[language], language))
        return best, round(min(shares[best], 1.0), 2)


@lru_cache(maxsize=16)
def _langdetect_factory(languages: tuple[str, ...]) -> Any:
    from langdetect import (  # type: ignore[import-untyped]
        PROFILES_DIRECTORY,
        DetectorFactory,
    )

    folder = Path(PROFILES_DIRECTORY)
    profiles: list[str] = []
    for language in sorted(languages):
        # Chinese has one profile for each script.
        files = sorted(folder.glob(f"{language}-*")) or [folder / language]
        if not files[0].is_file():
            raise RecipeError(
                f"filters.language.detector: langdetect does not know the language {language!r}; "
                "use detector: script"
            )
        profiles.extend(file.read_text(encoding="utf-8") for file in files)
    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_json_profile(profiles)
    return factory


class Lingua:
    """The package lingua: n-grams of length 1 to 5 and rules, made for short text (Stahl).

    It adds up in parallel, in an order that differs from call to call, so its probabilities differ
    in their last bits; they are rounded to hundredths before anything is decided by them.
    """

    name: ClassVar[str] = "lingua"
    min_confidence: ClassVar[float] = 0.8

    def require(self) -> None:
        """Raise :class:`MissingExtraError` where lingua is missing."""
        if find_spec("lingua") is None:
            raise MissingExtraError("lingua-language-detector", "lang", _PURPOSE.format(self.name))

    def identify(self, text: str, languages: tuple[str, ...]) -> tuple[str | None, float]:
        """Return the likeliest language and its probability; None where none is likelier."""
        self.require()
        values = _lingua_detector(languages).compute_language_confidence_values(text)
        best, second = (round(each.value, 2) for each in values[:2])
        if best <= second:
            return None, 0.0
        return values[0].language.iso_code_639_1.name.lower(), best


@lru_cache(maxsize=16)
def _lingua_detector(languages: tuple[str, ...]) -> LanguageDetector:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = []
    for language in sorted(languages):
        code = getattr(IsoCode639_1, language.upper(), None)
        if code is None:
            raise RecipeError(
                f"filters.language.detector: lingua does not know the language {language!r}; "
                "use detector: script"
            )
        codes.append(code)
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


#: The detectors by name.
STATISTICAL_DETECTORS: Final[Mapping[str, StatisticalDetector]] = MappingProxyType(
    {detector.name: detector for detector in (Langdetect(), Lingua())}
)
