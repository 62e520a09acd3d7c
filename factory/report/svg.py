"""A drawing of matplotlib's as part of a page: small, without styles, in the page's own colours.

The page's policy lets no ``style`` attribute through, and its colours change between light and
dark: what matplotlib puts into styles becomes attributes, and its colours become classes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG: Final = "{http://www.w3.org/2000/svg}"
_NUMBER: Final = re.compile(r"-?\d+\.\d+")
#: What is said of an element in a style, and stays as an attribute of the same name.
_KEPT: Final = frozenset(
    {"stroke-width", "stroke-linecap", "stroke-dasharray", "text-anchor", "opacity"}
)


def as_svg(figure: Figure, classes: Mapping[str, str], label: str) -> Markup:
    """Return ``figure`` as an ``svg`` element; the same figure gives the same bytes.

    ``classes`` maps the colours that it was drawn in (as matplotlib writes them) to the names of
    the page's colours; ``label`` says in words what is drawn.
    """
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    drawn = ElementTree.fromstring(written.getvalue())  # noqa: S314 - written by matplotlib just now
    root = ElementTree.Element(
        "svg",
        {"viewBox": _rounded(drawn.attrib["viewBox"]), "role": "img", "aria-label": label},
    )
    root.extend(_cleaned(drawn, classes))
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by it


def _cleaned(
    parent: ElementTree.Element, classes: Mapping[str, str]
) -> Iterator[ElementTree.Element]:
    """Yield what is drawn below ``parent``, without groups that say nothing."""
    for element in parent:
        tag = element.tag.removeprefix(_SVG)
        if tag in ("metadata", "defs", "style"):
            continue
        if tag == "g" and not element.get("transform"):
            yield from _cleaned(element, classes)
            continue
        clean = ElementTree.Element(tag, _attributes(element, classes))
        clean.text = element.text if tag == "text" else None
        clean.extend(_cleaned(element, classes))
        yield clean


def _attributes(element: ElementTree.Element, classes: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: _rounded(value)
        for name, value in element.attrib.items()
        if name in ("d", "x", "y") or (name == "transform" and not value.startswith("rotate(-0"))
    }
    names = []
    style = element.get("style", "")
    said = dict(each.split(":", 1) for each in style.split(";") if ":" in each)
    for name, value in ((name.strip(), value.strip()) for name, value in said.items()):
        if name in ("fill", "stroke") and value in classes:
            names.append(f"{name}-{classes[value]}")
        elif name in _KEPT or (name in ("fill", "stroke") and value == "none"):
            kept[name] = value
    if names:
        kept["class"] = " ".join(names)
    return kept


def _rounded(numbers: str) -> str:
    return " ".join(_NUMBER.sub(lambda found: f"{float(found.group()):.1f}", numbers).split())
