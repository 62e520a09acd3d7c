import datasets
import pytest
from datasets import Features, Json, List, Value
from hypothesis import given
from hypothesis import strategies as st

from factory.outputs.features import JSON, SAMPLE, as_arrow, as_datasets, as_yaml
from factory.outputs.jsonl import to_record
from factory.sample import Verdict
from tests.filters.samples import sample

KINDS = st.sampled_from(["string", "bool", "int64", "float64", JSON])
NAMES = st.text("abcxyz_", min_size=1, max_size=5)
FEATURES = st.dictionaries(
    NAMES,
    st.recursive(
        KINDS,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=1)
            | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
        ),
        max_leaves=6,
    ),
    min_size=1,
    max_size=5,
)


@given(FEATURES)
def test_a_cards_front_matter_says_the_same_as_datasets_would(features):
    loaded = as_datasets(features)

    assert as_yaml(features) == loaded._to_yaml_list()
    assert Features._from_yaml_list(as_yaml(features)) == loaded


@given(FEATURES)
def test_an_arrow_schema_says_the_same_as_datasets_would(features):
    theirs = as_datasets(features).arrow_schema

    assert as_arrow(features).equals(theirs, check_metadata=True)


def test_a_sample_has_these_columns_and_no_others():
    record = to_record(sample(verdicts=(Verdict("length", keep=True, score=1.0),)))

    assert list(record) == list(SAMPLE)
    assert list(record["provenance"]) == list(SAMPLE["provenance"])
    assert list(record["verdicts"][0]) == list(SAMPLE["verdicts"][0])


def test_features_are_what_datasets_calls_them():
    assert as_datasets({"a": "string", "b": ["int64"], "c": {"d": JSON}}) == Features(
        {"a": Value("string"), "b": List(Value("int64")), "c": {"d": Json()}}
    )


@pytest.mark.parametrize("text", ["x", "", "\u2028", "\x00"])
def test_a_column_that_starts_with_nulls_is_text_all_the_same(text):
    lines = datasets.Dataset.from_list([{"a": None}, {"a": text}], as_datasets({"a": "string"}))

    assert lines["a"] == [None, text]
