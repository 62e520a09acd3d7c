"""What a notebook shows of samples: readable, and nothing of a source's text is obeyed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factory
from factory.line import RunResult
from factory.runs.display import escaped
from tests.runs.test_compare import edit

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe\u202c \x1b[2J\x00 "
    "\U0001f469\u200d\U0001f52c & \"'><b>" + "long title " * 500
)
TAGS = {
    *("div", "span", "table", "tr", "td", "b", "bdi", "del", "ins", "details", "summary"),
}


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def check_harmless(html: str) -> str:
    """Return the text that a page shows; fail where it has a tag or a style of somebody else's."""
    page = _Tags(html)
    assert page.tags <= TAGS
    assert page.attributes <= {"style", "dir"}
    assert "url(" not in html
    text = "".join(page.texts)
    assert not {"\x00", "\x1b", "\u202e"} & set(text)
    return text


@pytest.fixture
def hostile(made: Callable[[str], RunResult], tmp_path: Path) -> factory.Run:
    """Return a run whose first sample and first rejected candidate hold hostile text."""
    shutil.copytree(made("select_exact_matches").folder, tmp_path / "run")

    def plant(record: dict[str, Any]) -> dict[str, Any]:
        if "reason" in record:
            return record | {"detail": HOSTILE, "record": json.dumps({"title": HOSTILE})}
        slots = json.dumps({"title": HOSTILE})
        wording = record["provenance"] | {"wording": HOSTILE, "licence": HOSTILE}
        planted = dict.fromkeys(("prompt", "input_field", "output_field", "reasoning"), HOSTILE)
        options = [HOSTILE, *record["options"][1:]]
        return record | planted | {"options": options, "slots": slots, "provenance": wording}

    for name in ("train.jsonl", "rejected.jsonl"):
        edit(tmp_path / "run" / name, plant)
    return factory.load(tmp_path / "run")


def test_hostile_text_is_shown_and_not_obeyed(hostile: factory.Run) -> None:
    first, dropped = hostile[0].id, hostile.rejected[0]["id"]
    shown = [
        hostile.show(2)._repr_html_(),
        hostile.show(2, "rejected")._repr_html_(),
        hostile.why(first)._repr_html_(),
        hostile.why(dropped)._repr_html_(),
    ]
    for html in shown:
        text = check_harmless(html)
        assert "<script>alert(1)</script>" in text
        assert "U+202E" in text
        assert "U+0000" in text
        assert "\U0001f469\u200d\U0001f52c" in text


def test_hostile_text_is_not_obeyed_by_a_terminal_either(hostile: factory.Run) -> None:
    for shown in (hostile.show(2), hostile.why(hostile[0].id), hostile.show(1, "rejected")):
        assert not {"\x00", "\x1b", "\u202e"} & set(repr(shown))


def test_a_hostile_run_can_be_compared_counted_and_drawn(
    hostile: factory.Run, made: Callable[[str], RunResult]
) -> None:
    difference = factory.diff(made("select_exact_matches").folder, hostile)
    assert "<script>" in check_harmless(difference._repr_html_())
    check_harmless(hostile.stats()._repr_html_())
    check_harmless(hostile._repr_html_())
    assert hostile.plot()


@given(st.text(max_size=80))
def test_no_text_opens_a_tag(text: str) -> None:
    check_harmless(escaped(text))


def test_a_sample_reads_like_its_prompt_with_the_gold_marked(
    made: Callable[[str], RunResult],
) -> None:
    run = factory.load(made("select_exact_matches").folder)
    sample = run[0]
    assert isinstance(sample.gold, list)
    text = check_harmless(run.show(1)._repr_html_())

    for number, option in enumerate(sample.options, 1):
        mark = "✓" if number in sample.gold else ""
        assert f"{number}. {option}{chr(0x2002) if mark else ''}{mark}" in text
    assert text.count("✓") == len(sample.gold)
    assert sample.output_field in text
    assert f"wording {sample.provenance.wording}" in text


@pytest.mark.parametrize(
    "task",
    [
        *("write_next_item", "select_next_item", "task14", "task12", "extract_attribute_value"),
        *("copy_answer_line", "check_answer_line", "recognize_query_entities"),
        "detect_query_spans",
    ],
)
def test_every_kind_of_answer_can_be_shown(made: Callable[[str], RunResult], task: str) -> None:
    run = factory.load(made(task).folder)
    text = check_harmless(run.show(3)._repr_html_())

    assert run[0].output_field.strip() in text
