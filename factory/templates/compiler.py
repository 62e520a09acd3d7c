"""From template files to one flat, sandboxed Jinja template for each wording.

A template file extends the base of its task type and fills the six parts of EcomInstruct as
blocks: ``description``, ``prompt``, ``input``, ``candidates``, ``constraint`` and ``output``. A
*wording* is a block named ``prompt_<name>``; any other part may be reworded with it as
``<part>_<name>``. A base says which parts ShopBench's form prints: ``{% set printed = [...] %}``.

Resolving blocks for every row costs half of the rendering time, so each (template, wording) becomes
one flat template whose parts are parted by a separator that cleaning strips from every source.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError

from factory.errors import RecipeError, did_you_mean
from factory.sample import PARTS
from factory.templates.options import PromptOptions
from factory.templates.placeholders import Reworded, Shown, block_of, show
from factory.templates.sandbox import Sandbox, check_size
from factory.templates.translation import check_translation
from factory.templates.words import Phrase, load_words

PACKAGED: Final = Path(__file__).parent
_SEPARATOR: Final = "\x1e"
_PROMPT: Final = PARTS.index("prompt")
_PLAIN: Final = PromptOptions()
_NAME: Final = re.compile(r"[a-z0-9_]+\.j2")
#: What a template can meet in a row or do wrong in an expression.
_RENDER_ERRORS: Final = (
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
)


# What would bring in another file, or a part inside a part.
_OUTSIDE: Final = (nodes.Block, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def numbered(texts: Sequence[str], first: int) -> str:
    """Return the texts one a line, each after its number: ``0. text`` for multiple choice."""
    check_size(texts)
    return "\n".join([f"{number}. {text}" for number, text in enumerate(texts, first)])


def bulleted(texts: Iterable[str]) -> str:
    """Return the texts one a line, each after a hyphen."""
    listed = list(texts)
    check_size(listed)
    return "\n".join([f"- {text}" for text in listed])


_PRINTABLE: Final = (str, int, float, StrictUndefined)


def _printable(value: Any) -> Any:
    """Refuse what prints as its address in memory, such as a method without its brackets."""
    if isinstance(value, _PRINTABLE):
        return value
    raise SecurityError(f"a {type(value).__name__} cannot be printed; name a text or a number")


@cache
def _environment() -> Sandbox:
    # The text goes to a language model, never into a page: escaping would damage it.
    environment = Sandbox(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=_printable,
    )
    environment.filters["numbered"] = numbered
    environment.filters["bulleted"] = bulleted
    return environment


class _Part(NamedTuple):
    """A block, and the file that it stands in."""

    block: nodes.Block
    path: Path


class Rendered(NamedTuple):
    """The six parts of one sample, and the prompt that ShopBench's form makes of them."""

    parts: tuple[str, ...]
    input_field: str


class Wording:
    """One wording of a template, ready to render; ``model`` wrote it, where a model did.

    ``fingerprint`` is a hash (8 bytes, hex) of its six parts as Jinja reads them: neither another
    wording nor a comment changes it. ``forms`` are the pairs of ``{{ name.form }}``, the second ""
    where the name stands alone.
    """

    __slots__ = (
        *("_printed", "_prompt", "_render"),
        *("fingerprint", "forms", "model", "name", "names", "path"),
    )

    def __init__(
        self,
        name: str,
        path: Path,
        parts: Sequence[_Part | None],
        printed: tuple[int, ...],
        model: str | None = None,
    ) -> None:
        environment = _environment()
        tree = nodes.Template(_flat(parts), lineno=1)
        tree.set_environment(environment)
        self.name = name
        self.path = path
        self.model = model
        self._prompt = parts[_PROMPT]
        try:
            #: What a row must offer, with the file and line where each name is first used.
            self.names = _undeclared(tree, parts)
            self.forms = _forms(tree)
            self._render = environment.renderer(tree, path)
        except TemplateSyntaxError as error:  # such as a filter that does not exist
            raise RecipeError(f"{path}:{error.lineno}: {error.message}") from error
        self._printed = printed
        said = repr((printed, [part and part.block.body for part in parts]))
        self.fingerprint = blake2b(said.encode(), digest_size=8).hexdigest()

    @property
    def shown(self) -> Shown | None:
        """The prompt as a model is shown it; None where it cannot be."""
        return show(self._prompt.block) if self._prompt else None

    def render(self, fields: Mapping[str, Any]) -> Rendered:
        """Return the parts for one row; raises :class:`RecipeError` where the template fails."""
        try:
            text = self._render(fields)
        except _RENDER_ERRORS as error:
            cause = "an undefined name" if isinstance(error, UndefinedError) else "an error"
            raise RecipeError(
                f"{self.path}, wording {self.name!r}: {cause} while rendering: {error}"
            ) from error
        parts = tuple([part.strip("\n") for part in text.split(_SEPARATOR)])
        if len(parts) != len(PARTS):
            raise RecipeError(
                f"{self.path}, wording {self.name!r}: a value holds the control character U+001E, "
                "which parts use; clean it before it is rendered"
            )
        field = "\n".join([parts[number] for number in self._printed if parts[number]])
        return Rendered(parts, field)


