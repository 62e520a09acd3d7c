import errno
import json
import os
import subprocess
import sys
import threading
from hashlib import blake2b
from pathlib import Path

import pytest

from factory.errors import OutputError
from factory.outputs import files
from factory.outputs.files import LineFile, explained, why_not_written, write_json

FULL_DISK = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(
    not FULL_DISK.exists(), reason="this system has no /dev/full to stand for a full disk"
)


@pytest.fixture
def links_are_followed(monkeypatch):
    """Let a link to /dev/full stand in the place of a file; a run refuses links."""
    monkeypatch.setattr(os, "O_NOFOLLOW", 0)


@pytest.fixture
def aside(tmp_path):
    (tmp_path / "aside").mkdir()
    return tmp_path / "aside"


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def make(target: Path, aside: Path, *lines: bytes) -> None:
    """Write ``lines`` to ``target`` by way of ``aside``."""
    with LineFile(target, aside) as file:
        for line in lines:
            file.write(line)
        file.finish()
        file.publish()


def test_a_file_appears_whole_when_it_is_published_and_not_before(tmp_path, aside):
    target = tmp_path / "train.jsonl"
    with LineFile(target, aside) as file:
        file.write(b"one")
        file.write(b"")
        file.finish()
        assert not target.exists()

        file.publish()

        assert target.read_bytes() == b"one\n\n"
    assert names(tmp_path) == ["train.jsonl"]


def test_what_is_described_is_what_stands_in_the_file(tmp_path, aside):
    lines = ["x" * 100, "ü鍋", ""] * 20_000
    with LineFile(tmp_path / "a", aside) as file:
        for line in lines:
            file.write(line.encode())
        file.finish()
        file.publish()

    content = (tmp_path / "a").read_bytes()

    assert content == "".join(f"{line}\n" for line in lines).encode()
    assert file.describe() == {
        "rows": len(lines),
        "bytes": len(content),
        "blake2b": blake2b(content, digest_size=16).hexdigest(),
    }


def test_what_is_not_published_leaves_nothing_and_keeps_what_stood_there(tmp_path, aside):
    (tmp_path / "a").write_text("earlier")
    with LineFile(tmp_path / "a", aside) as file:
        file.write(b"later")
        file.finish()

    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "earlier"


def test_discarding_twice_or_after_publishing_changes_nothing(tmp_path, aside):
    file = LineFile(tmp_path / "a", aside)
    file.write(b"x")
    file.finish()
    file.publish()

    file.discard()
    file.discard()

    assert (tmp_path / "a").read_bytes() == b"x\n"


def test_a_killed_run_leaves_its_target_as_it_was(tmp_path, aside):
    (tmp_path / "a").write_text("earlier")
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom factory.outputs.files import LineFile\n"
        "file = LineFile(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "file.write(b'x' * 5_000_000)\nos.kill(os.getpid(), 9)"
    )

    done = subprocess.run([sys.executable, "-c", script, tmp_path / "a", aside], check=False)

    assert done.returncode == -9
    assert (tmp_path / "a").read_text() == "earlier"
    make(tmp_path / "a", aside, b"again")
    assert (tmp_path / "a").read_text() == "again\n"


@pytest.mark.usefixtures("links_are_followed")
@needs_full_disk
@pytest.mark.parametrize("size", [10, 5_000_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, aside, size):
    (aside / "a.partial").symlink_to(FULL_DISK)
    target = tmp_path / "a"

    with pytest.raises(OutputError) as caught:
        make(target, aside, b"x" * size)

    assert str(caught.value) == (
        f"{target}: no space left on the disk; free some or choose another folder with --out, "
        "then run the same command again"
    )
    assert names(tmp_path) == []
    assert not (aside / "a.partial").is_symlink()


@pytest.mark.usefixtures("links_are_followed")
@needs_full_disk
def test_json_on_a_full_disk_is_one_line_and_keeps_what_stood_there(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "a.json.partial").symlink_to(FULL_DISK)

    with pytest.raises(OutputError, match="no space left on the disk"):
        write_json(tmp_path / "a.json", {"a": 1})

    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "{}"


def test_a_file_size_limit_is_one_line_and_no_traceback(tmp_path, aside):
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from factory.errors import OutputError\nfrom factory.outputs.files import LineFile\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    with LineFile(Path(sys.argv[1]), Path(sys.argv[2])) as file:\n"
        "        for _ in range(50):\n"
        "            file.write(b'x' * 100_000)\n"
        "        file.finish()\n"
        "except OutputError as error:\n"
        "    sys.exit(str(error))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a", aside],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.startswith(f"{tmp_path / 'a'}: cannot be written")
    assert done.stderr.count("\n") == 1
    assert names(tmp_path) == []


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    with pytest.raises(OutputError, match=r"a\.partial: cannot be written"):
        LineFile(tmp_path / "a", tmp_path / "none")


