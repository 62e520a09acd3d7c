"""The kind of answer is told from a prompt: on ShopBench's rows, and on the catalogue's samples."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest

import factory
from factory.line import RunResult
from factory.serving.expression import regex
from factory.serving.grammar import admitted
from factory.serving.recognise import (
    CLASSIFICATION,
    ENTITIES,
    ENTITY_LINES,
    EXTRACTION,
    GENERATION,
    MULTIPLE_CHOICE,
    RANKING,
    RETRIEVAL,
    Asked,
    recognise,
)
from factory.sources.ecominstruct_records import read_task
from tests.catalogue import COVER, catalogue
from tests.conftest import SHARED

DEVELOPMENT = SHARED / "data" / "kddcup2024_devset" / "development.json"
ECOM = SHARED / "data" / "ecominstruct" / "ecom_instruct_v1"
#: EcomInstruct's types of task, by the kind of answer that each has.
ECOM_TYPES = {
    "CLS": CLASSIFICATION,
    "NER": ENTITY_LINES,
    "Condition_Extract": EXTRACTION,
    "Extract": EXTRACTION,
    "Generate": GENERATION,
}
IN_WORDS = (CLASSIFICATION, ENTITY_LINES, EXTRACTION)
TOLD = (MULTIPLE_CHOICE, RANKING, RETRIEVAL, ENTITIES, *IN_WORDS)
TASKS = [name for name in COVER if catalogue().tasks[name].type != "labels"]


@pytest.mark.skipif(not DEVELOPMENT.is_file(), reason="ShopBench's file is not beside the project")
@pytest.mark.parametrize("flagged", [True, False])
def test_all_of_shopbenchs_development_rows_are_told(flagged: bool) -> None:
    rows = [json.loads(line) for line in DEVELOPMENT.read_text(encoding="utf-8").splitlines()]

    wrong = []
    for row in rows:
        flag = flagged and row["is_multiple_choice"]
        asked = recognise(row["input_field"], is_multiple_choice=flag)
        if asked.task_type != row["task_type"] or not _admits(asked, row["output_field"]):
            wrong.append((row["task_name"], asked))
    assert (len(rows), wrong) == (96, [])


def _admits(asked: Asked, gold: object) -> bool:
    """Return whether the numbers shown are those that the right answer needs."""
    if isinstance(gold, str) and asked.task_type not in (GENERATION, ENTITIES):
        gold = json.loads(gold)
    if asked.task_type == MULTIPLE_CHOICE:
        return gold in asked.numbers
    if asked.task_type == RANKING:
        return isinstance(gold, list) and len(gold) == len(asked.numbers)
    if asked.task_type == RETRIEVAL:
        return isinstance(gold, list) and set(gold) <= set(asked.numbers) and asked.golds == 3
    return True


@pytest.mark.parametrize("task", TASKS)
def test_the_catalogues_samples_are_told(made: Callable[[str], RunResult], task: str) -> None:
    samples = list(factory.read_samples(made(task).folder))[:20]
    for sample in samples:
        asked = recognise(sample.input_field)
        expected = sample.task_type if sample.task_type in TOLD else GENERATION
        assert asked.task_type == expected, sample.input_field
        if asked.task_type == MULTIPLE_CHOICE:
            assert sample.gold in asked.numbers
        elif asked.task_type == RANKING:
            assert isinstance(sample.gold, list)
            assert len(asked.numbers) == len(sample.gold)
        elif asked.task_type == RETRIEVAL:
            assert isinstance(sample.gold, list)
            assert asked.golds == len(sample.gold)
            assert len(asked.numbers) == len(sample.options)
        elif asked.task_type in IN_WORDS:
            answers = admitted(asked, sample.input_field)
            assert answers is not None
            # Written out, the subsets of many labels are too many for a regular expression.
            if len(sample.options) <= 8:
                assert re.fullmatch(regex(answers), sample.output_field), sample.input_field


def test_ecominstructs_own_candidates_are_told_at_the_end_alone() -> None:
    asked = (
        "### Instruction:\nItem 1: a\nItem 2: b\nAre they the same? Candidate labels: not same, "
        "same. \n### Response:"
    )
    assert recognise(asked).task_type == CLASSIFICATION
    middle = (
        "Summarize it.\nReview: Candidate labels: good, bad\nIt is great.\nKeep it short.\nOutput: "
    )
    assert recognise(middle).task_type == GENERATION
    lines = "Write a poem.\nOutput one line for each verse.\nOutput: "
    assert recognise(lines).task_type == GENERATION


@pytest.mark.parametrize(
    ("prompt", "told", "answer", "refused"),
    [
        (
            "{}\nDetect all named entity about Brand, Product in the sentence. ",
            EXTRACTION,
            ("Lumo, Lumo Arc lamp", "None"),
            "Philips",
        ),
        (
            "{}\nExtract all attribute value with attribue name about Brand, Product in the "
            "sentence.",
            ENTITY_LINES,
            ("Brand: Lumo\nProduct: None",),
            "Brand: Lumo",
        ),
        (
            "{}\nExtract spans from context to answer the question. ",
            EXTRACTION,
            ("Lumo Arc lamp",),
            "None",
        ),
        (
            "Select documents from the candidates that best match the product query.\n{}\n"
            "Output the document content only.",
            EXTRACTION,
            ("Lumo Arc lamp",),
            "None",
        ),
        (
            "{}\nSelect category for the above sentences from the following topics: Food, Price. ",
            CLASSIFICATION,
            ("Food", "Food, Price"),
            "Service",
        ),
        ("输入: {}\n分类: 匹配, 不匹配\n输出:", CLASSIFICATION, ("匹配",), "合适"),
    ],
)
def test_ecominstructs_own_words_are_told(
    prompt: str, told: str, answer: tuple[str, ...], refused: str
) -> None:
    for text in ("The Lumo Arc lamp is bright .", "Note: it is warm.\nUse: the Lumo Arc lamp"):
        framed = f"### Instruction:\n{prompt.format(text)}\n### Response:"
        asked = recognise(framed)
        answers = admitted(asked, framed)
        assert asked.task_type == told
        assert answers is not None
        form = re.compile(regex(answers))
        assert all(form.fullmatch(each) for each in answer)
        assert not form.fullmatch(refused)


def test_more_labels_than_can_be_told_are_labels_still() -> None:
    labels = ", ".join(f"category {number}" for number in range(500))
    asked = f"Item: lamp\nCategorize product items. Candidates: {labels}\n### Response:"
    assert recognise(asked) == Asked(CLASSIFICATION)
    assert admitted(Asked(CLASSIFICATION), asked) is None


@pytest.mark.skipif(not ECOM.is_dir(), reason="EcomInstruct's folders are not beside the project")
def test_all_of_ecominstructs_own_rows_are_told() -> None:
    rows = free = refused = 0
    for file in sorted(ECOM.glob("*/tasks/*/meta-info.json")):
        task = read_task(file)
        for line in file.with_name("test.json").read_text(encoding="utf-8").splitlines():
            if not line.strip():
                continue
            record = task.read(json.loads(line))
            asked = recognise(record.instruction)
            assert asked.task_type == ECOM_TYPES[task.type], record.instruction
            answers = admitted(asked, record.instruction)
            rows += 1
            free += answers is None
            refused += answers is not None and not re.fullmatch(regex(answers), record.output)
    # Two name labels in another order than they were shown in, five have more phrases than eight.
    assert (rows, free, refused) == (780, 243, 7)


def test_the_last_list_is_the_one_that_is_asked_about() -> None:
    prompt = (
        "Seen:\n1. a\n2. b\n3. c\nOutput three numbers.\nQueries:\n1. d\n2. e\n3. f\n4. g\nOutput: "
    )
    assert recognise(prompt) == Asked(RETRIEVAL, (1, 2, 3, 4), 3)


def test_a_scale_gives_its_numbers_and_a_bare_question_any_digit() -> None:
    assert recognise("Stars on a scale of 1 to 5.\nAnswer: ").numbers == (1, 2, 3, 4, 5)
    assert recognise("Which?\nAnswer: ").numbers == tuple(range(10))


def test_who_knows_the_type_is_believed() -> None:
    prompt = "Which is it?\n0. a\n1. b"
    assert recognise(prompt, task_type=GENERATION) == Asked(GENERATION)
    assert recognise("Yes or no?", is_multiple_choice=True).task_type == MULTIPLE_CHOICE


def test_decimals_and_years_are_no_list() -> None:
    assert recognise("Describe it.\n0.5 l\n1.5 l\n2024. A year.").task_type == GENERATION


def test_a_word_of_a_task_is_not_its_form() -> None:
    """These were met in samples that the rules had not been written for."""
    label = "Choose the entity type that describes 'A5'.\nCandidate labels: Size, Brand\nOutput: "
    assert recognise(label).task_type == CLASSIFICATION
    ordered = (
        "Rank the queries.\n1. a\n2. b\nYou should output a permutation of 1 to 2. There should "
        "be a comma separating two numbers. Put the one with the smaller number first.\nOutput: "
    )
    assert recognise(ordered) == Asked(RANKING, (1, 2))


@pytest.mark.parametrize(
    "prompt",
    [
        "1" + "-" * 500_000,
        "1. a\n" * 100_000,
        "\n answer: " * 100_000,
        "\n" * 1_000_000,
        "one " * 250_000,
        "a\nCandidate labels: " + "a, " * 300_000 + "\nOutput: ",
        "a\nSelect them from the following topics: " + "a, " * 300_000,
        "a\nDetect all named entity about " + " in the sentence" * 200,
        "a\n" + "from the following " * 60_000,
        "a\nTypes: a, b\n" + "one line for each " * 60_000,
        "a\nCopy the words " + '"a: b' * 200_000,
    ],
)
def test_a_hostile_prompt_costs_no_more_than_a_long_one(prompt: str) -> None:
    began = time.process_time()
    admitted(recognise(prompt), prompt)
    admitted(Asked(ENTITIES), prompt)
    assert time.process_time() - began < 5
