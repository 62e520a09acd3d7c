"""What a labelling step keeps of an answer: names of its lists, and words of the text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from factory.draw import Draw
from factory.generators.label import Label, LabelOptions
from factory.llm import Answer
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "t", "key")


def labelled(answer: dict[str, Any], row: dict[str, Any], **options: Any) -> list[dict[str, str]]:
    step = Label(LabelOptions(**options))
    asking = step.ask(row, DRAW)
    next(asking)
    try:
        asking.send(Answer(json.dumps(answer), "stop", 1, 1, 0.0, 0.0))
    except StopIteration as made:
        return list(made.value["labels"])
    raise AssertionError("asked twice")


ASPECTS = {"what": "aspects", "prompt": "label_review_aspects.j2"}
TYPE = {"what": "type", "prompt": "label_product_type.j2"}
REVIEW = {"text": "Super comfy, but it arrived late."}


def aspect(name: str, snippet: str, polarity: str = "positive") -> dict[str, str]:
    return {"aspect": name, "polarity": polarity, "snippet": snippet}


def test_an_aspect_is_of_the_list_and_its_snippet_of_the_text() -> None:
    answer = {
        "aspects": [
            aspect("Comfort", "super comfy"),
            aspect("coziness", "super comfy"),
            aspect("price", "a bargain"),
            aspect("comfort", "comfy", "negative"),
            aspect("delivery", "arrived late", "negative"),
        ]
    }
    assert [(each["name"], each["evidence"]) for each in labelled(answer, REVIEW, **ASPECTS)] == [
        ("comfort", "super comfy"),
        ("delivery", "arrived late"),
    ]


def test_an_aspect_is_judged_in_words_that_can_speak_of_it() -> None:
    row = {"text": "Support was kind and quick. I could not be happier. Useless bag, arrived late."}
    answer = {
        "aspects": [
            aspect("customer service", "kind and quick"),
            aspect("absorbency", "I could not be happier"),
            aspect("battery life", "Support was kind and quick"),
            aspect("delivery", "arrived late"),
        ]
    }
    (found,) = labelled(answer, row, **ASPECTS)
    assert (found["name"], found["evidence"]) == ("customer service", "kind and quick")
    answer["aspects"][-1]["polarity"] = "negative"
    assert [each["name"] for each in labelled(answer, row, **ASPECTS)][-1] == "delivery"


def test_words_of_aspects_are_known_of_english_alone() -> None:
    row = {"text": "Es muy cómodo. Llegó tarde.", "locale": "es"}
    answer = {"aspects": [aspect("comfort", "muy cómodo")]}
    assert labelled(answer, row, **ASPECTS)
    with pytest.raises(RowRejectedError):
        labelled(answer, row | {"locale": "us"}, **ASPECTS)


@pytest.mark.parametrize(
    ("title", "name", "holds"),
    [
        ("Sorella Bamboo Hair Brush", "hairbrush", True),
        ("Sorella Hairbrushes", "hair brush", True),
        ("Auriculares de diadema", "auricular", True),
        ("Scarpe da corsa uomo", "scarpa da corsa", True),
        ("Toalla de baño de algodón", "shampoo", False),
        ("Mesa de centro", "tapa de sartén", False),
        ("Glass French Press", "coffee grinder", False),
        ("耐衝撃 スマホケース", "ケース", True),
        ("竹製 まな板", "板", True),
        ("竹製 まな板", "洗濯機", False),
        ("USB-C ケーブル", "usb cable", False),
        ("USB-C ケーブル", "usb", True),
    ],
)
def test_a_type_may_be_held_to_words_of_its_listing(title: str, name: str, holds: bool) -> None:
    row = {"text": title, "language": "English"}
    if holds:
        assert labelled({"product_type": name}, row, in_its_words=True, **TYPE)
    else:
        with pytest.raises(RowRejectedError, match="no-label-holds"):
            labelled({"product_type": name}, row, in_its_words=True, **TYPE)
    assert labelled({"product_type": name}, row, **TYPE)


def test_a_review_that_bears_out_no_label_is_rejected() -> None:
    with pytest.raises(RowRejectedError, match="no-label-holds"):
        labelled({"aspects": [aspect("price", "a bargain")]}, REVIEW, **ASPECTS)


def test_an_endpoint_is_told_the_list_of_names() -> None:
    (question,) = [next(Label(LabelOptions(**ASPECTS)).ask(REVIEW, DRAW))]
    assert question.answer is not None
    schema = question.answer.model_json_schema()
    assert "delivery" in schema["$defs"]["Aspect"]["properties"]["aspect"]["enum"]
    assert "delivery" in question.messages[1].content


def test_an_attribute_is_stated_in_the_listing() -> None:
    answer = {
        "attributes": [
            {"name": "Material", "value": "Oak"},
            {"name": "color", "value": "white"},
            {"name": "kind of wood", "value": "oak"},
        ]
    }
    row = {"text": "Oak table, 120 cm"}
    (found,) = labelled(answer, row, what="attributes", prompt="label_attributes.j2")
    assert (found["name"], found["value"]) == ("material", "Oak")


def test_a_type_is_chosen_among_the_names_of_the_row() -> None:
    row = {"text": "a | b", "titles": ["a", "b"], "shared": ["bath mat", "bath"]}
    options = {
        "what": "type",
        "kind": "category_type",
        "among": "shared",
        "prompt": "choose_product_type.j2",
    }
    assert labelled({"product_type": "Bath Mat."}, row, **options) == [
        {"kind": "category_type", "value": "bath mat"}
    ]
    with pytest.raises(RowRejectedError):
        labelled({"product_type": "rug"}, row, **options)


def test_a_synonym_is_another_short_name() -> None:
    row = {"text": "closure type", "values": ["zip"]}
    answer = {"synonyms": ["Fastening", "closure type", "a b c d e", "fastening", "clasp type"]}
    found = labelled(answer, row, what="synonyms", prompt="label_attribute_synonyms.j2")
    assert [each["value"] for each in found] == ["fastening", "clasp type"]
    assert {each["name"] for each in found} == {"closure type"}


@pytest.mark.parametrize("name", ["64gb tablet", "tablet, black", "a b c d e", ""])
def test_a_type_is_a_few_words_without_sizes(name: str) -> None:
    with pytest.raises(RowRejectedError):
        labelled({"product_type": name}, REVIEW | {"language": "English"}, **TYPE)
