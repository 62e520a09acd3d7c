"""From one facts row to a judged sample: clean, map, arrange, word, check.

Everything here is a pure function of the row, the task and the seed, so any worker on any engine
makes the same bytes.
"""

from __future__ import annotations

import pickle
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from factory.draw import Draw
from factory.errors import RecipeError, UsageError
from factory.filters import (
    LANGUAGE_NAMES,
    LOCALE_LANGUAGES,
    ClassifierFilter,
    first_rejection,
    run_filters,
    sketch,
    text_of,
)
from factory.generators import Asked, Record
from factory.line.compile import compile_task
from factory.line.fold import Candidate, Outcome
from factory.line.likeness import answer_hash, asked_hash, content_hash, touches
from factory.line.rows import Draft, DroppedError, Row, cleaned_row, only_row, told_value
from factory.line.task import Derivation, Task, with_benchmarks, with_classifier
from factory.outputs.jsonl import to_line
from factory.recipe import Recipe
from factory.sample import Provenance, Sample, Verdict, sample_id
from factory.sources.view import ROW_COLUMNS, RowRejectedError
from factory.tasktypes import ArrangementError
from factory.templates import LONGEST, Wording

#: Records of a parent that a derived task keeps at hand; twice what the widest map looks through.
_RECORDS_KEPT: Final = 512

#: An outcome as plain tuples, which travel at half the cost of named ones.
PackedOutcome: TypeAlias = tuple[int, list[tuple[Any, ...]]]


def unpacked(shards: Generator[list[PackedOutcome]]) -> Generator[list[Outcome]]:
    """Yield the outcomes of shards that :meth:`SampleBuilder.packed` has made."""
    with closing(shards):
        for shard in shards:
            yield [
                Outcome(ordinal, tuple([Candidate(*each) for each in candidates]))
                for ordinal, candidates in shard
            ]


