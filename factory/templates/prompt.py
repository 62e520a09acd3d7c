"""What a model is told: a system text and a user text, in one sandboxed template.

A prompt is one file with two blocks, ``system`` and ``user``. Source text in it is hostile: the
filter ``quoted`` puts it between marks that it cannot hold itself, and the base of the prompts
tells the model that nothing between them is an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes

from factory.errors import RecipeError, did_you_mean
from factory.templates.compiler import _RENDER_ERRORS as RENDER_ERRORS
from factory.templates.compiler import _environment as sandbox
from factory.templates.compiler import _printable as printable
from factory.templates.sandbox import Sandbox
from factory.text import without_control_tokens

PACKAGED: Final = Path(__file__).with_name("prompts")
_SEPARATOR: Final = "\x1e"
_PARTS: Final = ("system", "user")
OPENS: Final = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}"
CLOSES: Final = "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
#: The marks, and two brackets that look like them.
_MARKS: Final = re.compile(f"[{OPENS}{CLOSES}\u301a\u301b{_SEPARATOR}]")
_NAME: Final = re.compile(r"[a-z0-9_]+\.j2")


@cache
def _environment() -> Sandbox:
    environment = sandbox().overlay(finalize=_harmless)
    environment.filters = {**environment.filters, "quoted": quoted}
    return environment


class Quoted(str):
    """Text between marks, which :func:`quoted` made."""

    __slots__ = ()


def _harmless(value: Any) -> Any:
    """Take marks and control tokens out of what is printed without :func:`quoted` too.

    A name of a department or a type is source text as well.
    """
    printed = printable(value)
    if isinstance(printed, str) and not isinstance(printed, Quoted):
        return _bare(printed)
    return printed


def quoted(text: object) -> Quoted:
    """Return source text between marks, which it cannot hold itself.

    The base of every prompt says that nothing between the marks is an instruction. A control token
    of a chat, such as ``<|im_end|>``, gets a space after its bracket: it stays readable, and ends
    no message.
    """
    return Quoted(f"{OPENS}{_bare(str(text))}{CLOSES}")


def _bare(text: str) -> str:
    """Return ``text`` without marks, which are no ASCII, the separator and control tokens."""
    if not text.isascii() or _SEPARATOR in text:
        text = _MARKS.sub("", text)
    return without_control_tokens(text)


class Prompt:
    """A compiled prompt.

    Attributes:
        source: its text, for the definition hash of its tasks.
        names: what a row must offer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{path}: cannot be read as UTF-8 text: {error}") from error
        environment = _environment()
        try:
            tree = environment.parse(self.source, filename=str(path))
            blocks = {block.name: block for block in tree.find_all(nodes.Block)}
            for name in _PARTS:
                if name not in blocks:
                    raise RecipeError(f"{path}: a prompt has the blocks {' and '.join(_PARTS)}")
            body: list[nodes.Node] = [
                *blocks["system"].body,
                nodes.Output([nodes.TemplateData(_SEPARATOR)], lineno=1),
                *blocks["user"].body,
            ]
            flat = nodes.Template(body, lineno=1)
            flat.set_environment(environment)
            self.names = frozenset(meta.find_undeclared_variables(flat))
            self._render = environment.renderer(flat, path)
        except TemplateSyntaxError as error:
            raise RecipeError(f"{path}:{error.lineno}: {error.message}") from error
        except RecursionError as error:
            raise RecipeError(f"{path}: an expression nests too deep") from error

    def render(self, fields: Mapping[str, Any]) -> tuple[str, str]:
        """Return the system and the user text; raises :class:`RecipeError` where it fails."""
        try:
            system, user = self._render(fields).split(_SEPARATOR)
        except (TemplateError, *RENDER_ERRORS) as error:
            raise RecipeError(f"{self.path}: an error while rendering: {error}") from error
        return system.strip(), user.strip()


@cache
def _packaged(name: str) -> Prompt:
    return Prompt(PACKAGED / name)


def load_prompt(name: str, folder: Path | None = None) -> Prompt:
    """Return the prompt ``name``: the one in ``folder`` beside a recipe, else the packaged one.

    Raises :class:`RecipeError` with the nearest name where there is none.
    """
    if not _NAME.fullmatch(name):
        raise RecipeError(f"{name!r} is no name of a prompt: small letters, digits, _ and .j2")
    if folder is not None and (folder / name).is_file():
        return Prompt(folder / name)
    if not (PACKAGED / name).is_file():
        known: Iterable[str] = (path.name for path in PACKAGED.glob("*.j2"))
        raise RecipeError(f"there is no prompt {name!r}: {did_you_mean(name, known)}")
    return _packaged(name)
