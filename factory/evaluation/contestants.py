"""Who answers: models by the names of a recipe, endpoints, weights, and answers in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import to_json

from factory.errors import UsageError
from factory.evaluation.asking import Response
from factory.evaluation.questions import BenchmarkQuestion
from factory.llm.models import ModelSpec
from factory.llm.names import model_spec
from factory.outputs.files import LineFile
from factory.outputs.jsonl import read_records
from factory.tasktypes.official import encodes

_GGUF: Final = ".gguf"
#: What a checkpoint's folder has.
_CONFIG: Final = "config.json"
#: Where the address of an endpoint begins.
_AT: Final = "@http"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One model under its name in the results.

    It is ``spec``, a file that has its ``answers``, or the folder of a ``checkpoint``.
    """

    name: str
    spec: ModelSpec | None
    answers: Path | None = None
    checkpoint: Path | None = None


def contestant(said: str, models: Mapping[str, ModelSpec]) -> Contestant:
    """Return what ``[NAME=]MODEL`` means.

    MODEL is a name of ``models`` or one that every recipe knows (``default``, ``scripted``,
    ``smollm2``), the path of a GGUF file, a checkpoint's folder, or ``ID@URL``: the model ID of an
    endpoint.

    Raises :class:`UsageError` for what is none of these.
    """
    name, named, model = said.partition("=")
    if not named:
        name, model = "", said
    # From the first on: what stands before a host's own @ is a password, for nobody to see.
    served, at, url = model.partition(_AT)
    try:
        if at:
            spec = ModelSpec.model_validate({"model": served, "base_url": at[1:] + url}).as_given()
            return Contestant(name or served, spec)
        if model.endswith(_GGUF):
            spec = ModelSpec.model_validate({"engine": "local", "model": model})
            return Contestant(name or Path(model).stem, spec)
        folder = Path(model).expanduser()
        if (folder / _CONFIG).is_file():
            return Contestant(name or folder.resolve().name, None, checkpoint=folder)
    except ValidationError as error:
        raise UsageError(f"--model {name or served}: {error.errors()[0]['msg']}") from error
    return Contestant(name or model, model_spec(models, model))


def from_file(said: str) -> Contestant:
    """Return the contestant of ``NAME=FILE``, whose answers stand in a file."""
    name, named, path = said.partition("=")
    if not named or not name or not path:
        raise UsageError(f"--answers {said}: write NAME=FILE, such as base=out/base/answers.jsonl")
    return Contestant(name, None, Path(path))


def told_apart(contestants: Sequence[Contestant]) -> list[Contestant]:
    """Return them; raises :class:`UsageError` where two have one name, or there is none.

    A name that is no text (bytes of another encoding) is refused: results are UTF-8.
    """
    if not contestants:
        raise UsageError("name who answers: --model NAME, --model ID@URL, or --answers NAME=FILE")
    names = [each.name for each in contestants]
    for name in names:
        if not encodes(name):
            raise UsageError(f"--model {name}: a name that is not UTF-8: choose another")
        if names.count(name) > 1:
            raise UsageError(f"two models are called {name!r}: give each a name, --model NAME=...")
    return list(contestants)


def read_answers(path: Path, questions: Sequence[BenchmarkQuestion], name: str) -> list[Response]:
    """Return the answers of a file of JSON lines, each with the ``id`` and the ``text``.

    Our own ``answers.jsonl`` is such a file; of several models in it, those of ``name`` count.

    Raises:
        UsageError: a question has no answer there, or has two.
        OutputError: the file cannot be read.
    """
    found: dict[str, Response] = {}
    for number, record in enumerate(read_records(path), 1):
        asked, text = record.get("id"), record.get("text")
        ours = record.get("model", name) == name
        if ours and isinstance(asked, str) and isinstance(text, str):
            if asked in found and found[asked].text != text:
                raise UsageError(
                    f"{path}:{number}: a second answer of {name!r} to {asked}, unlike the first: "
                    "leave in the one that counts"
                )
            found[asked] = Response(text, str(record.get("finish") or "stop"))
    missing = [each.id for each in questions if each.id not in found]
    if missing:
        raise UsageError(
            f"{path} has no answer of {name!r} to {len(missing):,} of {len(questions):,} "
            f"questions, such as {missing[0]}: each line needs an id and the text of an answer"
        )
    return [found[each.id] for each in questions]


def with_kept_answers(
    name: str,
    path: Path,
    aside: Path,
    questions: Sequence[BenchmarkQuestion],
    answer: Callable[[], Sequence[Response]],
) -> Contestant:
    """Return the contestant whose answers stand at ``path``, had first where they do not yet."""
    if not path.is_file():
        write_answers(path, aside, questions, answer())
    return Contestant(name, None, path)


def write_answers(
    path: Path, aside: Path, questions: Sequence[BenchmarkQuestion], responses: Sequence[Response]
) -> None:
    """Write answers as :func:`read_answers` reads them: whole, or not at all.

    ``aside`` is the folder where the file is written first.
    """
    with LineFile(path, aside) as file:
        for question, response in zip(questions, responses, strict=True):
            file.write(
                to_json({"id": question.id, "text": response.text, "finish": response.finish})
            )
        file.finish()
        file.publish()
