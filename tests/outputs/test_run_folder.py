import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.errors import OutputError, UsageError
from factory.outputs.run_folder import RunFolder

IDENTITY = {"task": "t", "seed": 7, "size": 10, "balance": {"label": "equal"}, "source": ["ab"]}
OTHER = IDENTITY | {"seed": 8, "size": 20}

HOLDER = """
import sys
from pathlib import Path
from factory.outputs.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def publish(folder: RunFolder, *lines: str, test: bool = False, **manifest: Any) -> dict[str, Any]:
    """Publish a run whose every file holds ``lines``; return its manifest."""
    with folder.line_files(["train.jsonl", *(["test.jsonl"] if test else [])]) as files:
        for file in files.values():
            for line in lines:
                file.write(line.encode())
        written = {"files": {name: file.describe() for name, file in files.items()}, **manifest}
        folder.publish(files, written)
    return written


def finish(path: Path, identity: dict[str, Any] = IDENTITY, **manifest: Any) -> dict[str, Any]:
    """Leave a finished run of ``identity`` in ``path``."""
    with RunFolder(path) as folder:
        folder.claim(identity, fresh=True)
        folder.forget_plan()
        folder.keep_plan(identity)
        return publish(folder, "{}", **manifest)


def test_a_finished_run_is_its_files_and_a_manifest(tmp_path):
    written = finish(tmp_path / "out" / "t", rows=3)

    with RunFolder(tmp_path / "out" / "t") as folder:
        assert folder.manifest() == written
        assert folder.is_whole(written)
        assert folder.claim(IDENTITY, fresh=False)
    assert names(tmp_path / "out" / "t") == {
        "train.jsonl",
        "rejected.jsonl",
        "manifest.json",
        ".work/plan.json",
        ".work/lock",
    }


def test_an_empty_folder_is_claimed_without_a_plan(tmp_path):
    with RunFolder(tmp_path / "t") as folder:
        assert not folder.claim(IDENTITY, fresh=False)
        assert folder.manifest() is None


def test_an_interrupted_run_is_claimed_with_its_plan(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.claim(IDENTITY, fresh=False)
        folder.keep_plan(IDENTITY)

    with RunFolder(tmp_path) as folder:
        assert folder.claim(dict(reversed(IDENTITY.items())), fresh=False)
        folder.forget_plan()
        assert not folder.claim(IDENTITY, fresh=False)


def test_another_run_is_refused_with_what_differs(tmp_path):
    finish(tmp_path)
    before = names(tmp_path)

    with RunFolder(tmp_path) as folder, pytest.raises(UsageError) as caught:
        folder.claim(OTHER, fresh=False)

    assert str(caught.value) == (
        f"{tmp_path} holds another run (it differs in seed, size): "
        "--fresh replaces it, --out keeps both"
    )
    assert names(tmp_path) == before


def test_a_run_that_came_to_nothing_but_its_plan_makes_way(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.claim(IDENTITY, fresh=False)
        folder.keep_plan(IDENTITY)

    with RunFolder(tmp_path) as folder:
        assert not folder.claim(OTHER, fresh=False)


def test_files_without_their_manifest_are_still_the_other_runs(tmp_path):
    finish(tmp_path)
    (tmp_path / "manifest.json").unlink()

    with RunFolder(tmp_path) as folder, pytest.raises(UsageError, match="holds another run"):
        folder.claim(OTHER, fresh=False)


def test_a_key_that_only_one_of_two_runs_has_differs(tmp_path):
    finish(tmp_path)

    with RunFolder(tmp_path) as folder, pytest.raises(UsageError, match="it differs in tolerance"):
        folder.claim(IDENTITY | {"tolerance": 0.5}, fresh=False)


@pytest.mark.parametrize("identity", [IDENTITY, OTHER])
def test_fresh_never_keeps_the_plan(tmp_path, identity):
    finish(tmp_path)

    with RunFolder(tmp_path) as folder:
        assert not folder.claim(identity, fresh=True)


def test_a_run_whose_plan_is_gone_is_refused_but_for_fresh(tmp_path):
    finish(tmp_path)
    (tmp_path / ".work" / "plan.json").unlink()

    with RunFolder(tmp_path) as folder:
        with pytest.raises(UsageError, match="holds a run whose plan is gone: --fresh replaces it"):
            folder.claim(IDENTITY, fresh=False)
        assert not folder.claim(IDENTITY, fresh=True)


@pytest.mark.parametrize("damage", ["{", "", "\x00"])
def test_a_damaged_plan_is_refused_and_fresh_replaces_it(tmp_path, damage):
    finish(tmp_path)
    (tmp_path / ".work" / "plan.json").write_text(damage)

    with RunFolder(tmp_path) as folder:
        with pytest.raises(UsageError, match=r"plan\.json: cannot be read .*--fresh replaces"):
            folder.claim(IDENTITY, fresh=False)
        assert not folder.claim(IDENTITY, fresh=True)


def test_a_run_killed_after_fresh_does_not_pass_for_finished(tmp_path):
    finish(tmp_path, IDENTITY)
    # --fresh with another seed, killed between its plan and its files.
    with RunFolder(tmp_path) as folder:
        assert not folder.claim(OTHER, fresh=True)
        folder.forget_plan()
        folder.keep_plan(OTHER)

    with RunFolder(tmp_path) as folder:
        assert folder.claim(OTHER, fresh=False)
        assert folder.manifest() is None


def test_a_new_run_replaces_every_file_of_the_earlier_one(tmp_path):
    with RunFolder(tmp_path) as folder:
        publish(folder, "old", test=True)
        written = publish(folder, "new")

        assert folder.is_whole(written)
    assert names(tmp_path) - {".work/lock"} == {"train.jsonl", "rejected.jsonl", "manifest.json"}
    assert (tmp_path / "train.jsonl").read_text() == "new\n"


def test_files_that_no_run_wrote_stay(tmp_path):
    (tmp_path / "notes.jsonl").write_text("mine")
    (tmp_path / "README.md").write_text("mine")

    finish(tmp_path)

    assert (tmp_path / "notes.jsonl").read_text() == "mine"
    assert (tmp_path / "README.md").read_text() == "mine"


def test_the_manifest_is_gone_before_any_file_changes_and_comes_last(tmp_path):
    finish(tmp_path)
    order: list[str] = []
    with RunFolder(tmp_path) as folder, folder.line_files(["train.jsonl"]) as files:

        class Watched(type(files["train.jsonl"])):
            def publish(self) -> None:
                order.append(f"{self.target.name}: {(tmp_path / 'manifest.json').exists()}")
                super().publish()

        for file in files.values():
            file.__class__ = Watched
        folder.publish(files, {"files": {}})

    assert order == ["train.jsonl: False", "rejected.jsonl: False"]
    assert json.loads((tmp_path / "manifest.json").read_text()) == {"files": {}}


def test_a_run_that_cannot_be_published_leaves_no_manifest(tmp_path):
    finish(tmp_path)
    (tmp_path / "rejected.jsonl").unlink()
    (tmp_path / "rejected.jsonl").mkdir()
    (tmp_path / "rejected.jsonl" / "x").write_text("")

    with RunFolder(tmp_path) as folder, pytest.raises(OutputError) as caught:
        publish(folder, "new")

    assert "\n" not in str(caught.value)
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("change", ["longer", "shorter", "gone", "folder"])
def test_a_run_whose_files_changed_size_is_not_whole(tmp_path, change):
    written = finish(tmp_path)
    file = tmp_path / "train.jsonl"
    if change == "longer":
        file.write_text("{}\n{}\n")
    elif change == "shorter":
        file.write_text("")
    else:
        file.unlink()
        if change == "folder":
            file.mkdir()

    with RunFolder(tmp_path) as folder:
        assert not folder.is_whole(written)


def test_a_folder_is_one_runs_at_a_time(tmp_path):
    with RunFolder(tmp_path), pytest.raises(OutputError) as caught, RunFolder(tmp_path):
        pass

    assert str(caught.value) == (
        f"{tmp_path}: another run is writing here; wait for it or choose another folder with --out"
    )
    with RunFolder(tmp_path):
        pass


def test_a_lock_of_another_process_ends_with_it_even_when_it_is_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match="another run is writing here"), RunFolder(tmp_path):
            pass
        holder.kill()
        holder.wait()

        with RunFolder(tmp_path):
            pass


def test_what_a_killed_run_was_writing_is_cleared(tmp_path):
    finish(tmp_path)
    (tmp_path / ".work" / "train.jsonl.partial").write_text("half")
    (tmp_path / ".work" / "spill").mkdir()
    (tmp_path / ".work" / "spill" / "0").write_text("half")
    before = names(tmp_path)

    with RunFolder(tmp_path) as folder:
        folder.clear_partials()

    assert names(tmp_path) == before - {".work/train.jsonl.partial", ".work/spill/0"}


def test_a_file_where_the_folder_should_be_is_one_line(tmp_path):
    (tmp_path / "out").write_text("")

    for path in (tmp_path / "out", tmp_path / "out" / "t"):
        with pytest.raises(OutputError, match="is in the way of a folder"), RunFolder(path):
            pass


def test_a_damaged_manifest_is_one_line(tmp_path):
    finish(tmp_path)
    (tmp_path / "manifest.json").write_text('{"files"')

    with RunFolder(tmp_path) as folder, pytest.raises(UsageError, match=r"manifest\.json: cannot"):
        folder.manifest()
