"""What is made of labels: types of categories, aspects, key phrases and snippets of reviews."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from factory.draw import Draw
from factory.sources.aspect_names import ASPECTS, alike, apart, has_cue, speaks_of
from factory.sources.listing_attributes import names_another, value_of
from factory.sources.rows import (
    attribute_for_type,
    attribute_synonym,
    categories_to_label,
    complementary_types,
    queries_to_label,
    review_aspects,
    review_keyphrase,
    review_snippets,
    type_with_attribute,
)
from factory.sources.shared_names import shared_names
from factory.sources.snippets import bare, blames, generic, located, one_sentence, sentence_of
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "t", "key")


def refused(rows: Any, facts: dict[str, Any]) -> str:
    with pytest.raises(RowRejectedError) as error:
        list(rows(facts, DRAW))
    return error.value.reason


def test_what_may_be_taken_for_each_other_is_alike() -> None:
    assert alike("fit", "size")
    assert alike("smell", "scent")
    assert alike("anything", "anything")
    assert not alike("anything", "price")
    assert apart("price", ["fit", "noise"])
    assert not apart("installation", ["ease of cleaning"])


def test_a_name_of_the_closed_list_is_a_cue_of_itself() -> None:
    assert all(has_cue(f"the {name} of it", name) for name in ASPECTS)
    assert has_cue("It arrived late.", "delivery")
    assert not has_cue("It arrived late.", "taste")


TITLES = [
    "Lumo Bath Mat for Home, Gray",
    "Bath Mat by Lumo, Gray, Large",
    "Soft Bath Mat 20 x 30",
    "Lumo Bath Mats",
]


def test_shared_names_are_the_longest_words_of_most_titles() -> None:
    assert shared_names(TITLES, ["Lumo"], share=0.7, most=8) == ("bath", "bath mat")
    assert shared_names(TITLES, [], share=0.5, most=1) == ("bath",)
    assert "lumo" in shared_names(TITLES, [], share=0.5, most=8)
    assert shared_names(["One thing", "Another"], [], share=0.7, most=8) == ()


COFFEE = [
    "Hillo Dark Roast Whole Bean Coffee with Zip Bag, 12 oz, Black",
    "Sunny Whole Bean Coffee - Dark Roast, with Zip Bag - 12 oz (Black)",
    "Aro Medium Roast Whole Bean Coffee, 17 oz, Black",
]


def test_a_shared_name_is_not_cut_off_and_ends_before_a_feature() -> None:
    assert shared_names(COFFEE, [], share=1, most=8) == ("whole bean coffee", "roast")
    assert "roast whole bean coffee" in shared_names(COFFEE, [], share=0.6, most=8)
    assert "zip bag" in shared_names(COFFEE, [], share=0.6, most=8)


def test_a_color_a_material_or_a_size_alone_is_no_shared_name() -> None:
    titles = [
        "Black Stainless Steel 3 Pack 20 cm Kettle",
        "Kettle, Stainless Steel, 3 Pack, Black, cm",
    ]
    assert shared_names(titles, [], share=1, most=8) == ("kettle",)


@pytest.mark.parametrize(
    ("text", "aspect", "speaks"),
    [
        ("Customer service answered within an hour", "customer service", True),
        ("Customer service answered within an hour", "battery life", False),
        ("It charges within an hour", "battery life", True),
        ("The size is just right", "fit", True),
        ("I could not be happier", "comfort", False),
    ],
)
def test_a_text_speaks_of_what_most_of_its_words_are_of(
    text: str, aspect: str, speaks: bool
) -> None:
    assert speaks_of(text, aspect) is speaks


@pytest.mark.parametrize(
    ("snippet", "found"),
    [
        ("sent me the same useless answer", True),
        ("arrived ten days late", True),
        ("so well that nothing could get damaged", False),
        ("was not late", False),
        ("it is spot on", False),
    ],
)
def test_blame_is_known_by_words_that_nothing_denies(snippet: str, found: bool) -> None:
    assert blames(snippet) is found


def test_a_snippet_stands_in_a_sentence() -> None:
    assert sentence_of("KIND", "It broke. Support was kind! Fine.") == "Support was kind"
    assert sentence_of("rude", "It broke.") == ""


LISTING = "Lumo Chef Knife, 10 Inch, 2 Pack. Compatible with: Vacuro V8, type: HEPA."


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("compatible devices", "Vacuro V8, type: HEPA.", "Vacuro V8"),
        ("capacity", "10 Inch", ""),
        ("capacity", "2 Pack", ""),
        ("capacity", "12 oz", "12 oz"),
        ("battery capacity", "10000mAh", "10000mAh"),
        ("care instructions", "a plate closes it in the drawer", ""),
        ("care instructions", "Hand wash only", "Hand wash only"),
        ("care instructions", "It is easy to clean. Rinse it.", ""),
        ("closure type", "quick release buckle", "quick release buckle"),
        ("closure type", "carry loop", ""),
        ("blade material", "Steel", "Steel"),
        ("sole material", "Steel", ""),
        ("theme", "Space: the last frontier", ""),
        ("theme", "a thing that is said in far too many words", ""),
        ("theme", "Space", "Space"),
    ],
)
def test_a_value_has_the_form_of_its_attribute(name: str, value: str, kept: str) -> None:
    assert value_of(name, value, LISTING) == kept


@pytest.mark.parametrize(
    ("synonym", "asked", "another"),
    [
        ("color options", "brightness", True),
        ("closure", "brand", True),
        ("fabric", "color", True),
        ("type of closure", "closure type", False),
        ("color of the light", "light color", False),
        ("volume", "capacity", False),
    ],
)
def test_a_name_with_the_words_of_another_attribute_is_its(
    synonym: str, asked: str, another: bool
) -> None:
    assert names_another(synonym, asked) is another


def test_a_category_of_products_that_share_nothing_is_no_type() -> None:
    facts = {"key": "us:a > b", "locale": "us", "brands": None, "source_ids": ["product:us:1"]}
    (row,) = categories_to_label.rows({**facts, "titles": TITLES}, DRAW)
    assert row["shared"][:2] == ["bath", "bath mat"]
    assert (
        refused(categories_to_label.rows, {**facts, "titles": ["Red Cup", "Tent"]})
        == "nothing-shared"
    )


class TestReviewAspects:
    FACTS: ClassVar[dict[str, Any]] = {
        "key": "us:r",
        "locale": "us",
        "text": "It came late, but tastes good and the lid is cheap.",
        "product_type": "tea",
        "said": ["delivery", "price", "taste"],
        "near": ["scent", "weight", "packaging", "noise"],
        "far": ["color", "grip"],
        "subject": "review:us:r",
        "source_ids": ["review:us:r"],
    }

    def test_the_wrong_ones_are_apart_from_all_that_is_said_and_from_each_other(self) -> None:
        (row,) = review_aspects.rows(self.FACTS, DRAW)
        assert sorted(row["positives"]) == self.FACTS["said"]
        wrong = row["negatives"]
        assert len(wrong) == 7
        # A scent may be a taste, and a package comes with the parcel.
        assert not {"scent", "packaging"} & set(wrong)
        assert "weight" in wrong
        for place, name in enumerate(wrong):
            assert apart(name, (*self.FACTS["said"], *wrong[:place]))
            assert not has_cue(str(self.FACTS["text"]), name)

    def test_of_more_than_three_the_others_stand_in_no_list(self) -> None:
        said = ["delivery", "price", "taste", "weight", "color"]
        (row,) = review_aspects.rows({**self.FACTS, "said": said}, DRAW)
        assert len(row["positives"]) == 3
        assert not set(said) & set(row["negatives"])

    def test_three_that_are_one_are_too_few(self) -> None:
        facts = {**self.FACTS, "said": ["fit", "size", "storage"]}
        assert refused(review_aspects.rows, facts) == "too-few-aspects"


class TestKeyphrase:
    FACTS: ClassVar[dict[str, Any]] = {
        "key": "us:r:size",
        "locale": "us",
        "text": "Very light weight, doesn't leak. Super  Convenient! I like it. It is what it is.",
        "product_type": "cup",
        "aspect": "ease of use",
        "subject": "review:us:r",
        "source_ids": ["review:us:r"],
    }

    def rows(self, evidence: str) -> str:
        (row,) = review_keyphrase.rows({**self.FACTS, "evidence": evidence}, DRAW)
        return str(row["target"])

    def test_the_phrase_is_the_reviews_own_letter_for_letter(self) -> None:
        assert self.rows("super convenient.") == "Super Convenient"
        assert self.rows("doesn't leak") == "doesn't leak"

    @pytest.mark.parametrize(
        ("evidence", "reason"),
        [
            ("leak. Super", "no-phrase"),
            ("Very light weight, doesn't leak super convenient", "no-phrase"),
            ("I like it", "says-nothing"),
            ("it is heavy", "not-once-in-text"),
            ("leak super", "not-once-in-text"),
            ("ight weight", "not-once-in-text"),
        ],
    )
    def test_what_is_no_phrase_of_its_own_is_refused(self, evidence: str, reason: str) -> None:
        facts = {**self.FACTS, "evidence": evidence}
        assert refused(review_keyphrase.rows, facts) == reason


def test_a_phrase_that_stands_twice_has_no_place() -> None:
    assert located("too big", "Too big for me, too big for him") is None
    assert located("TOO big", "It is too  big") == "too  big"
    assert bare(' "roomy," ') == "roomy"
    assert generic("Great product, love it!")
    assert not generic("great sound")
    assert one_sentence("costs 3.50 more")
    assert not one_sentence("It broke. Never again")


def snippet(text: str, number: int, **values: Any) -> dict[str, Any]:
    return {
        "snippet": text,
        "review_id": f"r{number}",
        "user_id": f"u{number}",
        "part": "type",
        "aspect": "color",
        "polarity": "positive",
        **values,
    }


class TestSnippets:
    GOLDS = (
        snippet("I love it", 1),
        snippet("roomy", 2),
        snippet("fits all my books", 2),
        snippet("true to size", 3),
        snippet("Roomy!", 4),
        snippet("large enough for two", 5),
    )
    COLORS = ("red", "blue", "green", "pale", "loud", "dull", "matte", "shiny", "ugly", "glossy")

    def facts(self, others: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "key": "us:bag:size:positive:0",
            "locale": "us",
            "product_type": "bag",
            "aspect": "size",
            "polarity": "positive",
            "golds": list(self.GOLDS),
            "others": others,
        }

    def test_three_customers_say_it_each_in_other_words(self) -> None:
        others = [
            snippet("fits with my eyes", 20),
            snippet("tight at the hips", 21, aspect="fit"),
            snippet("far too small", 22, part="opposite", aspect="size", polarity="negative"),
            *(snippet(f"{word} tone", 30 + n) for n, word in enumerate(self.COLORS)),
            *(
                snippet(f"{word} scent", 50 + n, part="elsewhere", aspect="scent")
                for n, word in enumerate(self.COLORS)
            ),
        ]
        (row,) = review_snippets.rows(self.facts(others), DRAW)
        assert row["positives"] == ["roomy", "true to size", "large enough for two"]
        assert len(row["negatives"]) == 12
        # A word of size, and an aspect that may be size, are no wrong ones; the opposite is.
        assert not {"fits with my eyes", "tight at the hips"} & set(row["negatives"])
        assert "far too small" in row["negatives"]
        assert len(row["source_ids"]) == 15

    def test_too_few_others_are_told(self) -> None:
        others = [snippet(f"{word} tone", 30 + n) for n, word in enumerate(self.COLORS)]
        assert refused(review_snippets.rows, self.facts(others)) == "too-few-others"


def test_a_complement_is_no_other_form_of_the_type() -> None:
    facts = {
        "key": "us:coffee:french press:0",
        "locale": "us",
        "product_type": "ground coffee",
        "positive": "french press",
        "wrong": ["coffee filters", "garlic press", "bath towel", "beach towel", "tent", "sock"],
        "source_ids": ["review:us:1", "review:us:2"],
    }
    (row,) = complementary_types.rows(facts, DRAW)
    assert row["negatives"] == ["bath towel", "tent", "sock"]
    assert refused(complementary_types.rows, {**facts, "positive": "coffee mug"}) == "one-kind"
    assert refused(complementary_types.rows, {**facts, "wrong": ["tent"]}) == "too-few-types"


def test_a_type_and_its_attribute_share_no_word_and_neither_do_the_options() -> None:
    facts = {
        "key": "uk:shirt:sleeve length:0",
        "locale": "uk",
        "type": "shirt",
        "attribute": "sleeve length",
        "wrong": ["length", "shirt size", "roast level", "noise level", "wattage", "scent"],
        "source_ids": ["product:uk:1"],
    }
    (row,) = attribute_for_type.rows(facts, DRAW)
    assert row["positive"] == "sleeve length"
    assert row["negatives"] == ["roast level", "wattage", "scent"]
    assert refused(attribute_for_type.rows, {**facts, "type": "sleeve"}) == "gives-away"

    types = {**facts, "wrong": ["long shirt", "tent", "coffee"]}
    assert refused(type_with_attribute.rows, types) == "too-few-others"
    (row,) = type_with_attribute.rows({**facts, "wrong": ["tent", "coffee", "lamp"]}, DRAW)
    assert (row["positive"], row["attribute"]) == ("shirt", "sleeve length")


def test_a_synonym_shares_no_word_with_its_attribute_or_the_other_options() -> None:
    others = [
        ("kind of closure", "clasp"),
        ("fastening strength", "weight capacity"),
        ("fiber", "material"),
        ("fabric", "material"),
        ("print", "pattern"),
        ("closing time", "closure time"),
        ("hue", "color"),
    ]
    facts = {
        "key": "uk:fastening:0",
        "locale": "uk",
        "attribute": "closure type",
        "positive": "fastening",
        "others": [{"name": name, "attribute": attribute} for name, attribute in others],
        "source_ids": ["product:uk:1"],
    }
    (row,) = attribute_synonym.rows(facts, DRAW)
    assert row["negatives"] == ["fiber", "print", "hue"]
    facts["positive"] = "type of closure"
    assert refused(attribute_synonym.rows, facts) == "shares-a-word"


def test_what_most_exact_matches_of_a_query_are_called_is_offered() -> None:
    facts = {
        "key": "us:1",
        "locale": "us",
        "text": "something soft for the bathroom floor",
        "titles": TITLES,
        "brands": ["Lumo"],
        "source_ids": ["query:us:1"],
    }
    (row,) = queries_to_label.rows(facts, DRAW)
    assert row["shared"] == ["bath", "bath mat"]
    assert refused(queries_to_label.rows, {**facts, "titles": ["Tent", "Cup"]}) == "nothing-shared"
