"""OA-Mine (Zhang et al., WWW 2022): titles of ten product types with annotated attribute values.

Two forms are read: the authors' own ``annotations/<type>.jsonl`` (title and entities with offsets;
the type is the file's name, and there is no test part), and the ``train.jsonl`` and ``test.jsonl``
that ExtractGPT made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from factory.errors import SourceError
from factory.sources.address import resolve, shown
from factory.sources.annotated_titles import (
    COLUMNS,
    Entity,
    Reading,
    TitleLine,
    attach_titles,
    stated,
)
from factory.sources.base import AttachedSource
from factory.sources.extractgpt import EXTRACTGPT, chosen_files, objects, read_scores
from factory.sources.layout import Layout

_ANY: Final = "*.jsonl"
_LAYOUTS: Final = (EXTRACTGPT, Layout((_ANY,)))
_ANNOTATIONS: Final = "annotations"


class OaMineOptions(BaseModel):
    """The keys that a recipe may give an OA-Mine source: none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OaMineSource:
    """The adapter of OA-Mine; its table is ``spans``, and a row counted is a line of a file."""

    name: ClassVar[str] = "oa_mine"
    licence: ClassVar[str] = "Apache-2.0"
    homepage: ClassVar[str] = "https://github.com/xinyangz/OAMine"
    citation: ClassVar[str] = """\
@inproceedings{zhang2022oamine,
  author={Zhang, Xinyang and Zhang, Chenwei and Li, Xian and Dong, Xin Luna and
          Shang, Jingbo and Faloutsos, Christos and Han, Jiawei},
  title={OA-Mine: Open-World Attribute Mining for E-Commerce Products with Weak
         Supervision},
  year={2022},
  booktitle={Proceedings of the ACM Web Conference 2022},
  doi={10.1145/3485447.3512035}
}"""
    options: ClassVar[type[BaseModel]] = OaMineOptions
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
            # Upstream keeps raw titles and candidates beside the annotations, under their names.
            files = found.files[_ANY]
            files = tuple(file for file in files if file.parent.name == _ANNOTATIONS) or files
            for file in files:
                _read_annotations(file, reading)
        return attach_titles(connection, schema, shown(path), files, reading, allow_test=allow_test)


def _read_annotations(file: Path, reading: Reading) -> None:
    category = " ".join(file.stem.replace("_", " ").split()).title()
    for place, line, row in objects(file, reading):
        text, listed = row.get("title"), row.get("entities")
        if not isinstance(text, str) or not text.strip() or not isinstance(listed, list):
            reading.set_aside("value-missing", place, line)
            continue
        try:
            entities = tuple(_entity(each, text) for each in listed)
        except (TypeError, KeyError, AttributeError, SourceError):
            reading.set_aside("entity-malformed", place, line)
            continue
        reading.lines.append(TitleLine(text, category or None, entities, "train"))


def _entity(each: Mapping[str, Any], text: str) -> Entity:
    kind, value = " ".join(each["label"].split()), each["value"].strip()
    if not kind or not value:
        raise SourceError("an entity without a label or a value")
    start, end = each.get("startOffset"), each.get("endOffset")
    if isinstance(start, int) and isinstance(end, int) and text[start:end] == value:
        return Entity(kind, value, start, end)
    return stated(kind, value, text)
