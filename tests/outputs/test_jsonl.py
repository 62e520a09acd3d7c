import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import OutputError
from factory.outputs.jsonl import from_record, read_records, read_samples, to_line, to_record
from factory.sample import Provenance, Sample, Verdict

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
GOLDS = (
    st.integers(0, 9)
    | st.lists(st.integers(1, 15), max_size=3)
    | st.lists(NUMBERS, max_size=5)
    | st.lists(TEXT, max_size=3)
    | TEXT
)
VERDICTS = st.builds(Verdict, TEXT, st.booleans(), TEXT, TEXT, st.none() | NUMBERS)
PROVENANCES = st.builds(
    Provenance,
    source=TEXT,
    source_ids=st.lists(TEXT, max_size=3).map(tuple),
    licence=TEXT,
    view=TEXT,
    template=TEXT,
    wording=TEXT,
    seed=st.integers(),
    definition=TEXT,
    generator=st.none() | TEXT,
    model=st.none() | TEXT,
    tokens=st.integers(0, 2**40),
    cost=st.floats(0, 10),
)
SAMPLES = st.builds(
    Sample,
    **dict.fromkeys(
        [
            "id",
            "task",
            "track",
            "task_type",
            "metric",
            "description",
            "prompt",
            "input",
            "candidates",
            "constraint",
            "output",
            "input_field",
            "output_field",
            "lang",
            "locale",
            "split",
            "split_group",
        ],
        TEXT,
    ),
    gold=GOLDS,
    options=st.lists(TEXT, max_size=4).map(tuple),
    slots=st.dictionaries(TEXT, VALUES, max_size=3),
    provenance=PROVENANCES,
    scores=st.dictionaries(TEXT, NUMBERS, max_size=2),
    verdicts=st.lists(VERDICTS, max_size=2).map(tuple),
)


@settings(max_examples=120)
@given(SAMPLES)
def test_a_sample_comes_back_from_its_line_as_it_was(sample):
    line = to_line(sample)

    back = from_record(json.loads(line))

    assert back == sample
    assert type(back.gold) is type(sample.gold)
    assert b"\n" not in line
    assert to_line(back) == line


@settings(max_examples=40)
@given(st.lists(SAMPLES, max_size=4))
def test_samples_come_back_from_a_file_in_their_order(tmp_path_factory, samples):
    path = tmp_path_factory.mktemp("out") / "train.jsonl"
    path.write_bytes(b"".join(to_line(sample) + b"\n" for sample in samples))

    assert list(read_samples(path)) == samples


@settings(max_examples=40)
@given(SAMPLES, st.lists(VERDICTS, max_size=3))
def test_verdicts_just_given_come_after_the_samples_own(sample, verdicts):
    together = replace(sample, verdicts=(*sample.verdicts, *verdicts))

    assert to_line(sample, verdicts) == to_line(together)


@pytest.fixture
def sample() -> Sample:
    names = [name for name in Sample.__dataclass_fields__ if name not in ("scores", "verdicts")]
    fields = dict.fromkeys(names, "x")
    provenance = Provenance("esci", ("query:us:1",), "Apache-2.0", "v", "t", "w", 7, "d")
    return Sample(**fields | {"provenance": provenance, "options": ("a",), "slots": {"n": 1.0}})


@pytest.mark.parametrize(
    ("gold", "text"),
    [
        (2, "2"),
        ([3, 1], "[3,1]"),
        ([1.0, 0.1, 0.0], "[1.0,0.1,0.0]"),
        (["a b", "é"], '["a b","é"]'),
        ("2", '"2"'),
    ],
)
def test_gold_is_json_text_and_typed_again(sample, gold, text):
    record = to_record(replace(sample, gold=gold))

    assert record["gold"] == text
    assert from_record(record).gold == gold
    assert type(from_record(record).gold) is type(gold)


def test_a_record_has_every_field_of_a_sample_in_its_order(sample):
    assert list(to_record(sample)) == list(Sample.__dataclass_fields__)
    assert list(to_record(sample)["provenance"]) == list(Provenance.__dataclass_fields__)


def test_a_column_is_of_one_type_whatever_the_task(sample):
    golds = [2, [1.0, 0.0], [3, 1], ["a"], "b"]
    records = [to_record(replace(sample, gold=gold, slots={"x": gold})) for gold in golds]

    assert {type(record["gold"]) for record in records} == {str}
    assert {type(record["slots"]) for record in records} == {str}


@pytest.mark.parametrize("line", [b"", b"{", b"nothing", b'{"a": "\xff"}', b'{"id": "x"'])
def test_a_line_that_is_no_record_is_named(tmp_path, sample, line):
    path = tmp_path / "train.jsonl"
    path.write_bytes(to_line(sample) + b"\n" + line + b"\n")

    records = read_records(path)

    assert next(records)["id"] == "x"
    with pytest.raises(OutputError) as caught:
        next(records)
    assert str(caught.value).startswith(f"{path}:2: not a JSON record: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"gold": "{"},
        {"gold": 2},
        {"slots": None},
        {"provenance": None},
        {"provenance": {"source": "x"}},
        {"verdicts": [{"keep": True}]},
        {"options": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_record_that_is_no_sample_is_named(tmp_path, sample, change):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(to_record(sample) | change) + "\n")

    with pytest.raises(OutputError) as caught:
        list(read_samples(path))

    assert str(caught.value).startswith(f"{path}:1: not a sample of this project: ")


@pytest.mark.parametrize("text", ["5", "[]", '"x"', "null", "{}"])
def test_json_of_another_kind_is_no_sample(tmp_path, text):
    path = tmp_path / "train.jsonl"
    path.write_text(text + "\n")

    with pytest.raises(OutputError, match=r"train\.jsonl:1: not a (sample|JSON record)"):
        list(read_samples(path))


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(OutputError, match=": cannot be read: "):
            list(read_records(path))


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it(tmp_path, sample):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + to_line(sample) + b"\n")

    assert list(read_samples(path)) == [sample]

    path.write_bytes(to_line(sample) + b"\n\xef\xbb\xbf" + to_line(sample) + b"\n")
    with pytest.raises(OutputError, match=r"train\.jsonl:2: not a JSON record"):
        list(read_samples(path))


def test_an_empty_file_has_no_samples(tmp_path):
    (tmp_path / "train.jsonl").write_text("")

    assert list(read_samples(tmp_path / "train.jsonl")) == []


def test_samples_are_read_without_what_takes_long(tmp_path, sample):
    told = replace(sample, scores={"x": 1.0}, verdicts=(Verdict("f", keep=True),))
    (tmp_path / "train.jsonl").write_bytes(to_line(told) + b"\n")

    (read,) = read_samples(tmp_path / "train.jsonl", whole=False)

    assert read == replace(told, slots={}, scores={}, verdicts=())
