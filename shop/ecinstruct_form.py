"""The form of ECInstruct's file: how each of its ten tasks writes inputs, options and outputs.

Quirks and all, since reading them is what the adapter is tested on: keys that end in a colon, bare
``NaN`` inside JSON text, Python's printed lists, options that are answered by their letter in one
task and by their whole text in another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Final, TextIO

COLUMNS: Final = (
    *("split", "task", "setting", "instruction", "input", "options", "output"),
    *("few_shot_example", "metadata"),
)
DIVERSE, SINGLE, UNSEEN = "Diverse_Instruction", "Single_Instruction", "Unseen_Instruction"
ONE_SHOT: Final = "Diverse_Instruction_1-shot"

#: By task, its wordings: the first is the single one, the last is kept back as unseen.
INSTRUCTIONS: Final[Mapping[str, Sequence[str]]] = {
    "Attribute_Value_Extraction": (
        "Read the product's texts and write down the value of each target attribute, with the "
        "first field that states it. Use None where a value is not given.",
        "Find the values of the target attributes in the product's texts, and name as the source "
        "of each the first text that has it.",
        "For every target attribute, extract its value and, as its source, the first field that "
        "gives it, None where it is absent.",
        "List attribute, value and source, the first field with the value, for all target "
        "attributes of this product.",
    ),
    "Product_Relation_Prediction": (
        "Two product titles are given. Say how shoppers relate the products: bought together, "
        "viewed as different choices, or similar, being nearly the same. Answer with the letter "
        "of an option.",
        "Choose the option that describes the relation between the two products best. Only what "
        "is nearly the same is similar.",
        "From the titles of two products, predict which of the listed relations holds best. "
        "Products that are nearly the same are similar; different choices are viewed.",
        "Which listed relation fits these two products best, if similar means nearly the same? "
        "Answer with its letter.",
    ),
    "Product_Matching": (
        "Two records describe products by title, description, manufacturer and price. Are they "
        "the same product? Answer yes or no.",
        "Decide whether the two records belong to one product. Answer yes or no.",
        "Compare the two product records and say yes if they are one product, otherwise no.",
        "Do both records stand for the same product? Only answer yes or no.",
    ),
    "Sentiment_Analysis": (
        "What is the sentiment of this review? Choose from the options.",
        "Read the customer's review and select the sentiment that it expresses.",
        "Choose the option that matches how the customer feels.",
        "Classify the review by its sentiment with one of the given options.",
    ),
    "Sequential_Recommendation": (
        "The list shows what a customer bought, in order. Predict the next purchase and answer "
        "with the letter of an option.",
        "From the purchases so far, choose the product that the customer buys next.",
        "Given a customer's purchase history, which of the options comes next?",
        "Select the option that continues this purchase history.",
    ),
    "Multiclass_Product_Classification": (
        "How relevant is the product title to the query? Choose from the options.",
        "Decide which option describes the relevance of the product for the query.",
        "Compare query and product title, then select the fitting level of relevance.",
        "Judge the product for this query with one of the listed statements.",
    ),
    "Product_Substitute_Identification": (
        "Can the product serve as a substitute, because it misses some part of the query but does "
        "the same job? Answer yes or no.",
        "Is the product a functional substitute for what the query asks? Only answer yes or no.",
        "Say yes if the product meets the query only in part and could replace it, else no.",
        "Substitute for the query or not? Answer yes or no.",
    ),
    "Query_Product_Rank": (
        "Order the listed products from the most to the least relevant for the query. Output the "
        "letters.",
        "Rank the products by how well they answer the query, the best one first.",
        "Sort the product list by relevance to the query in descending order.",
        "Give the letters of the products, ordered by their relevance to the query.",
    ),
    "Answerability_Prediction": (
        "Can the question be answered from the document? Answer yes or no.",
        "Say whether the texts contain the answer to the question: yes or no.",
        "Is there enough information in the document to answer the question? Answer yes or no.",
        "Judge if the document answers the question. Only output yes or no.",
    ),
    "Answer_Generation": (
        "Answer the question with what the document says.",
        "Write an answer to the customer's question from the given texts.",
        "Use the document to reply to the question.",
        "Give an answer to this question that the document supports.",
    ),
}
RELATIONS: Final = {
    "also_bought": "A: Customers who buy product 1 may also buy product 2.",
    "also_viewed": "B: Customers who view product 1 may also view product 2.",
    "similar": "C: Product 1 and product 2 are similar.",
}
RELEVANCE: Final = {
    "E": "A: The product is relevant and meets everything that the query asks for.",
    "S": "B: The product is somewhat relevant. It misses a part of the query but could be bought "
    "instead.",
    "C": "C: The product does not answer the query, but goes with a product that does.",
    "I": "D: The product is irrelevant to the query.",
}
SENTIMENTS: Final = ("very positive", "positive", "neutral", "negative", "very negative")
NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample before it is given a setting: it stands in the file once for each."""

    task: str
    input: str
    options: str | None
    output: str


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"


