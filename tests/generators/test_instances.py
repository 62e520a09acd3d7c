"""What a program finds wrong with a task that a model wrote, and with an instance of it."""

from __future__ import annotations

import pytest

from factory.generators.instances import (
    check_handed_back,
    check_own_words,
    checked_instance,
    checked_labels,
    checked_task,
)
from factory.sources.view import RowRejectedError

TASK = "Say in one word which color the product has."


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "instruction-empty"),
        ("Sort the products.", "instruction-length"),
        ("word " * 151, "instruction-length"),
        ("- Write a reply to the customer who asks.", "instruction-begins-with-a-mark"),
        ("Describe what the picture of the lamp shows.", "beyond-text"),
        ("Describe el gráfico de ventas de la tienda.", "beyond-text"),
        ("商品の画像を見て色を答えてください。", "beyond-text"),
        ("Write a title for [product name] in the shop.", "placeholder"),
        ("Answer the question of the customer:", "ends-with-a-colon"),
        ("Escribe una respuesta amable para la clienta que pregunta.", "language-mismatch"),
        ("次の商品レビューが肯定的か否定的かを答えてください。", "language-mismatch"),
    ],
)
def test_what_is_no_english_task_is_refused(written: str, reason: str) -> None:
    with pytest.raises(RowRejectedError) as refused:
        checked_task(written, "us")
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("written", "locale"),
    [
        ("Task 9: Name the room in which  the product is used.", "us"),
        ("¿De qué material es el producto? Responde con una palabra.", "es"),
        ("商品の説明を読んで、お客様の質問に答えてください。", "jp"),
        ("判断这条商品评价是好评还是差评。", "cn"),
    ],
)
def test_a_task_is_kept_as_one_line_in_its_language(written: str, locale: str) -> None:
    task = checked_task(written, locale)
    assert task == " ".join(written.removeprefix("Task 9: ").split())


def test_japanese_is_no_english_and_english_no_japanese() -> None:
    with pytest.raises(RowRejectedError, match="language-mismatch"):
        checked_task("Name the room in which it is.", "jp")


@pytest.mark.parametrize(
    ("given", "output", "reason"),
    [
        ("A blue mug", " ", "output-empty"),
        ("Blue mug", "blue  mug", "output-is-input"),
        ("A blue mug", "The color is:", "ends-with-a-colon"),
        ("A blue mug", f"{TASK} Blue.", "repeats-the-instruction"),
        ("A blue mug", "As an AI I see no color.", "excuse"),
        ("A {color} mug", "blue", "placeholder"),
        ("A blue mug", "blue, 12 oz", "number-unfounded"),
        ("word " * 201, "blue", "instance-length"),
        (
            "A blue mug",
            "Die Tasse ist blau und sie gefällt den Kundinnen sehr.",
            "language-mismatch",
        ),
    ],
)
def test_what_is_no_instance_is_refused(given: str, output: str, reason: str) -> None:
    with pytest.raises(RowRejectedError) as refused:
        checked_instance(TASK, given, output, "us")
    assert refused.value.reason == reason


def test_a_task_about_a_text_has_one() -> None:
    with pytest.raises(RowRejectedError, match="input-missing"):
        checked_instance("Name the color of the following product.", "", "blue", "us")
    assert checked_instance("Name a color that cats like.", "", "red", "us") == ("", "red")


def test_numbers_of_a_list_are_none_of_its_facts() -> None:
    output = "1. Take off the lid.\n2. Pour 3 cups."
    assert checked_instance(TASK, "Lid, 3 cups", output, "us")[1] == output


def test_labels_are_those_that_the_task_names() -> None:
    task = "Decide whether the review is positive or negative."
    assert checked_labels(task, ["positive", " negative "]) == ["positive", "negative"]
    with pytest.raises(RowRejectedError, match="label-unknown"):
        checked_labels(task, ["positive", "mixed"])
    with pytest.raises(RowRejectedError, match="labels-repeat"):
        checked_labels(task, ["positive", "Positive"])


def test_an_input_in_the_words_of_the_prompt_is_none_of_the_models_own() -> None:
    prompt = "An example. Input: Round serving tray made of acacia wood, 12 inches. Write a text."
    for given in ("A round serving tray made of acacia wood", "Write a text made of wood."):
        with pytest.raises(RowRejectedError, match="copies-the-prompt"):
            check_own_words(given, prompt)
    for given in ("", "A tray", "A folding garden chair made of teak, with a blue cushion"):
        check_own_words(given, prompt)


def test_an_instruction_in_the_words_of_the_prompt_is_handed_back() -> None:
    prompt = "The answer is one of two to four labels, and the task ends by naming them all."
    check_handed_back(
        "Say whether the review is about the delivery. Answer with yes or no.", prompt
    )
    with pytest.raises(RowRejectedError, match="copies-the-prompt"):
        check_handed_back("Read it. The answer should be one of two to four labels.", prompt)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (
            "Write a title for the lamp. It is like the titles in the examples.",
            "points-to-examples",
        ),
        ("Say what it is. Say it in one word. Say it in one word.", "repeats-itself"),
    ],
)
def test_a_task_says_nothing_twice_and_nothing_of_examples(written: str, reason: str) -> None:
    with pytest.raises(RowRejectedError, match=reason):
        checked_task(written, "us")


def test_an_input_that_is_nearly_the_instruction_is_none() -> None:
    with pytest.raises(RowRejectedError, match="repeats-the-instruction"):
        checked_instance(TASK, "Say in one word which color the product has} lamp", "red", "us")
