"""Hostile text in a card: it says what it says, and does nothing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factory.outputs.card import render_card
from factory.outputs.card.markdown import block, code, html, inline, link
from factory.text import visible
from tests.outputs.card_folders import sample, write_run

#: CommonMark with the tables, strikethrough and bare links of the Hub's renderer.
READER = MarkdownIt("gfm-like", {"linkify": False})
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "```\n</details>\n# Heading\n---\n",
    "````text",
    "| a | b |\n|---|---|",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example me@evil.example",
    "---\nlicense: mit\n---",
    "abc \u202edesrever\u202c \u200b hidden",
    "null\x00byte \x1b[31mred",
    "&lt;b&gt; &amp; $x$",
    "<!-- -->\n<details>",
    "T" * 5_000,
    "-",
    "1. one",
    "#",
    "\ud800 alone",
)
#: How many sections a card has, whatever is in it.
SECTIONS = 15
TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("`|*_<>[]()#-+=~\\&!\n\r\t $@:/.'\"")), max_size=60
)


def said(markdown: str) -> str:
    """Return the text that a reader of the rendered Markdown sees."""
    return unescape(re.sub(r"<[^>]*>", "", READER.render(markdown)))


@given(TEXTS)
def test_a_line_reads_as_it_was_and_is_one_paragraph(text: str) -> None:
    line = inline(f"x{text}")
    rendered = READER.render(line)
    assert re.sub(r"</?(p|code)>", "", rendered).count("<") == 0
    told = visible(" ".join(f"x{text}".split()))
    if line.startswith("`"):
        told = told.replace("|", "\\|")  # code in a table has no other way to hold one
    assert said(line).strip() == told


@given(TEXTS)
def test_a_line_begins_nothing(text: str) -> None:
    line = inline(text)
    if line:
        assert READER.render(line).startswith("<p>")


@given(TEXTS)
def test_a_cell_stays_in_its_cell(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {inline(text)} | {code(text)} |\n"
    assert READER.render(table).count("<td") == 2


@given(TEXTS)
def test_a_block_ends_where_it_should_and_says_the_same(text: str) -> None:
    rendered = READER.render(f"before\n\n{block(text)}\n\nafter")
    assert rendered.count("<pre>") == 1
    assert rendered.endswith("<p>after</p>\n")
    lines = [visible(line) for line in re.split(r"\r\n|\r|\n", text)]
    shown = re.search(r"<code[^>]*>(.*)</code>", rendered, re.DOTALL)
    assert shown is not None
    assert unescape(shown[1]) == "\n".join(lines) + "\n"


@given(TEXTS)
def test_text_within_an_element_opens_none(text: str) -> None:
    assert not re.search("[<>]", html(text))


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "your own shop", "https://x.example/)(", "https://a b"]
)
def test_only_plain_web_addresses_are_links(address: str) -> None:
    assert "<a " not in READER.render(link("home", address))


def test_a_web_address_is_a_link_told_without_its_scheme() -> None:
    rendered = READER.render(link("https://example.org/a_b", "https://example.org/a_b"))
    assert rendered == '<p><a href="https://example.org/a_b">example.org/a_b</a></p>\n'


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_anywhere_harms_no_card(tmp_path: Path, text: str) -> None:
    bad = text.encode("utf-8", "replace").decode()
    manifest = write_run(
        tmp_path,
        [sample(input_field=bad, output_field=bad, reasoning=bad)],
        title=text,
        source={
            "licence": text,
            "homepage": text,
            "quarantined": [{"cause": text, "rows": 1, "examples": [text]}],
            "files": [{"name": text, "bytes": 1, "fingerprint": ""}],
        },
        models={text: {"model": text, "parameters": {"stop": [text]}}},
        filters={text: {text: text}},
        probes={text: {"score": 0.5, "chance": 0.5, "rows": 1, "gives_away": False}},
    )
    manifest["splits"]["train"]["rejected"] = {f"{text}: {text}": 2}
    card = render_card(tmp_path, manifest)
    _, head, body = card.split("---\n", 2)
    assert yaml.safe_load(head)["size_categories"] == ["n<1K"]
    assert visible(body.replace("\n", "")) == body.replace("\n", "")
    rendered = READER.render(body)
    tags = set(re.findall(r"<(/?[a-z][a-z0-9]*)", rendered))
    assert not tags & {"script", "img", "details", "/details"}
    assert rendered.count("<h1>") == 1
    assert "evil" not in "".join(re.findall(r'href="([^"]*)"', rendered))
    assert rendered.rstrip().endswith("-->")
    assert rendered.count("<h2>") == SECTIONS
