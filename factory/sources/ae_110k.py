"""AE-110K (Xu et al., ACL 2019): AliExpress titles and the values of their attributes.

Two forms are read: the authors' own ``publish_data.txt``, in which a line is a title, an attribute
and a value with U+0001 between them (``NULL``: the title does not state it; no test part), and the
``train.jsonl`` and ``test.jsonl`` that ExtractGPT made of a part of it. The triples name no
category: it is the value of the title's attribute ``Item Type``, ``Category`` or ``Type``, where it
has one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from factory.sources.address import resolve, shown
from factory.sources.annotated_titles import (
    COLUMNS,
    Reading,
    TitleLine,
    attach_titles,
    not_stated,
    numbered_lines,
    stated,
)
from factory.sources.base import AttachedSource
from factory.sources.extractgpt import EXTRACTGPT, chosen_files, read_scores
from factory.sources.layout import Layout

_TRIPLES: Final = "publish_data.txt"
_LAYOUTS: Final = (EXTRACTGPT, Layout((_TRIPLES,)))
_SEPARATOR: Final = "\x01"
_ABSENT: Final = "NULL"
#: Whose value is the category, the first that a title has.
_CATEGORY: Final = ("item type", "category", "type")


class Ae110kOptions(BaseModel):
    """The keys that a recipe may give an AE-110K source: none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ae110kSource:
    """The adapter of AE-110K; its table is ``spans``, and a row counted is a line of a file."""

    name: ClassVar[str] = "ae_110k"
    licence: ClassVar[str] = "LicenseRef-academic-research-only"
    homepage: ClassVar[str] = "https://github.com/cubenlp/ACL19_Scaling_Up_Open_Tagging"
    citation: ClassVar[str] = """\
@inproceedings{huimin2019scaling,
  title={Scaling Up Open Tagging from Tens to Thousands: Comprehension Empowered
         Attribute Value Extraction from Product Title},
  author={Huimin Xu and Wenting Wang and Xin Mao and Xinyu Jiang and Man Lan},
  booktitle={Proceedings of ACL},
  year={2019}
}"""
    options: ClassVar[type[BaseModel]] = Ae110kOptions
    published: ClassVar[str] = ""

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return all of ``spans``."""
        return {"spans": COLUMNS}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,  # noqa: ARG002
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.spans``.

        Raises:
            SourceError: in one line, where files are missing, unreadable, or of neither form.
        """
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=_LAYOUTS)
        reading = Reading()
        if found.layout == EXTRACTGPT:
            files = chosen_files(self.name, found)
            for file in files:
                read_scores(file, reading)
        else:
            files = found.files[_TRIPLES]
            for file in files:
                _read_triples(file, reading)
        return attach_titles(connection, schema, shown(path), files, reading, allow_test=allow_test)


def _read_triples(file: Path, reading: Reading) -> None:
    lines: list[TitleLine] = []
    categories: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for place, line in numbered_lines(file, reading):
        fields = line.split(_SEPARATOR)
        if len(fields) != 3:
            reading.set_aside("not-three-fields", place, line)
            continue
        text, kind, value = fields[0], " ".join(fields[1].split()), fields[2].strip()
        if not text.strip() or not kind or not value:
            reading.set_aside("value-missing", place, line)
            continue
        if value == _ABSENT:
            entity = not_stated(kind)
        else:
            entity = stated(kind, value, text)
            if kind.casefold() in _CATEGORY:
                categories[text].append((_CATEGORY.index(kind.casefold()), value))
        lines.append(TitleLine(text, None, (entity,), "train"))
    reading.lines += [
        replace(line, category=min(categories[line.text])[1]) if line.text in categories else line
        for line in lines
    ]
