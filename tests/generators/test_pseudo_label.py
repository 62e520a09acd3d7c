"""What a pseudo-label must hold to: each kind of answer has a check that a program makes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from factory.draw import Draw
from factory.filters import LOCALE_LANGUAGES
from factory.generators.asking import Asking
from factory.generators.pseudo_label import PseudoLabel, PseudoLabelOptions
from factory.generators.question_frames import FRAMES, GAP
from factory.llm import Answer, Question
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "t", "key")


def answered(asking: Asking, *answers: dict[str, Any]) -> tuple[dict[str, Any], list[Question]]:
    """Drive a step with answers; return its columns, and what it asked."""
    questions = [next(asking)]
    for answer in answers:
        try:
            text = json.dumps(answer, ensure_ascii=False)
            questions.append(asking.send(Answer(text, "stop", 1, 1, 0.0, 0.0)))
        except StopIteration as made:
            return dict(made.value), questions
    raise AssertionError("asked more than was answered")


def ask(
    kind: str, said: dict[str, Any], text: Any, locale: str = "us", **options: Any
) -> dict[str, Any]:
    prompt, column = {
        "rewrite": ("rewrite_query.j2", "query"),
        "segments": ("segment_query.j2", "query"),
        "question": ("ask_query.j2", "query"),
        "short_title": ("shorten_title.j2", "title"),
        "selling_points": ("write_selling_points.j2", "page"),
        "summary": ("summarize_review.j2", "text"),
        "keyphrases": ("list_review_keyphrases.j2", "text"),
    }[kind]
    row = {
        "locale": locale,
        "language": "English",
        "brand": "",
        "type": "",
        "title": "Mug",
        column: text,
        **options.pop("row", {}),
    }
    step = PseudoLabel(PseudoLabelOptions(kind=kind, prompt=prompt, text=column, **options))
    assert step.needs <= row.keys()
    return answered(step.ask(row, DRAW), said)[0]


def refused(reason: str, *args: Any, **options: Any) -> None:
    with pytest.raises(RowRejectedError) as error:
        ask(*args, **options)
    assert error.value.reason == reason


QUERY = "running shoes women blue 7.5"


def test_a_rewritten_query_says_every_word_and_no_other() -> None:
    said = {"text": "blue running shoes for women in size 7.5"}
    assert ask("rewrite", said, QUERY) == {"target": said["text"]}
    # Inflected is not another word.
    assert ask("rewrite", {"text": "bed for dogs"}, "dog bed")
    # What tells more of a thing may be set where it belongs, and a compound may be undone.
    assert ask("rewrite", {"text": "black headphones"}, "headphones black")
    assert ask("rewrite", {"text": "phone case"}, "case for phone")
    assert ask("rewrite", {"text": "cable negro"}, "negro cable", "es")
    assert ask("rewrite", {"text": "tent for 12 people"}, "12 people tent")
    assert ask("rewrite", {"text": "ブラックのヘッドホン"}, "ヘッドホン ブラック", "jp")
    assert ask("rewrite", {"text": "té verde de 250 g"}, "250 g té verde", "es")


@pytest.mark.parametrize(
    ("text", "query", "locale", "reason"),
    [
        ("blue running shoes in size 7.5", QUERY, "us", "word-left-out"),
        ("blue running shoes for women in size 7", QUERY, "us", "word-left-out"),
        ("best blue running shoes for women 7.5", QUERY, "us", "word-added"),
        ("Running shoes, women, blue 7.5", QUERY, "us", "unchanged"),
        ("blue 10 curtain piece", "curtain 10 piece blue", "us", "unit-cut-off"),
        ("blue shoes 7.5 running women for", QUERY, "us", "breaks-off"),
        ("box litter cat", "cat litter box", "us", "turned-round"),
        ("phone for case black", "black case for phone", "us", "turned-round"),
        ("gris centro de mesa", "mesa de centro gris", "es", "turned-round"),
        ("ガラス強化ふた", "ふた 強化ガラス", "jp", "turned-round"),
        ("for women blue running shoes 7.5", QUERY, "us", "begins-amid"),
        ("kettle for 1.7 liter", "1.7 liter kettle", "us", "begins-amid"),
        ("5 pack of 2 l bags", "bags 5 l 2 pack", "us", "unit-cut-off"),
        ("curtain not gray", "gray curtain", "us", "word-added"),
        ("gray curtain", "curtain without gray", "us", "word-left-out"),
        ("ブラックのヘッドホンスタンド", "ヘッドホン ブラック", "jp", "word-added"),
        ("ホンドヘッ ラブック", "ヘッドホン ブラック", "jp", "word-added"),
        ("ヘッドホン", "ヘッドホン ブラック", "jp", "word-left-out"),
    ],
)
def test_a_query_that_is_not_said_again_is_no_rewriting(
    text: str, query: str, locale: str, reason: str
) -> None:
    refused(reason, "rewrite", {"text": text}, query, locale)


@pytest.mark.parametrize(
    ("segments", "query", "locale"),
    [
        (["noise cancelling headphones", "black"], "noise cancelling headphones black", "us"),
        (["ワイヤレス イヤホン", "ブラック"], "ワイヤレス イヤホン ブラック", "jp"),
        (["红色", "连衣裙"], "红色连衣裙", "cn"),
        (["green tea", "250 g"], "green tea 250 g", "us"),
        (["dark blue", "rain jacket"], "dark blue rain jacket", "us"),
    ],
)
def test_segments_join_to_their_query(segments: list[str], query: str, locale: str) -> None:
    made = ask("segments", {"segments": segments}, query, locale)
    assert made == {"target": " | ".join(segments)}


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        (["drill bits", "10 piece", "steel"], "segments-do-not-join"),
        (["drill bit set 10 piece"], "one-segment"),
        (["drill bit set 10", "piece"], "unit-cut-off"),
        (["drill", "bit", "set", "10", "piece"], "every-word-alone"),
        (["drill bi", "t set 10 piece"], "word-cut"),
    ],
)
def test_a_query_is_cut_between_its_words(segments: list[str], reason: str) -> None:
    refused(reason, "segments", {"segments": segments}, "drill bit set 10 piece")


@pytest.mark.parametrize(
    ("segments", "locale"),
    [
        (["black knife", "sharpener"], "us"),
        (["warm white light", "bulbs"], "us"),
        (["rain jacket navy blue", "medium"], "us"),
        (["taza roja", "con asa"], "es"),
    ],
)
def test_a_color_is_a_phrase_of_its_own(segments: list[str], locale: str) -> None:
    refused("color-not-parted", "segments", {"segments": segments}, " ".join(segments), locale)


def test_a_question_fills_its_frame_with_the_words_of_the_query() -> None:
    framed = {"frame": "Do you have ...?", "words": "a large white mug"}
    assert ask("question", framed, "mug white large") == {
        "target": "Do you have a large white mug?"
    }
    assert ask(
        "question", {"frame": "...はありますか？", "words": "白いマグ"}, "マグ 白い", "jp"
    ) == {"target": "白いマグはありますか？"}


@pytest.mark.parametrize(
    ("frame", "words", "reason"),
    [
        ("Do you have ...?", "large white mug", "no-noun-phrase"),
        ("Do you have ...?", "a white mug", "word-left-out"),
        ("Do you have ...?", "a large white mug, please", "word-added"),
        ("Which is ...?", "a large white mug", "frame-unknown"),
    ],
)
def test_a_query_in_no_frame_is_no_question(frame: str, words: str, reason: str) -> None:
    refused(reason, "question", {"frame": frame, "words": words}, "mug white large")


@pytest.mark.parametrize(
    ("words", "locale", "fits"),
    [
        ("a umbrella stroller", "us", False),
        ("an umbrella stroller", "us", True),
        ("a usb hub", "us", True),
        ("an usb hub", "us", False),
        ("a European adapter", "us", True),
        ("an led light", "us", True),
        ("a garden clippers", "us", False),
        ("a 6 pack of socks", "us", True),
        ("a yoga mat for kids", "us", True),
        ("a glass for drinks", "us", True),
        ("garden clippers", "us", True),
        ("犬用食器 ブラック", "jp", False),
        ("Montavia 緑茶", "jp", True),
    ],
)
def test_what_is_asked_for_is_called_by_its_article(words: str, locale: str, fits: bool) -> None:
    frame = FRAMES[LOCALE_LANGUAGES[locale]][0]
    framed = {"frame": frame, "words": words}
    if fits:
        assert ask("question", framed, words, locale) == {"target": frame.replace(GAP, words)}
    else:
        refused("no-noun-phrase", "question", framed, words, locale)


TITLE = "Brando Kettle, Electric, Cordless, 1.7 L, Auto Shut Off, for Tea and Coffee, Steel"
OF = {"brand": "brand", "type": "type", "row": {"brand": "Brando", "type": "Kettle"}}


def test_a_short_title_is_of_the_words_of_the_long_one() -> None:
    said = {"text": "Brando Electric Kettle 1.7 L."}
    assert ask("short_title", said, TITLE, **OF) == {"target": "Brando Electric Kettle 1.7 L"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Electric Kettle 1.7 L", "brand-left-out"),
        ("Brando Electric 1.7 L", "type-left-out"),
        ("Brando Electric Kettle 1.7", "unit-cut-off"),
        ("Brando Electric Kettle 1.8 L", "word-added"),
        ("Brando Quick Kettle", "word-added"),
        ("Brando Electric Cordless Steel Kettle for", "breaks-off"),
        (TITLE[:-7], "not-shorter"),
    ],
)
def test_a_short_title_keeps_what_tells_the_product(text: str, reason: str) -> None:
    refused(reason, "short_title", {"text": text}, TITLE, **OF)


def test_a_number_keeps_its_own_unit() -> None:
    title = "Brando Kettle, Pack of 6, 15000 Hours of Life, Shut Off, for Tea and Coffee"
    refused("figure-exchanged", "short_title", {"text": "Brando Kettle 6 Hours"}, title, **OF)
    assert ask("short_title", {"text": "Brando Kettle Pack of 6"}, title, **OF)


PAGE = [
    "Vacuum insulated: keeps coffee hot for six hours.",
    "Slide lid: open the Rova tumbler with one thumb.",
    "Fits most cup holders of cars.",
    "Holds 590 ml.",
    "Usable volume: 590 ml.",
]


def test_selling_points_are_three_and_say_what_the_page_says() -> None:
    points = ["keeps coffee hot for six hours", "opens with one thumb", "holds 590 ml"]
    more = [*points[:1], "keeps hot coffee six hours", "lasts 10 years", *points[1:]]
    slide = [point.replace("opens", "slide lid opens") for point in more]
    made = ask("selling_points", {"phrases": slide}, PAGE, max_words=12)
    assert made["target"].split("; ") == [
        "keeps coffee hot for six hours",
        "slide lid opens with one thumb",
        "holds 590 ml",
    ]


@pytest.mark.parametrize(
    "instead",
    [
        *("keeps hot coffee six hours", "makes a great gift", "holds 591 ml", "holds 590"),
        # Words of two lines; what is measured, for a reason.
        *("thumb holds 590 ml of coffee hot", "usable volume"),
    ],
)
def test_a_point_that_the_page_does_not_make_is_left_out(instead: str) -> None:
    points = ["keeps coffee hot for six hours", "slide lid with one thumb", instead]
    refused("too-few-points", "selling_points", {"phrases": points}, PAGE)


REVIEW = (
    "Bought it in May for my 2 sons. The color is lovely and the seams hold. "
    "It came three days late. The box was torn, and nobody answered my mail."
)


def test_a_summary_rests_on_several_sentences() -> None:
    said = {"text": "The color is lovely, but it came late and the box was torn"}
    assert ask("summary", said, REVIEW) == {"target": f"{said['text']}."}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The color is lovely.", "one-sentence"),
        ("The color is lovely, but it came 4 days late.", "number-unfounded"),
        ("Great value with amazing sound, bought in May and highly durable.", "words-unfounded"),
        ("the color is lovely, but it came late.", "no-sentence"),
        (REVIEW[:-12] + ".", "not-shorter"),
        ("The color is lovely, but it came late and the box is in", "breaks-off"),
        ("Late.", "length"),
    ],
)
def test_a_text_that_sums_up_nothing_is_no_summary(text: str, reason: str) -> None:
    refused(reason, "summary", {"text": text}, REVIEW, max_words=60)


def test_a_summary_of_a_conversation_is_no_line_of_it() -> None:
    lines = [
        "Customer: Where is my parcel? I have waited for it since Monday, and it is a present.",
        "Agent: It arrives on Friday.",
    ]
    options = {"row": {"language": "English"}}
    said = {"text": "The customer asks where the parcel is. It arrives on Friday."}
    assert ask("summary", said, lines, **options)
    refused("too-many-sentences", "summary", said, lines, max_sentences=1, **options)
    copied = {"text": "Where is my parcel? Agent: It arrives on Friday."}
    refused("no-sentence", "summary", copied, lines, **options)


def test_a_summary_of_a_conversation_says_what_was_asked_first() -> None:
    lines = [
        "Customer: You need not send order 246-81802 any more, I bought it elsewhere.",
        "Agent: It has not left yet, so I have cancelled it.",
        "Customer: When do I get the 8.99 dollars back?",
        "Agent: The 8.99 dollars will be back on your card in 4 days.",
    ]
    late = {"text": "The customer gets the 8.99 dollars back. They will be on the card in 4 days."}
    refused("request-left-out", "summary", late, lines)
    whole = {"text": "The order was cancelled. The 8.99 dollars will be back in 4 days."}
    assert ask("summary", whole, lines)


def test_keyphrases_stand_in_the_review_in_its_order() -> None:
    phrases = ["The box was torn", "the color is LOVELY", "great color", "box was"]
    assert ask("keyphrases", {"phrases": phrases}, REVIEW, max_words=6) == {
        "phrases": ["color is lovely", "box was torn"]
    }


def test_a_thing_that_is_only_named_is_no_keyphrase() -> None:
    review = (
        'The delivery date was moved three times. "Rain Cover Set" is no lie. Looks very elegant.'
    )
    phrases = ["delivery date", "Rain Cover Set", "times", "Looks very elegant"]
    refused("too-few-phrases", "keyphrases", {"phrases": phrases}, review)
    assert ask("keyphrases", {"phrases": ["date was moved three times", *phrases]}, review) == {
        "phrases": ["date was moved three times", "Looks very elegant"]
    }


def test_a_japanese_keyphrase_is_no_piece_of_a_word() -> None:
    review = "デザインがシンプルで美しいです。外箱は完好です。"
    phrases = ["デザインがシンプル", "ンプルで美しいです", "外箱は完好です", "外箱"]
    made = ask("keyphrases", {"phrases": phrases}, review, "jp")
    assert made == {"phrases": ["デザインがシンプル", "外箱は完好です"]}


@pytest.mark.parametrize(
    "phrases", [["color is lovely"], ["color is lovely", "is lovely and"], ["a", "the box, torn"]]
)
def test_one_phrase_is_not_enough(phrases: list[str]) -> None:
    refused("too-few-phrases", "keyphrases", {"phrases": phrases}, REVIEW)


LABELS = ["garden", "kitchen", "toys"]


def choose(*labels: str) -> tuple[dict[str, Any], list[Question]]:
    options = PseudoLabelOptions(kind="choice", prompt="choose_category.j2", labels=LABELS)
    row = {"text": "A rake", "locale": "us", "language": "English"}
    return answered(PseudoLabel(options).ask(row, DRAW), *({"label": each} for each in labels))


def test_a_label_is_given_twice_over_with_the_labels_the_other_way_round() -> None:
    made, (one, other) = choose("Garden", " garden.")
    assert made == {"labels": "garden"}
    shown = [
        [line[2:] for line in each.messages[1].content.splitlines() if line.startswith("- ")]
        for each in (one, other)
    ]
    assert sorted(shown[0]) == LABELS
    assert shown[0] == shown[1][::-1]
    assert one.answer is not None
    assert one.answer.model_json_schema()["properties"]["label"]["enum"] == shown[0]


def test_a_label_that_is_not_given_twice_is_none() -> None:
    for labels, reason in ((["garden", "toys"], "labels-differ"), (["lawn", "x"], "label-unknown")):
        with pytest.raises(RowRejectedError) as error:
            choose(*labels)
        assert error.value.reason == reason


def test_only_a_choice_has_labels() -> None:
    for options in ({"kind": "choice"}, {"kind": "summary", "labels": LABELS}):
        with pytest.raises(ValidationError, match="a choice has"):
            PseudoLabelOptions(prompt="choose_category.j2", **options)