@dataclass(frozen=True, slots=True)
class Template:
    """A task's template: its wordings by name, and the source text that defines it.

    ``human`` are all wordings of its file by name, whatever the options draw from; ``printed`` are
    the parts that are printed, as places in :data:`~factory.sample.PARTS`, before any options.
    """

    name: str
    path: Path
    source: str
    wordings: Mapping[str, Wording]
    human: Mapping[str, Wording]
    printed: tuple[int, ...]

    def check_names(self, offered: Iterable[str]) -> None:
        """Raise :class:`RecipeError` for a name that some wording uses and no row offers."""
        known = set(offered)
        for wording in self.wordings.values():
            for name, place in wording.names.items():
                if name not in known:
                    hint = did_you_mean(name, known)
                    raise RecipeError(
                        f"{place}: wording {wording.name!r} uses {name!r}, which the "
                        f"task's rows do not have: {hint}They have {', '.join(sorted(known))}."
                    )


class TemplateFolder:
    """Finds templates by name: beside the recipe first, then among the packaged ones."""

    def __init__(self, *folders: Path) -> None:
        self._folders = (*folders, PACKAGED)

    def load(
        self,
        name: str,
        base: str,
        reworded: Sequence[Reworded] = (),
        options: PromptOptions = _PLAIN,
    ) -> Template:
        """Return the compiled template ``name``, which must extend ``base``.

        ``reworded`` are further wordings beside those of the file; ``options`` say which parts are
        printed and how many wordings there are.

        Raises :class:`RecipeError` for a name that is no plain file name, a missing file, a syntax
        error, an unknown block, or a template without wordings.
        """
        path, base_path = self._find(name), self._find(base)
        return self._compiled(path, base_path, base, reworded, options)

    def translated(
        self,
        english: Template,
        language: str,
        base: str,
        options: PromptOptions = _PLAIN,
        words: Collection[str] = (),
    ) -> Template | None:
        """Return ``english`` in another language (ISO 639-1); None where nobody has translated it.

        It stands in the folder ``<language>`` beside the file that it translates, and its wordings
        are called ``<language>/<name>``.

        Raises :class:`RecipeError` for what :meth:`load` raises it, and for a translation with
        other wordings than the English template, or other names beside the recipe's ``words``.
        """
        path = english.path.parent / language / english.name
        if not path.is_file():
            return None
        base_path = self._find(base, language)
        found = self._compiled(
            path, base_path, base, (), options, language=language, printed=english.printed
        )
        check_translation(found, english, words)
        return found

    def _compiled(
        self,
        path: Path,
        base_path: Path,
        base: str,
        reworded: Sequence[Reworded],
        options: PromptOptions,
        *,
        language: str = "",
        printed: tuple[int, ...] | None = None,
    ) -> Template:
        source = _read(path)
        tree = _parse(source, path)
        parent = _parent(tree, path)
        if parent != base:
            raise RecipeError(
                f"{path}:1: extends {parent!r}, but this task's type needs {{% extends {base!r} %}}"
            )
        base_source = _read(base_path)
        base_tree = _parse(base_source, base_path)
        blocks = _blocks(base_tree, base_path) | _blocks(tree, path)
        printed = printed or _printed(tree, path) or _printed(base_tree, base_path)
        if printed is None:
            raise RecipeError(f"{base_path}:1: a base needs {{% set printed = [...] %}}")
        shown_parts = options.printed(printed)
        names = [block.removeprefix("prompt_") for block in blocks if block.startswith("prompt_")]
        if not names:
            raise RecipeError(f"{path}:1: no wording: add a block prompt_<name> for each")
        _check_blocks(tree, path, names)
        called = f"{language}/" if language else ""
        wordings = {
            wording: Wording(f"{called}{wording}", path, _nearest(blocks, wording), shown_parts)
            for wording in sorted(names)
        }
        human = dict(wordings)
        for each in reworded:
            shown = wordings[each.of].shown if each.of in wordings else None
            if shown is None or each.name in wordings:
                raise RecipeError(f"{path}:1: {each.name!r} cannot be a wording of it")
            parts = _nearest(blocks, each.of)
            parts[_PROMPT] = _Part(block_of(each.text, shown), path)
            wordings[each.name] = Wording(each.name, path, parts, shown_parts, each.model)
        wordings = dict(sorted(wordings.items())[: options.wordings])
        text = f"{base_source}{_SEPARATOR}{source}"
        return Template(path.name, path, text, wordings, human, printed)

    def is_translated(self, name: str, language: str) -> bool:
        """Return whether the template ``name`` is there and has a version in ``language``."""
        found = [folder for folder in self._folders if (folder / name).is_file()]
        return bool(found) and (found[0] / language / name).is_file()

    def words(self, language: str) -> dict[str, Phrase]:
        """Return what English phrases are called in ``language``, a recipe's own ones first."""
        return load_words(self._folders, language)

    def _find(self, name: str, language: str = "") -> Path:
        if not _NAME.fullmatch(name):
            raise RecipeError(
                f"template {name!r}: a template is a plain file name such as my_task.j2, "
                "kept in a folder templates/ beside the recipe"
            )
        for folder in self._folders:
            if (folder / language / name).is_file():
                return folder / language / name
        if language:
            raise RecipeError(
                f"template {language}/{name}: the base of a translated template is missing: write "
                f"it beside the template, after {self._find(name)}"
            )
        known = {path.name for folder in self._folders for path in folder.glob("*.j2")}
        hint = did_you_mean(name, known)
        places = " and ".join(str(folder) for folder in self._folders)
        raise RecipeError(f"template {name!r} is missing: {hint}Looked in {places}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def _parse(source: str, path: Path) -> nodes.Template:
    if _SEPARATOR in source:
        raise RecipeError(f"{path}: holds the control character U+001E, which parts use")
    try:
        return _environment().parse(source, path.name, str(path))
    except TemplateSyntaxError as error:
        raise RecipeError(f"{path}:{error.lineno}: {error.message}") from error
    except RecursionError as error:
        raise RecipeError(f"{path}: an expression nests too deep") from error


def _parent(tree: nodes.Template, path: Path) -> str:
    for node in tree.find_all(nodes.Extends):
        if isinstance(node.template, nodes.Const):
            return str(node.template.value)
    raise RecipeError(f"{path}:1: a task's template begins with {{% extends '<type>.j2' %}}")


def _blocks(tree: nodes.Template, path: Path) -> dict[str, _Part]:
    return {block.name: _Part(block, path) for block in tree.find_all(nodes.Block)}


def _printed(tree: nodes.Template, path: Path) -> tuple[int, ...] | None:
    for node in tree.find_all(nodes.Assign):
        if (
            isinstance(node.target, nodes.Name)
            and node.target.name == "printed"
            and isinstance(node.node, nodes.Expr)
        ):
            try:
                return tuple(PARTS.index(part) for part in node.node.as_const())
            except (nodes.Impossible, TypeError, ValueError) as error:
                raise RecipeError(
                    f"{path}:{node.lineno}: 'printed' is a list of parts: {', '.join(PARTS)}"
                ) from error
    return None


def _check_blocks(tree: nodes.Template, path: Path, wordings: Sequence[str]) -> None:
    known = {*PARTS, *(f"{part}_{wording}" for part in PARTS for wording in wordings)}
    seen: set[str] = set()
    for block in tree.find_all(nodes.Block):
        name = block.name
        if name in seen:
            raise RecipeError(f"{path}:{block.lineno}: block {name!r} stands twice; keep one")
        seen.add(name)
        if name not in known:
            raise RecipeError(
                f"{path}:{block.lineno}: block {name!r} is neither a part ({', '.join(PARTS)}) "
                f"nor a part of a wording: {did_you_mean(name, known)}rename it"
            )


def _nearest(blocks: Mapping[str, _Part], wording: str) -> list[_Part | None]:
    """Return the block of each part: the wording's own, else the task's, else the base's."""
    parts = [blocks.get(f"{part}_{wording}") or blocks.get(part) for part in PARTS]
    for part in filter(None, parts):
        for inner in part.block.find_all(_OUTSIDE):
            raise RecipeError(
                f"{part.path}:{inner.lineno}: blocks, includes and imports cannot stand inside a "
                "part"
            )
    return parts


def _flat(parts: Sequence[_Part | None]) -> list[nodes.Node]:
    """Return the body of one flat template: the six parts, separated."""
    body: list[nodes.Node] = []
    for number, part in enumerate(parts):
        if number:
            body.append(nodes.Output([nodes.TemplateData(_SEPARATOR)], lineno=1))
        if part is not None:
            body.extend(part.block.body)
    return body


def _undeclared(tree: nodes.Template, parts: Sequence[_Part | None]) -> dict[str, str]:
    names = meta.find_undeclared_variables(tree)
    places: dict[str, str] = {}
    for part in filter(None, parts):
        for node in part.block.find_all(nodes.Name):
            if node.name in names and node.ctx == "load":
                places.setdefault(node.name, f"{part.path}:{node.lineno}")
    return places


def _forms(tree: nodes.Template) -> frozenset[tuple[str, str]]:
    """Return the names that are printed or asked for a form: ``{{ thing.the }}``, ``{{ thing }}``.

    The form is "" for a name by itself.
    """
    asked = [
        (node.node, node.attr)
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name)
    ]
    inside = {id(name) for name, _ in asked}
    alone = [(each.name, "") for each in tree.find_all(nodes.Name) if id(each) not in inside]
    return frozenset([*((name.name, form) for name, form in asked), *alone])
