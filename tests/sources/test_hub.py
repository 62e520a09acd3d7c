"""Datasets on a Hub, through the real client against a local server that speaks its endpoints."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from factory.errors import SourceError
from factory.sources import hub
from factory.sources.address import resolve
from factory.sources.esci import EsciOptions, EsciSource
from factory.sources.layout import Layout

from .esci_files import (
    EXAMPLES,
    PRODUCTS,
    QUERY_SOURCES,
    joined,
    judgement,
    write_shard,
    write_upstream,
)
from .servers import COMMIT, Site, serve

LAYOUTS = (Layout((EXAMPLES, PRODUCTS), (QUERY_SOURCES,)), Layout(("*.parquet",)))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    from huggingface_hub import close_session

    with serve(hub=True) as site:
        monkeypatch.setenv("HF_ENDPOINT", site.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield site
        close_session()


def files_behind(address: str) -> list[str]:
    found = resolve(address, adapter="esci", homepage="https://example.org", layouts=LAYOUTS)
    return [path.name for paths in found.files.values() for path in paths]


def refusal(address: str) -> str:
    with pytest.raises(SourceError) as caught:
        files_behind(address)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def upstream(site: Site, folder: str = "") -> None:
    site.files |= {f"{folder}{EXAMPLES}": b"examples" * 50, f"{folder}{PRODUCTS}": b"products" * 50}


def test_only_the_files_that_are_wanted_are_fetched_and_only_once(site: Site) -> None:
    upstream(site, "data/")
    site.files |= {"README.md": b"card", "data/other.parquet": b"not wanted"}
    assert files_behind("hf://datasets/shop/esci") == [EXAMPLES, PRODUCTS]
    assert files_behind("hf://datasets/shop/esci@main/data") == [EXAMPLES, PRODUCTS]
    assert site.asked_for(EXAMPLES) == site.asked_for(PRODUCTS) == 1
    assert site.asked_for("README.md") == site.asked_for("other.parquet") == 0


def test_a_joined_copy_is_read_from_the_hub_to_the_tables(
    site: Site, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name, row in {"train": joined(1), "test": joined(2)}.items():
        shard = write_shard(tmp_path / f"{name}.parquet", [row])
        site.files[f"data/{name}-00000-of-00001-0a1b2c.parquet"] = shard.read_bytes()
    attached = EsciSource().attach(
        connection, "esci", "hf://datasets/shop/esci", EsciOptions(), allow_test=False
    )
    assert (attached.rows, attached.test_rows) == (2, 1)
    assert attached.address == "hf://datasets/shop/esci"
    found = connection.execute("SELECT product_id, label FROM esci.judgements").fetchall()
    assert found == [("B000001", "E")]


@pytest.mark.parametrize(
    "part", ["data/train-*.parquet", "data/train-0.parquet", "/tree/main/data/train-0.parquet"]
)
def test_a_glob_a_file_and_a_web_address_name_a_part(site: Site, part: str) -> None:
    site.files |= {"data/train-0.parquet": b"a", "data/test-0.parquet": b"b"}
    start = f"{site.url}/datasets/shop/esci" if part.startswith("/") else "hf://datasets/shop/esci/"
    assert files_behind(start + part) == ["train-0.parquet"]
    assert site.asked_for("test-0.parquet") == 0


@pytest.mark.parametrize(
    ("address", "revision", "path"),
    [
        ("hf://datasets/o/n", None, ""),
        ("hf://datasets/o/n@v1/a/b.parquet", "v1", "a/b.parquet"),
        ("hf://datasets/o/n@refs/convert/parquet/default", "refs/convert/parquet", "default"),
        ("hf://datasets/o/n@refs%2Fpr%2F3", "refs/pr/3", ""),
        ("https://huggingface.co/datasets/o/n", None, ""),
        ("https://huggingface.co/datasets/o/n/tree/main", "main", ""),
        ("https://huggingface.co/datasets/o/n/blob/main/a%20b.parquet", "main", "a b.parquet"),
        (
            "https://hf.co/datasets/o/n/resolve/refs%2Fconvert%2Fparquet/x/",
            "refs/convert/parquet",
            "x",
        ),
    ],
)
def test_addresses_name_a_dataset_a_revision_and_a_part(
    monkeypatch: pytest.MonkeyPatch, address: str, revision: str | None, path: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    place = hub.parse(address)
    assert place is not None
    assert (place.endpoint, place.repo, place.revision, place.path, place.trusted) == (
        "https://mirror.example",
        "o/n",
        revision,
        path,
        True,
    )


@pytest.mark.parametrize(
    "address", ["/data/x", "https://a.example/b/", "https://a.example/datasets/o/n/"]
)
def test_other_addresses_are_not_of_a_hub(address: str) -> None:
    assert hub.parse(address) is None


@pytest.mark.parametrize(
    "address", ["hf://esci", "hf://datasets/esci", "hf://o/n", "hf://datasets/o/n/../../etc"]
)
def test_half_an_address_is_refused(address: str) -> None:
    assert "hf://datasets/<owner>/<name>" in refusal(address)


def test_the_token_goes_to_the_users_own_hub_only(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream(site)
    files_behind("hf://datasets/shop/esci")
    assert set(site.tokens) == {"Bearer hf_secret"}
    site.tokens.clear()
    monkeypatch.setenv("HF_ENDPOINT", "https://huggingface.co")
    files_behind(f"{site.url}/datasets/shop/esci/tree/v1")
    assert set(site.tokens) == {None}


def test_offline_the_cache_answers_and_the_server_is_not_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream(site)
    files_behind("hf://datasets/shop/esci")
    asked = len(site.requests)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert files_behind("hf://datasets/shop/esci") == [EXAMPLES, PRODUCTS]
    message = refusal("hf://datasets/shop/unseen")
    assert "is not whole in the local cache" in message
    assert "unset HF_HUB_OFFLINE" in message
    assert len(site.requests) == asked


def test_a_download_that_is_cut_off_goes_on_where_it_stopped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    upstream(site)
    site.cuts[EXAMPLES] = 1
    found = resolve("hf://datasets/shop/esci", adapter="esci", homepage="", layouts=LAYOUTS)
    assert found.files[EXAMPLES][0].read_bytes() == site.files[EXAMPLES]
    assert site.asked_for(EXAMPLES) == 2


def test_a_server_that_never_sends_the_end_is_told_and_can_be_asked_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    upstream(site)
    site.cuts[EXAMPLES] = 100
    message = refusal("hf://datasets/shop/esci")
    assert "hf://datasets/shop/esci" in message
    assert "could not be fetched" in message
    assert "run again" in message
    site.cuts.clear()
    assert files_behind("hf://datasets/shop/esci") == [EXAMPLES, PRODUCTS]


@pytest.mark.usefixtures("site")
def test_a_dataset_that_is_not_there_is_named() -> None:
    message = refusal("hf://datasets/shop/nothing")
    assert "hf://datasets/shop/nothing" in message
    assert "does not exist, or is private" in message
    assert "HF_TOKEN" in message


def test_a_revision_that_is_not_there_is_named(site: Site) -> None:
    upstream(site)
    assert "hf://datasets/shop/esci@v9 " in refusal("hf://datasets/shop/esci@v9")
    assert "has no such revision" in refusal("hf://datasets/shop/esci@v9")


def test_a_dataset_with_other_files_says_which_it_has(site: Site) -> None:
    site.files |= {"README.md": b"", "data/shopping_queries_dataset_example.csv": b""}
    message = refusal("hf://datasets/shop/esci")
    assert f"looked for {EXAMPLES!r} and {PRODUCTS!r}" in message
    assert "found 'README.md', 'data/shopping_queries_dataset_example.csv'" in message
    assert "nearest: 'shopping_queries_dataset_example.csv'" in message


def test_half_of_the_upstream_files_is_not_taken_for_the_other_form(site: Site) -> None:
    site.files |= {EXAMPLES: b"examples", "README.md": b""}
    assert f"looked for {PRODUCTS!r}" in refusal("hf://datasets/shop/esci")


def test_a_hub_that_fails_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    site.status = 403
    assert "hf://datasets/shop/esci" in refusal("hf://datasets/shop/esci")


def test_a_commit_is_an_address_that_never_changes(site: Site) -> None:
    upstream(site)
    assert files_behind(f"hf://datasets/shop/esci@{COMMIT}") == [EXAMPLES, PRODUCTS]


def test_the_upstream_form_is_read_from_the_hub(
    site: Site, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = write_upstream(tmp_path / "up", [judgement(1)])
    site.files |= {name: (folder / name).read_bytes() for name in (EXAMPLES, PRODUCTS)}
    attached = EsciSource().attach(
        connection, "esci", "hf://datasets/shop/esci@v1", EsciOptions(), allow_test=False
    )
    assert [file.path.name for file in attached.files] == [EXAMPLES, PRODUCTS]
    assert attached.rows == 2
