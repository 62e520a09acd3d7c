"""Addresses on disk and on a web server, and the fingerprints of what they lead to."""

import socket
import threading
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from factory.errors import SourceError
from factory.sources import address as addresses
from factory.sources.address import resolve, shown
from factory.sources.fingerprint import fingerprint
from factory.sources.layout import Layout, listed

from .servers import Site, serve

LAYOUTS = (Layout(("rows.csv", "items.csv"), ("notes.csv",)), Layout(("*.jsonl",)))


def files_behind(address: Path | str) -> dict[str, tuple[Path, ...]]:
    found = resolve(str(address), adapter="demo", homepage="https://demo.example", layouts=LAYOUTS)
    return dict(found.files)


def refusal(address: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        files_behind(address)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


class TestOnDisk:
    def test_a_folder_a_glob_and_a_relative_path_lead_to_the_same_files(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(tmp_path / "d", "rows.csv", "items.csv", "other.txt")
        expected = {
            "rows.csv": (tmp_path / "d" / "rows.csv",),
            "items.csv": (tmp_path / "d" / "items.csv",),
            "notes.csv": (),
        }
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        for address in (tmp_path / "d", tmp_path / "d" / "*.csv", "d", "./d/*", "~/d", "~/d/*.csv"):
            assert files_behind(address) == expected

    def test_a_home_that_nobody_has_is_told(self) -> None:
        assert "cannot look into '~no-such-user/d'" in refusal("~no-such-user/d")

    def test_files_lie_up_to_two_folders_down_and_the_nearest_counts(self, tmp_path: Path) -> None:
        fill(tmp_path, "a/b/rows.csv", "a/b/items.csv", "a/items.csv", ".git/rows.csv")
        found = files_behind(tmp_path)
        assert found["rows.csv"] == (tmp_path / "a" / "b" / "rows.csv",)
        assert found["items.csv"] == (tmp_path / "a" / "items.csv",)
        fill(tmp_path / "deep", "1/2/3/rows.csv", "1/2/3/items.csv")
        assert "looked for 'rows.csv' and 'items.csv'" in refusal(tmp_path / "deep")

    def test_two_files_of_one_name_are_not_chosen_between(self, tmp_path: Path) -> None:
        fill(tmp_path, "old/rows.csv", "new/rows.csv", "items.csv")
        message = refusal(tmp_path)
        assert "2 files named 'rows.csv' ('new/rows.csv', 'old/rows.csv')" in message

    def test_shards_come_sorted_and_one_file_is_a_shard(self, tmp_path: Path) -> None:
        fill(tmp_path, "b.jsonl", "a.jsonl", "c/d.jsonl")
        found = files_behind(tmp_path)["*.jsonl"]
        assert [path.relative_to(tmp_path).as_posix() for path in found] == [
            "a.jsonl",
            "b.jsonl",
            "c/d.jsonl",
        ]
        assert files_behind(tmp_path / "b.jsonl") == {"*.jsonl": (tmp_path / "b.jsonl",)}

    def test_a_name_with_wildcards_in_it_is_itself_first(self, tmp_path: Path) -> None:
        fill(tmp_path / "x[1]*", "rows.csv", "items.csv")
        fill(tmp_path / "x1", "rows.csv", "items.csv")
        assert files_behind(tmp_path / "x[1]*")["rows.csv"][0].parent.name == "x[1]*"

    def test_one_of_two_files_names_the_other(self, tmp_path: Path) -> None:
        fill(tmp_path, "rows.csv", "items.csv")
        message = refusal(tmp_path / "rows.csv")
        assert "looked for 'items.csv'" in message
        assert "give the address of a folder" in message

    def test_what_is_there_instead_is_listed_up_to_eight_names(self, tmp_path: Path) -> None:
        fill(tmp_path, *(f"{number}.txt" for number in range(11)), "item.csv")
        message = refusal(tmp_path)
        assert "and 4 more" in message
        assert "nearest: 'item.csv'" in message
        assert "https://demo.example" in message

    def test_an_empty_folder_is_told(self, tmp_path: Path) -> None:
        assert "found no files there" in refusal(tmp_path)

    def test_a_glob_without_a_match_is_told(self, tmp_path: Path) -> None:
        assert "found no files there" in refusal(tmp_path / "*.csv")

    def test_a_path_that_is_not_there_names_the_nearest_that_is(self, tmp_path: Path) -> None:
        fill(tmp_path, "esci_data/rows.csv")
        message = refusal(tmp_path / "esci_dta" / "sub")
        assert f"{str(tmp_path)!r} has no 'esci_dta' (nearest: 'esci_data')" in message

    @pytest.mark.parametrize("address", ["", " ", "s3://bucket/key", "ftp://host/rows.csv"])
    def test_other_kinds_of_address_are_refused(self, address: str) -> None:
        assert f"cannot read the address {address!r}" in refusal(address)

    def test_bundled_is_the_folder_that_ships_here(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(addresses, "_SAMPLES", tmp_path)
        assert "no bundled sample" in refusal("bundled")
        fill(tmp_path / "demo", "rows.csv", "items.csv")
        assert files_behind("bundled")["rows.csv"] == (tmp_path / "demo" / "rows.csv",)


class TestOnTheWeb:
    @pytest.fixture
    def site(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
        monkeypatch.setenv("ESHOP_FACTORY_CACHE", str(tmp_path / "cache"))
        with serve() as site:
            yield site

    def test_a_folder_gives_the_files_that_are_wanted_once(self, site: Site) -> None:
        site.files |= {"/up/rows.csv": b"r" * 3_000_000, "/up/items.csv": b"i"}
        for _ in range(2):
            found = files_behind(f"{site.url}/up/")
            assert found["rows.csv"][0].read_bytes() == b"r" * 3_000_000
            assert found["notes.csv"] == ()
        assert site.asked_for("rows.csv") == site.asked_for("items.csv") == 1

    def test_one_file_is_fetched_by_its_address(self, site: Site) -> None:
        site.files["/x/a b.jsonl"] = b"{}"
        (path,) = files_behind(f"{site.url}/x/a%20b.jsonl?download=true")["*.jsonl"]
        assert (path.name, path.read_bytes()) == ("a b.jsonl", b"{}")

    def test_equal_names_of_other_folders_are_kept_apart(self, site: Site) -> None:
        site.files |= {"/one/a.jsonl": b"1", "/two/a.jsonl": b"2"}
        paths = [files_behind(f"{site.url}/{one}/a.jsonl")["*.jsonl"][0] for one in ("one", "two")]
        assert [path.read_bytes() for path in paths] == [b"1", b"2"]

    def test_a_file_that_is_cut_off_is_not_kept(self, site: Site, tmp_path: Path) -> None:
        site.files |= {"/rows.csv": b"0123456789", "/items.csv": b"i"}
        site.cuts["rows.csv"] = 1
        message = refusal(f"{site.url}/")
        assert f"{site.url}/rows.csv was cut off after 5 of 10 bytes: run again" in message
        assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
        assert files_behind(f"{site.url}/")["rows.csv"][0].read_bytes() == b"0123456789"

    def test_what_was_whole_before_a_failure_is_not_fetched_again(self, site: Site) -> None:
        site.files |= {"/rows.csv": b"0123456789", "/items.csv": b"items"}
        site.cuts["items.csv"] = 1
        refusal(f"{site.url}/")
        files_behind(f"{site.url}/")
        assert (site.asked_for("rows.csv"), site.asked_for("items.csv")) == (1, 2)

    def test_a_file_that_is_not_there_is_named(self, site: Site) -> None:
        site.files["/up/rows.csv"] = b"r"
        message = refusal(f"{site.url}/up/")
        assert "looked for 'items.csv'" in message
        assert "found 'rows.csv'" in message
        assert "looked for 'gone.jsonl'" in refusal(f"{site.url}/gone.jsonl")
        assert "found no files there" in refusal(f"{site.url}/empty/")

    def test_a_server_that_refuses_or_is_away_is_named(self, site: Site) -> None:
        site.status = 503
        message = refusal(f"{site.url}/up/?key=secret")
        assert f"downloading {site.url}/up/rows.csv failed" in message
        assert "HTTP Error 503" in message
        assert "secret" not in message
        assert "failed" in refusal("http://127.0.0.1:9/up/")

    def test_an_address_that_names_no_file_is_refused_before_it_is_asked(self, site: Site) -> None:
        assert "ends neither in '/'" in refusal(f"{site.url}/up")
        assert site.requests == []

    def test_plain_http_is_for_this_machine_only(self, site: Site) -> None:
        assert "use the https:// address" in refusal("http://demo.example/up/")
        site.redirects["/up/rows.csv"] = "http://demo.example/rows.csv"
        assert "use the https:// address" in refusal(f"{site.url}/up/")
        assert "hub" in refusal("http://demo.example/datasets/o/n/tree/main")

    def test_a_redirect_within_what_is_allowed_is_followed(self, site: Site) -> None:
        site.redirects["/a.jsonl"] = f"{site.url}/store/1f2e"
        site.files["/store/1f2e"] = b"{}"
        assert files_behind(f"{site.url}/a.jsonl")["*.jsonl"][0].read_bytes() == b"{}"

    def test_secrets_in_an_address_are_neither_taken_nor_shown(self) -> None:
        message = refusal("https://me:hunter2@demo.example/up/")
        assert "user name or password" in message
        assert "hunter2" not in message
        assert shown("https://me:hunter2@h.example/a.csv?sig=abc#x") == "https://h.example/a.csv?…"
        assert shown("HTTPS://me:hunter2@h.example/a.csv?sig=abc") == "https://h.example/a.csv?…"
        assert shown("/data/what?") == "/data/what?"

    @pytest.mark.usefixtures("site")
    def test_a_length_that_is_no_number_is_none(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:

            def answer() -> None:
                with server.accept()[0] as asked:
                    asked.recv(1 << 16)
                    asked.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\n{}")

            thread = threading.Thread(target=answer)
            thread.start()
            port = server.getsockname()[1]
            (path,) = files_behind(f"http://127.0.0.1:{port}/a.jsonl")["*.jsonl"]
            thread.join()
        assert path.read_bytes() == b"{}"

    def test_a_name_that_would_leave_the_cache_is_refused(self, site: Site) -> None:
        assert "is no file name" in refusal(f"{site.url}/..%2f..%2fa.jsonl")
        assert site.requests == []


class TestFingerprint:
    def test_a_small_file_is_hashed_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"shop" * 1_000_000)
        file = fingerprint(path)
        assert (file.path, file.size) == (path, 4_000_000)
        assert file.fingerprint == blake2b(b"shop" * 1_000_000, digest_size=16).hexdigest()

    def test_a_large_file_shows_changes_of_its_ends_its_blocks_and_its_size(
        self, tmp_path: Path
    ) -> None:
        size = 80 << 20
        blocks = 62
        span = size - (2 << 20) - (64 << 10)
        last_block = (1 << 20) + span * (blocks - 1) // (blocks - 1)
        path = tmp_path / "large"
        seen = set()
        for place in (None, 0, (1 << 20) - 1, 1 << 20, last_block + (64 << 10) - 1, size - 1, size):
            with path.open("wb") as file:
                file.truncate(size)
                if place is not None:
                    file.seek(place)
                    file.write(b"\x01")
            seen.add(fingerprint(path).fingerprint)
        assert len(seen) == 7

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="cannot read"):
            fingerprint(tmp_path / "gone")


def test_a_list_of_names_says_how_many_more_there_are() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed([str(number) for number in range(9)]).endswith("'7' and 1 more")
