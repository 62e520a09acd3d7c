from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.text import PartsOf, are_clean, clean, markup_left, similarity, tokens

#: Texts made of what catalogues and attackers put into titles.
HOSTILE = st.lists(
    st.sampled_from(
        [
            "a", "B", "é", "e\u0301", "水", "ブ", "2", " ", "  ", "\n", "\t", "\u00a0", "\u3000",
            "\u1680", "&", "&amp;", "amp;", "&lt;", "lt;", "&gt;", "&#38;", "&#x3c;", "&#0;", "&#",
            "&nbsp", "&quot;", "&shy;", ";", "\u037e", "<", ">", "<b>", "</b>", "<br/>", "<script>",
            "</script>", "<style x>", "<!--", "-->", "b>", "\x00", "\x1f", "\x85", "\x92", "\u200b",
            "\u200d", "\ufe0f", "\u20e3", "\u202e", "\u2066", "\ufeff", "\u0338", "\ud83d",
            "\ude00", "👩", "👧", "🏴", "\U000e0067", "\U000e007f", "\u2800", "\u3164", "\u034f",
        ]
    ),
    max_size=30,
).map("".join)  # fmt: skip
ANY = st.one_of(HOSTILE, st.text(max_size=60))

FORBIDDEN = set(map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F)])) | set(
    "\u2066\u2067\u2068\u2069\u200b\u2060\ufeff\u00a0\u3000"
)


@settings(max_examples=400)
@given(ANY)
def test_cleaning_a_clean_text_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@settings(max_examples=400)
@given(ANY)
def test_a_clean_text_has_no_control_or_override_and_only_single_inner_spaces(text: str) -> None:
    cleaned = clean(text)
    assert not FORBIDDEN.intersection(cleaned)
    assert cleaned == " ".join(cleaned.split())
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned


@settings(max_examples=200)
@given(HOSTILE)
def test_a_clean_text_has_no_tag_or_reference_left_but_an_open_comment(text: str) -> None:
    assert markup_left(clean(text)) in ("", "<!--")


@given(st.text(st.sampled_from("abc XYZ 019.,-+&%()éß水ブ½㎡Ａ"), max_size=40))
def test_words_of_a_shop_stay_as_written(text: str) -> None:
    assert clean(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("Salt &amp; Pepper", "Salt & Pepper"),
        ("Salt &amp;amp; Pepper", "Salt & Pepper"),
        ("&amp;amp;amp;lt;b&amp;amp;gt;Mug", "Mug"),
        ("Line one<br>Line two</p><p>Three", "Line one Line two Three"),
        ("<b>Bold</b>ly", "Boldly"),
        ("Mug<script>alert('x')</script> blue<style>a{}</style>", "Mug blue"),
        ("Mug<!-- hidden --> blue", "Mug blue"),
        ("\ufeffMug\x00 \u202eblue\u202c\x1fcup", "Mug blue cup"),
        ("水筒\u3000\u3000500ml\u00a0軽量", "水筒 500ml 軽量"),
        ("e\u0301clair", "éclair"),
        ("pay &pound;5", "pay £5"),
        ("smart&#8217;s", "smart’s"),
        ("torn \ud83d\ude00 pair", "torn 😀 pair"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("hidden\U000e0041\U000e0042 text", "hidden text"),
    ],
)
def test_what_a_reader_does_not_see_is_removed(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Black&notebook",
        "R&D; a field guide",
        "AT&T Phone",
        "GUNDAM <初回限定版>",
        "Film <Blu-ray>",
        "Gift <3 for you, 5 < 6",
        "½ inch ㎡ Ａ",
        "Family 👨\u200d👩\u200d👧\u200d👦 mug",
        "I ❤\ufe0f mugs, 1\ufe0f\u20e3",
        "Flag 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f scarf",
        "",
    ],
)
def test_what_a_reader_sees_is_kept(title: str) -> None:
    assert clean(title) == title


@pytest.mark.parametrize(
    "unit", ["&amp;", "amp;&", "<", "b>", "<script>", "<!--", "<b ", "a\u200d", "&lt", "e\u0301"]
)
def test_a_hostile_text_costs_time_linear_in_its_length(unit: str) -> None:
    text = "<" * 20_000 + unit * 20_000
    start = time.process_time()
    cleaned = clean(text)
    assert time.process_time() - start < 2  # a quadratic walk takes minutes
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Water bottle, blue!", "water  BOTTLE blue"),
        ("Ｔシャツ　白", "Tシャツ 白"),
        ("T-shirt", "t shirt"),
        ("“Mug”", "mug"),
        ("ﾎﾞﾄﾙ", "ボトル"),
    ],
)
def test_texts_that_read_the_same_have_the_same_tokens(left: str, right: str) -> None:
    assert tokens(left) == tokens(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.5", "15"), ("-5", "5"), ("C", "C++"), ("50%", "50"), ("< 5", "> 5"), ("???", "!!!")],
)
def test_texts_that_differ_in_a_meaningful_sign_differ_in_tokens(left: str, right: str) -> None:
    assert tokens(left) != tokens(right)


def test_a_word_is_read_once_unless_it_is_long() -> None:
    read: list[str] = []

    def letters(word: str) -> tuple[str, ...]:
        read.append(word)
        return tuple(word)

    letters_of = PartsOf(letters)
    for word in ("ab", "b" * 25) * 2:
        assert letters_of[word] == tuple(word)
    assert read == ["ab", "b" * 25, "b" * 25]


def test_japanese_is_compared_by_pairs_of_characters() -> None:
    assert tokens("保温ボトル 500ml") == ("保温", "温ボ", "ボト", "トル", "500", "ml")


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_symmetric_and_whole_for_the_same_text(left: str, right: str) -> None:
    one, other = tokens(left), tokens(right)
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, one) == 1


@given(st.lists(st.one_of(ANY, HOSTILE, st.text("ab .,é́\u00a0<&;\u200b", max_size=6)), max_size=4))
def test_what_is_clean_at_a_glance_is_not_changed_by_cleaning(texts: list[str]) -> None:
    if are_clean(texts):
        assert [clean(text) for text in texts] == texts
    # Cleaned texts mostly are seen to be clean, else the glance would save nothing.
    plain = [text for text in map(clean, texts) if text.isascii() and "&" not in text]
    assert are_clean([text for text in plain if "<" not in text])
