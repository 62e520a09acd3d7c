"""Which line of a product page answers a customer's question.

The page is shown as lines: each attribute with its value, and the bullets that repeat none of them,
so that a fact stands once. A question whose answer no line gives, or more than one, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from factory.draw import Draw
from factory.sources.view import RowRejectedError
from factory.text import folded_case, similarity, tokens

OFFERS: Final = ("page", "page_facts", "line", "asked", "target")

#: What a question about a bullet point asks for, beside the names of attributes, by locale.
_FEATURE: Final = {
    "us": "Feature",
    "uk": "Feature",
    "de": "Merkmal",
    "fr": "Caractéristique",
    "it": "Caratteristica",
    "es": "Característica",
    "jp": "特長",
    "cn": "特点",
}
#: An answer and the bullet point that it repeats share this much at least.
_LEAST_SIMILARITY: Final = 0.5
_SHORTEST: Final = 2


def rows(facts: dict[str, Any], draw: Draw) -> Iterator[dict[str, Any]]:
    """Yield the question with ``page`` (its lines, by draw) and the ``line`` of the answer.

    ``page_facts`` are the lines with the attribute of each (``asked`` for the right one).

    Raises :class:`RowRejectedError` where the answer stands in no line, or in two.
    """
    feature = _FEATURE.get(facts["locale"], _FEATURE["us"])
    lines = page_lines(facts["attributes"] or (), facts["bullets"] or (), feature)
    if len(lines) < 3:
        raise RowRejectedError("page-too-short", f"{len(lines)} lines")
    own = answering(facts["answer"], lines)
    shown = {line["text"] for line in lines}
    left_out = [each for each in facts["bullets"] or () if each and each not in shown]
    said = tokens(facts["answer"])
    # The answer may be a bullet that is left out, and name the attribute for which it is.
    if own is None or any(similarity(said, tokens(b)) >= _LEAST_SIMILARITY for b in left_out):
        raise RowRejectedError("answer-not-on-page", facts["answer"])
    lines = [lines[i] for i in draw.permutation(len(lines), "lines")]
    yield {
        **{name: facts[name] for name in ("key", "locale", "source_ids", "question", "answer")},
        **{name: facts[name] for name in ("product", "product_type", "brand")},
        "page": [line["text"] for line in lines],
        "page_facts": lines,
        "line": own["text"],
        "asked": own["name"],
        "target": facts["answer"],
    }


def page_lines(
    attributes: Sequence[Mapping[str, str]], bullets: Sequence[str], feature: str
) -> list[dict[str, str]]:
    """Return the lines of a page: ``name`` of the fact, its ``value``, and the ``text`` shown.

    A bullet is all value; its name is ``feature``.
    """
    known = [each for each in attributes if each["name"] and each["value"]]
    lines = [
        {
            "name": each["name"],
            "value": each["value"],
            "text": f"{each['name']}: {each['value']}",
        }
        for each in known
    ]
    values = [folded_case(each["value"]) for each in known]
    lines.extend(
        {"name": feature, "value": bullet, "text": bullet}
        for bullet in dict.fromkeys(filter(None, bullets))
        if not any(value in folded_case(bullet) for value in values)
    )
    return lines


def answering(answer: str, lines: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    """Return the one line that ``answer`` says, or None where that is none or several."""
    folded, said = folded_case(answer), tokens(answer)
    found: list[tuple[float, Mapping[str, str]]] = []
    for line in lines:
        value = folded_case(line["value"])
        if line["value"] == line["text"]:
            alike = similarity(said, tokens(line["value"]))
            within = len(folded) > 2 * _SHORTEST and folded.rstrip(".。") in value
            if within or alike >= _LEAST_SIMILARITY:
                found.append((1.0 if within else alike, line))
        elif len(value) >= _SHORTEST and value in folded:
            found.append((len(value) / len(folded), line))
    found.sort(key=lambda each: -each[0])
    if not found or (len(found) > 1 and found[1][0] == found[0][0]):
        return None
    return found[0][1]
