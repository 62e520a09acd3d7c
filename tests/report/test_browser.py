"""The page in a real browser: what people do with it, and what hostile text cannot do to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.outputs.run_folder import PAGE
from factory.report.page import write_report
from tests.report.browser import Browser, opened_browser
from tests.report.folders import (
    HOSTILE,
    LONG,
    grown_run,
    hostile_run,
    judged_run,
    mixture_run,
    records,
    task_run,
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = task_run(tmp_path_factory.mktemp("out"), limit=120)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, run: Path) -> Path:
    folder = hostile_run(tmp_path_factory.mktemp("hostile") / "run", run)
    return write_report(folder).path


def test_hostile_text_runs_nothing_loads_nothing_and_is_shown(browser, hostile):
    browser.open(hostile)
    texts = [browser.text("body")]
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    browser.run("location.hash = '#samples'")
    browser.until("return document.querySelector('.row') !== null")
    for _ in range(2 * len(HOSTILE)):
        browser.press("j")
        texts.append(browser.text("#detail"))
        browser.run(
            "document.querySelectorAll('#detail *, .row *').forEach((each) =>"
            " each.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })))"
        )
    browser.choose("Verdict", "=dropped")
    browser.press("j", "j")
    texts.append(browser.text("#detail"))
    browser.search("<script>")
    said = "\n".join(texts)

    assert browser.run("return window.hostile === undefined")
    assert browser.run("return document.querySelectorAll('img, iframe, b, base').length") == 0
    assert [each for each in browser.requests() if not each.startswith(("file:", "data:"))] == []
    assert browser.complaints() == []
    for attack in ("<script>window.hostile = 1</script>", "</script></style></title><!--", "<img "):
        assert attack in said
    for written in ("⟨U+202E⟩", "⟨U+0000⟩", "⟨U+001B⟩", "⟨U+2067⟩"):
        assert written in said
    assert not {"\x00", "\x1b", "\u202e", "\u2067"} & set(said)
    assert "{{ 7 * 7 }}" in said
    assert LONG.strip() in said


def test_what_a_careless_page_would_do_is_noticed(browser, tmp_path):
    page = tmp_path / "careless.html"
    page.write_text(
        "<html data-ready=true><body><script>window.hostile = 1</script>"
        "<img src='http://127.0.0.1:9/x.png'></body></html>",
        encoding="utf-8",
    )
    browser.open(page)

    assert browser.run("return window.hostile") == 1
    assert any(each.startswith("http:") for each in browser.requests())


@pytest.mark.parametrize("width", [375, 1280])
def test_hostile_text_breaks_no_layout(browser, hostile, width):
    browser.open(hostile, width=width)
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.run(overflow) <= 0
    inside = "return it.scrollWidth - it.clientWidth"
    browser.run("location.hash = '#samples'")
    browser.until("return document.querySelector('.row') !== null")
    for _ in HOSTILE:
        browser.press("j")
        assert browser.run(overflow) <= 0
        assert browser.run(f"const it = document.getElementById('detail'); {inside}") <= 0


def test_source_text_stands_in_elements_of_its_own_direction(browser, hostile):
    browser.open(hostile, "#samples")
    browser.press("j")
    # Every letter of a sample is below a bdi; what is not is the page's own words.
    bare = browser.run(
        "const walker = document.createTreeWalker(document.getElementById('detail'),"
        " NodeFilter.SHOW_TEXT); const found = [];"
        "while (walker.nextNode()) if (!walker.currentNode.parentElement.closest('bdi'))"
        " found.push(walker.currentNode.data); return found.join(' ')"
    )
    assert "hostile" not in bare
    assert "<" not in bare


def test_search_finds_words_of_prompts_answers_and_ids(browser, run):
    kept, dropped = records(run / "train.jsonl"), records(run / "rejected.jsonl")
    browser.open(run / PAGE, "#samples")
    everything = len(kept) + len(dropped)

    assert browser.found() == everything
    assert browser.search(kept[7]["id"]) == 1
    hits = sum(
        all(word in f"{each['input_field']} {each['id']}".lower() for word in ("bottle", "price"))
        for each in kept
    )
    rows = sum(
        all(word in f"{each['record']}".lower() for word in ("bottle", "price")) for each in dropped
    )
    assert 0 < hits + rows < everything
    assert browser.search("  PRICE bottle ") == hits + rows
    assert browser.search("  PRICE bottle no sample says this") == 0
    assert browser.search("  PRICE bottle") == hits + rows
    assert browser.search("no sample says this") == 0
    assert "Nothing" in browser.text("#rows")
    browser.run("document.querySelector('#found button').click()")
    assert browser.found() == everything


def test_filters_choose_by_verdict_language_and_score(browser, run, tmp_path):
    kept, dropped = records(run / "train.jsonl"), records(run / "rejected.jsonl")
    browser.open(run / PAGE, "#samples")
    reasons = Counter(f"{each['filter']}: {each['reason']}" for each in dropped)

    assert browser.choose("Verdict", "=kept") == len(kept)
    assert browser.choose("Verdict", "=dropped") == len(dropped)
    for reason, count in reasons.items():
        assert browser.choose("Verdict", f"={reason}") == count
    judged = judged_run(tmp_path / "judged", tmp_path / "cache")
    browser.open(write_report(judged).path, "#samples")
    scored = [
        json.loads(each["record"])["scores"] for each in records(judged / "rejected.jsonl")
    ] + [each["scores"] for each in records(judged / "train.jsonl")]
    browser.choose("Score", "judge.correct")
    low = sum(each["judge.correct"] <= 2 for each in scored)
    assert 0 < low < len(scored)
    assert browser.choose("to", "2") == low
    assert browser.choose("from", "2") == sum(each["judge.correct"] == 2 for each in scored)
    browser.run("document.querySelector('#found button').click()")
    browser.choose("Order", "low")
    browser.press("j")
    least = min(each["judge.correct"] for each in scored)
    assert browser.run(
        "return [...document.querySelectorAll('#detail tr')].find((each) =>"
        " each.textContent.startsWith('judge.correct')).lastChild.textContent"
    ) == f"{least:g}"  # fmt: skip


def test_keys_go_through_the_samples_and_links_lead_to_one(browser, run):
    ids = [each["id"] for each in records(run / "train.jsonl")]
    browser.open(run / PAGE)
    assert browser.run("return document.getElementById('samples').hidden")

    browser.press("s", "j")
    assert browser.text("#detail h2") == ids[0]
    browser.press("j", "\ue015")  # arrow down
    assert browser.text("#detail h2") == ids[2]
    browser.press("k")
    assert browser.text("#detail h2") == ids[1]
    assert browser.run("return location.hash") == f"#{ids[1]}"
    assert browser.run("return document.querySelector('[aria-selected=true] .about') !== null")
    browser.press("/")
    browser.until("return document.activeElement.id === 'query'")
    browser.press("b", "o", "x")
    assert browser.run("return document.activeElement.id") == "query"
    assert browser.text("#detail h2") == ids[1]
    browser.press("\ue00c")  # escape
    assert browser.run("return document.activeElement.id") == "list"
    browser.press("?")
    assert browser.run("return document.getElementById('help').open")
    browser.press("\ue00c", "o")
    assert not browser.run("return document.getElementById('help').open")
    assert browser.run("return document.getElementById('samples').hidden")
    browser.open(run / PAGE, f"#{ids[50]}")
    assert browser.text("#detail h2") == ids[50]
    selected = "document.querySelector('[aria-selected=true]').getBoundingClientRect()"
    assert browser.run(f"return {selected}.bottom <= innerHeight && {selected}.top >= 0")
    browser.open(run / PAGE, "#nobody")
    assert "no such sample" in browser.text("#detail")


def test_a_sample_is_copied_as_the_files_hold_it(browser, run):
    record = records(run / "train.jsonl")[3]
    browser.open(run / PAGE, f"#{record['id']}")
    browser.run(
        "window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); }"
    )
    browser.press("c", "l")
    browser.until("return window.copied.length === 2")
    copied, link = browser.run("return window.copied")
    sample = json.loads(copied)

    assert link.endswith(f"{PAGE}#{record['id']}")
    for name in ("id", "task", "input_field", "output_field", "lang", "metric", "split"):
        assert sample[name] == record[name]
    assert sample["gold"] == json.loads(record["gold"])
    assert sample["slots"] == json.loads(record["slots"])
    for name, value in record["provenance"].items():
        assert sample["provenance"].get(name) == value or not value


def test_the_story_of_a_ranking_says_rank_and_relevance(browser, tmp_path):
    folder = task_run(tmp_path, "task12", limit=10)
    record = records(folder / "train.jsonl")[0]
    browser.open(write_report(folder).path, f"#{record['id']}")
    table = browser.run(
        "return [...document.querySelectorAll('#detail section')].find((each) =>"
        " each.textContent.startsWith('Arrangement')).querySelectorAll('tbody tr').length"
    )
    cells = browser.run(
        "return [...document.querySelectorAll('#detail tbody')][0].innerText.split('\\n')"
        ".filter(Boolean).map((line) => line.split('\\t'))"
    )
    order = [int(number) for number in record["output_field"].split(",")]

    assert table == len(record["options"])
    assert [row[0] for row in cells] == ["1", "2", "3", "4", "5"]
    assert [int(row[2]) for row in cells] == [order.index(place) + 1 for place in range(1, 6)]
    assert [float(row[3]) for row in cells] == json.loads(record["gold"])


def test_only_the_rows_in_sight_are_elements(browser, run, tmp_path):
    folder = grown_run(tmp_path / "grown", run, 3000)
    browser.open(write_report(folder).path, "#samples")

    assert browser.found() >= 3000
    assert browser.run("return document.querySelectorAll('.row').length") < 40
    browser.run("document.getElementById('list').scrollTop = 2000 * 82")
    browser.until("return [...document.querySelectorAll('.row')].some((e) => e.id === 'row-2002')")
    assert browser.run("return document.querySelectorAll('.row').length") < 40
    assert browser.search("no 2999") >= 1
    assert (
        browser.run(
            "const field = document.getElementById('query'); const start = performance.now();"
            "field.value = 'zebra price'; field.dispatchEvent(new Event('input'));"
            "return performance.now() - start"
        )
        < 500
    )


def test_a_mixture_is_filtered_by_task_and_its_tasks_can_be_linked_to(browser, tmp_path):
    folder = mixture_run(tmp_path)
    kept = Counter(each["task"] for each in records(folder / "train.jsonl"))
    browser.open(write_report(folder).path, "#samples")
    browser.choose("Verdict", "=kept")
    for task, count in kept.items():
        assert browser.choose("Task", f"={task}") == count
    browser.run("location.hash = '#task-2'")
    browser.until("return document.getElementById('task-2').open")


def test_colours_follow_the_system_and_the_switch(browser, run):
    paper = "return getComputedStyle(document.querySelector('.top')).backgroundColor"
    browser.open(run / PAGE)
    light = browser.run(paper)
    browser.open(run / PAGE, dark=True)
    dark = browser.run(paper)
    assert light != dark

    switch = "document.getElementById('theme').click()"
    browser.run(switch)
    assert browser.run(paper) == light
    browser.run(switch)
    assert browser.run(paper) == dark
    browser.open(run / PAGE)
    assert browser.run(paper) == dark
    browser.run(switch)
    assert browser.run(paper) == light


def test_a_phone_shows_the_list_then_the_sample_and_goes_back(browser, run):
    seen = "return [...document.querySelectorAll('.list-pane, #detail')].map((e) => e.offsetWidth)"
    browser.open(run / PAGE, "#samples", width=375, height=740)
    assert browser.run(seen) == [375, 0]
    browser.run("document.querySelector('.row').click()")
    browser.until("return document.body.classList.contains('reading')")
    assert browser.run(seen) == [0, 375]
    browser.run("document.querySelector('.back').click()")
    browser.until("return !document.body.classList.contains('reading')")
    assert browser.run(seen) == [375, 0]
    assert not browser.run("return document.getElementById('choices').offsetHeight")
    browser.run("document.getElementById('more').click()")
    assert browser.run("return document.getElementById('choices').offsetHeight") > 0


def test_everything_that_is_operated_has_a_name_and_a_place_in_the_order(browser, run):
    browser.open(run / PAGE, "#samples")
    nameless = browser.run(
        "return [...document.querySelectorAll('button, input, select, a, [tabindex=\"0\"]')]"
        ".filter((each) => !(each.textContent.trim() || each.getAttribute('aria-label')"
        " || each.closest('label'))).map((each) => each.outerHTML)"
    )
    assert nameless == []
    assert browser.run("return document.querySelectorAll('[tabindex]:not([tabindex=\"0\"])"
                       ":not([tabindex=\"-1\"])').length") == 0  # fmt: skip
    for landmark in ("header", "main", "nav", "[role=search]", "h1"):
        assert browser.run("return document.querySelector(arguments[0]) !== null", landmark)
    assert browser.run("return document.documentElement.lang") == "en"
    ids = browser.run("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


def test_the_overview_is_whole_without_scripts(run):
    page = (run / PAGE).read_text(encoding="utf-8")
    overview = page[page.index('<section id="overview"') : page.index('<section id="samples"')]

    assert "hidden" not in overview.split(">", 1)[0]
    assert "Samples kept" in overview
    assert "<noscript>" in page
