import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
from datasets import Json, Value
from pyarrow import parquet

import factory
from factory.errors import FactoryError, OutputError, UsageError
from factory.outputs import dataset_folder
from factory.outputs.formats import FORMATS
from factory.outputs.jsonl import read_samples, to_line
from factory.outputs.run_folder import RunFolder
from factory.runs.export import export, read_export, stale_exports
from factory.sample import Sample
from tests.conftest import PROJECT
from tests.filters.samples import choice, sample, written
from tests.outputs.hostile import PIECES

HOSTILE = "".join(PIECES)
WAYS = [(name, kind) for name, form in FORMATS.items() for kind in form.stored]


@pytest.fixture(autouse=True)
def _no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep what ``datasets`` caches in this test, and off the network."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def a_run(
    path: Path, train: Iterable[Sample], test: Iterable[Sample] = (), kind: str = "generation"
) -> Path:
    """Leave a finished run of these samples in ``path``, as the line does."""
    splits = {"train": train, "test": test} if test else {"train": train}
    manifest = {
        "format": 1,
        "task": path.name,
        "definition": "d",
        "seed": 7,
        "recipe": {"type": kind, "ecom": None},
        "source": {"name": "shop", "licence": "CC0-1.0", "homepage": "https://example.org"},
        "splits": {},
    }
    names = [f"{split}.jsonl" for split in splits]
    with RunFolder(path) as folder, folder.line_files(names) as files:
        for split, of in splits.items():
            for each in of:
                files[f"{split}.jsonl"].write(to_line(each))
        manifest["files"] = {name: file.describe() for name, file in files.items()}
        folder.publish(files, manifest)
    return path


def three(**changes: object) -> list[Sample]:
    return [written(f"answer {n}", id=f"{n:016x}", **changes) for n in range(3)]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(("name", "kind"), WAYS)
def test_every_format_of_a_real_run_loads_with_no_script(made, tmp_path, name, kind):
    run = made("task12")
    told = export(run.folder, name, stored=kind, out=tmp_path)

    loaded = datasets.load_dataset(str(told.folder))

    assert {split: data.num_rows for split, data in loaded.items()} == told.rows
    form = FORMATS[name]
    for split, data in loaded.items():
        of_run = list(read_samples(run.folder / f"{split}.jsonl"))
        if name == "ecom":
            # A folder a language, one after another.
            by_id = {each.id: each for each in of_run}
            of_run = [by_id[sample_id] for sample_id in data["trace_id"]]
        for record, said in zip(data, of_run, strict=True):
            back = form.read(record)
            for field in set(form.carries) - {"reasoning"}:
                assert getattr(back, field) == getattr(said, field), field


@pytest.mark.parametrize(("name", "kind"), WAYS)
def test_hostile_text_comes_through_every_kind_of_file(tmp_path, name, kind):
    said = written(HOSTILE, input_field=HOSTILE, input=HOSTILE, prompt=HOSTILE, id="0" * 16)
    said = replace(said, output_field=HOSTILE.strip(), gold=HOSTILE.strip(), description=HOSTILE)
    run = a_run(tmp_path / "run", [said, *three()])

    loaded = datasets.load_dataset(str(export(run, name, stored=kind).folder))

    form = FORMATS[name]
    back = form.read(loaded["train"][0])
    for field in set(form.carries) - {"reasoning"}:
        assert getattr(back, field) == getattr(said, field), field


@pytest.mark.parametrize(("name", "kind"), WAYS)
def test_columns_that_start_with_nulls_or_are_missing_in_a_split_load(tmp_path, name, kind):
    first = written("a")
    later = written("b")
    later = replace(
        later,
        provenance=replace(later.provenance, parent="p", model="m"),
        scores={"judge correct": 4.0},
        options=("x", "y"),
    )
    run = a_run(tmp_path / "run", [first] * 30 + [later], [later])

    loaded = datasets.load_dataset(str(export(run, name, stored=kind).folder))

    assert (loaded["train"].num_rows, loaded["test"].num_rows) == (31, 1)
    assert loaded["train"].features == loaded["test"].features
    if name == "samples":
        assert loaded["train"].features["provenance"]["parent"] == Value("string")
        assert loaded["train"][0]["provenance"]["parent"] is None
        assert loaded["train"][30]["provenance"]["parent"] == "p"
        assert [loaded["train"][n]["scores"] for n in (0, 30)] == [{}, {"judge correct": 4.0}]


