"""How ECInstruct writes inputs, options and answers, read back: one function an encoding.

Each of its ten tasks has an encoding of its own. Inputs are JSON objects in seven of them (two with
keys that end in a colon, one with a bare ``NaN``), the printed form of a Python list in one, and
plain text in another; answers are letters, whole options, words or JSON.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from types import MappingProxyType
from typing import Any, Final

#: The ten tasks by every spelling that is in use: the file's own, then those of its authors' code.
TASKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: name
        for name in (
            *("Answerability_Prediction", "Answer_Generation", "Attribute_Value_Extraction"),
            *("Multiclass_Product_Classification", "Product_Matching"),
            *("Product_Relation_Prediction", "Product_Substitute_Identification"),
            *("Query_Product_Rank", "Sentiment_Analysis", "Sequential_Recommendation"),
        )
    }
    | {
        "Query_Product_Ranking": "Query_Product_Rank",
        "Product_Substitue_Identification": "Product_Substitute_Identification",
        "Product_Relation_Predicition": "Product_Relation_Prediction",
    }
)
#: What stands for a value that is not there, beside null.
NOTHING: Final = ("", "none", "null", "nan")

_LETTERED: Final = re.compile(r"\s*([A-Z])\s*[:.)]\s*")
_ORDINAL: Final = re.compile(r"\s*\d+(?:st|nd|rd|th)\s*:\s*")
_LETTER: Final = re.compile(r"\(?([A-Za-z])\)?(?:\s*[:.)]|\s*$)")
_MOST: Final = 100_000


class FieldsError(ValueError):
    """A text that is not in its task's encoding; the message says what is wrong, in a few words."""


def read_object(text: str) -> dict[str, Any]:
    """Return the fields of an input: keys without their final colon, missing values as None.

    ``NaN`` and the words of :data:`NOTHING` are missing values. Raises :class:`FieldsError`.
    """
    try:
        # Python's own reader takes a bare NaN, which is no JSON.
        value = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise FieldsError(f"no JSON: {text[:60]!r}") from error
    if not isinstance(value, dict):
        raise FieldsError(f"no JSON object: {text[:60]!r}")
    return {str(key).rstrip(": "): _present(each) for key, each in value.items()}


def read_list(text: str) -> list[str]:
    """Return the texts of a list, be it JSON or as Python prints one; raises `FieldsError`."""
    value: Any = None
    if text.lstrip().startswith("[") and len(text) <= _MOST:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            try:
                value = ast.literal_eval(text.strip())
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                value = None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise FieldsError(f"no list of texts: {text[:60]!r}")
    return value


def without_letter(option: str) -> str:
    """Return an option without the letter before it: ``"A: very positive"`` is very positive."""
    return _LETTERED.sub("", option, count=1)


def without_ordinal(item: str) -> str:
    """Return an item of a history without its place: ``"2nd: Pan Lid"`` is Pan Lid."""
    return _ORDINAL.sub("", item, count=1)


def chosen(output: str, options: Sequence[str]) -> int:
    """Return which of the options an answer names: by its whole text, or by its letter alone.

    Raises :class:`FieldsError` where it names none.
    """
    said = output.strip()
    plain = said.casefold()
    for place, option in enumerate(options):
        if plain in (option.strip().casefold(), without_letter(option).strip().casefold()):
            return place
    if match := _LETTER.match(said):
        letter = match[1].upper()
        for place, option in enumerate(options):
            lettered = _LETTERED.match(option)
            # Where options carry letters, those count, in whatever order they stand.
            if (lettered[1] if lettered else ascii_uppercase[place]) == letter:
                return place
    raise FieldsError(f"{output[:60]!r} is none of {len(options)} options")


def said_yes(output: str) -> bool:
    """Return what a yes or no says; raises :class:`FieldsError` for any other answer."""
    word = output.strip().strip(".!").casefold()
    if word not in ("yes", "no"):
        raise FieldsError(f"{output[:60]!r} is neither yes nor no")
    return word == "yes"


def ranked(output: str, items: Sequence[str]) -> list[int]:
    """Return the places of ``items`` from the best to the worst: ``"B,A"`` is ``[1, 0]``.

    Raises :class:`FieldsError` where the answer is no order of all of them.
    """
    letters = [match[1] if (match := _LETTERED.match(item)) else "" for item in items]
    named = re.findall(r"[A-Z]", output)
    places = [letters.index(letter) for letter in named if letter in letters]
    if sorted(places) != list(range(len(items))) or len(named) != len(items):
        raise FieldsError(f"{output[:60]!r} is no order of {len(items)} items")
    return places


def read_values(output: str) -> list[tuple[str, str, str]]:
    """Return an extraction's (attribute, value, source), the absent ones left out.

    Raises :class:`FieldsError` where the output is no list of such objects.
    """
    try:
        found = json.loads(output, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(output) if len(output) <= _MOST else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
    if not isinstance(found, list):
        raise FieldsError(f"no list of attributes: {output[:60]!r}")
    values = []
    for each in found:
        if not isinstance(each, dict):
            raise FieldsError(f"no attribute with a value: {str(each)[:60]!r}")
        attribute, value = _present(each.get("attribute")), _present(each.get("value"))
        if isinstance(attribute, str) and isinstance(value, str):
            values.append((attribute, value, str(_present(each.get("source")) or "")))
    return values


def _present(value: Any) -> Any:
    """Return ``value`` with what stands for nothing as None, inside lists and objects too."""
    if isinstance(value, str):
        return None if value.strip().casefold() in NOTHING else value
    if isinstance(value, list):
        return [kept for each in value if (kept := _present(each)) is not None]
    if isinstance(value, dict):
        return {str(key).rstrip(": "): _present(each) for key, each in value.items()}
    return value
