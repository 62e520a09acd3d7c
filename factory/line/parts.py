"""What the definition of a task is made of, a hash a part.

The definition is one hash of everything that decides what a row's sample says. Two runs whose
definitions differ are told apart by these: which text it was, down to the wording of a template.
What is no text (options, sizes, filters) the manifest holds as it is.
"""

from __future__ import annotations

import inspect
import json
from hashlib import blake2b
from typing import Any

from factory.filters import DecontaminationFilter, rubric
from factory.line.task import Task


def parts_of(task: Task) -> dict[str, Any]:
    """Return the hashes (8 bytes, hex) of the parts of a task's definition, by name.

    ``view`` has the hashes of its ``text``, of its statements ``keys`` and ``facts`` and of
    ``rows``, the row mapper with what it imports; ``parent`` (a definition) and ``map`` stand in
    its place for a derived task. ``template`` is the hash of its text and its base's, ``wordings``
    has one for each wording, which a comment or another wording does not change. ``translations``
    (hashes of templates by language), ``steps``, ``judge`` and ``benchmarks`` are there where the
    task has them; a translated wording's hash is of its words too.
    """
    parts: dict[str, Any] = {
        "template": _hash(task.template.source),
        "wordings": {
            name: each.fingerprint for name, each in sorted(task.template.wordings.items())
        },
    }
    for language, translated in sorted(task.translations.items()):
        parts.setdefault("translations", {})[language] = _hash(translated.template.source)
        for each in translated.template.wordings.values():
            said = json.dumps(translated.said(each), sort_keys=True, ensure_ascii=False)
            parts["wordings"][each.name] = _hash(f"{each.fingerprint}{said}")
    if task.derivation is None:
        view = task.view
        parts["view"] = {
            "text": _hash(view.source.removesuffix(view.mapper_source)),
            "keys": _hash(view.keys),
            "facts": _hash(view.facts),
            **({"rows": _hash(view.mapper_source)} if view.mapper else {}),
        }
    else:
        parts["parent"] = task.derivation.parent.definition
        parts["map"] = _hash(inspect.getsource(type(task.derivation.map)))
    steps = {each.by: _hash(each.step.source) for each in task.steps}
    steps |= {each.by: _hash(each.step.source) for each in task.sample_steps}
    if steps:
        parts["steps"] = steps
    if task.judge:
        parts["judge"] = _hash(json.dumps([task.judge.source, rubric(task.type.name)]))
    seen = "".join(
        each.fingerprint for each in task.filters if isinstance(each, DecontaminationFilter)
    )
    if seen:
        parts["benchmarks"] = _hash(seen)
    return parts


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