@pytest.mark.parametrize(("name", "kind"), WAYS)
def test_exporting_twice_leaves_the_same_bytes(tmp_path, name, kind):
    run = a_run(tmp_path / "run", three(), three())
    first = export(run, name, stored=kind)
    before = tree(first.folder)

    again = export(run, name, stored=kind)
    elsewhere = export(run, name, stored=kind, out=tmp_path / "elsewhere")

    assert (first.fresh, again.fresh, elsewhere.fresh) == (True, False, True)
    assert tree(again.folder) == before == tree(elsewhere.folder)
    assert first.rows == again.rows == {"train": 3, "test": 3}
    assert str(tmp_path).encode() not in b"".join(before.values())


@pytest.mark.parametrize(("name", "kind"), WAYS)
def test_an_export_is_read_back_as_samples(tmp_path, name, kind):
    said = [written(f"{n} {HOSTILE[::-1].strip()}", id=f"{n:016x}") for n in range(30)]
    said[3] = replace(said[3], reasoning="Because.")
    form = FORMATS[name]
    told = export(
        *(a_run(tmp_path / "run", said, said[:2]), name),
        stored=kind,
        reasoning=form.reasons,
        shard_bytes=70_000,
    )

    for split, of in (("train", said), ("test", said[:2])):
        back = list(read_export(told.folder, split))
        for field in form.carries:
            assert [getattr(b, field) for b in back] == [getattr(s, field) for s in of], field
    assert list(read_export(told.folder, "validation")) == []


def test_a_folder_that_is_no_export_is_not_read(tmp_path):
    with pytest.raises(UsageError, match="is no export"):
        list(read_export(tmp_path))


def test_an_export_of_an_earlier_run_is_known(tmp_path):
    run = a_run(tmp_path / "run", three())
    for name in ("messages", "alpaca"):
        export(run, name)
    assert stale_exports(run) == []

    a_run(run, three()[:2])
    export(run, "alpaca")

    assert stale_exports(run) == ["messages"]


@pytest.mark.parametrize("damage", ["longer", "gone", "export.json"])
def test_a_damaged_export_is_made_again(tmp_path, damage):
    run = a_run(tmp_path / "run", three())
    folder = export(run, "messages").folder
    before = tree(folder)
    if damage == "longer":
        (folder / "train.jsonl").write_bytes(before["train.jsonl"] * 2)
    elif damage == "gone":
        (folder / "train.jsonl").unlink()
    else:
        said = json.loads(before["export.json"])
        (folder / "export.json").write_text(json.dumps({**said, "made_of": {}}))

    assert export(run, "messages").fresh
    assert tree(folder) == before


def test_a_run_that_changed_is_exported_anew_and_loads_anew(tmp_path):
    """``datasets`` keeps what it read under the folder's name: it must not give it for another."""
    run = a_run(tmp_path / "run", three())
    folder = export(run, "messages").folder
    old = datasets.load_dataset(str(folder))["train"][0]["messages"][2]["content"]
    a_run(run, [written("Answer 0"), *three()[1:]])

    assert export(run, "messages").fresh
    new = datasets.load_dataset(str(folder))["train"][0]["messages"][2]["content"]

    assert (old, new) == ("answer 0", "Answer 0")


@pytest.mark.parametrize(("name", "kind"), [way for way in WAYS if way[0] != "ecom"])
def test_a_table_past_the_size_of_a_file_is_several_files(tmp_path, name, kind):
    many = [written(f"{n} {'x' * 200}", id=f"{n:016x}") for n in range(3000)]
    run = a_run(tmp_path / "run", many)
    whole = export(run, name, stored=kind, out=tmp_path / "whole")
    size = sum(len(to_line(each)) for each in many) // 8

    told = export(run, name, stored=kind, shard_bytes=size)

    files = sorted(path.name for path in told.folder.glob(f"*.{kind}"))
    assert len(files) > 2
    assert files == [f"train-{n:05}-of-{len(files):05}.{kind}" for n in range(len(files))]
    if kind == "jsonl":
        assert all((told.folder / file).stat().st_size <= size for file in files)
        parts = b"".join((told.folder / file).read_bytes() for file in files)
        assert parts == (whole.folder / "train.jsonl").read_bytes()
    loaded = datasets.load_dataset(str(told.folder))["train"]
    assert loaded.to_list() == datasets.load_dataset(str(whole.folder))["train"].to_list()


def test_a_record_larger_than_a_file_may_be_has_a_file_of_its_own(tmp_path):
    run = a_run(tmp_path / "run", three())

    told = export(run, "messages", shard_bytes=1)

    assert len(list(told.folder.glob("train-*.jsonl"))) == 3
    assert datasets.load_dataset(str(told.folder))["train"].num_rows == 3


