"""Mistakes as a stranger makes them: one line that says what is wrong and what to do next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from factory.cli import app, main
from factory.cli.help import GROUPS
from tests.catalogue import PROJECT

RECIPE = str(PROJECT / "recipes.yaml")


@pytest.fixture
def complaint(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs a command that fails, and gives the only line that it says."""

    def call(*arguments: object, code: int = 2) -> str:
        monkeypatch.setattr(sys, "argv", ["factory", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capfd.readouterr()
        assert (stop.value.code, out) == (code, "")
        (line,) = err.splitlines()
        return line

    return call


@pytest.fixture
def shell() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a shell's line, in which ``factory`` is the command line."""

    def call(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f'factory() {{ "{sys.executable}" -m factory "$@"; }}; {line}'],
            cwd=PROJECT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
        )

    return call


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rum"], "there is no verb 'rum': did you mean 'run'? The verbs are list, "),
        (["run", "r.yaml", "--taks", "x"], "run has no option --taks; did you mean '--task'? "),
        (["validate", "r.yaml", "--task", "x"], "validate has no option --task; it is one of "),
        (["run", "r.yaml", "--task"], "--task needs a value after it"),
        (["run", "r.yaml", "--limit", "ten"], "--limit takes a whole number, not 'ten': "),
        (["run", "r.yaml", "--limit", "0"], "--limit takes 1 or more, not '0': "),
        (["run", "r.yaml", "--budget", "$2"], "--budget takes a number, not '$2': "),
        (
            ["run", "r.yaml", "--engine", "spark"],
            "--engine: 'spark' is not one of 'local', 'ray': ",
        ),
        (["judge", "r.yaml", "--threshold", "9", "-t", "x"], "--threshold takes 5 or less, not"),
        (["run"], "run needs RECIPE, the recipe file, such as recipes.yaml: "),
        (["judge", "r.yaml"], "judge needs --task NAME, a task "),
        (["run", "r.yaml", "task12"], "run takes RECIPE, and 'task12' is too much; a value "),
        (["run", "r.yaml"], "name a task with --task, or a mixture with --mixture"),
    ],
)
def test_a_wrong_command_line_is_told_in_our_words(complaint, arguments, said) -> None:
    line = complaint(*(RECIPE if each == "r.yaml" else each for each in arguments))
    assert line.startswith(f"error: {said}")
    if "--help" in line:
        assert f"{arguments[0]} --help says more" in line or "rum" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "v9b"], "'v9b' is a mixture, not a task: --mixture v9b"),
        (["--mixture", "task12"], "'task12' is a task, not a mixture: --task task12"),
        (["--task", "Task12"], "there is no task 'Task12': did you mean 'task12'?"),
        (
            ["--task", "task12", "--classifier", "junk=os:getcwd"],
            "there is no classifier 'junk', nor any other",
        ),
    ],
)
def test_a_name_that_is_another_things_is_set_right(complaint, arguments, said) -> None:
    assert complaint("run", RECIPE, *arguments).startswith(f"error: {said}")


def test_a_classifier_that_no_filter_uses_names_those_that_one_does(
    complaint, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text(
        "include: [catalogue]\nfilters: {classifier: {use: garbage, labels: [bad]}}\n",
        encoding="utf-8",
    )
    for verb in ("run", "plan"):
        line = complaint(verb, recipe, "--task", "task12", "--classifier", "garbag=os:getcwd")
        assert "no classifier 'garbag': did you mean 'garbage'? There are garbage" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("include: [catalogue]\n  seed: 3\n", ":2: not YAML at column 3: "),
        ("include: [catalogue]\ntasks:\n\ttask12:\n", ":3: indented with a tab"),
        ("include: [catalogue]\nseed:3\n", ":2: a space is missing after the colon: write 'seed: "),
        ("tasks:\n  a:\n    title: one: two\n", ":3: not YAML at column 15: a second colon"),
        ("include: [catalogue]\nsede: 3\n", ":2: sede: unknown key: did you mean 'seed'?"),
        ("", ":1: a recipe is a mapping with the keys sources, tasks, ..."),
    ],
)
def test_a_mistake_in_yaml_is_told_to_people_who_never_read_its_grammar(
    complaint, tmp_path: Path, text: str, said: str
) -> None:
    recipe = tmp_path / "recipes.yaml"
    recipe.write_text(text, encoding="utf-8")
    line = complaint("validate", recipe)
    assert line.startswith(f"error: {recipe}{said}")
    assert "<block" not in line


