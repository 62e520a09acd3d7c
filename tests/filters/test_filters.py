from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.filters import (
    FILTERS,
    Filter,
    FilterOptions,
    LengthFilter,
    build_filters,
    first_rejection,
    run_filters,
)
from factory.sample import Sample, Verdict

from .samples import GOOD, choice, sample, written

DEFAULT = build_filters(FilterOptions())


class CostlyFilter(Filter):
    name: ClassVar[str] = "costly"

    @property
    def costly(self) -> bool:
        return True

    def judge(self, sample: Sample) -> Verdict:
        return self.keep(float(len(sample.input_field)))


def names(options: FilterOptions) -> list[str]:
    return [each.name for each in build_filters(options)]


def test_a_good_sample_carries_a_verdict_of_every_default_filter() -> None:
    verdicts = run_filters(DEFAULT, GOOD)
    assert [verdict.filter for verdict in verdicts] == [
        "empty",
        "characters",
        "whitespace",
        "length",
        "options",
        "grammar",
        "language",
    ]
    assert all(verdict.keep for verdict in verdicts)
    assert first_rejection(verdicts) is None


#: Filters of one sample that can be switched on by ``true``: decontamination must be told of what,
#: a classifier which.
SWITCHED = [name for name in FILTERS if name not in ("decontamination", "classifier")]


def test_every_filter_of_the_registry_can_be_written_in_a_recipe() -> None:
    assert {*FILTERS, "near_duplicates", "novelty", "judge"} == set(FilterOptions.model_fields)
    assert names(FilterOptions.model_validate(dict.fromkeys(SWITCHED, True))) == SWITCHED
    optional = dict.fromkeys(set(SWITCHED) - {"grammar", "options"}, False)
    assert names(FilterOptions.model_validate(optional)) == ["options", "grammar"]


@pytest.mark.parametrize("name", ["grammar", "options"])
def test_what_makes_an_answer_a_checked_one_cannot_be_switched_off(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be switched off"):
        FilterOptions.model_validate({name: False})


def test_a_recipe_gives_a_filter_options_or_switches_it_off() -> None:
    options = FilterOptions.model_validate(
        {
            "length": {"max_tokens": 10},
            "title": {"fields": ["options"]},
            "language": {"detector": "langdetect", "fields": ["bullets"]},
            "characters": False,
        }
    )
    assert names(options) == [
        "empty",
        "whitespace",
        "length",
        "options",
        "title",
        "grammar",
        "language",
    ]
    assert options.length == LengthFilter(max_tokens=10)


def test_options_survive_a_round_trip_through_plain_data() -> None:
    options = FilterOptions.model_validate({"length": {"max_tokens": 10}, "whitespace": False})
    plain = options.model_dump(mode="json", exclude_none=True)
    assert plain["length"] == {"max_tokens": 10, "min_output": 2}
    assert FilterOptions.model_validate({**plain, "whitespace": False}) == options


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"lenght": True}, "Extra inputs are not permitted"),
        ({"length": {"max_token": 5}}, "Extra inputs are not permitted"),
        ({"length": None}, "write true, false, or the filter's options"),
        ({"length": 2048}, "LengthFilter"),
        ({"length": {"max_tokens": 0}}, "greater than or equal to 1"),
        ({"language": {"detector": "guess"}}, "'script', 'langdetect' or 'lingua'"),
    ],
)
def test_what_a_recipe_cannot_mean_is_refused(block: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FilterOptions.model_validate(block)


def test_a_filter_cannot_be_changed_after_it_is_built() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DEFAULT[0].name_ = "x"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="frozen"):
        LengthFilter().max_tokens = 5  # type: ignore[misc]


def test_all_that_is_wrong_with_a_sample_is_shown_and_the_first_is_its_reason() -> None:
    row = choice(("one  two", "ONE two"), input_field="broken \ufffd")
    verdicts = run_filters(DEFAULT, row)
    reasons = [verdict.reason for verdict in verdicts if not verdict.keep]
    assert reasons == ["illegal-character", "whitespace-option", "options-equal"]
    rejection = first_rejection(verdicts)
    assert rejection is not None
    assert rejection.reason == "illegal-character"


def test_a_costly_filter_is_spared_for_a_sample_that_is_rejected_already() -> None:
    filters = (*DEFAULT, CostlyFilter())
    assert run_filters(filters, GOOD)[-1] == Verdict("costly", True, score=len(GOOD.input_field))
    assert run_filters(filters, sample(output_field=""))[-1].filter == "language"


HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "\u202egnp.exe",
            "👨\u200d👩\u200d👧\u200d👦",
            "a\x00b",
            "x" * 5000,
            "水" * 5000,
            "&amp;amp;lt;b&gt;",
            "\ud800",
            "{{ 7 * 7 }}",
        ]
    ),
)


@settings(max_examples=60)
@given(
    HOSTILE,
    st.lists(HOSTILE, min_size=1, max_size=4),
    st.sampled_from(["script", "langdetect", "lingua"]),
)
def test_hostile_text_gets_one_verdict_the_same_every_time(
    text: str, options: list[str], detector: str
) -> None:
    everything = dict.fromkeys(SWITCHED, True) | {"language": {"detector": detector}}
    filters = build_filters(FilterOptions.model_validate(everything))
    for row in (
        choice(tuple(options), input_field=text, slots={"title": text}),
        written(text, input_field=text, slots={"title": text}, lang="ja"),
    ):
        verdicts = run_filters(filters, row)
        assert verdicts == run_filters(filters, row)
        assert all(verdict.keep == (verdict.reason == "") for verdict in verdicts)
        assert all(len(verdict.detail) <= 200 for verdict in verdicts)


def test_filters_load_without_the_packages_of_their_detectors() -> None:
    code = (
        "import sys, factory.filters; "
        "print(sorted({'langdetect', 'lingua', 'pandas', 'numpy', 'nltk'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