def test_parquet_has_the_columns_said_and_not_guessed(tmp_path):
    run = a_run(tmp_path / "run", three())
    schema = parquet.read_schema(export(run, "samples").folder / "train.parquet")

    assert str(schema.field("provenance").type.field("parent").type) == "string"
    assert str(schema.field("scores").type) == "extension<arrow.json>"


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_mixture_is_its_mixed_file_and_its_rejected_rows_stay_out(tmp_path, kind):
    mixture = a_mixture(tmp_path / "mix")
    told = export(mixture, "eshop", stored=kind)
    loaded = datasets.load_dataset(str(told.folder))["train"]

    assert loaded.features["output_field"] == Json()
    assert loaded["output_field"][:] == ["answer 0", 1, [1.0, 0.1, 0.01, 0.0, 0.0], "answer 1"]
    assert export(mixture, "messages", stored=kind).rows == {"train": 4}


def test_a_mixtures_ecom_format_is_a_folder_a_task(tmp_path):
    folder = export(a_mixture(tmp_path / "mix"), "ecom").folder

    names = sorted(path.parent.name for path in folder.rglob("meta-info.json"))
    assert names == [
        "EN-factory_shop-Generate-choose",
        "EN-factory_shop-Generate-rank",
        "EN-factory_shop-Generate-say",
    ]
    assert datasets.load_dataset(str(folder), "EN-factory_shop-Generate-say")["train"].num_rows == 2
    assert datasets.load_dataset(str(folder))["train"].num_rows == 4


def a_mixture(path: Path) -> Path:
    """Leave a mixture of three tasks; one of the samples of ``say`` was left out of it."""
    says = [replace(each, task="say") for each in three()]
    chooses = [replace(choice(("a", "b"), 1), task="choose", id="c" * 16)]
    ranks = [replace(sample(), task="rank", id="d" * 16)]
    a_run(path / "say", says)
    a_run(path / "choose", chooses, kind="multiple_choice")
    a_run(path / "rank", ranks, kind="ranking")
    mixed = [says[0], *chooses, *ranks, says[1]]
    with RunFolder(path) as folder, folder.line_files(["train.jsonl"]) as files:
        for each in mixed:
            files["train.jsonl"].write(to_line(each))
        files["rejected.jsonl"].write(to_line(says[2]))
        described = {name: file.describe() for name, file in files.items()}
        tasks = {name: {} for name in ("say", "choose", "rank", "never_made")}
        manifest = {"format": 1, "mixture": path.name, "seed": 7, "tasks": tasks}
        folder.publish(files, {**manifest, "files": described})
    return path