def test_a_recipe_that_is_elsewhere_is_looked_for_where_it_was_said_to_be(
    complaint, tmp_path: Path
) -> None:
    assert "holds none; `python -m factory init --catalogue" in complaint(
        "validate", tmp_path / "a.yaml"
    )
    assert "there is no folder" in complaint("validate", tmp_path / "no" / "a.yaml")
    other = tmp_path / "recipes.yaml"
    other.write_text("include: [catalogue]\n", encoding="utf-8")
    said = f"did you mean {other}?"
    assert said in complaint("validate", tmp_path / "recipe.yaml")
    assert f"{tmp_path}: a folder, not a recipe: {said}" in complaint("list", tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\x80\x81")
    assert "not text in UTF-8 (byte 1)" in complaint("validate", tmp_path / "binary.yaml")


def test_an_error_under_json_is_an_object_and_stdout_stays_empty(complaint, tmp_path: Path) -> None:
    for arguments, kind in (
        (["run", RECIPE, "--task", "tsk12", "--json"], "UsageError"),
        (["run", RECIPE, "--taks", "tsk12", "--json"], "UsageError"),
        (["list", tmp_path, "--json"], "RecipeError"),
    ):
        told = json.loads(complaint(*arguments))
        assert set(told) == {"error", "kind", "exit_code"}
        assert (told["kind"], told["exit_code"]) == (kind, 2)


@pytest.fixture
def defective(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: object) -> None:
        raise KeyError(f"no {path}\x1b[2J")

    monkeypatch.setattr("factory.recipe.load_recipe", broken)


@pytest.mark.usefixtures("defective")
def test_a_defect_says_that_it_is_one_and_how_to_see_more(complaint) -> None:
    line = complaint("list", "a.yaml", code=1)
    assert line.startswith("error: a defect of this program, not your mistake: KeyError: ")
    assert "(factory/cli/recipes.py:" in line
    assert "--debug" in line
    assert "\x1b" not in line


@pytest.mark.usefixtures("defective")
@pytest.mark.parametrize("how", ["first", "last", "environment"])
def test_debug_shows_the_traceback_wherever_it_stands(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], how: str
) -> None:
    arguments = {
        "first": ["--debug", "list", "a.yaml"],
        "last": ["list", "a.yaml", "--debug"],
        "environment": ["list", "a.yaml"],
    }[how]
    if how == "environment":
        monkeypatch.setenv("FACTORY_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["factory", *arguments])
    with pytest.raises(SystemExit):
        main()
    err = capfd.readouterr().err
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-1].startswith("error: a defect")
    assert "\x1b" not in err


def test_an_expected_error_has_a_traceback_too_where_one_is_asked_for(shell) -> None:
    done = shell("factory validate nowhere.yaml --debug")
    assert "read_recipe_text" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: nowhere.yaml: no such recipe: did you")


def test_a_reader_that_goes_early_is_no_error(shell) -> None:
    for verb in ("list recipes.yaml", "list recipes.yaml --json", "run --help"):
        done = shell(f"factory {verb} | (read -r; exit 0); echo ${{PIPESTATUS[0]}}")
        assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_an_output_that_is_full_is_one_line(shell) -> None:
    for option in ("", "--json"):
        done = shell(f"factory list recipes.yaml {option} > /dev/full")
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_terminal_that_knows_only_ascii_gets_letters_written_out(shell, tmp_path: Path) -> None:
    made = shell(f"factory run recipes.yaml --task task12 --limit 9 --out {tmp_path}", LC_ALL="C")
    assert (made.returncode, made.stderr) == (0, "")
    done = shell(
        f"factory show {tmp_path}/task12 --limit 9 --lang ja --no-pager",
        LC_ALL="C",
        PYTHONIOENCODING="ascii",
        PYTHONUTF8="0",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "\\u" in done.stdout
    assert " | task12 | ja | " in done.stdout


def test_ctrl_c_at_any_moment_of_a_run_is_130_and_no_traceback(tmp_path: Path) -> None:
    for number, seconds in enumerate((0.0, 0.05, 0.1, 0.2, 0.4)):
        out = tmp_path / str(number)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "factory", "run", RECIPE, "--task", "task12"),
                *("--out", str(out)),
            ],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # Before, the Ctrl-C may meet an interpreter that has not come to the program.
        while not out.exists() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode in (0, 130), err
        assert "Traceback" not in err


def test_every_verb_explains_itself() -> None:
    verbs: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    for name, verb in verbs.items():
        assert verb.rich_help_panel in GROUPS, name
        text, _, examples = verb.help.partition("Examples:")
        assert text.strip().endswith("."), name
        for example in examples.strip().splitlines():
            assert example.strip().startswith(f"python -m factory {name}"), name
        assert examples.strip(), name
        assert any("--json" in param.opts for param in verb.params), name
        for param in verb.params:
            assert param.help.endswith((".", "$PAGER).")), f"{name} {param.name}"
            takes_a_value = not getattr(param, "is_flag", False)
            assert not takes_a_value or param.metavar, f"{name} {param.name}"


@pytest.mark.parametrize("columns", [50, 80])
def test_help_fits_its_terminal_and_examples_stay_whole(shell, columns: int) -> None:
    done = shell(
        "for verb in '' run show list; do factory $verb --help; done", COLUMNS=str(columns)
    )
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "  python -m factory run recipes.yaml --task task12 --source esci=/data/esci" in lines
    others = [line for line in lines if not line.startswith("  python -m factory ")]
    assert max(map(len, others)) <= columns
