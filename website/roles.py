"""Docstrings as Markdown: what Sphinx marks as a class or a function becomes code."""

from __future__ import annotations

import re
from typing import Any, Final

import griffe

_ROLE: Final = re.compile(r":(?:class|func|meth|mod|data|attr|exc):`~?(?:[\w.]+\.)?(\w+)`")


class SphinxRoles(griffe.Extension):
    """Turns ``:class:`~a.b.C``` into ``C`` and double backticks into single ones."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = in_markdown(obj.docstring.value)


def in_markdown(docstring: str) -> str:
    """Return a docstring with its roles as code."""
    return _ROLE.sub(r"`\1`", docstring).replace("``", "`")
