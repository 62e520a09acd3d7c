"""EcomInstruct's folders: like the real ones, and read by EcomGPT's own assembly."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from factory.outputs.ecom_folders import EcomFolders
from factory.outputs.formats.ecom import Ecom, meta_info, task_folder
from factory.sources.ecominstruct_records import read_task
from tests.conftest import SHARED
from tests.filters.samples import choice, sample, written
from tests.outputs.hostile import samples

REAL = SHARED / "data" / "ecominstruct" / "ecom_instruct_v1"
BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "ecominstruct"
FOLDERS = sorted(
    path.parent for path in [*REAL.rglob("meta-info.json"), *BUNDLED.rglob("meta-info.json")]
)


def ecom_gpt(folder: Path, record: dict) -> tuple[str, str]:
    """Return prompt and answer as EcomGPT's evaluation assembles them (its five task classes)."""
    meta = json.loads((folder / "meta-info.json").read_text(encoding="utf-8"))
    _, dataset, kind, _ = folder.name.split("-")
    assert (folder.parent.name, folder.parent.parent.name) == ("tasks", dataset)
    head = (
        f"Below is an instruction that describes the {meta['defi']} task. Write a response that "
        "appropriately completes the request.\n"
    )
    template = head + meta["test_prompt"]["instruction"]
    sep = meta["label_sep"]
    labels = []
    if kind in ("CLS", "NER", "Condition_Extract"):
        labels = list(meta["label_set"][meta["label_key"]])
    if kind == "CLS":
        gold = record["labels"][meta["label_key"]]
        labels = list({*labels[::-1][:3], *gold})
        answer = sep.join(gold)
    elif kind == "NER":
        terms: dict[str, list[str]] = {}
        for span in record["spans"]:
            terms.setdefault(span["type"], []).append(span["term"])
        answer = "\n".join(f"{of}: {sep.join(terms.get(of, ['None']))}" for of in labels)
    else:
        answer = sep.join(span["term"] for span in record["spans"])
    return template.format(sentences=record["sentences"], label_set=sep.join(labels), ex=""), answer


def written_folder(tmp_path, *of, ids=None):
    """Return the folders that these samples make, by name."""
    writer = EcomFolders(tmp_path, ids or {})
    for each in of:
        writer.write("test", each)
    writer.finish()
    return {path.parent.name: path.parent for path in tmp_path.rglob("meta-info.json")}


def records(folder: Path, split: str = "test") -> list[dict]:
    lines = (folder / f"{split}.json").read_bytes().split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


@settings(max_examples=150)
@given(said=samples())
def test_ecom_gpts_reader_asks_in_the_samples_words_and_prints_its_answer(tmp_path_factory, said):
    ((_, folder),) = written_folder(tmp_path_factory.mktemp("ecom"), said).items()
    (record,) = records(folder)

    prompt, answer = ecom_gpt(folder, record)

    assert prompt.endswith(f"### Instruction:\n{said.input_field}\n### Response:")
    assert answer == said.output_field


@settings(max_examples=100)
@given(said=samples())
def test_the_adapter_of_ecominstruct_reads_what_is_written(tmp_path_factory, said):
    if not said.input_field.strip():
        return
    ((_, folder),) = written_folder(tmp_path_factory.mktemp("ecom"), said).items()
    (record,) = records(folder)

    made = read_task(folder / "meta-info.json").read(record)

    assert (made.text, made.output) == (said.input_field, said.output_field)


def test_entities_are_asked_for_by_the_record_where_rows_ask_for_different_types(tmp_path):
    colour = ner("Red mug", ["Color: Red", "Brand: None"], ("Color", "Brand"))
    brand = ner("Acme mug", ["Brand: Acme"], ("Brand",))
    ((_, folder),) = written_folder(tmp_path, colour, brand).items()
    first, second = records(folder)

    assert [first["label_set"], second["label_set"]] == [["Color", "Brand"], ["Brand"]]
    assert first["spans"] == [{"start": 0, "end": 3, "term": "Red", "type": "Color"}]
    task = read_task(folder / "meta-info.json")
    assert task.read(second).output == "Brand: Acme"
    # EcomGPT's reader takes the types of the description for all: the same entities, more lines.
    assert ecom_gpt(folder, second)[1] == "Color: None\nBrand: Acme"


def ner(text, gold, options):
    return sample(
        task="title_entities",
        task_type="entity-lines",
        metric="label f1",
        description="Named entity recognition: find the entities.",
        input=text,
        input_field=text,
        gold=gold,
        output_field="\n".join(gold),
        options=options,
    )


def test_a_term_is_placed_where_the_text_has_it_and_nowhere_else():
    said = sample(
        task_type="extraction",
        input="Title: red mug",
        input_field="Which words say mug?\nTitle: red mug\nOutput: ",
        gold=["mug", "None"],
        output_field="mug, None",
    )
    found, missing = Ecom().write(said)["spans"]

    assert said.input_field[found["start"] : found["end"]] == "mug"
    assert found["start"] > said.input_field.index("Title")
    assert missing == {"start": 0, "end": 0, "term": "None"}


