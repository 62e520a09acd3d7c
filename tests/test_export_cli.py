"""``export``, ``run --format`` and the key ``formats`` of a recipe, as a stranger uses them."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

import factory
from factory.cli import main
from factory.errors import RecipeError
from factory.line import compile_task
from factory.recipe import load_recipe

CHEAP = ("--limit", "12")


@pytest.fixture
def call(monkeypatch, capsys):
    """Return a function that runs one command and gives its exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["factory", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        out, err = capsys.readouterr()
        return int(done.value.code or 0), out, err

    return run


@pytest.fixture
def recipe(recipe_file):
    """Return a function that writes a recipe with a formats block, at the top or of task12."""

    def write(formats: object = None, of_task: object = None) -> Path:
        changes = {} if of_task is None else {"task12__formats": of_task}
        path = recipe_file(**changes)
        if formats is not None:
            text = path.read_text(encoding="utf-8")
            path.write_text(text + yaml.safe_dump({"formats": formats}), encoding="utf-8")
        return path

    return write


def lines(path: Path) -> int:
    return len(path.read_bytes().splitlines())


def test_a_run_is_exported_and_told_where_it_lies(call, made, tmp_path):
    folder = shutil.copytree(made("task12").folder, tmp_path / "task12")

    code, out, err = call("export", folder, "--format", "messages", "-f", "eshop")
    _, again, _ = call("export", folder, "-f", "messages")

    rows = lines(folder / "train.jsonl")
    assert (code, err) == (0, "")
    assert f"messages: {rows} train, 5 test in {folder / 'messages'}\n" in out
    assert f"eshop: {rows} train, 5 test in {folder / 'eshop'}\n" in out
    assert again.rstrip().endswith("(there already)")
    assert lines(folder / "messages" / "train.jsonl") == rows


def test_an_export_is_json_for_programs(call, made, tmp_path):
    folder = made("task12").folder

    _, out, _ = call(
        *("export", folder, "-f", "alpaca", "--to", "parquet", "--out", tmp_path, "--json")
    )

    rows = lines(folder / "train.jsonl")
    assert json.loads(out) == [
        {
            "format": "alpaca",
            "folder": str(tmp_path / "alpaca"),
            "rows": {"train": rows, "test": 5},
            "fresh": True,
        }
    ]
    assert (tmp_path / "alpaca" / "train.parquet").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a format with --format, such as messages: there are eshop, ecom, alpaca"),
        (["-f", "massages"], "there is no format 'massages': did you mean 'messages'?"),
        (["-f", "messages", "--to", "parquett"], "did you mean 'parquet'?"),
        (["-f", "messages", "-f", "openai", "--to", "parquet"], "leave out --to parquet"),
        (["-f", "eshop", "--reasoning"], "leave out --reasoning"),
        (["-f", "messages", "--shard-size", "big"], "write a size such as 500MB"),
        (["-f", "messages", "--shard-size", "0"], "write a size such as 500MB"),
        (["-f", "messages", "--shard-size", "nan"], "write a size such as 500MB"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(call, made, tmp_path, arguments, said):
    code, out, err = call("export", made("task12").folder, "--out", tmp_path, *arguments)

    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", ["1KB", "1 kb", "0.001MB", "1000", "1000b"])
def test_sizes_are_written_as_people_write_them(call, made, tmp_path, size):
    call("export", made("task12").folder, "-f", "messages", "--out", tmp_path, "--shard-size", size)

    said = json.loads((tmp_path / "messages" / "export.json").read_bytes())
    assert said["shard_bytes"] == 1000
    assert len(list((tmp_path / "messages").glob("train-*"))) == said["rows"]["train"]


def test_a_run_writes_the_formats_that_are_named(call, recipe, tmp_path):
    arguments = ("run", recipe(), "-t", "task12", *CHEAP, "--out", tmp_path, "-f", "messages")

    code, out, _ = call(*arguments)
    _, again, _ = call(*arguments, "--json")

    assert code == 0
    assert f"messages: 12 train in {tmp_path / 'task12' / 'messages'}\n" in out
    assert json.loads(again)[0]["formats"][0]["fresh"] is False


def test_a_format_of_an_earlier_run_is_told(call, recipe, tmp_path):
    arguments = ("run", recipe(), "-t", "task12", *CHEAP, "--out", tmp_path)
    call(*arguments, "-f", "messages")

    _, out, _ = call(*arguments, "--seed", "9", "--fresh")

    again = f"python -m factory export {tmp_path / 'task12'} --format messages"
    assert f"messages is of an earlier run: {again} makes it anew" in out


def test_a_typo_is_told_before_anything_is_made(call, recipe, tmp_path):
    code, _, err = call("run", recipe(), "-t", "task12", "-f", "mesages", "--out", tmp_path / "out")

    assert code == 2
    assert "did you mean 'messages'?" in err
    assert not (tmp_path / "out").exists()


def test_a_recipe_says_its_formats_and_a_task_its_own(call, recipe, tmp_path):
    path = recipe(["messages"], [{"name": "eshop", "to": "parquet"}, "openai"])

    call("run", path, "-t", "task12", "-t", "task11", *CHEAP, "--out", tmp_path)
    code, _, err = call("run", path, "-t", "task11", *CHEAP, "--out", tmp_path, "-f", "alpaca")

    assert (code, err) == (0, "")
    formats = {
        path.parent.parent.name + "/" + path.parent.name for path in tmp_path.rglob("export.json")
    }
    assert formats == {
        *("task12/eshop", "task12/openai", "task11/messages", "task11/alpaca"),
    }
    assert (tmp_path / "task12" / "eshop" / "train.parquet").is_file()


def test_formats_are_no_part_of_what_a_run_is(recipe, tmp_path):
    bare, told = load_recipe(recipe()), None
    definition = compile_task(bare, "task12").definition
    manifest = factory.run(bare.with_changes(limit=12), "task12", tmp_path).manifest
    made = (tmp_path / "task12" / "train.jsonl").stat().st_mtime_ns

    told = load_recipe(recipe(["messages"], ["eshop"]))
    assert compile_task(told, "task12").definition == definition
    again = factory.run(told.with_changes(limit=12), "task12", tmp_path)

    assert (tmp_path / "task12" / "train.jsonl").stat().st_mtime_ns == made
    assert again.manifest == manifest
    assert "formats" not in manifest["recipe"]
    assert lines(tmp_path / "task12" / "eshop" / "train.jsonl") == 12
    assert not (tmp_path / "task12" / "messages").exists()


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        (["mesages"], "there is no format 'mesages': did you mean 'messages'"),
        ([{"name": "messages", "too": "parquet"}], "did you mean 'to'"),
        ([{"name": "messages", "to": "csv"}], "'jsonl' or 'parquet'"),
        (["messages", {"name": "messages", "to": "parquet"}], "stands there twice"),
        ([{"to": "parquet"}], "name"),
    ],
)
@pytest.mark.parametrize("where", ["recipe", "task"])
def test_a_mistake_in_a_recipe_is_told_with_its_line(recipe, where, formats, said):
    path = recipe(formats) if where == "recipe" else recipe(of_task=formats)

    with pytest.raises(RecipeError, match=said) as caught:
        load_recipe(path)
    assert "formats" in str(caught.value)


def test_what_a_recipe_cannot_have_is_told_before_the_run(call, recipe, tmp_path):
    path = recipe([{"name": "eshop", "reasoning": True}])

    code, _, err = call("run", path, "-t", "task12", "--out", tmp_path / "out")

    assert code == 2
    assert "leave out --reasoning" in err
    assert not (tmp_path / "out").exists()


def test_a_mixture_is_written_in_the_recipes_formats(call, recipe, tmp_path):
    arguments = ("run", recipe(["messages"]), "-m", "v9b", "--limit", "5", "--out", tmp_path)

    code, _, _ = call(*arguments, "-f", "ecom", "--json")

    assert code == 0
    mixed = lines(tmp_path / "v9b" / "train.jsonl")
    assert lines(tmp_path / "v9b" / "messages" / "train.jsonl") == mixed
    assert len(list((tmp_path / "v9b" / "ecom").rglob("meta-info.json"))) >= 4