def test_a_folder_in_the_files_place_is_one_line_and_leaves_nothing(tmp_path, aside):
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError) as caught:
        make(tmp_path / "a", aside)

    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_file_in_a_folders_place_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="is in the way of a folder"):
        write_json(tmp_path / "file" / "a.json", {})


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left on the disk"),
        (errno.EDQUOT, "no space left on the disk"),
        (errno.EACCES, "cannot be written (Permission denied); choose a folder of yours"),
        (errno.EPERM, "choose a folder of yours with --out"),
        (errno.EROFS, "(Read-only file system); choose a folder of yours with --out"),
        (errno.ENOTDIR, "is in the way of a folder; choose another one with --out"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_refusal_says_what_why_and_what_to_do(number, words):
    error = OSError(number, os.strerror(number))

    message = why_not_written(Path("out/a"), error)

    assert message.startswith("out/a: ")
    assert words in message
    assert "--out" in message
    with pytest.raises(OutputError) as caught, explained(Path("out/a")):
        raise error
    assert str(caught.value) == message
    assert caught.value.__cause__ is error


def test_only_the_systems_refusals_are_explained():
    with pytest.raises(ValueError, match="mine"), explained(Path("a")):
        raise ValueError("mine")


def test_json_is_written_whole_sorted_and_readable(tmp_path):
    path = tmp_path / "a.json"

    write_json(path, {"b": ["鍋", 1.5, None], "a": {"d": True, "c": "x"}})

    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == {"a": {"c": "x", "d": True}, "b": ["鍋", 1.5, None]}
    assert text.index('"a"') < text.index('"b"')
    assert "鍋" in text
    assert text.endswith("}\n")
    assert names(tmp_path) == ["a.json"]


def test_json_that_cannot_be_written_leaves_what_stood_there(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})

    with pytest.raises(TypeError):
        write_json(path, {"a": {1, 2}})

    assert json.loads(path.read_text()) == {"a": 1}
    assert names(tmp_path) == ["a.json"]


def test_a_link_in_the_place_of_a_file_is_refused_and_its_target_left_alone(tmp_path, aside):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (aside / "a.partial").symlink_to(victim)
    (tmp_path / "a.json.partial").symlink_to(victim)

    with pytest.raises(OutputError, match="symbolic links"):
        make(tmp_path / "a", aside, b"line")
    with pytest.raises(OutputError, match="symbolic links"):
        write_json(tmp_path / "a.json", {})

    assert victim.read_text() == "mine"


def test_two_writers_of_one_file_wait_for_each_other(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    inside, release = threading.Event(), threading.Event()

    def slow() -> None:
        with files.aside(target) as partial, files.open_own(partial, "wb") as file:
            inside.set()
            release.wait(10)
            file.write(b"first" * 1000)

    first = threading.Thread(target=slow)
    second = threading.Thread(target=lambda: files.write_whole(target, b"second"))
    first.start()
    assert inside.wait(10)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert not target.exists()
    release.set()
    first.join(10)
    second.join(10)
    assert target.read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_what_the_next_writer_has_begun_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    target, publish = tmp_path / "report.html", files.publish

    def published(partial: Path, target: Path) -> None:
        publish(partial, target)
        partial.write_bytes(b"of the next")

    monkeypatch.setattr(files, "publish", published)
    files.write_whole(target, b"first")
    assert target.read_bytes() == b"first"
    assert (tmp_path / "report.html.partial").read_bytes() == b"of the next"
