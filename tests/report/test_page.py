"""The page of a run: one file, whole or not at all, that says what the folder's files say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from factory.errors import FactoryError, OutputError, UsageError
from factory.outputs.run_folder import PAGE
from factory.report.gathering import gather
from factory.report.page import write_report
from factory.report.shown import shown, visible
from factory.text import UNSEEN
from tests.report.folders import (
    HOSTILE,
    SCRIPT,
    grown_run,
    hostile_run,
    mixture_run,
    records,
    task_run,
    write_records,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return task_run(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixture_run(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, run: Path) -> Path:
    return hostile_run(tmp_path_factory.mktemp("hostile") / "run", run)


def samples_of(page: str) -> list[dict[str, Any]]:
    """Return the samples that a page holds, as its script unpacks them."""
    parts = re.findall(r'<script type="text/plain" class="part">([^<]*)</script>', page)
    return [
        sample for part in parts for sample in json.loads(zlib.decompress(base64.b64decode(part)))
    ]


class Elements(HTMLParser):
    """Every start tag of a page, with its attributes, as a browser's tokenizer would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_has_every_sample_kept_and_dropped(run):
    report = write_report(run)
    page = report.path.read_text(encoding="utf-8")
    kept, dropped = records(run / "train.jsonl"), records(run / "rejected.jsonl")
    found = samples_of(page)

    assert report.path == run / PAGE
    assert report.bytes == report.path.stat().st_size
    assert [each["id"] for each in found] == [each["id"] for each in (*kept, *dropped)]
    assert found[0]["input_field"] == kept[0]["input_field"]
    assert found[0]["output_field"] == kept[0]["output_field"]
    assert dropped
    assert found[-1]["dropped"][:2] == [dropped[-1]["filter"], dropped[-1]["reason"]]
    assert json.loads(found[-1]["row"]) == json.loads(dropped[-1]["record"])


def test_what_the_samples_of_a_task_share_is_said_once_and_given_back(run):
    gathered = gather(run)
    (common,) = gathered.common.values()
    found = samples_of("".join(
        f'<script type="text/plain" class="part">{part}</script>' for part in gathered.parts
    ))  # fmt: skip

    for record, sample in zip(records(run / "train.jsonl"), found, strict=False):
        provenance = common["provenance"] | sample["provenance"]
        stated = {name: value for name, value in record["provenance"].items() if value}
        assert stated.items() <= {k: v for k, v in provenance.items() if v}.items()
        assert (common | sample)["lang"] == record["lang"]


def test_the_same_run_elsewhere_gives_the_same_bytes(run, tmp_path):
    elsewhere = tmp_path / "another name"
    elsewhere.mkdir()
    for name in ("train.jsonl", "rejected.jsonl", "manifest.json"):
        (elsewhere / name).write_bytes((run / name).read_bytes())

    first, second = (
        write_report(each, tmp_path / f"{each.name}.html") for each in (run, elsewhere)
    )

    assert first.path.read_bytes() == second.path.read_bytes()


def test_more_samples_than_asked_for_are_drawn_the_same_each_time(run, tmp_path):
    folder = grown_run(tmp_path / "grown", run, 300)
    dropped = len(records(folder / "rejected.jsonl"))
    gathered = gather(folder, 40)

    assert gathered.parts == gather(folder, 40).parts
    assert gathered.samples == 40
    assert gathered.dropped == min(10, dropped)
    assert (gathered.all_kept, gathered.all_dropped) == (300, dropped)
    page = write_report(folder, samples=40).path.read_text(encoding="utf-8")
    assert f"drawn from 300 kept and {dropped} dropped" in page
    places = [int(each["id"], 16) for each in samples_of(page) if "dropped" not in each]
    assert places == sorted(places)
    assert places != list(range(len(places)))
    few = {each["id"] for each in samples_of(page)}
    more = write_report(folder, samples=80).path.read_text(encoding="utf-8")
    assert few < {each["id"] for each in samples_of(more)}


