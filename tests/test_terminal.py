"""What stands in a terminal: hostile text obeyed by nothing, samples chosen, tables that fit."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from factory.cli import main
from factory.engines import LocalEngine
from factory.line import run_task
from factory.recipe import load_recipe
from factory.runs.selection import Selection, select
from factory.terminal.text import visible
from tests.catalogue import PROJECT

RECIPE = str(PROJECT / "recipes.yaml")
#: A script, an escape sequence, a null byte, a right-to-left override, an emoji, and a long title.
HOSTILE = (
    "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07[red]\x00\u202egnp.exe\u2066\x9b31m 👩‍👩‍👧 "
    + "A" * 5000
)
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run of 40 samples, and one that dropped candidates."""
    out = tmp_path_factory.mktemp("runs")
    recipe = load_recipe(RECIPE).with_changes(limit=40)
    for task in ("task12", "write_query_for_product"):
        run_task(recipe, task, out, LocalEngine())
    return out


@pytest.fixture
def say(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Return a function that runs a command that succeeds, and gives its stdout and stderr."""

    def call(*arguments: object, code: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["factory", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capfd.readouterr()
        assert stop.value.code == code, err
        return out, err

    return call


def records(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    text = (folder / f"{split}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def planted(value: Any) -> Any:
    """Return a record in which every text is hostile, but what says which grammar it has."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, list):
        return [planted(each) for each in value]
    return value


@given(st.text())
def test_no_text_is_obeyed(text: str) -> None:
    shown = visible(text)
    assert not OBEYED.search(shown)
    assert all(
        unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        or each in "\n\u200c\u200d"
        for each in shown
    )


def test_emoji_that_are_joined_and_persian_words_stay_whole() -> None:
    assert visible("👩‍👩‍👧 می‌خواهم") == "👩‍👩‍👧 می‌خواهم"
    assert visible("\u202e\x1b\U000e0041") == "\\u202e\\x1b\\U000e0041"


def test_a_folder_from_elsewhere_cannot_touch_the_terminal(say, runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "task12"
    folder.mkdir()
    manifest = json.loads((runs / "task12" / "manifest.json").read_text(encoding="utf-8"))
    manifest["source"]["address"] = HOSTILE
    manifest["recipe"]["rows"] = HOSTILE
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    kept = []
    for record in records(runs / "task12")[:3]:
        changed = {name: planted(value) for name, value in record.items()}
        changed |= {name: record[name] for name in ("id", "gold", "task_type")}
        changed["slots"] = json.dumps({HOSTILE: [HOSTILE]})
        changed["verdicts"] = [
            {name: planted(value) for name, value in each.items()} for each in record["verdicts"]
        ]
        changed["provenance"] = record["provenance"] | {"wording": HOSTILE}
        kept.append(json.dumps(changed))
    (folder / "train.jsonl").write_text("\n".join(kept), encoding="utf-8")
    dropped = {"id": "x", "task": HOSTILE, "split": "train", "filter": HOSTILE, "reason": HOSTILE}
    dropped |= {"detail": HOSTILE, "record": json.dumps({HOSTILE: HOSTILE})}
    (folder / "rejected.jsonl").write_text(json.dumps(dropped), encoding="utf-8")
    first = json.loads(kept[0])["id"]
    for arguments in (
        (),
        ("--split", "rejected"),
        ("--why", first),
        ("--why", "x"),
        ("--wording", "none"),
        ("--reason", HOSTILE.replace("\x00", "")),
        ("--contains", "alert(1)"),
    ):
        out, err = say("show", folder, *arguments)
        assert not OBEYED.search(out + err), arguments
    out, _ = say("show", folder, "--limit", 1)
    assert "<script>alert(1)</script>" in out  # told, as the text that it is
    assert out.count("A") >= 10_000  # whole, twice: in the prompt and in the answer
    # An error that quotes it, and a recipe whose titles are hostile.
    _, err = say("show", folder, "--split", HOSTILE.replace("\x00", ""), code=2)
    assert not OBEYED.search(err.rstrip("\n"))
    recipe = tmp_path / "recipes.yaml"
    # YAML reads JSON's escapes, but not the pairs of them that JSON makes of an emoji.
    text = "".join(each for each in HOSTILE if "\x00" < each < "\uffff")
    title = json.dumps({"tasks": {"task12": {"title": text}}})
    recipe.write_text(f"include: [catalogue]\n{title[1:-1]}\n", encoding="utf-8")
    out, err = say("list", recipe, "--source", "esci")
    assert "<script>" in out
    assert not OBEYED.search(out + err)


def test_samples_are_chosen_by_what_they_are(say, runs: Path) -> None:
    folder = runs / "task12"
    every = records(folder)

    def shown(*arguments: object) -> list[str]:
        out, _ = say("show", folder, "--limit", 1000, "--json", *arguments)
        return [each["id"] for each in json.loads(out)]

    def those(fits: Callable[[dict[str, Any]], bool]) -> list[str]:
        return [each["id"] for each in every if fits(each)]

    wording = every[0]["provenance"]["wording"]
    answer = every[0]["output_field"]
    assert shown() == those(lambda _: True)
    assert shown("--lang", "DE", "--lang", "ja") == those(lambda e: e["lang"] in ("de", "ja"))
    assert shown("--wording", wording) == those(lambda e: e["provenance"]["wording"] == wording)
    assert shown("--answer", answer) == those(lambda e: e["output_field"] == answer)
    assert shown("--contains", "PRODUCT list", "--lang", "en") == those(lambda e: e["lang"] == "en")
    assert shown("--id", every[3]["id"], "--id", every[1]["id"]) == [e["id"] for e in every[1:4:2]]
    assert shown("--skip", 38) == [each["id"] for each in every[38:]]
    drawn = shown("--random", "--limit", 5)
    assert drawn == shown("--random", "--limit", 5)
    assert set(drawn) < set(those(lambda _: True))
    assert drawn != shown("--random", "--limit", 5, "--seed", 1)


@pytest.mark.parametrize(
    ("task", "right"),
    [
        ("select_next_item", lambda e: [e["options"][json.loads(e["gold"])]]),
        ("task15", lambda _: []),
        ("task14", lambda e: [e["options"][number - 1] for number in json.loads(e["gold"])]),
        (
            "task12",
            lambda e: [
                text
                for text, worth in zip(e["options"], json.loads(e["gold"]), strict=True)
                if worth == max(json.loads(e["gold"]))
            ],
        ),
        ("task4", lambda e: json.loads(e["gold"])),
        ("recognize_title_entities", lambda e: json.loads(e["gold"])),
        ("write_title_for_locale", lambda e: [json.loads(e["gold"])]),
    ],
    ids=["choice", "stars", "retrieval", "ranking", "entities", "lines", "text"],
)
def test_samples_are_chosen_by_any_right_answer_whatever_their_form(
    say, tmp_path: Path, task: str, right: Callable[[dict[str, Any]], list[str]]
) -> None:
    run_task(load_recipe(RECIPE).with_changes(limit=12), task, tmp_path, LocalEngine())
    folder = tmp_path / task
    every = records(folder)
    for wanted in [*right(every[0]), every[0]["output_field"]]:
        out, _ = say("show", folder, "--limit", 100, "--json", "--answer", f" {wanted.upper()}")
        fits = [
            each["id"]
            for each in every
            if wanted.casefold().strip()
            in (text.casefold().strip() for text in [*right(each), each["output_field"]])
        ]
        assert [each["id"] for each in json.loads(out)] == fits


def test_what_was_dropped_is_chosen_by_filter_and_reason(say, runs: Path) -> None:
    folder = runs / "write_query_for_product"
    dropped = records(folder, "rejected")
    reason, count = Counter(each["reason"] for each in dropped).most_common(1)[0]
    out, _ = say("show", folder, "--reason", reason, "--limit", 1000, "--json")
    assert len(json.loads(out)) == count
    out, _ = say("show", folder, "--filter", dropped[0]["filter"], "--limit", 1)
    assert f"dropped by {dropped[0]['filter']}: {dropped[0]['reason']}" in out
    _, err = say("show", folder, "--split", "train", "--reason", reason, code=2)
    assert "--filter and --reason choose what was dropped" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lang", "fr"], "none has the lang fr; there are en ("),
        (["--wording", "x", "--lang", "en"], "none has the wording x; there are "),
        (["--min-score", "judge=3"], "none has a score judge; there are no scores at all"),
        (["--contains", "zebra crossing"], "none of the 40 fits all that was asked for"),
        (["--skip", "90"], "40 fit, and --skip 90 passes over them all"),
    ],
)
def test_where_nothing_fits_it_is_said_what_there_is(say, runs: Path, arguments, said) -> None:
    out, err = say("show", runs / "task12", *arguments)
    assert out == ""
    assert said in err
    assert say("show", runs / "task12", *arguments, "--json") == ("[]\n", "")


def test_the_first_samples_do_not_wait_for_the_last(runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "task12"
    folder.mkdir()
    (folder / "manifest.json").write_bytes((runs / "task12" / "manifest.json").read_bytes())
    lines = (runs / "task12" / "train.jsonl").read_bytes().splitlines()
    (folder / "train.jsonl").write_bytes(b"\n".join([*lines[:3], b"not JSON"]))
    selected = select(folder, "train", Selection(), limit=3)
    assert (len(selected.records), selected.passed, selected.whole) == (3, 3, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["task13"], "there is no such folder: did you mean 'task12'? "),
        (["."], "it holds the runs task12, write_query_for_product: give one of them, such as"),
        (["task12/train.jsonl"], "it is a file of one: give the folder,"),
        (["task12", "--min-score", "judge"], "write NAME=VALUE, such as judge=4"),
    ],
)
def test_what_is_no_run_is_told_with_what_is_one(say, runs: Path, arguments, said) -> None:
    _, err = say("show", runs / arguments[0], *arguments[1:], code=2)
    assert said in err
    assert err.count("\n") == 1


