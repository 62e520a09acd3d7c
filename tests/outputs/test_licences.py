"""What sources' licences let others do with samples made from them."""

from __future__ import annotations

import pytest

from factory.outputs.licences import (
    LICENCES,
    Overall,
    Terms,
    forbids_publication,
    overall_licence,
    terms_of,
)
from factory.recipe import SourceSpec
from factory.sources import SOURCES

ESCI = Terms("esci", "Apache-2.0", "https://example.org/esci")
MMLU = Terms("mmlu", "MIT", "https://example.org/mmlu")
REVIEWS = Terms("reviews", "unknown", "https://example.org/reviews")
ALPACA = Terms("alpaca", "CC-BY-NC-4.0", "https://example.org/alpaca")
TAGGED = Terms("tagged", "LicenseRef-academic-research-only", "https://example.org/tagged")


def test_one_licence_stays_what_it_is() -> None:
    assert overall_licence([ESCI, ESCI]) == Overall("apache-2.0")


def test_several_licences_stay_several() -> None:
    assert overall_licence([ESCI, MMLU]) == Overall(
        "other", "several-licences", "README.md#licence"
    )


@pytest.mark.parametrize("others", [[], [ESCI], [ESCI, TAGGED]])
def test_one_source_without_a_licence_makes_the_whole_unknown(others: list[Terms]) -> None:
    assert overall_licence([*others, REVIEWS]) == Overall("unknown")


def test_no_source_at_all_has_no_known_licence() -> None:
    assert overall_licence([]) == Overall("unknown")


def test_what_the_hub_has_no_name_for_is_named_and_linked() -> None:
    assert overall_licence([TAGGED]) == Overall(
        "other", "academic-research-only", "https://example.org/tagged"
    )
    shop = Terms("shop", "Our Terms: v2", "https://example.org/shop")
    assert overall_licence([shop]) == Overall("other", "our-terms-v2", "https://example.org/shop")


def test_conditions_are_no_objection_to_publishing() -> None:
    assert forbids_publication([ESCI, MMLU, ALPACA]) == ()


def test_what_may_not_be_passed_on_is_refused_with_its_reason() -> None:
    unknown, research = forbids_publication([TAGGED, ESCI, REVIEWS])
    assert (unknown.source, research.source) == ("reviews", "tagged")
    assert "states no licence (https://example.org/reviews)" in unknown.reason
    assert "academic research only" in research.reason


def test_terms_that_are_not_known_here_are_refused() -> None:
    (objection,) = forbids_publication([Terms("shop", "Proprietary", "https://example.org")])
    assert "Proprietary, are not known here" in objection.reason


def test_a_source_is_allowed_by_its_name_and_no_other_with_it() -> None:
    (left,) = forbids_publication([TAGGED, REVIEWS], allowed={"reviews"})
    assert left.source == "tagged"


def test_no_derivatives_means_no_samples() -> None:
    assert forbids_publication([Terms("shop", "CC-BY-ND-4.0", "")])


def test_identifiers_are_compared_without_their_case() -> None:
    assert overall_licence([Terms("shop", "cc-by-4.0", "")]) == Overall("cc-by-4.0")


def test_every_adapter_states_a_licence_that_is_known_here_or_unknown() -> None:
    stated = {source.licence for source in SOURCES.values()}
    assert {each.lower() for each in stated} <= {*LICENCES, "unknown"}


def test_every_citation_is_one_entry_of_bibtex() -> None:
    for source in SOURCES.values():
        if source.citation:
            assert source.citation.startswith("@")
            assert source.citation.count("{") == source.citation.count("}")
            assert "title={" in source.citation


@pytest.mark.parametrize("adapter", sorted(SOURCES))
def test_the_bundled_shop_is_free_whatever_data_set_it_looks_like(adapter: str) -> None:
    bundled = SourceSpec(adapter=adapter)
    assert forbids_publication([Terms("x", bundled.licence, "")]) == ()
    if adapter != "tables":
        real = bundled.model_copy(update={"path": "/data"})
        assert real.licence == SOURCES[adapter].licence


def test_the_terms_of_a_mixture_are_those_of_its_tasks() -> None:
    manifests = [
        {"source": {"name": each.source, "licence": each.licence, "homepage": each.homepage}}
        for each in (REVIEWS, ESCI, REVIEWS)
    ]
    assert terms_of(manifests) == (ESCI, REVIEWS)
    assert terms_of(manifests[:1]) == (REVIEWS,)
