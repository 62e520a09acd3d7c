"""The page of an evaluation: one file, no script, no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from factory.outputs.files import write_whole

PAGE: Final = "evaluation.html"
_TEMPLATE: Final = "page.html.j2"


def write_page(folder: Path, results: Mapping[str, Any]) -> Path:
    """Write the page of ``results`` into ``folder``; return where it is.

    Names of models and tasks come from elsewhere: everything is escaped, and the page's policy
    lets nothing but its own style in.
    """
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("factory.evaluation", "."), autoescape=True, trim_blocks=True
    )
    text = environment.get_template(_TEMPLATE).render(results=results, models=results["models"])
    path = folder / PAGE
    write_whole(path, text.encode("utf-8", "replace"))
    return path
