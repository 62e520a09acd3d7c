"""What names in a manifest mean, in words for somebody who has not seen this project."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: What an answer is, by the name of the task type on disk.
ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "multiple-choice": "the number of the right option",
        "ranking": "all numbers, the best first",
        "retrieval": "the numbers of the right options",
        "named_entity_recognition": "phrases of the text",
        "generation": "free text",
        "classification": "a label in words",
        "entity-lines": "lines of type and phrases",
        "extraction": "a phrase of the text",
        "text": "free text",
        "labels": "rows of a table, as JSON",
    }
)

#: The Hub's name of what a model learns, by the name of the task type on disk.
CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "multiple-choice": "multiple-choice",
        "ranking": "text-ranking",
        "retrieval": "text-retrieval",
        "named_entity_recognition": "token-classification",
        "generation": "text-generation",
        "classification": "text-classification",
        "entity-lines": "token-classification",
        "extraction": "token-classification",
        "text": "text-generation",
        "labels": "text-generation",
    }
)

#: What each filter looks for.
FILTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "empty": "no prompt, answer or option is empty",
        "characters": "no broken or invisible characters and no leftover markup",
        "whitespace": "no stray white space in options, answer or source fields",
        "length": "short enough not to be cut in training, long enough to say something",
        "options": "options can be told apart",
        "title": "titles name a product",
        "grammar": "the answer parses, and scores full marks against itself",
        "language": "the source text is in the language of its shop",
        "decontamination": "nothing that the named benchmarks show",
        "classifier": "a classifier that the user supplied does not object",
        "near_duplicates": "unlike every sample before it",
        "novelty": "an instruction unlike every one before it",
        "judge": "a language model, asked to judge, gives it good marks",
    }
)

#: What drops candidates beside the filters.
STAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "rows": "the row of the source does not fit the task, or would give the answer away",
        "arrange": "no right options or no wrong ones could be found for it",
        "derive": "what it derives from cannot be turned into this task",
        "parent": "the task that it derives from dropped it",
        "generate": "what a model answered did not hold",
        "split": "it shows what a test sample shows",
        "fold": "another sample says the same, or answers the same differently",
    }
)

#: What takes part in an answer beside a row of the source, by the step's name in the provenance.
STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "label": "a model labelled texts of the source",
        "events": "a model wrote everyday events",
        "write": "a model wrote a text from the facts of the row",
        "pseudo_label": "a model gave the answer (a pseudo-label)",
        "translate": "a model translated",
        "confirm": "a model confirmed what the program found",
        "self_instruct": "a model wrote instruction and answer",
        "cot": "a model reasoned its way to the answer",
        "rewrite": "a model worded the prompt",
    }
)

#: How a task derives from another one, by the operator in the provenance.
OPERATORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reverse": "a sample of another task turned round: question and answer change places",
        "simplify": "a part of what another task asks of the same row",
        "recombine": "several samples of another task put together",
    }
)

#: What each probe does in place of reading the question.
CHEATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "longest": "taking the longest option",
        "shortest": "taking the shortest option",
        "first": "taking the first option",
        "last": "taking the last option",
        "most_shared_words": "taking the option that shares most words with the question",
        "fewest_shared_words": "taking the option that shares fewest words with the question",
        "most_said_already": "taking the option most of whose words the question says",
        "most_alike": "taking the option that is most like the others",
        "odd_one_out": "taking the option that is least like the others",
        "same_brand": "taking the option that names the brand of the question",
        "often_gold": "taking the text that was right most often elsewhere",
        "often_gold_when_shown": "taking the text that was right whenever it was shown elsewhere",
        "usual_length_rank": "taking the second longest, or whichever length is usually right",
        "answer_of_length": "answering by the length of the question",
        "copy_all": "copying the whole input",
        "copy_first_line": "copying the first line of the input",
        "copy_first_words": "copying the first words of the input",
        "commonest_answer": "always giving the commonest answer",
        "nothing_anywhere": "saying that nothing was found",
    }
)
