"""Exported formats on a Hub: beside the samples of their run, or alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from factory.errors import OutputError, UsageError
from factory.hub.changes import RECORD
from factory.hub.push import PushOptions, push
from factory.outputs.run_folder import REJECTED
from factory.runs.export import export
from tests.hub.asking import Hub
from tests.hub.conftest import carded, changed, files_in
from tests.hub.test_loading import ids, loaded

Runs = Callable[[str], Path]


def there(hub: Hub) -> dict[str, bytes]:
    files = hub.storage.repositories["ann/set"].files()
    files.pop(RECORD, None)
    return files


def refused(folder: Path, **options: object) -> str:
    with pytest.raises((UsageError, OutputError)) as caught:
        push(folder, "ann/set", PushOptions(**options))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_format_goes_when_it_is_asked_for_and_stays_otherwise(hub: Hub, run: Runs) -> None:
    folder = carded(run("task12"))
    plain = files_in(folder, REJECTED)
    export(folder, "messages")
    export(folder, "eshop", stored="parquet")
    push(folder, "ann/set", PushOptions(formats=("messages",)))

    held = there(hub)
    card = held.pop("README.md")
    assert held.pop("messages/train.jsonl") == (folder / "messages" / "train.jsonl").read_bytes()
    assert {name for name in held if "/" in name} == {
        f"messages/{name}" for name in files_in(folder / "messages") if name != "train.jsonl"
    }
    assert card != plain.pop("README.md")
    assert {name: each for name, each in held.items() if "/" not in name} == plain
    assert push(folder, "ann/set", PushOptions(formats=("messages",))).commits == 0

    push(folder, "ann/set")
    assert there(hub) == {**plain, "README.md": (folder / "README.md").read_bytes()}


def test_the_card_names_the_formats_beside_what_it_named(hub: Hub, run: Runs) -> None:
    folder = carded(run("free"), "task12", "select_exact_matches")
    export(folder, "messages")
    export(folder, "ecom")
    push(folder, "ann/set", PushOptions(formats=("messages", "ecom")))

    before = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    card = yaml.safe_load(there(hub)["README.md"].decode().split("---\n")[1])
    names = [config["config_name"] for config in card["configs"]]
    assert names[:3] == [config["config_name"] for config in before["configs"]]
    assert {"messages", "ecom"} < set(names)
    assert any(name.startswith("ecom-EN-") for name in names)
    assert len(set(names)) == len(names)
    assert (
        there(hub)["README.md"].decode().split("---\n", 2)[2]
        == ((folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[2])
    )


@pytest.mark.usefixtures("hub")
def test_a_format_loads_by_its_name(run: Runs, tmp_path: Path) -> None:
    folder = carded(run("free"), "task12", "select_exact_matches")
    export(folder, "messages")
    push(folder, "ann/set", PushOptions(formats=("messages",)))

    found = loaded(tmp_path, "messages")
    assert [row["id"] for row in found["rows"]["train"]] == ids(folder / "train.jsonl")
    assert set(found["rows"]["train"][0]["messages"][0]) == {"role", "content"}
    whole = loaded(tmp_path)
    assert [row["id"] for row in whole["rows"]["train"]] == ids(folder / "train.jsonl")
    assert "input_field" in whole["rows"]["train"][0]


def test_parquet_beside_json_would_not_load_and_is_refused(hub: Hub, run: Runs) -> None:
    folder = carded(run("task12"))
    export(folder, "messages", stored="parquet")

    message = refused(folder, formats=("messages",))
    assert "one dataset loads as one of them" in message
    assert f"export {folder} --format messages --to jsonl" in message
    assert not hub.requests


@pytest.mark.parametrize("stored", ["jsonl", "parquet"])
def test_a_format_alone_is_a_dataset_of_its_own(
    hub: Hub, run: Runs, tmp_path: Path, stored: str
) -> None:
    folder = carded(run("task12"))
    export(folder, "messages", stored=stored)
    pushed = push(folder / "messages", "ann/set")

    assert there(hub) == files_in(folder / "messages")
    assert hub.storage.repositories["ann/set"].history()[0].title == (
        "task12 as messages: 12 samples"
    )
    assert pushed.private
    found = loaded(tmp_path)
    assert [row["id"] for row in found["rows"]["train"]] == ids(folder / "train.jsonl")


def test_a_format_alone_is_as_public_as_its_run_may_be(hub: Hub, run: Runs) -> None:
    free, unfree = carded(run("free")), carded(run("unfree"))
    export(free, "messages")
    export(unfree, "messages")

    assert "--publish-anyway amazon_reviews" in refused(unfree / "messages", public=True)
    elsewhere = (free / "messages").rename(free.parent / "messages")
    assert "the run that it was made of is not beside it" in refused(elsewhere, public=True)
    assert not hub.requests
    push(elsewhere.rename(free / "messages"), "ann/set", PushOptions(public=True))
    assert not hub.storage.repositories["ann/set"].private


def test_a_format_of_other_samples_does_not_go(hub: Hub, run: Runs) -> None:
    folder = carded(run("task12"))
    export(folder, "messages")
    changed(folder, "train.jsonl", (folder / "train.jsonl").read_bytes().splitlines(True)[0])

    message = refused(folder, formats=("messages",))
    assert "was made of other samples" in message
    assert f"export {folder} --format messages" in message
    assert not hub.requests


def test_a_format_that_is_not_there_is_told(hub: Hub, run: Runs) -> None:
    folder = carded(run("task12"))
    message = refused(folder, formats=("messages",))
    assert "has no format 'messages' (it has none)" in message
    export(folder, "eshop")
    assert "(it has eshop)" in refused(folder, formats=("messages",))
    assert "which goes alone" in refused(folder / "eshop", formats=("messages",))
    assert not hub.requests


def test_an_export_that_somebody_changed_does_not_go(hub: Hub, run: Runs) -> None:
    folder = carded(run("task12"))
    export(folder, "messages")
    (folder / "messages" / "train.jsonl").write_bytes(b"{}\n")

    assert "messages/train.jsonl: is not the file" in refused(folder, formats=("messages",))
    listed = json.loads((folder / "messages" / "export.json").read_text(encoding="utf-8"))
    listed["files"]["../train.jsonl"] = {}
    (folder / "messages" / "export.json").write_text(json.dumps(listed), encoding="utf-8")
    assert "names '../train.jsonl'" in refused(folder / "messages")
    assert not hub.requests
