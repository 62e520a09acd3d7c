"""What is counted of one split's samples while the fold decides, so that no file is read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from factory.line.fold import Candidate
from factory.templates import ENGLISH, language_of

#: Costs are summed in parts of a cent: sums of floats would depend on what was taken back.
_PARTS: Final = 10**10


class Tally:
    """Counts the samples of one split by language, by wording, and by what made their answers."""

    def __init__(self) -> None:
        #: By language, wording, generator and model: one count a sample, parted at the end.
        self._made: Counter[tuple[str, str, str, str]] = Counter()
        self._tokens: Counter[tuple[str, str]] = Counter()
        self._costs: Counter[tuple[str, str]] = Counter()
        self._dropped_tokens = 0
        self._dropped_cost = 0

    def accept(self, candidate: Candidate) -> None:
        """Count an accepted sample."""
        self._made[candidate.made] += 1
        if candidate.tokens:
            maker = candidate.made[2:]
            self._tokens[maker] += candidate.tokens
            self._costs[maker] += round(candidate.cost * _PARTS)

    def drop(self, candidate: Candidate) -> None:
        """Count what a dropped sample took; of what became no sample nothing is known."""
        self._dropped_tokens += candidate.tokens
        self._dropped_cost += round(candidate.cost * _PARTS)

    def take_back(self, record: Mapping[str, Any]) -> None:
        """Count an accepted sample, given as its record, as a dropped one."""
        provenance = record["provenance"]
        maker = (provenance["generator"] or "", provenance["model"] or "")
        self._made[record["lang"], provenance["wording"], *maker] -= 1
        cost = round(provenance["cost"] * _PARTS)
        self._tokens[maker] -= provenance["tokens"]
        self._costs[maker] -= cost
        self._dropped_tokens += provenance["tokens"]
        self._dropped_cost += cost

    def describe(self) -> dict[str, Any]:
        """Return the counts as a manifest holds them, by name; costs are in US dollars.

        ``prompt_languages`` is there where some prompt is not in English. ``makers`` has a record
        for each way that answers came about: the ``generator`` and the ``model`` of the samples'
        provenance, both empty where a row of the source says the answer.
        """
        languages: Counter[str] = Counter()
        wordings: Counter[str] = Counter()
        makers: Counter[tuple[str, str]] = Counter()
        for (lang, wording, generator, model), samples in self._made.items():
            languages[lang] += samples
            wordings[wording] += samples
            makers[generator, model] += samples
        prompts: Counter[str] = Counter()
        for wording, samples in wordings.items():
            prompts[language_of(wording)] += samples
        in_others = _positive(prompts).keys() - {ENGLISH}
        return {
            "languages": _positive(languages),
            "wordings": _positive(wordings),
            **({"prompt_languages": _positive(prompts)} if in_others else {}),
            "makers": [
                {
                    "generator": generator,
                    "model": model,
                    "samples": samples,
                    "tokens": self._tokens[generator, model],
                    "cost": self._costs[generator, model] / _PARTS,
                }
                for (generator, model), samples in sorted(makers.items())
                if samples
            ],
            "spent_on_dropped": {
                "tokens": self._dropped_tokens,
                "cost": self._dropped_cost / _PARTS,
            },
        }


def _positive(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