def test_a_mixtures_page_has_each_task_and_what_the_mixture_left_out(mixture, tmp_path):
    page = write_report(mixture, tmp_path / PAGE).path.read_text(encoding="utf-8")
    tasks = json.loads((mixture / "manifest.json").read_text(encoding="utf-8"))["tasks"]
    for task in tasks:
        assert f"<bdi>{task}</bdi>" in page

    folder = tmp_path / "mixed"
    folder.mkdir()
    for path in mixture.rglob("*.json*"):
        if ".work" not in path.parts:
            target = folder / path.relative_to(mixture)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    kept = records(folder / "train.jsonl")
    left_out = kept.pop()
    write_records(folder / "train.jsonl", kept)
    said = {"id": left_out["id"], "task": left_out["task"], "filter": "mixture"}
    said |= {"reason": "duplicate", "detail": "", "record": "{}"}
    write_records(folder / "rejected.jsonl", [said])
    found = samples_of(write_report(folder).path.read_text(encoding="utf-8"))

    assert found[-1]["id"] == left_out["id"]
    assert found[-1]["dropped"] == ["mixture", "duplicate", ""]
    assert found[-1]["input_field"] == left_out["input_field"]


def test_a_folder_that_is_no_run_is_told_in_one_line_and_nothing_is_written(tmp_path, run):
    with pytest.raises(UsageError) as error:
        write_report(tmp_path)
    assert "\n" not in str(error.value)
    (tmp_path / "manifest.json").write_text('{"name": "another program"}', encoding="utf-8")
    with pytest.raises(UsageError, match="not a manifest of this project"):
        write_report(tmp_path)
    (tmp_path / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    (tmp_path / "train.jsonl").write_text('{"id": "a", "text": "b"}\n', encoding="utf-8")
    with pytest.raises(FactoryError, match="not a record of this project"):
        write_report(tmp_path)
    (tmp_path / "train.jsonl").write_bytes((run / "train.jsonl").read_bytes())
    (tmp_path / "rejected.jsonl").write_text('{"why": "another program"}\n', encoding="utf-8")
    with pytest.raises(OutputError, match="not a record of this project") as format_error:
        write_report(tmp_path)
    assert "\n" not in str(format_error.value)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    del manifest["splits"]["train"]["strata"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "rejected.jsonl").unlink()
    with pytest.raises(OutputError, match="of another format"):
        write_report(tmp_path)
    assert not list(tmp_path.glob(f"{PAGE}*"))


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(run, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        write_report(run, tmp_path / "file" / PAGE)
    with pytest.raises(UsageError, match="is a folder"):
        write_report(run, tmp_path)

    earlier = tmp_path / PAGE
    earlier.write_text("<!doctype html>earlier", encoding="utf-8")
    (tmp_path / f"{PAGE}.partial").symlink_to(tmp_path / "file")
    with pytest.raises(OutputError):
        write_report(run, earlier)
    assert earlier.read_text(encoding="utf-8") == "<!doctype html>earlier"
    assert (tmp_path / "file").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("name", ["run", "hostile", "mixture"])
def test_the_policy_lets_through_what_the_page_ships_and_nothing_else(name, request, tmp_path):
    folder = request.getfixturevalue(name)
    page = write_report(folder, tmp_path / PAGE).path.read_text(encoding="utf-8")
    elements = Elements(page).found
    policy = next(
        str(attributes["content"])
        for tag, attributes in elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (own,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    for tag, attributes in elements:
        assert not any(each == "style" or each.startswith("on") for each in attributes), tag
        assert not attributes.get("src")
        assert str(attributes.get("href") or "#").startswith(("#", "data:"))
        assert tag not in ("img", "iframe", "object", "embed", "base", "form") or attributes.get(
            "method"
        ) == "dialog" or attributes.get("id") == "filters"  # fmt: skip


def test_hostile_text_is_no_element_of_the_page(hostile, run, tmp_path):
    def tags(folder: Path) -> set[str]:
        page = write_report(folder, tmp_path / PAGE).path.read_text(encoding="utf-8")
        assert "\x00" not in page
        assert "\u202e" not in page
        return {tag for tag, _ in Elements(page).found}

    assert tags(hostile) - tags(run) <= {"mark"}


@pytest.mark.parametrize("attack", HOSTILE)
def test_text_is_shown_with_what_is_obeyed_or_not_seen_written_out(attack):
    written = str(shown(attack))

    assert written.startswith("<bdi>")
    assert written.count("<") == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", written)


def test_the_script_writes_out_what_the_page_itself_writes_out():
    script = (files("factory.report") / "assets" / "text.js").read_text(encoding="utf-8")
    written = re.search(r"const UNSEEN =\s+/(\[.*\])/gu;", script)[1]
    in_script = re.compile(re.sub(r"\\u\{(\w+)\}", lambda at: chr(int(at[1], 16)), written))
    whole = map(chr, (*range(0xD800), *range(0xE000, 0x110000)))

    assert [each for each in whole if bool(UNSEEN.match(each)) != bool(in_script.match(each))] == []


def test_joiners_of_emoji_and_letters_of_every_script_stay():
    for text in ("👩‍👩‍👧", "می‌خواهم", "コーヒー", "é"):
        assert visible(text) == text
    assert visible("a\u202eb") == "a⟨U+202E⟩b"
    assert visible("\ud800") == "⟨U+D800⟩"


def test_pictures_have_no_styles_no_ids_and_a_table_beside_them(run, hostile, tmp_path):
    for folder in (run, hostile):
        page = write_report(folder, tmp_path / PAGE).path.read_text(encoding="utf-8")
        drawings = re.findall(r'<figure class="card">(.*?)</figure>', page, re.DOTALL)

        assert len(drawings) >= 3
        for drawing in drawings:
            assert re.search(r'<svg viewBox="[^"]*" role="img" aria-label="[^"]+">', drawing)
            assert "<table>" in drawing
            assert not re.search(r'\s(style|id|xmlns[:a-z]*|clip-path)="', drawing)
            assert "#0000" not in drawing


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [1, 2], ids=["light", "dark"])
def test_letters_have_the_contrast_that_wcag_asks_for(theme):
    style = (Path("factory/report/assets/page.css")).read_text(encoding="utf-8")
    colours = {
        found[0]: found[theme]
        for found in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", style)
    }
    pairs = [
        *((ink, on) for ink in ("ink", "muted") for on in ("ground", "paper", "raised", "faint")),
        *((ink, on) for ink in ("accent", "good", "warn") for on in ("ground", "paper", "raised")),
        *(("good", "good-soft"), ("warn", "warn-soft"), ("ink", "warn-soft")),
        *(("ink", "accent-soft"), ("muted", "accent-soft"), ("warn", "accent-soft")),
        *(("ink", "good-soft"), ("found-ink", "found"), ("paper", "ink")),
    ]
    for ink, on in pairs:
        light, dark = sorted((_luminance(colours[ink]), _luminance(colours[on])), reverse=True)
        contrast = (light + 0.05) / (dark + 0.05)
        assert contrast >= 4.5, f"{ink} on {on}: {contrast:.2f}"


def test_the_hostile_run_is_hostile(hostile):
    assert SCRIPT in (hostile / "train.jsonl").read_text(encoding="utf-8")


def test_a_page_takes_the_place_of_a_page_alone(run, tmp_path):
    samples = tmp_path / "train.jsonl"
    samples.write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else than a page"):
        write_report(run, samples)
    assert samples.read_text(encoding="utf-8") == "{}\n"
    target = tmp_path / PAGE
    assert write_report(run, target) == write_report(run, target)
