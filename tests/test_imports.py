import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "factory"

#: The order of docs/design.md ("Imports run one way"), the lowest first; a room may know those that
#: stand before it.
ORDER = (
    ("errors", "sample", "draw", "text", "hosts"),
    ("tasktypes",),
    ("sources", "templates", "llm"),
    ("filters",),
    ("generators",),
    ("recipe",),
    ("outputs",),
    ("engines",),
    ("line",),
    ("runs",),
    ("report", "hub", "evaluation", "training", "serving"),
    ("terminal", "api", "init", "fetch"),
    ("cli",),
    ("__main__", "__init__"),
)
#: Two files that are one room.
SAME_ROOM: dict[str, str] = {}
LEVELS = {name: level for level, name in enumerate(chain.from_iterable(ORDER))}

HEAVY = {"duckdb", "pandas", "numpy", "datasets", "openai", "jinja2", "pydantic", "huggingface_hub"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    parts = module.split(".")
    name = parts[1] if len(parts) > 1 else "__init__"
    return SAME_ROOM.get(name, name)


def imported(module: str, *, lazy: bool) -> Iterator[str]:
    """Yield the modules of this package that ``module`` imports, in functions only where ``lazy``.

    What stands under ``if TYPE_CHECKING`` counts as lazy: it is known, but not imported.
    """
    path = MODULES[module]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        if later and not lazy:
            continue
        nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            names = [
                full if (full := f"{node.module}.{alias.name}") in MODULES else str(node.module)
                for alias in node.names
            ]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "factory")


def test_the_order_is_the_designs():
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    written = design.split("Imports run one way: ", 1)[1].split(";", 1)[0]
    levels = [rooms.split(", ") for rooms in written.split(" < ")]

    assert [set(rooms) for rooms in levels] == [set(rooms) - {"api"} for rooms in ORDER[:-1]]


@pytest.mark.parametrize("module", MODULES)
def test_a_room_knows_only_the_rooms_below_it(module):
    own = room(module)
    for other in imported(module, lazy=True):
        known = room(other)
        if known == own:
            continue
        assert LEVELS[known] < LEVELS[own], f"{module} imports {other}"


def test_no_modules_import_each_other_in_a_circle():
    graph = {module: set(imported(module, lazy=False)) - {"factory"} for module in MODULES}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' -> '.join(error.args[1])}")
    assert set(order) >= graph.keys() - {"factory"}


def loaded(*arguments: str) -> set[str]:
    """Return the top-level packages that ``python <arguments>`` imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line]
    return {name.split(".")[0] for name in names}


def test_help_imports_nothing_heavy():
    packages = loaded("-m", "factory", "--help")

    assert "typer" in packages
    assert not packages & HEAVY


def test_importing_the_package_imports_nothing_at_all():
    assert not loaded("-c", "import factory") & {*HEAVY, "typer", "yaml"}


def test_a_recipe_loads_without_what_only_some_parts_need():
    packages = loaded("-c", "import factory; factory.load_recipe('recipes.yaml')")

    unused = {"pandas", "numpy", "datasets", "openai", "huggingface_hub", "langdetect", "lingua"}
    assert not packages & (unused | {"rouge_score", "sacrebleu", "typer", "rich"})
