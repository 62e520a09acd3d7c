import json
import subprocess
import sys
from collections.abc import Iterable
from hashlib import md5
from pathlib import Path
from random import Random

import pytest

from factory.engines import LocalEngine
from factory.line.shuffle import shuffled, with_lines


def by_definition(drawn: bytes, paths: list[Path]) -> list[tuple[str, int, int, int, str]]:
    """Return the places of all lines as a dict and a sorted list give them."""
    rows, answers, conflicts = [], {}, set()
    for number, path in enumerate(paths):
        offset = 0
        for line in path.read_bytes().splitlines(keepends=True):
            said = json.loads(line)
            place = md5(drawn + said["id"].encode(), usedforsecurity=False).digest()[:8]
            asked = said["input_field"]
            order = int.from_bytes(place, "little")
            rows.append((order, said["id"], number, offset, len(line) - 1, asked))
            offset += len(line)
            if answers.setdefault(asked, said["output_field"]) != said["output_field"]:
                conflicts.add(asked)
    seen: set[str] = set()
    places = []
    for _, *place, asked in sorted(rows):
        reason = "conflict" if asked in conflicts else "duplicate" if asked in seen else ""
        seen.add(asked)
        places.append((*place, reason))
    return places


def files(folder: Path, lines: Iterable[int], questions: int) -> list[Path]:
    """Write a file for each number of lines, which ask so many questions."""
    random = Random(questions)  # noqa: S311
    paths = []
    for number, count in enumerate(lines):
        paths.append(folder / f"{number}.jsonl")
        paths[-1].write_text(
            "".join(
                json.dumps(
                    {
                        "id": f"{random.getrandbits(64):016x}",
                        "output": "",
                        "input_field": f"q{random.randrange(questions)}",
                        "output_field": f"a{random.randrange(2)}",
                        "gold": "1",
                    },
                    separators=(",", ":"),
                )
                + "\n"
                for _ in range(count)
            )
        )
    return paths


@pytest.mark.parametrize("questions", [3, 900, 10**9])
@pytest.mark.parametrize("stretch", [700, 1 << 20])
def test_lines_are_shuffled_and_left_out_as_the_definition_says(
    tmp_path, monkeypatch, questions, stretch
):
    paths = files(tmp_path, (400, 0, 311), questions)
    monkeypatch.setattr("factory.line.shuffle._STRETCH", stretch)

    found = [tuple(place) for place in shuffled(b"7\x1f", paths, LocalEngine())]

    assert found == by_definition(b"7\x1f", paths)


def test_no_lines_give_no_places(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    assert list(shuffled(b"", [tmp_path / "empty.jsonl"], LocalEngine())) == []


@pytest.mark.parametrize("block", [1, 1000, 8 << 20])
def test_every_place_comes_with_its_line_however_many_are_read_together(
    tmp_path, monkeypatch, block
):
    monkeypatch.setattr("factory.line.shuffle._BLOCK", block)
    paths = files(tmp_path, (40, 0, 31, 60), 100)
    places = list(shuffled(b"7", paths, LocalEngine()))
    assert {place.reason for place in places} == {"", "duplicate", "conflict"}

    found = list(with_lines(places, paths))

    assert [place for place, _ in found] == places
    for place, line in found:
        whole = paths[place.file].read_bytes()[place.offset : place.offset + place.length]
        assert line == (b"" if place.reason else whole)


_MIX = """
import resource, sys
from pathlib import Path
from factory.engines import LocalEngine
from factory.line.shuffle import shuffled, with_lines

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (48, hard))
paths = [Path(path) for path in sys.argv[1:]]
print(sum(bool(line) for _, line in with_lines(shuffled(b"7", paths, LocalEngine()), paths)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_more_files_are_mixed_than_a_process_may_hold_open(tmp_path):
    paths = files(tmp_path, [2] * 120, 10**9)

    mixed = subprocess.run(
        [sys.executable, "-c", _MIX, *map(str, paths)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (mixed.returncode, mixed.stdout) == (0, "240\n"), mixed.stderr
