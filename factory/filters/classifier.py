"""Any text classifier as a filter, in the place of EcomGPT's GarbageCollector for Alpaca's rows.

A recipe says under which name a classifier is wanted and what its labels mean; which code that is,
it cannot say. A recipe may come from anywhere, and to import what it names would run it. So the
name is bound by whoever runs it: on the command line, by an argument, or by a package that was
installed for it (an entry point of the group ``factory.classifiers``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeAlias

from pydantic import Field, PrivateAttr

from factory.errors import UsageError
from factory.filters.base import Filter, field_texts
from factory.sample import Sample, Verdict

GROUP: Final = "factory.classifiers"
#: Takes texts and returns for each a mapping with ``label`` and ``score``, or a list of them (one
#: for each label): what a ``text-classification`` pipeline of transformers returns.
Classifier: TypeAlias = Callable[[list[str]], Sequence[Any]]
#: What a name is bound to: a classifier, or where it is, as ``module:function``.
Given: TypeAlias = Mapping[str, "str | Classifier"]
_DIGITS: Final = 4
_LONGEST_REASON: Final = 60


@dataclass(frozen=True, slots=True)
class Bound:
    """A classifier that has been found: ``identity`` names its code, for manifests and hashes."""

    identity: str
    call: Classifier


class ClassifierFilter(Filter):
    """Drops a sample to which a classifier gives one of some labels, from a score on."""

    name: ClassVar[str] = "classifier"

    use: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$",
        description="the name that --classifier NAME=module:function binds, or an installed one",
    )
    labels: tuple[str, ...] = Field(min_length=1, description="the labels of what is dropped")
    threshold: float = Field(
        default=0.5, ge=0, le=1, description="the score of such a label from which it is dropped"
    )
    fields: tuple[str, ...] = Field(
        default=("input_field", "output_field"),
        min_length=1,
        description="what it reads, line by line: input_field, output_field, input, options, "
        "slots, or one slot",
    )
    batch: int = Field(default=32, ge=1, le=4096, description="texts in one call")
    _bound: Bound | None = PrivateAttr(default=None)

    @property
    def costly(self) -> bool:
        """A model reads the sample: one that is rejected already is spared it."""
        return True

    @property
    def identity(self) -> str:
        """What is bound, for the definition of the tasks; empty where nothing is yet."""
        return self._bound.identity if self._bound else ""

    def bound_to(self, given: Given) -> Self:
        """Return this filter with its classifier, found among ``given`` or installed packages.

        Raises :class:`UsageError` where there is none, or it cannot be imported.
        """
        made = self.model_copy()
        made._bound = find_classifier(self.use, given)
        return made

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on one sample; see :meth:`judge_all`."""
        (verdict,) = self.judge_all([sample])
        return verdict

    def judge_all(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Return the verdicts, ``batch`` texts a call; ``detail`` names the label that was scored.

        That is the likeliest of ``labels``, for a kept sample too; where the classifier gives none
        of them, the likeliest that it gives.

        Raises :class:`UsageError` where the classifier fails, or returns something else.
        """
        texts = [
            "\n".join(text for field in self.fields for text in field_texts(each, field, self.name))
            for each in samples
        ]
        return [
            self._verdict(scores)
            for start in range(0, len(texts), self.batch)
            for scores in self._classified(texts[start : start + self.batch])
        ]

    def _verdict(self, scores: Mapping[str, float]) -> Verdict:
        unwanted = [label for label in self.labels if label in scores]
        label = max(unwanted or scores, key=scores.__getitem__)
        score = round(scores[label], _DIGITS)
        drop = bool(unwanted) and score >= self.threshold
        reason = f"label:{label}"[:_LONGEST_REASON] if drop else ""
        return Verdict(self.name, not drop, reason, f"{label} {score:g}"[:200], score)

    def _classified(self, texts: list[str]) -> Iterator[dict[str, float]]:
        """Yield the score of each label that the classifier gives a text."""
        if self._bound is None:
            raise UsageError(
                f"filters.classifier: {self.use!r} is bound to nothing yet: take it with bound_to"
            )
        called = f"the classifier {self.use!r} ({self._bound.identity})"
        try:
            results = list(self._bound.call(texts))
        except Exception as error:
            raise UsageError(f"{called} failed: {type(error).__name__}: {error}") from error
        if len(results) != len(texts):
            raise UsageError(
                f"{called} returned {len(results)} results for {len(texts)} texts: it must return "
                "one for each"
            )
        for result in results:
            try:
                labels = [result] if isinstance(result, Mapping) else list(result)
                scores = {str(each["label"]): float(each["score"]) for each in labels}
                if not scores or not all(map(isfinite, scores.values())):
                    raise ValueError
                yield scores
            except (TypeError, KeyError, ValueError) as error:
                raise UsageError(
                    f"{called} returned {str(result)[:80]!r} for a text: it must return a mapping "
                    "with 'label' and 'score', or a list of them"
                ) from error


def find_classifier(name: str, given: Given) -> Bound:
    """Return what ``name`` is bound to: what was given, else an entry point of :data:`GROUP`.

    Raises :class:`UsageError` where there is none, or it cannot be imported.
    """
    if name in given:
        where = given[name]
        return _imported(name, where) if isinstance(where, str) else Bound(_identity(where), where)
    from importlib.metadata import entry_points

    installed = {each.name: each for each in entry_points(group=GROUP)}
    if name not in installed:
        known = ", ".join(sorted(installed)) or "none is installed"
        raise UsageError(
            f"filters.classifier.use: there is no classifier {name!r} ({known}): say which code it "
            f"is with --classifier {name}=module:function"
        )
    point = installed[name]
    try:
        call = point.load()
    except Exception as error:
        raise UsageError(
            f"the classifier {name!r} ({point.value}) cannot be loaded: {error}"
        ) from error
    version = f" {point.dist.name} {point.dist.version}" if point.dist else ""
    return Bound(f"{point.value}{version}", _callable(name, call))


def _imported(name: str, where: str) -> Bound:
    module_name, colon, function = where.partition(":")
    if not (module_name and colon and function):
        raise UsageError(f"--classifier {name}={where}: write NAME=module:function")
    try:
        module = import_module(module_name)
        call: Any = module
        for part in function.split("."):
            call = getattr(call, part)
    except Exception as error:
        raise UsageError(
            f"--classifier {name}={where}: cannot be imported: {type(error).__name__}: {error}"
        ) from error
    source = getattr(module, "__file__", None)
    code = _hash(Path(source).read_bytes()) if source else ""
    own = getattr(call, "identity", None)
    identity = own if isinstance(own, str) else code
    return Bound(f"{where} {identity}".strip(), _callable(name, call))


def _callable(name: str, call: Any) -> Classifier:
    if not callable(call):
        raise UsageError(f"the classifier {name!r} is no function: it is a {type(call).__name__}")
    found: Classifier = call
    return found


def _identity(call: Classifier) -> str:
    """Return what a classifier calls itself (``identity``), else its name and its code's hash."""
    own = getattr(call, "identity", None)
    if isinstance(own, str):
        return own
    named = call if hasattr(call, "__qualname__") else type(call)
    try:
        code = _hash(inspect.getsource(named).encode())
    except (OSError, TypeError):
        code = ""
    return f"{named.__module__}:{named.__qualname__} {code}".strip()


def _hash(code: bytes) -> str:
    return blake2b(code, digest_size=8).hexdigest()
