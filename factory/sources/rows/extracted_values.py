"""One attribute of a product and its values as the product's texts spell them.

ECInstruct's answers are in lower case and of several attributes at once, absent ones included. A
row here asks for one attribute that is there, and its answer is cut out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from factory.draw import Draw
from factory.sources.ecinstruct_fields import FieldsError, read_object, read_values
from factory.sources.view import RowRejectedError
from factory.text import clean

OFFERS: Final = ("attribute", "texts", "entities")

_TITLE: Final = "product title"
_LONGEST: Final = 800
_LONGEST_VALUE: Final = 60
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)")


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield the row of the attribute that the key numbers, counting those that have values.

    The title is shown, and where a value stands elsewhere the field that holds it. Raises
    :class:`RowRejectedError` for an input or output that is none, an attribute without a value, and
    a value that the texts do not hold or that an answer could not list.
    """
    try:
        fields = read_object(facts["input"].decode())
        found = read_values(facts["output"].decode())
    except FieldsError as error:
        raise RowRejectedError("input-malformed", str(error)) from None
    texts = {
        name: text
        for name, value in fields.items()
        if name != "target attributes" and (text := _shown(value))
    }
    if _TITLE not in texts:
        raise RowRejectedError("value-missing", "no product title")
    by_attribute: dict[str, dict[str, str]] = {}
    for attribute, value, source in found:
        by_attribute.setdefault(clean(attribute), {})[clean(value)] = source
    present = list(by_attribute.items())
    if facts["number"] >= len(present):
        raise RowRejectedError("attribute-absent", "the product has no value for it")
    attribute, values = present[facts["number"]]
    located = _located(values, texts)
    if located is None or not attribute:
        raise RowRejectedError("value-not-found", f"{attribute}: {', '.join(values)}")
    kept = {name: facts[name] for name in ("key", "locale", "source_ids")}
    shown, entities = located
    yield {**kept, "attribute": attribute.lower(), "texts": shown, "entities": entities}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        value = " ".join(str(each) for each in value)
    text = clean(str(value)) if value is not None else ""
    if len(text) > _LONGEST:
        ends = [match.end() for match in _SENTENCE_END.finditer(text[: _LONGEST + 1])]
        text = text[: ends[-1]] if ends else ""
    return text


def _located(
    values: Mapping[str, str], texts: Mapping[str, str]
) -> tuple[list[str], list[str]] | None:
    """Return the lines to show and the values in their order there, or None where one is not."""
    names = [_TITLE]
    for value, source in values.items():
        if not _found(value, texts[_TITLE]):
            if source not in texts or not _found(value, texts[source]):
                return None
            names.append(source)
    places: list[tuple[int, int, str]] = []
    names = list(dict.fromkeys(names))
    for value in values:
        for number, name in enumerate(names):
            if match := _found(value, texts[name]):
                places.append((number, match.start(), match[0]))
                break
    entities = [text for _, _, text in sorted(places)]
    # The parser parts an answer at commas, and a phrase inside another one is half an answer.
    if any("," in text or len(text) > _LONGEST_VALUE for text in entities):
        return None
    folded = [text.casefold() for text in entities]
    if any(one != two and one in two for one in folded for two in folded):
        return None
    labels = (name.removeprefix("product ").capitalize() for name in names)
    return [f"{label}: {texts[name]}" for label, name in zip(labels, names, strict=True)], entities


def _found(value: str, text: str) -> re.Match[str] | None:
    if not value.strip():
        return None
    words = r"\s+".join(map(re.escape, value.split()))
    return re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)