def attribute_values(
    fields: Mapping[str, str], values: Mapping[str, tuple[str, str] | None]
) -> Sample:
    """``values`` maps a target attribute to its value and the field it stands in, or to None."""
    found = []
    for attribute, value in values.items():
        text, source = value or ("None", "None")
        said = text if value is None else text.lower()
        found.append({"attribute": attribute, "value": said, "source": source})
    given = dict(fields) | {"target attributes": " and ".join(values)}
    return Sample("Attribute_Value_Extraction", json.dumps(given), None, json.dumps(found))


def relation(left: str, right: str, kind: str) -> Sample:
    """Two titles, sorted as upstream sorts them, and their relation."""
    first, second = sorted((left, right))
    return Sample(
        "Product_Relation_Prediction",
        json.dumps({"Product 1:": first, "Product 2:": second}),
        json.dumps(list(RELATIONS.values())),
        RELATIONS[kind][0],
    )


def matching(left: Mapping[str, Any], right: Mapping[str, Any], *, same: bool) -> Sample:
    """Two records; a description that is missing is a bare NaN."""
    text = json.dumps({"product 1": left, "product 2": right})
    return Sample("Product_Matching", text, None, "yes" if same else "no")


def sentiment(text: str, stars: int) -> Sample:
    """A review of one to five stars."""
    options = [f"{ascii_uppercase[i]}: {name}" for i, name in enumerate(SENTIMENTS)]
    return Sample("Sentiment_Analysis", text, json.dumps(options), options[5 - stars])


def next_item(history: Sequence[str], options: Sequence[str], gold: int) -> Sample:
    """A history and twenty options, both as Python prints lists."""
    bought = [f"{_ordinal(i)}: {item}" for i, item in enumerate(history, 1)]
    listed = [f"{ascii_uppercase[i]}: {item}" for i, item in enumerate(options)]
    return Sample("Sequential_Recommendation", repr(bought), repr(listed), ascii_uppercase[gold])


def relevance(query: str, title: str, label: str) -> Sample:
    """A query, a title and one of ESCI's labels."""
    return Sample(
        "Multiclass_Product_Classification",
        json.dumps({"query": query, "product title": title}),
        json.dumps(list(RELEVANCE.values())),
        RELEVANCE[label],
    )


def substitute(query: str, title: str, label: str) -> Sample:
    """The same, as a question that only the label S answers with yes."""
    text = json.dumps({"query": query, "product": title})
    return Sample("Product_Substitute_Identification", text, None, "yes" if label == "S" else "no")


def ranking(query: str, items: Sequence[tuple[str, str]]) -> Sample:
    """A query and two to four (title, label), each label once, in the order shown."""
    listed = [f"{ascii_uppercase[i]}: {title}" for i, (title, _) in enumerate(items)]
    best = sorted(range(len(items)), key=lambda i: "ESCI".index(items[i][1]))
    return Sample(
        "Query_Product_Rank",
        json.dumps({"query": query, "product list": listed}),
        None,
        ",".join(ascii_uppercase[i] for i in best),
    )


def answerability(question: str, document: Sequence[str], *, answerable: bool) -> Sample:
    """A question, and review snippets that hold its answer or do not."""
    text = json.dumps({"question": question, "document": list(document)})
    return Sample("Answerability_Prediction", text, None, "yes" if answerable else "no")


def answer(question: str, document: Sequence[str], reply: str) -> Sample:
    """A question, snippets and the answer that they support."""
    text = json.dumps({"question": question, "document": list(document)})
    return Sample("Answer_Generation", text, None, reply)


def in_settings(
    sample: Sample,
    number: int,
    *,
    split: str,
    part: str,
    settings: Iterable[str],
    example: Sample | None = None,
) -> Iterator[dict[str, str | None]]:
    """Yield the sample's rows: one for each of ``settings``, whose wording it then has.

    ``part`` is ``IND`` or ``OOD``; ``example`` is what a 1-shot row shows.
    """
    wordings = INSTRUCTIONS[sample.task]
    for setting in settings:
        shown = example if setting == ONE_SHOT else None
        if setting == SINGLE:
            instruction = wordings[0]
        elif setting == UNSEEN:
            instruction = wordings[-1]
        else:
            instruction = wordings[number % (len(wordings) - 1)]
        shot = None
        if shown is not None:
            shot = json.dumps({"input": shown.input, "output": shown.output})
        yield dict(
            zip(
                COLUMNS,
                (
                    split,
                    sample.task,
                    f"{part}_{setting}",
                    instruction,
                    sample.input,
                    sample.options,
                    sample.output,
                    shot,
                    None,
                ),
                strict=True,
            )
        )


def write_array(file: TextIO, rows: Iterable[Mapping[str, str | None]]) -> int:
    """Write ``rows`` as one JSON array, an object a line, and return how many there are."""
    count = 0
    file.write("[")
    for count, row in enumerate(rows, 1):
        file.write(("\n" if count == 1 else ",\n") + json.dumps(row))
    file.write("\n]\n")
    return count