@pytest.mark.parametrize(
    ("said", "ecom_id", "folder"),
    [
        (choice(("a", "b")), "", "factory_shop/tasks/EN-factory_shop-Generate-task12"),
        (
            choice(("a", "b")),
            "Shop-MCQ-odd_question",
            "Shop/tasks/EN-Shop-Generate-MCQ_odd_question",
        ),
        (written("x", lang="zh"), "Shop-Generate-reply", "Shop/tasks/ZH-Shop-Generate-reply"),
        (
            sample(task_type="extraction", gold=["a"]),
            "S-Condition_Extract-a",
            "S/tasks/EN-S-Condition_Extract-a",
        ),
        (sample(task_type="classification", gold=["a"]), "S-CLS-a", "S/tasks/EN-S-CLS-a"),
        (written("x", task="my-task"), "", "factory_shop/tasks/EN-factory_shop-Generate-my_task"),
        (written("x", lang=""), "", "factory_shop/tasks/XX-factory_shop-Generate-task12"),
    ],
)
def test_a_folder_is_named_as_ecom_gpts_reader_takes_names_apart(said, ecom_id, folder):
    assert task_folder(said, ecom_id) == folder
    assert len(folder.rsplit("/", 1)[1].split("-")) == 4


def test_a_mixture_has_a_folder_for_each_task_and_language(tmp_path):
    folders = written_folder(
        tmp_path, written("a"), written("b", lang="zh"), written("c", task="other"), written("d")
    )

    assert sorted(folders) == [
        "EN-factory_shop-Generate-other",
        "EN-factory_shop-Generate-task12",
        "ZH-factory_shop-Generate-task12",
    ]
    assert [r["spans"][0]["term"] for r in records(folders["EN-factory_shop-Generate-task12"])] == [
        "a",
        "d",
    ]


def test_more_files_than_may_be_open_are_written(tmp_path):
    writer = EcomFolders(tmp_path, {})
    for _ in range(2):
        for number in range(1500):
            writer.write("train", written("x" * 50, task=f"t{number}"))
    described = writer.finish()

    assert sum(file.get("rows", 0) for file in described.values()) == 3000
    assert len({len(records(path.parent, "train")) for path in tmp_path.rglob("train.json")}) == 1


@pytest.mark.skipif(not FOLDERS, reason="needs real folders")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_description_has_the_keys_and_kinds_of_the_real_ones(folder):
    real = json.loads((folder / "meta-info.json").read_text(encoding="utf-8"))
    kind = folder.name.split("-")[2]
    ours = meta_info(f"D/tasks/EN-D-{kind}-x", "a task", ["a"])

    assert ours.keys() <= real.keys() | {"version", "defi"}
    needed = {"task", "defi", "test_prompt", "label_sep"}
    if kind in ("CLS", "NER", "Condition_Extract"):
        needed |= {"label_set", "label_key"}
    assert needed <= ours.keys()
    assert needed <= real.keys()
    for key in needed:
        assert type(ours[key]) is type(real[key])
    assert ours["label_sep"] == real["label_sep"]
    assert type(real["test_prompt"]["instruction"]) is str
    assert "{sentences}" in ours["test_prompt"]["instruction"]
    assert "{sentences}" in real["test_prompt"]["instruction"]


@pytest.mark.skipif(not FOLDERS, reason="needs real folders")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_record_has_the_keys_and_kinds_of_the_real_ones(folder):
    kind = folder.name.split("-")[2]
    task_type = {"CLS": "classification", "NER": "entity-lines"}.get(kind, "extraction")
    gold = ["Color: Red"] if kind == "NER" else ["Red"]
    ours = Ecom().write(
        sample(
            task_type=task_type,
            input="Red",
            input_field="Red",
            gold=gold,
            options=("Color", "Red"),
            output_field=gold[0],
        )
    )
    if kind == "Generate":
        ours = Ecom().write(written("Red"))
    name = "test.json" if (folder / "test.json").is_file() else "train.json"
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        real = json.loads(line)
        assert real.keys() - {"trace_id"} <= ours.keys() | {"label_set"}
        assert ours.keys() - {"trace_id", "label_set"} <= real.keys()
        assert type(real["sentences"]) is str
        if kind == "CLS":
            assert {type(each) for each in real["labels"].values()} == {list}
            assert type(ours["labels"]["default"]) is list
        else:
            for span in real["spans"]:
                assert {key: type(value) for key, value in span.items() if key != "type"} == {
                    key: type(value) for key, value in ours["spans"][0].items() if key != "type"
                }
                assert ("type" in ours["spans"][0]) == (kind == "NER")


@pytest.mark.skipif(not FOLDERS, reason="needs real folders")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_this_tests_own_assembly_reads_the_real_folders_as_the_adapter_does(folder):
    task = read_task(folder / "meta-info.json")
    for line in (folder / "test.json").read_text(encoding="utf-8").splitlines()[:20]:
        record = json.loads(line)
        _, answer = ecom_gpt(folder, record)
        made = task.read(record)
        if task.type == "NER" and record.get("label_set"):
            assert set(made.output.splitlines()) >= set(answer.splitlines()) - {""}
        elif record.get("spans") != []:
            assert answer == made.output


@pytest.mark.parametrize("ecom_id", ["", "..-Generate-../x"])
def test_no_record_leads_out_of_the_folder(ecom_id: str) -> None:
    made = sample(task="../../task\0", lang="../..")
    hostile = replace(made, provenance=replace(made.provenance, source="../../.."))
    parts = task_folder(hostile, ecom_id).split("/")
    assert len(parts) == 3
    assert ".." not in parts
    assert "\0" not in "".join(parts)
