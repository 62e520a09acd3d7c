"""From one facts row to a judged sample: clean, map, arrange, word, check.

Everything here is a pure function of the row, the task and the seed, so any worker on any engine
makes the same bytes.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

from pydantic_core import to_json

from factory.draw import Draw
from factory.filters import LANGUAGE_NAMES, LOCALE_LANGUAGES, first_rejection, run_filters
from factory.line.fold import Candidate, Outcome
from factory.line.task import Task, compile_task
from factory.outputs.jsonl import to_line
from factory.recipe import Recipe
from factory.sample import Provenance, Sample, sample_id
from factory.sources.lookup import behind
from factory.sources.view import ROW_COLUMNS, RowRejectedError
from factory.tasktypes import ArrangementError
from factory.text import clean


class SampleBuilder:
    """Makes the candidates of one task, one facts row at a time.

    It travels to other processes as its recipe and is compiled again there, once.

    Args:
        recipe: the whole recipe, as the command line changed it.
        task: the compiled task.
        split: ``train`` or ``test``.
    """

    def __init__(self, recipe: Recipe, task: Task, split: str) -> None:
        self._pickled = pickle.dumps(recipe)
        self._task = task
        self._seed = recipe.seed
        self._split = split
        self._wordings = tuple(task.template.wordings)
        named = {name for wording in task.template.wordings.values() for name in wording.names}
        # In one order: which null is reported first must not depend on a set's.
        self._needed = tuple(sorted(named.union(task.type.columns(task.options))))

    def __reduce__(self) -> tuple[Any, ...]:
        return _compiled_again, (self._pickled, self._task.name, self._split)

    def outcomes(self, rows: Iterable[Mapping[str, Any]]) -> list[Outcome]:
        """Return what comes of each facts row: ``ordinal`` and ``split_group`` come with it."""
        return [Outcome(row["ordinal"], tuple(self._candidates(row))) for row in rows]

    def _candidates(self, facts: Mapping[str, Any]) -> Iterator[Candidate]:
        key: str = facts["key"]
        group: str = facts["split_group"]
        row = {
            name: value if name in ("key", "source_ids") else _cleaned(value)
            for name, value in facts.items()
            if name not in ("ordinal", "split_group")
        }
        mapper = self._task.view.mapper
        if mapper is None:
            yield self._candidate(row, key, group)
            return
        try:
            mapped = list(mapper(row, Draw(self._seed, self._task.name, key)))
        except RowRejectedError as error:
            yield self._rejected(row, key, "rows", error.reason, error.detail)
            return
        for number, each in enumerate(mapped):
            yield self._candidate(each, key if len(mapped) == 1 else f"{key}#{number}", group)

    def _candidate(self, row: Mapping[str, Any], key: str, group: str) -> Candidate:
        task = self._task
        if missing := self._missing(row):
            return self._rejected(row, key, "rows", "value-missing", missing)
        draw = Draw(self._seed, task.name, key)
        try:
            arrangement = task.type.arrange(row, draw, task.options)
        except ArrangementError as error:
            return self._rejected(row, key, "arrange", error.reason, error.detail)
        lang = LOCALE_LANGUAGES.get(row["locale"] or "")
        if lang is None:
            known = ", ".join(sorted(LOCALE_LANGUAGES))
            detail = f"{row['locale']!r} is none of {known}"
            return self._rejected(row, key, "rows", "locale-unknown", detail)
        wording = task.template.wordings[draw.largest(self._wordings, "wording")]
        rendered = wording.render(
            {
                **row,
                "candidates": arrangement.candidates,
                "golds": len(arrangement.gold) if isinstance(arrangement.gold, list) else 1,
                "language": LANGUAGE_NAMES[lang],
            }
        )
        slots = {name: value for name, value in row.items() if name not in ROW_COLUMNS}
        description, prompt, input_, candidates, constraint, output = rendered.parts
        sample = Sample(
            id=sample_id(task.name, key),
            task=task.name,
            track=task.spec.track,
            task_type=task.type.name,
            metric=task.metric,
            description=description,
            prompt=prompt,
            input=input_,
            candidates=candidates,
            constraint=constraint,
            output=output,
            input_field=rendered.input_field,
            output_field=task.type.render(arrangement.gold),
            gold=arrangement.gold,
            options=arrangement.candidates,
            slots=slots,
            lang=lang,
            locale=row["locale"],
            split=self._split,
            split_group=group,
            provenance=Provenance(
                source=task.spec.source,
                source_ids=tuple(row["source_ids"] or ()),
                licence=task.source_spec.source.licence,
                view=task.view.name,
                template=task.template.name,
                wording=wording.name,
                seed=self._seed,
                definition=task.definition,
            ),
        )
        verdicts = run_filters(task.filters, sample)
        slots_text = to_json(slots).decode()
        rejection = first_rejection(verdicts)
        return Candidate(
            id=sample.id,
            content=_content(slots_text),
            subject=row.get("subject") or "",
            group=group,
            touches=touches(sample.provenance.source_ids),
            filter=rejection.filter if rejection else "",
            reason=rejection.reason if rejection else "",
            detail=rejection.detail if rejection else "",
            record=to_line(sample, verdicts, slots_text),
        )

    def _missing(self, row: Mapping[str, Any]) -> str:
        """Return which value that the sample needs is null, if one is."""
        for name in self._needed:
            value = row.get(name, "")
            if value is None or (isinstance(value, list) and None in value):
                return f"{name}: the source has no value, or judges a product that it does not list"
        return ""

    def _rejected(
        self, row: Mapping[str, Any], key: str, stage: str, reason: str, detail: str
    ) -> Candidate:
        return Candidate(
            id=sample_id(self._task.name, key),
            content=b"",
            subject="",
            group="",
            touches=(),
            filter=stage,
            reason=reason,
            detail=detail,
            record=to_json(row),
        )


@lru_cache(maxsize=8)
def _compiled_again(recipe: bytes, task: str, split: str) -> SampleBuilder:
    loaded: Recipe = pickle.loads(recipe)  # noqa: S301  (the pipe between our own processes)
    return SampleBuilder(loaded, compile_task(loaded, task), split)


def touches(source_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the queries and products behind source ids: what test samples ban from training."""
    return tuple(dict.fromkeys(chain.from_iterable(map(behind, source_ids))))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean(part) if type(part) is str else _cleaned(part) for part in value]
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    return value


def _content(slots_text: str) -> bytes:
    return blake2b(slots_text.casefold().encode(), digest_size=12).digest()
