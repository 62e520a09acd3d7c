"""Jinja's sandbox, in which a template can neither fill the memory nor take for ever.

A template may come from a stranger. Jinja's own sandbox keeps it from the interpreter; what is here
keeps it from making much of little: long products and paddings, texts that double, loops in loops,
macros that call themselves. What no template of a prompt needs is refused; the rest is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS, do_round
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

#: What a filter or an operator may make of texts, in characters.
LONGEST: Final = 100_000
_MOST_BITS: Final = 4096
_MOST_PLACES: Final = 20
#: Turns of all loops while one sample is rendered; the longest list of a sample has hundreds.
_MOST_TURNS: Final = 100_000
#: What the loops of a template print of one sample, in characters.
_MOST_SAID: Final = 1_000_000
#: Places at which a template prints a value; the longest packaged one has thirty.
_MOST_PRINTED: Final = 1_000
#: Filters that pad or repeat as often as a template says, or make the attributes of pages; one that
#: draws, as ``lipsum`` does, and no two runs would say the same.
_REFUSED_FILTERS: Final = (
    *("batch", "center", "format", "indent", "slice", "urlize", "wordwrap", "xmlattr"),
    "random",
)
#: Filters that make a text of what they are given: of a list, one of all that it holds.
_TEXT_FILTERS: Final = (
    *("capitalize", "e", "escape", "forceescape", "lower", "pprint", "safe", "string"),
    *("striptags", "title", "tojson", "trim", "truncate", "upper", "urlencode", "wordcount"),
)
_REFUSED_GLOBALS: Final = ("lipsum", "namespace", "cycler", "joiner")
_REFUSED_METHODS: Final = frozenset(
    {
        *("center", "encode", "expandtabs", "format", "format_map", "ljust", "rjust"),
        *("translate", "zfill"),
    }
)


class _Counting(CodeGenerator):
    """Has what loops print counted, constants too."""

    _loops = 0

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 - the visitor's
        self._loops += 1
        super().visit_For(node, frame)
        self._loops -= 1

    def _output_const_repr(self, group: Iterable[Any]) -> str:
        text = super()._output_const_repr(group)
        return f"environment.said({text})" if self._loops else text

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._loops:
            self.write("environment.said(")
        super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        super()._output_child_post(node, frame, finalize)
        if self._loops:
            self.write(")")


class Sandbox(ImmutableSandboxedEnvironment):
    """Renders what a stranger wrote, within bounds: see the module."""

    code_generator_class = _Counting

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # An overlay counts in the same place: the filter is this environment's.
        self._turns_left = [_MOST_TURNS]
        self._said_left = [_MOST_SAID]
        for name in _REFUSED_FILTERS:
            del self.filters[name]
        for name in _REFUSED_GLOBALS:
            del self.globals[name]
        self.filters |= {name: _bounded(FILTERS[name]) for name in _TEXT_FILTERS}
        self.filters |= {
            "join": _joined,
            "replace": _replaced,
            "round": _rounded,
            "sum": _summed,
            "texts": _texts,
            "turns": self._turns,
        }

    def renderer(self, tree: nodes.Template, path: Path) -> Callable[[Mapping[str, Any]], str]:
        """Return what renders a parsed template of the file ``path`` for the fields of a row.

        As Jinja's own ``render`` does, which copies the fields twice more on its way. The turns of
        loops and what they print are counted from none for each row.
        """
        code = self.compile(tree, name=path.name, filename=str(path))
        template = self.template_class.from_code(self, code, dict(self.globals), None)
        body, given, name = template.root_render_func, template.globals, path.name

        def render(fields: Mapping[str, Any]) -> str:
            self._turns_left[0] = _MOST_TURNS
            self._said_left[0] = _MOST_SAID
            return "".join(body(self.context_class(self, {**given, **fields}, name, {})))

        return render

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse powers, formatting with %, and what is long: products, sums of texts, numbers."""
        if operator == "**":
            raise SecurityError("** is not for templates")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("% on a text is not for templates; write the names in the text")
        if operator == "+" and isinstance(left, Sequence) and isinstance(right, Sequence):
            _check(len(left) + len(right))
        if operator == "*":
            for text, times in ((left, right), (right, left)):
                if isinstance(text, str | bytes | list | tuple) and times * len(text) > LONGEST:
                    raise SecurityError(
                        f"a text of {times} times {len(text)} characters is too long"
                    )
            if isinstance(left, int) and isinstance(right, int):
                _check(left.bit_length() + right.bit_length(), _MOST_BITS, "bits of a number")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a template may have ``obj.attr``: no method that pads a text.

        Numbers and bytes have none that a template needs, and some that make gigabytes.
        """
        if isinstance(obj, int | float | bytes) or (
            isinstance(obj, str) and attr in _REFUSED_METHODS
        ):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Leave ``format`` to :meth:`is_safe_attribute`: ``'{:999999999}'`` is a gigabyte."""

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call ``obj``, but for a join or replacement that would be long."""
        text, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if isinstance(text, str) and name == "replace":
            return _replaced(text, *args, **kwargs)
        if isinstance(text, str) and name == "join":
            return _joined(args[0] if args else (), text)
        return super().call(__context, __obj, *args, **kwargs)

    def said(self, text: str) -> str:
        """Return ``text``, which a loop prints, once it is counted."""
        self._said_left[0] -= len(text)
        if self._said_left[0] < 0:
            raise SecurityError(f"its loops print more than {_MOST_SAID:,} characters")
        return text

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        try:
            tree = super()._parse(source, name, filename)
        except ValueError as error:  # a number of more digits than Python reads
            raise TemplateSyntaxError(" ".join(str(error).split()), 1, name, filename) from error
        bounded: nodes.Template = _Bounded(name, filename).visit(tree)
        return bounded.set_environment(self)  # type: ignore[return-value]

    def _turns(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._turns_left[0] -= 1
            if self._turns_left[0] < 0:
                raise SecurityError(f"its loops take more than {_MOST_TURNS:,} turns")
            yield item


class _Bounded(NodeTransformer):
    """Has loops count their turns and ``~`` its length; refuses what calls itself."""

    def __init__(self, name: str | None, filename: str | None) -> None:
        self._name = name
        self._filename = filename
        self._printed = 0

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - the visitor's
        self._printed += sum(not isinstance(each, nodes.TemplateData) for each in node.nodes)
        if self._printed > _MOST_PRINTED:
            self._refuse(node, f"to print more than {_MOST_PRINTED:,} values")
        return self.generic_visit(node)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - the visitor's
        if node.recursive:
            self._refuse(node, "a recursive loop")
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "turns", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - the visitor's
        self.generic_visit(node)
        listed = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(listed, "texts", [], [], None, None, lineno=node.lineno)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802 - the visitor's
        return self._refuse(node, "a macro")

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802 - the visitor's
        return self._refuse(node, "a call block")

    def _refuse(self, node: nodes.Node, what: str) -> nodes.Node:
        raise TemplateSyntaxError(
            f"{what} is not for templates", node.lineno, self._name, self._filename
        )


def _check(length: int, most: int = LONGEST, of: str = "characters") -> None:
    if length > most:
        raise SecurityError(f"{length:,} {of} are too many")


def check_size(value: Any) -> None:
    """Raise :class:`SecurityError` where a text of all that ``value`` holds would be long.

    Lists in lists may hold one text more often than any memory could.
    """
    if isinstance(value, list | tuple) and {*map(type, value)} <= {str}:
        _check(sum(map(len, value)))
        return
    left, length = [value], 0
    while left:
        each = left.pop()
        if isinstance(each, Mapping):
            each = [*each.keys(), *each.values()]
        if isinstance(each, str | bytes | list | tuple | set):
            length += len(each)
        if isinstance(each, list | tuple | set):
            left.extend(each)
        _check(length)


def _bounded(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that makes a text, which takes nothing of which that would be long."""
    place = int(hasattr(make, "jinja_pass_arg"))

    @wraps(make)
    def bounded(*given: Any, **options: Any) -> Any:
        if not isinstance(given[place], str):
            check_size(given[place])
        if "indent" in options or (make is FILTERS["tojson"] and len(given) > 2):
            raise SecurityError("tojson takes no indent here")
        return make(*given, **options)

    return bounded


