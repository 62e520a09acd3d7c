"""What two texts are compared by: their plain form, and the numbers that they say."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from factory.generators.carried_over import is_in_language
from factory.generators.grounding import numbers, plain, unfounded_numbers

TEXT = st.text(st.sampled_from("aB \t\n\x1f\u00a0\u30005 1.,’'½㎡Ａ５٣éßİブ水"), max_size=30)
FIGURES = st.text(st.sampled_from("0123 .,a５½"), max_size=20)


@given(st.one_of(TEXT, st.text(max_size=20)))
@example("It’s  A\u3000Ｓ｜Ｍ\x1fｶﾞ ")
def test_the_plain_form_is_nfkc_in_small_letters_with_single_spaces(text: str) -> None:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    assert plain(text) == re.sub(r"\s+", " ", folded).strip()


@given(st.one_of(TEXT, FIGURES))
@example("１,２９９ or ½")
def test_a_number_is_the_same_in_every_width(text: str) -> None:
    assert numbers(text) == numbers(unicodedata.normalize("NFKC", text))


def test_a_number_has_one_spelling() -> None:
    assert numbers("1,299.50 0007 1,5 2.0 1.299.000") == {"1299.5", "0007", "1.5", "2", "1299000"}


@given(FIGURES, st.lists(FIGURES, max_size=3))
@example("5 and 6", ["5", "6 and 7"])
def test_what_no_source_says_is_unfounded(text: str, sources: list[str]) -> None:
    said = frozenset[str]().union(*map(numbers, sources))
    assert unfounded_numbers(text, iter(sources)) == numbers(text) - said


def test_a_quarter_of_the_letters_makes_a_text_japanese() -> None:
    marked = "水水!!!!!!!!!!!!!!!!"
    assert is_in_language(f"{marked} usb", "ja")
    assert not is_in_language(f"{marked} usb port", "ja")
