import json
from hashlib import md5
from pathlib import Path
from random import Random

import pytest

from factory.engines import LocalEngine
from factory.line.shuffle import shuffled


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


@pytest.mark.parametrize("questions", [3, 900, 10**9])
@pytest.mark.parametrize("stretch", [700, 1 << 20])
def test_lines_are_shuffled_and_left_out_as_the_definition_says(
    tmp_path, monkeypatch, questions, stretch
):
    random = Random(questions)  # noqa: S311
    paths = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for path, lines in zip(paths, (400, 0, 311), strict=True):
        path.write_text(
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
                for _ in range(lines)
            )
        )
    monkeypatch.setattr("factory.line.shuffle._STRETCH", stretch)

    found = [tuple(place) for place in shuffled(b"7\x1f", paths, LocalEngine())]

    assert found == by_definition(b"7\x1f", paths)


def test_no_lines_give_no_places(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    assert list(shuffled(b"", [tmp_path / "empty.jsonl"], LocalEngine())) == []