def test_a_run_that_is_half_there_says_so(say, runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "task12"
    (folder / ".work").mkdir(parents=True)
    assert "was interrupted" in say("show", folder, code=2)[1]
    (folder / "manifest.json").write_bytes((runs / "task12" / "manifest.json").read_bytes())
    assert "train.jsonl is missing, though the run wrote it" in say("show", folder, code=2)[1]


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 150, 200])
def test_the_list_of_tasks_fits_its_terminal(
    say, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out, _ = say("list", RECIPE)
    assert max(map(cell_len, out.splitlines())) <= columns
    # No name is broken: each can be copied.
    names = re.findall(r"^\w+", out, re.MULTILINE)
    assert {"classify_query_product_relation", "order_reviews_by_sentiment", "v9b"} <= set(names)
    assert "309 tasks, 52 ask a language model" in out


def test_elsewhere_a_task_is_a_line(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    out, _ = say("list", RECIPE, "--mixture", "v9b")
    assert len(out.splitlines()) == 1 + 4 + 1 + 2 + 2


def test_tasks_are_chosen_by_what_they_are(say) -> None:
    every = json.loads(say("list", RECIPE, "--json")[0])

    def listed(*arguments: str) -> list[str]:
        return [each["name"] for each in json.loads(say("list", RECIPE, "--json", *arguments)[0])]

    def those(fits: Callable[[dict[str, Any]], bool]) -> list[str]:
        return [each["name"] for each in every if fits(each)]

    assert listed("--source", "esci", "--type", "ranking") == those(
        lambda e: e["source"] == "esci" and e["type"] == "ranking"
    )
    assert listed("--paper", "nvidia", "--no-llm") == those(
        lambda e: e["nvidia"] is not None and not e["needs_llm"]
    )
    assert listed("--needs-llm") == those(lambda e: e["needs_llm"])
    assert listed("--mixture", "v9b") == those(lambda e: "v9b" in e["mixtures"])
    assert listed("--contains", "TITLE", "--contains", "japan") == ["write_title_for_locale_jp"]
    assert "did you mean 'esci'?" in say("list", RECIPE, "--source", "escii", code=2)[1]
    assert "did you mean 'ranking'?" in say("list", RECIPE, "--type", "rank", code=2)[1]
    out, err = say("list", RECIPE, "--contains", "zebra")
    assert out == ""
    assert "without the options all 309 are listed" in err


def on_terminal(arguments: list[str], keys: bytes, **environment: str) -> str:
    """Run a command on a terminal of 24 lines, type ``keys``, and return what stood there."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "factory", *arguments],
        cwd=PROJECT,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={
            **{
                name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LESS")
            },
            "TERM": "xterm",
            **environment,
        },
    ) as process:
        os.close(terminal)
        os.write(master, keys)
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:  # what a terminal gives once nobody writes any more
            pass
        assert process.wait(timeout=60) == 0
    os.close(master)
    return shown.decode()


def test_what_is_longer_than_the_screen_is_paged(runs: Path, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\nhead -n 5 > {tmp_path}/paged\n", encoding="utf-8")
    pager.chmod(0o755)
    show = ["show", str(runs / "task12"), "--limit"]
    shown = on_terminal([*show, "30"], b"", PAGER=str(pager))
    assert "╭─" in (tmp_path / "paged").read_text(encoding="utf-8")
    assert "╭─" not in shown
    assert "1 to 30 of 40" in shown
    # What fits the screen, or is to be left alone, is not.
    for arguments, environment in (
        ([*show, "1", "--answer", "no such", "--no-pager"], {"PAGER": str(pager)}),
        ([*show, "30", "--no-pager"], {"PAGER": str(pager)}),
        ([*show, "30"], {"PAGER": "cat"}),
        ([*show, "30"], {"PAGER": str(tmp_path / "nowhere")}),
    ):
        (tmp_path / "paged").unlink(missing_ok=True)
        shown = on_terminal(arguments, b"", **environment)
        assert not (tmp_path / "paged").exists()
        assert ("╭─" in shown) == ("30" in arguments)


def test_no_color_is_no_color(runs: Path) -> None:
    show = ["show", str(runs / "task12"), "--limit", "1", "--no-pager"]
    assert "\x1b[" not in on_terminal(show, b"", NO_COLOR="1", TERM="dumb")
    assert "\x1b[1;32m" in on_terminal(show, b"")
