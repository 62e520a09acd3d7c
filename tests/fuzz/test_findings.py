"""What fuzzing found: each was a traceback, a wrong bill or an endless wait, and is a line now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from factory.cli import app
from factory.errors import OutputError, RecipeError, SourceError, UsageError
from factory.hub.card import files_of_card
from factory.hub.changes import read_record
from factory.line import RunResult
from factory.llm import AnswerError, read_answer
from factory.llm.batch_files import read_result
from factory.llm.models import Endpoint
from factory.llm.transport import TryAgainError, failure_of, read_reply
from factory.recipe import load_recipe
from factory.report.page import write_report
from factory.runs.export import export
from factory.runs.run import Run
from factory.sources import address, download, hub
from tests.fuzz.told import _Listed

ENDPOINT = Endpoint("https://models.example/v1", "models.example", "sk-secret")


@pytest.mark.parametrize(
    "changed",
    [
        {"usage": {"prompt_tokens": float("inf")}},
        {"usage": {"completion_tokens": -5}},
        {"usage": {"prompt_tokens": 10**30}},
        {"choices": [{"message": {"content": {"text": "no text"}}}]},
        {"choices": [{"message": {"content": "a"}, "finish_reason": 3}]},
    ],
)
def test_a_reply_that_no_bill_could_hold_is_asked_for_again(changed: dict[str, Any]) -> None:
    reply = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]} | changed
    with pytest.raises(TryAgainError, match="not in the form of the API"):
        read_reply(json.dumps(reply).encode(), 1.0)
    line = {"custom_id": "00ff", "response": {"status_code": 200, "body": reply}}
    result = read_result(ENDPOINT, json.dumps(line).encode())
    assert result is not None
    assert isinstance(result[1].failed, TryAgainError)


def test_a_batchs_status_that_is_no_number_is_no_result() -> None:
    line = {"custom_id": "00ff", "response": {"status_code": float("inf"), "body": None}}
    assert read_result(ENDPOINT, json.dumps(line).encode()) is None


def test_a_server_cannot_ask_to_wait_for_nan_seconds() -> None:
    failure = failure_of(ENDPOINT, 429, b"", {"retry-after-ms": "nan"})
    assert isinstance(failure, TryAgainError)
    assert failure.after is None


@pytest.mark.parametrize("text", ["[\ud800", "[" * 150_000, "{" * 150_000, "x" * 10**6])
def test_an_answer_of_brackets_or_half_characters_is_refused_soon(text: str) -> None:
    with pytest.raises(AnswerError):
        read_answer(text, _Listed)


@pytest.mark.parametrize("content", [b'{"files": {"a": {"size": Infinity}}}', b"[" * 100_000])
def test_a_record_of_pushes_that_cannot_be_read_makes_no_file_ours(content: bytes) -> None:
    assert read_record(content) == {}


@pytest.mark.parametrize(
    "said",
    [
        "a: &a [*a]",
        "a: &a {b: *a}",
        "a: 2001-99-99",
        "a: !!bool maybe",
        "[" * 2_000,
        "\n".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" if old else f"{new}: &{new} [x]"
            for old, new in zip(["", *"abcdefghi"], "abcdefghij", strict=True)
        ),
    ],
)
def test_a_card_that_nests_without_end_or_multiplies_is_refused(said: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="its front matter"):
        files_of_card(f"---\n{said}\n---\n".encode(), tmp_path / "README.md")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("!!set {a, b}", "a plain mapping"),
        ("!!omap\n- a: 1", "a recipe is a mapping"),
        ('a: "\\ud800"', ":1: half of a character"),
        ('b: 1\n"\\ud800": 1', ":2: half of a character"),
    ],
)
def test_a_recipe_of_another_kind_or_of_half_characters_is_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=said) as caught:
        load_recipe(tmp_path / "recipe.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    ["https://[::1", "https://a.example:99999/", "https://a.example/\ud800", "https://é.example/"],
)
def test_an_address_that_can_be_sent_nowhere_is_refused(said: str) -> None:
    with pytest.raises(SourceError, match="is no web address"):
        download.check(said, "demo")
    assert hub.parse(said) is None
    assert address.shown(said).startswith("https://")


def test_a_file_name_that_no_disk_takes_is_refused() -> None:
    with pytest.raises(SourceError, match="is no file name"):
        download.fetch("https://a.example/" + "a" * 400, "a" * 400, "demo")


@pytest.fixture
def folder(made: Callable[[str], RunResult], tmp_path: Path) -> Path:
    return shutil.copytree(made("select_exact_matches").folder, tmp_path / "run")


def edit(folder: Path, name: str, **changed: Any) -> str:
    """Put ``changed`` into the first line of a file of a run; return the id of what stood there."""
    path = folder / name
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(first)
    lines = [json.dumps(record | changed), *rest]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(record.get("id", ""))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task_type": "unheard-of"}, "there is no task type 'unheard-of'"),
        ({"gold": "[1, "}, "its 'gold' is no JSON"),
        ({"slots": "{"}, "its 'slots' is no JSON"),
        ({"slots": "[]"}, "its 'slots' is no JSON object"),
        ({"options": None}, "its 'options' is no list"),
        ({"provenance": 3}, "no 'provenance' with fields"),
        ({"scores": {"a": "b"}}, "its 'scores' holds something else than numbers"),
        ({"verdicts": [{"filter": "length"}]}, "no 'keep'"),
    ],
)
def test_a_record_that_somebody_edited_is_one_line_whoever_reads_it(
    folder: Path, changed: dict[str, Any], said: str
) -> None:
    sample_id = edit(folder, "train.jsonl", **changed)
    readers: list[Callable[[], object]] = [
        lambda: Run(folder).to_pandas(),
        lambda: Run(folder).why(sample_id),
        lambda: Run(folder).show(),
        lambda: Run(folder).stats(),
        lambda: write_report(folder),
    ]
    for reader in readers:
        with pytest.raises(OutputError) as caught:
            reader()
        message = str(caught.value)
        assert message.startswith(f"{folder / 'train.jsonl'}:1: not a record of this project: ")
        assert said in message
        assert "\n" not in message


@pytest.mark.parametrize("form", ["messages", "eshop", "ecom", "samples"])
@pytest.mark.parametrize("changed", [{"task_type": "unheard-of"}, {"gold": "[1, "}])
def test_an_edited_record_is_not_exported(folder: Path, form: str, changed: dict[str, Any]) -> None:
    edit(folder, "train.jsonl", **changed)
    with pytest.raises(OutputError, match=r"train\.jsonl:1: not a"):
        export(folder, form)
    assert not (folder / form).exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"versions": None}, "'versions'"),
        ({"versions": {"python": None}}, "'versions'"),
        ({"splits": {"train": None}}, "'splits'"),
        ({"splits": {"train": {"rejected": {"a": None}}}}, "'splits'"),
        ({"files": {"train.jsonl": None}}, "'files'"),
        ({"recipe": {"type": 3}}, "'recipe'"),
    ],
)
def test_a_manifest_that_somebody_edited_is_one_line_for_page_and_notebook(
    folder: Path, changed: dict[str, Any], said: str
) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changed), encoding="utf-8")
    for reader in (lambda: write_report(folder), lambda: Run(folder)._repr_html_()):
        with pytest.raises(UsageError, match="not a manifest of this project") as caught:
            reader()
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_a_terminal_would_obey_is_escaped_in_json(folder: Path) -> None:
    turned = "safe \u202egpj.exe\u202c \x9b2J \u3000 👩\u200d🔧"
    edit(folder, "train.jsonl", input_field=turned)
    told = CliRunner().invoke(app, ["show", str(folder), "--limit", "1", "--json"])
    assert told.exit_code == 0, told.output
    assert not {"\u202e", "\u202c", "\x9b"} & set(told.output)
    assert "👩\u200d🔧" in told.output
    assert json.loads(told.output)[0]["input_field"] == turned


def test_a_card_of_ours_is_still_read() -> None:
    data = {"configs": [{"config_name": "default", "data_files": [{"path": "a.jsonl"}]}]}
    card = f"---\n{yaml.safe_dump(data)}---\n# text\n".encode()
    assert files_of_card(card, Path("README.md")) == ["a.jsonl"]