class SampleBuilder:
    """Makes the candidates of one task, one facts row at a time.

    It travels to other processes as its recipe and is compiled again there, once.

    Args:
        recipe: the whole recipe, as the command line changed it.
        task: the compiled task.
        split: ``train`` or ``test``.
        index: the folder of the benchmarks' index, where the task is kept clear of some.
    """

    def __init__(self, recipe: Recipe, task: Task, split: str, index: Path | None = None) -> None:
        self._recipe = recipe
        self._index = index
        self._task = task
        self._seed = recipe.seed
        self._split = split
        self._worded = {lang: task.worded(lang) for lang in LANGUAGE_NAMES}
        self._wordings = {
            lang: tuple(each.template.wordings) for lang, each in self._worded.items()
        }
        self._arranged = frozenset(task.type.columns(task.options))
        named = {name for wording in task.template.wordings.values() for name in wording.names}
        self._set_level = task.spec.filters or recipe.filters
        self._rules = tuple(each for each in task.filters if not isinstance(each, ClassifierFilter))
        self._classifier = task.classifier
        self._licence = task.source_spec.licence
        self._derivation = task.derivation
        derive = task.spec.derive
        self._operator = f"{derive.operator}:{derive.map}" if derive else ""
        self._parent = task.derivation and SampleBuilder(recipe, task.derivation.parent, split)
        self._records: dict[str, Record | DroppedError] = {}
        self._taken = frozenset(name for each in task.steps for name in each.step.takes)
        # In one order: which null is reported first must not depend on a set's.
        self._needed = tuple(sorted(named.union(task.type.columns(task.options))))

    @property
    def task(self) -> Task:
        """The compiled task."""
        return self._task

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            recipe = pickle.dumps(self._recipe)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise UsageError(
                f"the classifier of {self._task.name} cannot travel to other processes ({error}): "
                "give it as module:function, or run with LocalEngine(workers=0)"
            ) from error
        return compiled_again, (recipe, self._task.name, self._split, self._index)

    def outcomes(self, rows: Iterable[Mapping[str, Any]]) -> list[Outcome]:
        """Return what comes of each facts row: ``ordinal`` and ``split_group`` come with it.

        For a task that combines records, each is a group of them: ``ordinal`` and ``records``.
        """
        return [Outcome(ordinal, tuple(made)) for ordinal, made in self._candidates(rows)]

    def packed(self, rows: Iterable[Mapping[str, Any]]) -> list[PackedOutcome]:
        """Return :meth:`outcomes` for the way between two processes; see :func:`unpacked`."""
        return [
            (ordinal, [tuple(each) for each in made]) for ordinal, made in self._candidates(rows)
        ]

    def _candidates(
        self, rows: Iterable[Mapping[str, Any]]
    ) -> Iterator[tuple[int, Iterable[Candidate]]]:
        """Yield the ordinal and the candidates of each facts row."""
        if self._classifier is not None:
            yield from self._classified(rows)
            return
        for row in rows:
            yield (
                row["ordinal"],
                [
                    self._judged(*made) if isinstance(made, Draft) else made
                    for made in self._drafts(row)
                ],
            )

    def _classified(
        self, rows: Iterable[Mapping[str, Any]]
    ) -> Iterator[tuple[int, Iterable[Candidate]]]:
        """Yield the same, the classifier asked about the samples of all rows together."""
        shard = [(row["ordinal"], list(self._drafts(row))) for row in rows]
        drafts = [made for _, row in shard for made in row if isinstance(made, Draft)]
        classified = iter(self._with_class(drafts))
        for ordinal, row in shard:
            yield (
                ordinal,
                [
                    self._judged(*next(classified)) if isinstance(made, Draft) else made
                    for made in row
                ],
            )

    def _with_class(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Return the drafts with the classifier's verdict on those that nothing rejects."""
        if self._classifier is None:
            return list(drafts)
        read = [each.sample for each in drafts if not first_rejection(each.verdicts)]
        said = iter(self._classifier.judge_all(read))
        return [
            each
            if first_rejection(each.verdicts)
            else each._replace(verdicts=(*each.verdicts, next(said)))
            for each in drafts
        ]

    def _drafts(self, facts: Mapping[str, Any]) -> Iterator[Draft | Candidate]:
        """Yield the samples of one facts row, and the candidates of which none could be made."""
        try:
            rows = self.rows(facts)
        except DroppedError as error:
            yield self._without_rows(facts, error)
            return
        for row in rows:
            try:
                yield self._draft(row)
            except DroppedError as error:
                yield self._rejected(row.columns, row.key, error)

    def rows(self, facts: Mapping[str, Any]) -> list[Row]:
        """Return the rows of one key; raises :class:`DroppedError` where none can be made."""
        if self._parent and self._derivation:
            records = [self._parent.recorded(each) for each in self._group(facts)]
            return self._derived(records, self._derivation)
        return self._mapped(cleaned_row(facts), facts["key"], facts["split_group"])

    def _without_rows(self, facts: Mapping[str, Any], error: DroppedError) -> Candidate:
        """Return the rejected candidate of a key that gives no row."""
        if self._parent:
            key = facts["records"][0]["key"] if "records" in facts else facts["key"]
            return self._rejected({"key": key, **facts}, key, error)
        return self._rejected(cleaned_row(facts), facts["key"], error)

    def _mapped(self, row: dict[str, Any], key: str, group: str) -> list[Row]:
        """Return the rows that the view's facts and its mapper give."""
        mapper = self._task.view.mapper
        if mapper is None:
            return [Row(key, (group,), row)]
        try:
            mapped = list(mapper(row, Draw(self._seed, self._task.name, key)))
        except RowRejectedError as error:
            raise DroppedError("rows", error.reason, error.detail) from error
        several = len(mapped) > 1
        return [
            Row(f"{key}#{number}" if several else key, (group,), each)
            for number, each in enumerate(mapped)
        ]

    def _group(self, facts: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the facts of the records that a derived row is made of, the key's own first."""
        grouped: Sequence[Mapping[str, Any]] = (
            facts["records"] if "records" in facts and self._task.partners else [facts]
        )
        return grouped

    def _derived(
        self, records: Sequence[Record | DroppedError], derivation: Derivation
    ) -> list[Row]:
        """Return the row that the record map makes of its parent's records.

        Raises :class:`DroppedError` where the key's own record was dropped; partners that were are
        left out.
        """
        record, *others = records
        if isinstance(record, DroppedError):
            raise record
        partners = [each for each in others if isinstance(each, Record)]
        draw = Draw(self._seed, self._task.name, record.key)
        try:
            made = list(derivation.map.rows((record, *partners), draw, derivation.options))
        except RowRejectedError as error:
            raise DroppedError("derive", error.reason, error.detail) from error
        return [
            Row(
                record.key,
                tuple(dict.fromkeys(each.group for each in row.of)),
                {
                    **row.columns,
                    "key": record.key,
                    "locale": record.locale,
                    "source_ids": list(
                        dict.fromkeys(chain.from_iterable(each.source_ids for each in row.of))
                    ),
                },
                Asked.together(each.asked for each in row.of),
            )
            for row in made[:1]
        ]

    def recorded(self, facts: Mapping[str, Any]) -> Record | DroppedError:
        """Return the accepted record of one facts row, for a task that derives from this one.

        Where this task would drop it, why is returned. Neighbours in draw order ask for the same
        records, so the last few are kept.
        """
        key = facts["key"]
        if (known := self._records.get(key)) is not None:
            return known
        try:
            return self._kept(key, self._record_of(key, only_row(self.rows(facts))))
        except DroppedError as error:
            return self._kept(key, error.of_parent())

    def _kept(self, key: str, found: Record | DroppedError) -> Record | DroppedError:
        if len(self._records) >= _RECORDS_KEPT:
            del self._records[next(iter(self._records))]
        self._records[key] = found
        return found

    def _record_of(self, key: str, row: Row) -> Record:
        """Return the record of a whole row; raises :class:`DroppedError` where it is rejected."""
        draft = self._drafted(row)
        sample = draft.sample
        if rejection := first_rejection(draft.verdicts):
            raise DroppedError(rejection.filter, rejection.reason, rejection.detail)
        return Record(
            key=key,
            locale=sample.locale,
            group=sample.split_group,
            source_ids=sample.provenance.source_ids,
            row=sample.slots,
            input=sample.input,
            options=sample.options,
            gold=sample.gold,
            output=sample.output_field,
            asked=row.asked,
        )

    def _drafted(self, made: Row) -> Draft:
        """Return the sample of one row with what the rules and the classifier say of it."""
        draft = self._draft(made)
        return draft if self._classifier is None else self._with_class([draft])[0]

    def _draft(self, made: Row) -> Draft:
        """Return the sample of one row with what the rules say of it."""
        task, row, key = self._task, made.columns, made.key
        self._check_values(row, self._needed)
        draw = Draw(self._seed, task.name, key)
        try:
            arrangement = task.type.arrange(row, draw, task.options)
        except ArrangementError as error:
            raise DroppedError("arrange", error.reason, error.detail) from error
        lang = self._language(row)
        worded = self._worded[lang]
        wording = worded.template.wordings[draw.largest(self._wordings[lang], "wording")]
        slots = {name: value for name, value in row.items() if name not in ROW_COLUMNS}
        slots_text = to_json(slots).decode()
        fields = {
            **worded.words,
            **row,
            "candidates": arrangement.candidates,
            "golds": len(arrangement.gold) if isinstance(arrangement.gold, list) else 1,
            "language": worded.names.get(lang, ""),
        }
        try:
            rendered = wording.render(fields)
        except RecipeError as error:
            if len(slots_text) <= LONGEST:  # what a template may not make costs its own row
                raise
            told = f"{len(slots_text):,} characters"
            raise DroppedError("rows", "text-too-long", told) from error
        description, prompt, input_, candidates, constraint, output = rendered.parts
        derive = task.spec.derive
        gold = made.reasoned.gold if made.reasoned else arrangement.gold
        sample = Sample(
            id=sample_id(task.name, key),
            task=task.name,
            track=task.spec.track or "",
            task_type=task.type.name,
            metric=task.metric,
            description=description,
            prompt=prompt,
            input=input_,
            candidates=candidates,
            constraint=constraint,
            output=output,
            input_field=rendered.input_field,
            output_field=task.type.render(gold),
            gold=gold,
            options=arrangement.candidates,
            slots=slots,
            lang=lang,
            locale=row["locale"],
            split=self._split,
            split_group=made.groups[0],
            provenance=Provenance(
                source=task.spec.source,
                source_ids=tuple(row["source_ids"] or ()),
                licence=self._licence,
                view=task.view.name,
                template=task.template.name,
                wording=wording.name,
                seed=self._seed,
                definition=task.definition,
                parent=derive.from_ if derive else None,
                generator=_generator(self._operator, made.asked, wording),
                model=_models(made.asked, wording),
                prompt_hash=made.asked.prompt_hash if made.asked else None,
                tokens=made.asked.spent.tokens if made.asked else 0,
                cost=made.asked.spent.cost if made.asked else 0.0,
            ),
            reasoning=made.reasoned.reasoning if made.reasoned else "",
        )
        return Draft(made, sample, run_filters(self._rules, sample), slots_text)

    def _judged(
        self, made: Row, sample: Sample, verdicts: tuple[Verdict, ...], slots_text: str
    ) -> Candidate:
        novelty = self._set_level.novelty
        rejection = first_rejection(verdicts)
        content = content_hash(slots_text)
        return Candidate(
            id=sample.id,
            content=content,
            asked=asked_hash(sample, content, self._arranged),
            answered=answer_hash(sample),
            subject=made.columns.get("subject") or "",
            groups=made.groups,
            touches=touches(sample.provenance.source_ids),
            filter=rejection.filter if rejection else "",
            reason=rejection.reason if rejection else "",
            detail=rejection.detail if rejection else "",
            record=to_line(sample, verdicts, slots_text),
            sketch=sketch(text_of(sample.slots)) if self._set_level.near_duplicates else "",
            told=str(sample.slots.get(novelty.field, "")) if novelty else "",
            made=(
                sample.lang,
                sample.provenance.wording,
                sample.provenance.generator or "",
                sample.provenance.model or "",
            ),
            tokens=sample.provenance.tokens,
            cost=sample.provenance.cost,
        )

    def _check_values(self, row: Mapping[str, Any], needed: Iterable[str]) -> None:
        """Raise :class:`DroppedError` for a null in a column that is needed."""
        for name in needed:
            value = row.get(name, "")
            if value is None or (isinstance(value, list) and None in value):
                why = "the source has no value, or judges a product that it does not list"
                raise DroppedError("rows", "value-missing", f"{name}: {why}")

    def _language(self, row: Mapping[str, Any]) -> str:
        """Return the language of a row's shop; raises :class:`DroppedError` for an unknown one."""
        lang = LOCALE_LANGUAGES.get(row["locale"] or "")
        if lang is None:
            known = ", ".join(sorted(LOCALE_LANGUAGES))
            raise DroppedError("rows", "locale-unknown", f"{row['locale']!r} is none of {known}")
        return lang

    def _rejected(self, row: Mapping[str, Any], key: str, error: DroppedError) -> Candidate:
        return Candidate(
            id=sample_id(self._task.name, key),
            content=b"",
            asked=b"",
            answered=b"",
            subject="",
            groups=(),
            touches=(),
            filter=error.stage,
            reason=error.reason,
            detail=error.detail,
            record=to_json(
                {name: told_value(value) for name, value in row.items() if name not in self._taken}
            ),
        )


def _generator(operator: str, asked: Asked | None, wording: Wording) -> str | None:
    """Return how a sample came about beside its view: the map, and what asked a model."""
    steps = asked.steps if asked else ()
    return " ".join(filter(None, (operator, *steps, "rewrite" if wording.model else ""))) or None


def _models(asked: Asked | None, wording: Wording) -> str | None:
    named = dict.fromkeys((*asked.models, wording.model) if asked else (wording.model,))
    return " ".join(filter(None, named)) or None


@lru_cache(maxsize=8)
def compiled_again(recipe: bytes, task: str, split: str, index: Path | None) -> SampleBuilder:
    """Return the builder of a pickled recipe in another process."""
    loaded: Recipe = pickle.loads(recipe)  # noqa: S301  (the pipe between our own processes)
    compiled = with_classifier(compile_task(loaded, task), loaded.classifiers)
    compiled = with_benchmarks(compiled, index)
    return SampleBuilder(loaded, compiled, split, index)
