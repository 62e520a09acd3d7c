"""Fetching a source: the real Hub client and downloader against servers of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.errors import SourceError, UsageError
from factory.fetch import fetch_source
from factory.sources import SOURCES
from tests.sources.esci_files import EXAMPLES, PRODUCTS, judgement, write_upstream
from tests.sources.servers import COMMIT, Site, serve

SEEDS = "seed_tasks.jsonl"
SEED = {
    "id": "seed_task_0",
    "name": "breakfast_suggestion",
    "instruction": "Suggest a breakfast without eggs.",
    "instances": [{"input": "", "output": "Oatmeal with walnuts and a glass of milk."}],
    "is_classification": False,
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(folder))
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    from huggingface_hub import close_session

    with serve(hub=True) as site:
        monkeypatch.setenv("HF_ENDPOINT", site.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        for name in ("HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        folder = write_upstream(tmp_path / "up", [judgement(1), judgement(2)])
        site.files |= {name: (folder / name).read_bytes() for name in (EXAMPLES, PRODUCTS)}
        site.files["README.md"] = b"a card, which no adapter reads"
        yield site
        close_session()


@pytest.fixture
def web() -> Iterator[Site]:
    with serve() as site:
        site.files[f"/main/{SEEDS}"] = (json.dumps(SEED) + "\n").encode()
        yield site


def published(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    monkeypatch.setattr(type(SOURCES[name]), "published", address)


def refusal(name: str, kind: type[Exception] = UsageError, **options: object) -> str:
    with pytest.raises(kind) as caught:
        fetch_source(name, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_published_files_are_fetched_once_and_read_where_they_came_to(
    hub: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(monkeypatch, "esci", "hf://datasets/shop/esci")
    fetched = fetch_source("esci")
    again = fetch_source("esci")
    assert [file.path.name for file in fetched.files] == [EXAMPLES, PRODUCTS]
    assert fetched.size == sum(len(hub.files[name]) for name in (EXAMPLES, PRODUCTS))
    assert all(file.path.read_bytes() == hub.files[file.path.name] for file in fetched.files)
    assert again == fetched
    assert hub.asked_for(EXAMPLES) == hub.asked_for(PRODUCTS) == 1
    assert hub.asked_for("README.md") == 0


def test_the_licence_and_the_revision_are_recorded_in_the_cache(
    hub: Site, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    published(monkeypatch, "esci", "hf://datasets/shop/esci")
    fetched = fetch_source("esci")
    record = json.loads(fetched.record.read_text("utf-8"))
    assert fetched.record.is_relative_to(cache)
    assert record["source"] == "esci"
    assert record["address"] == "hf://datasets/shop/esci"
    assert record["revision"] == fetched.revision == COMMIT
    assert record["licence"] == "Apache-2.0"
    assert record["homepage"] == "https://github.com/amazon-science/esci-data"
    assert [file["bytes"] for file in record["files"]] == [
        len(hub.files[EXAMPLES]),
        len(hub.files[PRODUCTS]),
    ]
    assert [path.name for path in fetched.record.parent.iterdir()] == [fetched.record.name]


def test_a_revision_is_recorded_beside_another_and_not_over_it(hub: Site) -> None:
    ours = fetch_source("esci", address="hf://datasets/shop/esci")
    other = fetch_source("esci", address="hf://datasets/shop/esci@v1")
    assert hub.asked_for(EXAMPLES) == 1
    assert ours.record != other.record
    assert ours.record.is_file()
    assert other.record.is_file()


@pytest.mark.usefixtures("hub")
def test_who_watches_is_told_of_every_byte_from_a_hub() -> None:
    told: list[tuple[int, int | None, str]] = []
    fetched = fetch_source(
        "esci", address="hf://datasets/shop/esci", watcher=lambda *each: told.append(each)
    )
    assert {file for _, _, file in told} == {"shop/esci"}
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})
    assert told[-1][0] == fetched.size
    assert told[-1][1] in (None, fetched.size)
    told.clear()
    fetch_source("esci", address="hf://datasets/shop/esci", watcher=lambda *each: told.append(each))
    assert not told


def test_who_watches_is_told_of_every_byte_from_a_web_server(
    web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(monkeypatch, "self_instruct", f"{web.url}/main/{SEEDS}")
    told: list[tuple[int, int | None, str]] = []
    fetched = fetch_source("self_instruct", watcher=lambda *each: told.append(each))
    size = len(web.files[f"/main/{SEEDS}"])
    assert told == [(size, size, SEEDS)]
    assert fetched.revision is None
    assert fetched.size == size
    fetch_source("self_instruct")
    assert web.asked_for(SEEDS) == 1


def test_a_key_in_an_address_is_not_recorded(web: Site) -> None:
    fetched = fetch_source("self_instruct", address=f"{web.url}/main/{SEEDS}?key=secret")
    assert "secret" not in fetched.address
    assert "secret" not in fetched.record.read_text("utf-8")


def test_a_source_without_an_address_says_where_it_is_and_how_a_recipe_reads_it() -> None:
    message = refusal("amazon_m2")
    assert "https://kddcup23.github.io" in message
    assert "{amazon_m2: {adapter: amazon_m2, path: /where/they/lie}}" in message
    assert "--source amazon_m2=/where/they/lie" in message


def test_files_of_ones_own_are_not_fetched() -> None:
    assert "tables is not fetched, it reads files of your own" in refusal("tables")


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_source_is_published_somewhere_or_says_where_to_get_it(name: str) -> None:
    source = SOURCES[name]
    if source.published:
        assert source.published.startswith(("hf://datasets/", "https://"))
    else:
        assert f"adapter: {name}" in refusal(name)


def test_a_name_that_is_none_gets_the_nearest() -> None:
    assert "did you mean 'esci'?" in refusal("esc")


def test_a_folder_is_no_address_to_fetch_from(tmp_path: Path) -> None:
    assert "no address to fetch from" in refusal("esci", address=str(tmp_path))


def test_an_option_that_the_adapter_does_not_have_is_named() -> None:
    message = refusal("esci", address="hf://datasets/shop/esci", options={"versoin": "small"})
    assert message.startswith("esci: versoin: ")


def test_a_server_that_fails_leaves_no_record(hub: Site, cache: Path) -> None:
    hub.status = 403
    assert "hf://datasets/shop/esci" in refusal(
        "esci", SourceError, address="hf://datasets/shop/esci"
    )
    assert not list(cache.rglob("*.json"))


def test_a_cache_that_cannot_be_written_is_said(hub: Site, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    message = refusal("esci", SourceError, address="hf://datasets/shop/esci")
    assert "ESHOP_FACTORY_CACHE" in message
    assert hub.asked_for(EXAMPLES) == 1