def _summed(values: Iterable[Any], start: Any = 0) -> Any:
    """Return the sum of numbers."""
    total = start
    for each in (start, *values):
        if not isinstance(each, int | float):
            raise SecurityError("sum takes numbers here; name what they are of in a loop")
    return sum(values, total)


def _texts(parts: Sequence[Any]) -> str:
    """Return the texts of ``parts`` one after another: what ``~`` means."""
    check_size(parts)
    texts = [str(part) for part in parts]
    _check(sum(map(len, texts)))
    return "".join(texts)


def _joined(value: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
    """Return the texts of ``value`` with ``d`` between them."""
    if attribute is not None:
        raise SecurityError("join takes no attribute here; name it in a loop")
    between = str(d)
    given = list(value)
    check_size(given)
    texts = [str(each) for each in given]
    _check(sum(map(len, texts)) + len(texts) * len(between))
    return between.join(texts)


def _replaced(text: Any, old: Any, new: Any, count: int = -1) -> str:
    """Return ``text`` with ``new`` for ``old``."""
    check_size((text, old, new))
    said, gone, put = str(text), str(old), str(new)
    places = said.count(gone)
    _check(len(said) + (places if count < 0 else min(places, count)) * len(put))
    return said.replace(gone, put, count)


def _rounded(value: float, precision: int = 0, method: Any = "common") -> float:
    """Return a rounded number, as Jinja's own filter does, to at most 20 places."""
    _check(abs(precision), _MOST_PLACES, "places")
    return do_round(value, precision, method)
