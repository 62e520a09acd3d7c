"""Files that several machines read: whole or not at all, and refused in one line."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from factory.engines.storage import Storage
from factory.errors import OutputError, UsageError


@pytest.fixture(params=["path", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    address = str(tmp_path / "a b") if request.param == "path" else f"memory://{tmp_path.name}"
    return Storage(address).below("run")


def test_what_was_written_is_read_at_hand_and_gone_when_cleared(storage: Storage) -> None:
    assert storage.read("a.parquet") is None
    storage.write("a.parquet", b"first")
    storage.write("a.parquet", b"second")
    there = pickle.loads(pickle.dumps(storage))  # noqa: S301
    assert there.read("a.parquet") == b"second"
    with there.at_hand("a.parquet") as path:
        assert path.read_bytes() == b"second"
    there.clear()
    there.clear()
    assert storage.read("a.parquet") is None


def test_a_file_that_is_being_written_has_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        Storage(str(tmp_path)).write("a.parquet", b"half")
    assert Storage(str(tmp_path)).read("a.parquet") is None


@pytest.mark.parametrize(
    ("address", "said"), [("nowhere://x", "nowhere"), ("abfs://x/y", "adlfs|Azure")]
)
def test_an_address_that_cannot_be_used_says_so(address: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"--storage {address}: cannot be used .*({said})"):
        Storage(address)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot be read or written .*choose another --storage"):
        Storage(str(tmp_path / "file" / "shards")).write("a.parquet", b"")
