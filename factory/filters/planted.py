"""Samples made wrong on purpose, each in a way that is known: what a judge should find.

A fault is planted in the answer alone, in the form that the task asks for, so that nothing but its
content gives it away. Which fault, and where, is a draw of the sample's own: the same sample is
always made wrong alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias, TypeVar, cast

from factory.draw import Draw
from factory.sample import Sample
from factory.tasktypes import TaskType
from factory.tasktypes.classification import SEPARATOR
from factory.tasktypes.extraction import NOTHING
from factory.text import similarity, tokens

#: How far apart two numbers of stars must be for one of them to be plainly wrong.
_FAR: Final = 2
_LOOKED_AT: Final = 64
#: Another answer that shares more of its words might be right here too.
_MOST_SHARED: Final = 0.5
_NUMBER: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"\S+")


_Item = TypeVar("_Item")


class Planted(NamedTuple):
    """A wrong sample: ``fault`` says how it was made so; its gold is still the right one."""

    fault: str
    sample: Sample


class _Wronged(NamedTuple):
    """The sample that is to be made wrong, others of its task, its grammar, and its draws."""

    sample: Sample
    others: Sequence[Sample]
    task_type: TaskType
    draw: Draw

    def one_of(self, items: Sequence[_Item], purpose: str) -> _Item:
        """Return the item that is drawn."""
        return items[self.draw.below(len(items), purpose)]


#: Proposes wrong answers to a sample, the best first.
_Fault: TypeAlias = Callable[[_Wronged], Iterator[str]]


def plant(
    sample: Sample, others: Sequence[Sample], task_type: TaskType, seed: int
) -> Planted | None:
    """Return ``sample`` with a wrong answer, or None where its task type has no fault that fits.

    Every wrong answer is one that the task type's own check refuses.
    """
    faults = FAULTS[sample.task_type]
    draw = Draw(seed, sample.task, sample.id)
    names = list(faults)
    for number in draw.permutation(len(names), "fault"):
        for answer in faults[names[number]](_Wronged(sample, others, task_type, draw)):
            if answer.strip() and task_type.check(answer, sample.gold, sample.metric):
                return Planted(names[number], replace(sample, output_field=answer))
    return None


def _wrong_option(wronged: _Wronged) -> Iterator[str]:
    gold = cast(int, wronged.sample.gold)
    if wronged.sample.options:
        others = [number for number in range(len(wronged.sample.options)) if number != gold]
        yield str(wronged.one_of(others, "option"))
        return
    # A scale shows nothing: what others were given is on it.
    known = sorted({each.gold for each in wronged.others if isinstance(each.gold, int)})
    far = [number for number in known if abs(number - gold) >= _FAR]
    if far:
        yield str(wronged.one_of(far, "option"))


def _order_reversed(wronged: _Wronged) -> Iterator[str]:
    relevance = cast(list[float], wronged.sample.gold)
    yield _numbers(sorted(range(len(relevance)), key=relevance.__getitem__))


def _neighbours_exchanged(wronged: _Wronged) -> Iterator[str]:
    relevance = cast(list[float], wronged.sample.gold)
    order = sorted(range(len(relevance)), key=relevance.__getitem__, reverse=True)
    steps = [
        place
        for place in range(len(order) - 1)
        if relevance[order[place]] != relevance[order[place + 1]]
    ]
    if steps:
        place = wronged.one_of(steps, "exchange")
        order[place], order[place + 1] = order[place + 1], order[place]
        yield _numbers(order)


def _one_wrong_number(wronged: _Wronged) -> Iterator[str]:
    gold, wrong = _right_and_wrong(wronged.sample)
    if wrong:
        gold[wronged.draw.below(len(gold), "number")] = wronged.one_of(wrong, "number by")
        yield _numbers(sorted(number - 1 for number in gold))


def _all_wrong_numbers(wronged: _Wronged) -> Iterator[str]:
    gold, wrong = _right_and_wrong(wronged.sample)
    if 1 < len(gold) <= len(wrong):
        drawn = wronged.draw.permutation(len(wrong), "numbers")[: len(gold)]
        yield _numbers(sorted(wrong[place] - 1 for place in drawn))


def _right_and_wrong(sample: Sample) -> tuple[list[int], list[int]]:
    gold = [int(number) for number in cast(list[int], sample.gold)]
    return gold, [number for number in range(1, len(sample.options) + 1) if number not in gold]


def _numbers(order: Sequence[int]) -> str:
    return ",".join(str(place + 1) for place in order)


def _wrong_label(wronged: _Wronged) -> Iterator[str]:
    gold = list(cast(list[str], wronged.sample.gold))
    wrong = [label for label in wronged.sample.options if label not in gold]
    if wrong:
        gold[wronged.draw.below(len(gold), "label")] = wronged.one_of(wrong, "label by")
        yield SEPARATOR.join(label for label in wronged.sample.options if label in gold)


def _one_left_out(wronged: _Wronged) -> Iterator[str]:
    gold = list(cast(list[str], wronged.sample.gold))
    if len(gold) > 1:
        del gold[wronged.draw.below(len(gold), "left out")]
        yield wronged.task_type.render(gold)


def _other_words_of_the_text(wronged: _Wronged) -> Iterator[str]:
    gold = list(cast(list[str], wronged.sample.gold))
    texts = [
        each for each in wronged.sample.slots.values() if isinstance(each, str) and gold[0] in each
    ]
    if not texts:
        return
    said = {word.casefold() for phrase in gold for word in phrase.split()}
    words = [
        word.strip(",.;:!?()[]\"'")
        for word in _WORD.findall(max(texts, key=len))
        if "," not in word[:-1]
    ]
    words = [word for word in words if len(word) > 1 and word.casefold() not in said]
    if words:
        place = wronged.draw.below(len(gold), "phrase")
        gold[place] = wronged.one_of(words, "phrase by")
        yield wronged.task_type.render(gold)


def _lines_exchanged(wronged: _Wronged) -> Iterator[str]:
    lines = [line.split(": ", 1) for line in cast(list[str], wronged.sample.gold)]
    filled = [place for place, (_, values) in enumerate(lines) if values != NOTHING]
    if not filled or len(lines) < 2:
        return
    first = wronged.one_of(filled, "line")
    rest = [place for place, line in enumerate(lines) if line[1] != lines[first][1]]
    if rest:
        second = wronged.one_of(rest, "line by")
        lines[first][1], lines[second][1] = lines[second][1], lines[first][1]
        yield "\n".join(": ".join(line) for line in lines)


def _line_emptied(wronged: _Wronged) -> Iterator[str]:
    lines = [line.split(": ", 1) for line in cast(list[str], wronged.sample.gold)]
    filled = [place for place, (_, values) in enumerate(lines) if values != NOTHING]
    if len(filled) > 1:
        lines[wronged.one_of(filled, "emptied")][1] = NOTHING
        yield "\n".join(": ".join(line) for line in lines)


def _wrong_number(wronged: _Wronged) -> Iterator[str]:
    """Propose another figure in place of one that the prompt gives: one of its own may be right."""
    text, prompt = wronged.sample.output_field, wronged.sample.input_field
    given = set(_NUMBER.findall(prompt))
    found = [match for match in _NUMBER.finditer(text) if match.group() in given]
    if found:
        match = wronged.one_of(found, "figure")
        digits = match.group()
        # Of as many digits, so that a size or a year still looks like one.
        first = 1 + (int(digits[0]) + 2 + wronged.draw.below(6, "figure by")) % 9
        figure = f"{first}{digits[1:]}"
        if figure not in given:
            yield f"{text[: match.start()]}{figure}{text[match.end() :]}"


def _answer_of_another(wronged: _Wronged) -> Iterator[str]:
    """Propose answers of other samples, those first that have least in common with this one."""
    own = tokens(wronged.sample.output_field)
    mine = _values(wronged.sample)
    found: list[tuple[int, int, str]] = []
    start = wronged.draw.below(max(len(wronged.others), 1), "another")
    for turn in range(min(len(wronged.others), _LOOKED_AT)):
        other = wronged.others[(start + turn) % len(wronged.others)]
        if other.lang != wronged.sample.lang or other.split_group == wronged.sample.split_group:
            continue
        if similarity(own, tokens(other.output_field)) > _MOST_SHARED:
            continue
        found.append((len(mine & _values(other)), turn, other.output_field))
    yield from (answer for _, _, answer in sorted(found))


def _values(sample: Sample) -> frozenset[str]:
    """Return the texts of the slots: two samples that share one may have the same answer."""
    return frozenset(
        f"{name}={value.casefold()}"
        for name, value in sample.slots.items()
        if isinstance(value, str)
    )


_TEXT: Final[Mapping[str, _Fault]] = MappingProxyType(
    {"wrong-number": _wrong_number, "answer-of-another": _answer_of_another}
)
_PHRASES: Final[Mapping[str, _Fault]] = MappingProxyType(
    {
        "phrase-left-out": _one_left_out,
        "other-phrase": _other_words_of_the_text,
        "answer-of-another": _answer_of_another,
    }
)
#: The faults of each task type by name, as samples name the type.
FAULTS: Final[Mapping[str, Mapping[str, _Fault]]] = MappingProxyType(
    {
        "multiple-choice": {"wrong-option": _wrong_option},
        "ranking": {
            "order-reversed": _order_reversed,
            "neighbours-exchanged": _neighbours_exchanged,
        },
        "retrieval": {
            "one-wrong-number": _one_wrong_number,
            "all-wrong-numbers": _all_wrong_numbers,
        },
        "named_entity_recognition": _PHRASES,
        "generation": _TEXT,
        "classification": {"wrong-label": _wrong_label, "label-left-out": _one_left_out},
        "entity-lines": {"lines-exchanged": _lines_exchanged, "line-emptied": _line_emptied},
        "extraction": _PHRASES,
        "text": _TEXT,
        "labels": {"answer-of-another": _answer_of_another},
    }
)
