"""What a shell completes, as bash, zsh and fish ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.cli import PROGRAM
from factory.cli.completion import BUILT_IN, lent, mixtures, models, runs, sources, tasks
from factory.llm import BUILT_IN as MODELS
from factory.llm import DEFAULT
from factory.recipe import load_recipe
from factory.sources import SOURCES
from tests.catalogue import PROJECT

RECIPE = PROJECT / "recipes.yaml"


class Typed:
    """What has been typed so far, as the library tells it."""

    def __init__(self, **parameters: object) -> None:
        self.params = parameters
        self.args: list[str] = []


def names(words: list[tuple[str, str]]) -> list[str]:
    return [word for word, _ in words]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return the installed program, as pip makes it, in a folder of its own."""
    path = tmp_path / "bin" / PROGRAM
    path.parent.mkdir()
    path.write_text(
        f"#!{sys.executable}\nfrom factory.__main__ import main\nmain()\n", encoding="utf-8"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def typed(program: Path) -> Callable[..., list[str]]:
    """Return a function that gives what bash would offer for a line."""

    def complete(*words: str) -> list[str]:
        done = subprocess.run(
            [program],
            cwd=PROJECT,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "COMP_WORDS": " ".join((PROGRAM, *words)),
                "COMP_CWORD": str(len(words)),
                "_ESHOP_FACTORY_COMPLETE": "complete_bash",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return complete


def test_names_are_those_of_the_recipe_with_what_it_includes(tmp_path: Path) -> None:
    recipe = load_recipe(RECIPE)
    here = Typed(recipe=RECIPE)
    assert set(names(tasks(here, ""))) == set(recipe.tasks)
    assert set(names(mixtures(here, ""))) == set(recipe.mixtures)
    assert set(names(sources(here, ""))) == set(recipe.sources)
    titles = dict(tasks(here, "task12"))
    assert titles == {"task12": recipe.tasks["task12"].title}
    own = tmp_path / "recipes.yaml"
    own.write_text(
        "include: [catalogue, {from: more.yaml, source: mine}]\n"
        "sources: {mine: {adapter: tables, path: .}}\n"
        "models: {big: {model: m}}\ntasks: {my_task: {title: Mine}}\n",
        encoding="utf-8",
    )
    (tmp_path / "more.yaml").write_text(
        "sources: {theirs: {}}\ntasks: {their_task: {title: Theirs}}\n", encoding="utf-8"
    )
    mine = Typed(recipe=str(own))
    assert names(tasks(mine, "my_")) == ["my_task"]
    assert names(tasks(mine, "their")) == ["their_task"]
    assert names(sources(mine, "mi")) == ["mine"]
    assert names(sources(mine, "th")) == []  # another shop: its own sources
    assert names(models(mine, "b")) == ["big"]


def test_models_are_offered_that_there_are() -> None:
    assert set(BUILT_IN) == {*MODELS, DEFAULT}


@pytest.mark.parametrize(
    "text", ["", "- a", "tasks: [", "tasks: {a: &a [*a]}", "a: " + "[" * 5000, "\tx", "tasks: 3"]
)
def test_a_recipe_that_cannot_be_read_completes_to_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(text, encoding="utf-8")
    assert names(tasks(Typed(recipe=path), "")) in ([], ["a"])
    assert tasks(Typed(recipe=tmp_path / "none.yaml"), "") == []


def test_runs_are_the_folders_with_a_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("out/task12", "out/v9b", "out/v9b/task15"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "manifest.json").write_text("{}")
    (tmp_path / "out" / "half").mkdir()
    monkeypatch.chdir(tmp_path)
    assert names(runs("")) == ["out/task12", "out/v9b"]
    assert names(runs("out/v")) == ["out/v9b", "out/v9b/task15"]
    assert names(runs(f"{tmp_path}/out/t")) == [f"{tmp_path}/out/task12"]
    assert names(lent(Typed(folder=Path("out/v9b")), "")) == ["task15"]


def test_a_line_is_completed_from_what_stands_before(typed) -> None:
    assert {"run", "review"} <= set(typed("r"))
    assert "task12" in typed("run", "recipes.yaml", "--task", "task1")
    assert typed("plan", "recipes.yaml", "--mixture", "v9") == ["v9b"]
    assert typed("run", "recipes.yaml", "--source", "esci") == ["esci=", "esci=bundled"]
    assert typed("plan", "recipes.yaml", "--model", "scr") == ["scripted"]
    assert typed("fetch", "amazon_m") == ["amazon_m2"]
    assert set(typed("fetch", "")) <= {*SOURCES, "smollm2"}
    assert typed("list", "recipes.yaml", "--paper", "nv") == ["nvidia"]
    assert typed("run", "nowhere.yaml", "--task", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_calls_the_program(program: Path, shell: str) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    # From either name of the program; what shells complete is the installed one.
    for command in ([str(program)], [sys.executable, "-m", "factory"]):
        script = subprocess.run(
            [*command, "--show-completion", shell],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        assert "_ESHOP_FACTORY_COMPLETE=complete_" in script
        assert "eshop-factory" in script
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here to run the script")
    line = f"{PROGRAM} run recipes.yaml --mixture v9"
    asked = {
        "bash": f"COMP_WORDS=({line}); COMP_CWORD=4; _eshop_factory_completion {PROGRAM}; "
        'echo "${COMPREPLY[@]}"',
        "fish": f"complete -C '{line}'",
    }
    if shell == "zsh":
        pytest.skip("zsh completes only on a terminal; what it is given is tested below")
    done = subprocess.run(
        [shell, "-c", f"{script}\n{asked[shell]}"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split()[0] == "v9b"


def test_zsh_is_given_names_with_their_titles(program: Path) -> None:
    done = subprocess.run(
        [program],
        cwd=PROJECT,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "_TYPER_COMPLETE_ARGS": f"{PROGRAM} run recipes.yaml --task task12",
            "_ESHOP_FACTORY_COMPLETE": "complete_zsh",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert '"task12":"Rank products for a query"' in done.stdout