def test_reasoning_goes_before_the_answer_only_where_it_is_asked_for(tmp_path):
    run = a_run(tmp_path / "run", [written("2", reasoning="One and one."), written("3")])
    bare = export(run, "messages", out=tmp_path / "bare").folder
    told = export(run, "messages", out=tmp_path / "told", reasoning=True).folder

    def answers(folder: Path) -> list[str]:
        return [
            row["messages"][2]["content"] for row in datasets.load_dataset(str(folder))["train"]
        ]

    assert answers(bare) == ["2", "3"]
    assert answers(told) == ["<think>\nOne and one.\n</think>\n\n2", "3"]
    assert "<think>" in (told / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", ["file", "folder", "link", "more"])
def test_what_is_somebody_elses_is_never_written_over(tmp_path, what):
    run = a_run(tmp_path / "run", three())
    target = run / "messages"
    if what == "file":
        target.write_text("mine")
    elif what == "folder":
        target.mkdir()
        (target / "notes.txt").write_text("mine")
    elif what == "link":
        (tmp_path / "other").mkdir()
        target.symlink_to(tmp_path / "other")
    else:
        export(run, "messages")
        (target / "notes.txt").write_text("mine")
    before = tree(tmp_path)

    with pytest.raises(UsageError, match="choose another folder with --out") as caught:
        export(run, "messages", stored="parquet")

    assert "\n" not in str(caught.value)
    assert tree(tmp_path) == before


def test_an_empty_folder_is_taken(tmp_path):
    run = a_run(tmp_path / "run", three())
    (run / "messages").mkdir()

    assert export(run, "messages").fresh


def test_an_export_that_fails_leaves_what_was_there(tmp_path):
    run = a_run(tmp_path / "run", three())
    folder = export(run, "messages").folder
    before = tree(folder)
    with (run / "train.jsonl").open("ab") as file:
        file.write(b"{\n")

    with pytest.raises(OutputError, match=r"train\.jsonl:4: not a JSON record"):
        export(run, "messages")

    assert tree(folder) == before
    assert {path.name for path in run.iterdir()} == {
        *(".work", "train.jsonl", "rejected.jsonl", "manifest.json", "messages"),
    }


def test_two_exports_do_not_write_one_folder(tmp_path):
    run = a_run(tmp_path / "run", three())
    (run / ".messages.partial").mkdir()
    descriptor = os.open(run / ".messages.partial", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    with pytest.raises(OutputError, match="another export is writing here"):
        export(run, "messages")
    os.close(descriptor)

    assert export(run, "messages").fresh


def test_what_a_killed_export_left_is_in_nobodys_way(tmp_path):
    run = a_run(tmp_path / "run", three())
    (run / ".messages.partial" / "a").mkdir(parents=True)
    (run / ".messages.partial" / "a" / "train.jsonl").write_text("half")

    folder = export(run, "messages").folder

    assert sorted(tree(folder)) == ["README.md", "dataset_info.json", "export.json", "train.jsonl"]
    assert not (run / ".messages.partial").exists()


KILLED = """
import os, sys
from pathlib import Path
from factory.outputs import tables
from factory.runs.export import export, read_export, stale_exports
write, left = tables.LinesTable.write, int(sys.argv[2])
def dies(self, record):
    if self.rows == left:
        os._exit(9)
    write(self, record)
tables.LinesTable.write = dies
export(Path(sys.argv[1]), "messages")
"""


@pytest.mark.parametrize("rows", [0, 2])
def test_an_export_that_is_killed_leaves_no_half_folder(tmp_path, rows):
    run = a_run(tmp_path / "run", three())

    done = subprocess.run([sys.executable, "-c", KILLED, run, str(rows)], cwd=PROJECT, check=False)

    assert done.returncode == 9
    assert not (run / "messages").exists()
    assert export(run, "messages").rows == {"train": 3}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "mesages"}, "did you mean 'messages'"),
        ({"name": "messages", "stored": "parket"}, "did you mean 'parquet'"),
        ({"name": "openai", "stored": "parquet"}, "openai is read from jsonl alone"),
        ({"name": "eshop", "reasoning": True}, "leave out --reasoning"),
        ({"name": "messages", "shard_bytes": 0}, "give 1 or more"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path, asked, said):
    run = a_run(tmp_path / "run", three())

    with pytest.raises(UsageError, match=said) as caught:
        export(run, **asked)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_run_says_so(tmp_path):
    a_run(tmp_path / "out" / "task12", three())

    for folder in (tmp_path / "out", tmp_path / "nowhere", tmp_path):
        with pytest.raises(FactoryError, match="is not a finished run"):
            export(folder, "messages")


def test_memory_does_not_grow_with_the_run(tmp_path):
    """Forty thousand rows of 8 kB would be 320 MB; what is written may take a few of them."""
    line = to_line(written("x" * 4000, input_field="y" * 4000))
    run = a_run(tmp_path / "run", three())
    with (run / "train.jsonl").open("wb") as file:
        for _ in range(40_000):
            file.write(line + b"\n")
    script = (
        "import sys\nfrom pathlib import Path\nfrom factory.runs.export import export\n"
        "export(Path(sys.argv[1]), 'messages', stored=sys.argv[2])\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    for kind in ("jsonl", "parquet"):
        done = subprocess.run(
            [sys.executable, "-c", script, run, kind],
            *(),
            cwd=PROJECT,
            check=True,
            capture_output=True,
            text=True,
        )
        assert int(done.stdout) < 250_000, kind


def test_the_public_api_exports(made, tmp_path):
    folder = factory.export(made("task12").folder, "alpaca", to="parquet", out=tmp_path)

    assert folder == tmp_path / "alpaca"
    assert (folder / "train.parquet").is_file()


def test_an_export_at_its_end_leaves_the_next_ones_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / ".messages.partial"
    place = dataset_folder._take_place

    def place_and_begin_another(made: Path, target: Path) -> None:
        place(made, target)
        aside.mkdir()
        (aside / "of another export").write_text("2", encoding="utf-8")

    monkeypatch.setattr(dataset_folder, "_take_place", place_and_begin_another)
    with dataset_folder.new_folder(tmp_path / "messages") as folder:
        (folder / "one").write_text("1", encoding="utf-8")
    assert (tmp_path / "messages" / "one").is_file()
    assert (aside / "of another export").is_file()
