"""Targets that read what a recipe from a stranger brings: its YAML, templates and views."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from factory.errors import FactoryError
from factory.recipe import load_recipe
from factory.recipe.text import read_recipe_text
from factory.sources.view import load_view
from factory.templates import TemplateFolder
from tests.fuzz.choices import Choices

_YAML: Final = (
    *(
        "sources:\n",
        "tasks:\n",
        "  rank:\n",
        "    size: 5\n",
        "include: [catalogue]\n",
        "seed: 7\n",
    ),
    *(
        "{a: 1}",
        "[1, 2]",
        "- a\n",
        "? b\n",
        "&a [*a, *a]",
        "<<: *a\n",
        "!!python/object:os.system ",
    ),
    *("!!binary ", "!!timestamp ", "2001-99-99", "1e5"),
    *("0o17", "|\n", ">-\n", "'", "%YAML 1.1\n"),
    *("!!set {a}", "!!omap [a: 1]", "!!float x", '"\\ud800"', '"\\0"', "10:20:30", "1" * 5000),
)


def texts(data: bytes, folder: Path) -> None:
    """Read a text as YAML; what is read can be written down as UTF-8, and has a line each."""
    choices = Choices(data)
    path = folder / "recipe.yaml"
    if choices.number(8) == 0:
        path.write_bytes(b"a: " + choices.rest())
    else:
        path.write_bytes(choices.text(_YAML).encode(errors="surrogatepass"))
    with suppress(FactoryError):
        text = read_recipe_text(path)
        assert isinstance(text.data, dict)
        repr(text.data)
        json.dumps(text.data, ensure_ascii=False, default=str, skipkeys=True).encode()
        assert all(line >= 1 for line in text.lines.values())


_RECIPE: Final[dict[str, Any]] = {
    "seed": 7,
    "sources": {
        "esci": {"adapter": "esci", "path": "bundled", "with": {"version": "small"}},
        "mine": {
            "adapter": "tables",
            "path": "files",
            "with": {
                "tables": {
                    "products": {
                        "file": "p.csv",
                        "columns": {"product_id": "id", "title": {"column": "name"}},
                        "constants": {"locale": "us"},
                    },
                    "reviews": {"database": "sqlite:///shop.db", "query": "SELECT 1"},
                }
            },
        },
    },
    "models": {
        "m": {"engine": "openai", "model": "x", "base_url": "https://a.example/v1"},
        "s": {"engine": "scripted", "parameters": {"temperature": 0.5}},
    },
    "benchmarks": {"b": {"file": "b.jsonl", "fields": ["q"]}},
    "tasks": {
        "rank": {
            "title": "Rank products for a query",
            "source": "esci",
            "rows": "query_products",
            "type": "ranking",
            "template": "rank_products_for_query.j2",
            "size": 100,
            "with": {"candidates": 5},
            "track": "user-behavior-alignment",
            "balance": {"locale": "equal"},
            "words": {"thing": "product"},
            "filters": {"judge": {"models": ["s"]}, "decontamination": {"against": ["b"]}},
        },
        "words": {
            "title": "Simplified",
            "derive": {"from": "rank", "operator": "simplify", "map": "span_detection"},
            "type": "ner",
            "template": "x.j2",
            "size": 10,
        },
    },
    "mixtures": {"both": {"title": "Both", "tasks": {"rank": 10}, "size": 20}},
    "filters": {"length": {"max_tokens": 2048}, "language": True},
    "formats": ["eshop"],
}
_WORDS: Final = (
    *("esci", "tables", "bundled", "rank"),
    *("mine", "equal", "catalogue", "x" * 300, "../x", "/etc"),
    *("${HOME}", "sqlite:////etc/passwd", "scripted"),
    *("local", "span_detection", "judge_sample.j2"),
)


def whole(data: bytes, folder: Path) -> None:
    """Load a whole recipe that was changed here and there; a complaint has a line a problem."""
    choices = Choices(data)
    recipe = choices.changed(_RECIPE, _WORDS)
    if isinstance(recipe, dict) and choices.number(6) == 1:
        recipe["include"] = choices.value(_WORDS)
    path = folder / "recipe.yaml"
    # JSON is YAML, but for two spellings of numbers that are none.
    text = json.dumps(recipe).replace("Infinity", ".inf").replace("NaN", ".nan")
    path.write_text(text, encoding="utf-8")
    try:
        load_recipe(path).model_dump_json()
    except FactoryError as error:
        str(error).encode()


_TEMPLATE: Final = (
    *(
        "{{ query }}",
        "{{ candidates | numbered(1) }}",
        "{% if tags %}",
        "{% endif %}",
        "{% else %}",
    ),
    *(
        "{% for x in tags %}",
        "{% endfor %}",
        "{% set x = query %}",
        "{{ x ~ x }}",
        "{{ loop.index }}",
    ),
    *("{% block input %}", "{% endblock %}", "{% macro m(n) %}", "{% endmacro %}", "{{ m(1) }}"),
    *("{{ query.__class__ }}", "{{ ''.format }}"),
    *("{{ '{0.__class__}'.format(query) }}", "| upper"),
    *("{{ query * 9999999 }}", "{{ 10 ** 10 }}"),
    *("{{ '%9999999d' % 1 }}", "{{ range(99999999) }}"),
    *(
        "{{ query | center(999999999) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{% raw %}",
        "{{ self }}",
    ),
    *("{% extends 'base.j2' %}", "{% include '/etc/passwd' %}", "{% import 'os' as os %}"),
    *("{{ cycler.__init__.__globals__ }}", "{{ query | attr('__class__') }}", "{{ query[0:9] }}"),
    *("{{ namespace(a=1).a }}", "{{ query | replace('', query) }}", "{{ tags | join(query) }}"),
)
_ROW: Final = {"query": "desk lamp", "candidates": ("Lamp A", "Lamp B"), "tags": ["x", "y"]}
_LARGEST: Final = 50_000_000


def templates(data: bytes, folder: Path) -> None:
    """Compile a template and render it; it prints no more than there is memory for."""
    choices = Choices(data)
    body = choices.text(_TEMPLATE, 12)
    head = "{% extends 'ranking.j2' %}" if choices.number(6) else choices.text(_TEMPLATE, 2)
    path = folder / "mine.j2"
    said = head + "{% block prompt_plain %}" + body + "{% endblock %}"
    path.write_bytes(said.encode(errors="surrogatepass"))
    with suppress(FactoryError):
        template = TemplateFolder(folder).load("mine.j2", "ranking.j2")
        for wording in template.wordings.values():
            rendered = wording.render(_ROW)
            assert len(rendered.input_field) < _LARGEST
            assert "<class" not in rendered.input_field, "it reaches a class"


_SQL: Final = (
    *("SELECT query_id AS key, query_id AS split_group FROM judgements", " UNION ALL ", "(", ")"),
    *("SELECT * FROM read_csv('/etc/passwd')", "read_text('/etc/passwd')", "'/etc/passwd'", ", "),
    *("COPY (SELECT 1) TO '/tmp/x'", "ATTACH 'x.db'"),
    *("INSTALL httpfs", "LOAD httpfs", "PRAGMA x"),
    *(
        "glob('/*')",
        "getenv('HOME')",
        "WITH RECURSIVE t AS (",
        "current_setting('home')",
        "SET x=1",
    ),
    *("-- needs products: title\n", "-- include judged\n"),
    *("-- include ../x\n", "-- yields 0.5\n"),
    *("FROM chosen", "FROM keys", " WHERE "),
    *("draw(key, 'x')", "repeat('x', 100)", "'https://x/y'"),
)
_KEYS: Final = "SELECT query_id AS key, query_id AS split_group FROM judgements"
_FACTS: Final = "SELECT key, 'us' AS locale, ['query:1'] AS source_ids FROM chosen"


@cache
def _secret() -> str:
    return Path("/etc/passwd").read_text(encoding="utf-8").splitlines()[0]


def views(data: bytes, folder: Path) -> None:
    """Check a view; it reads no file, and says nothing of one."""
    choices = Choices(data)
    keys, facts = _KEYS, _FACTS
    if choices.number(2):
        keys = keys[: choices.number(len(keys))] + choices.text(_SQL, 4)
    else:
        facts = facts[: choices.number(len(facts))] + choices.text(_SQL, 4)
    said = f"{choices.text(_SQL, 1)}\n-- keys\n{keys}\n-- facts\n{facts}\n"
    (folder / "mine.sql").write_bytes(said.encode(errors="surrogatepass"))
    complaint = ""
    try:
        load_view("mine", folder).columns("t", {"candidates": 5, choices.text(_SQL, 1) or "a": "x"})
    except FactoryError as error:
        complaint = str(error)
    assert _secret() not in complaint
    assert "\n" not in complaint
