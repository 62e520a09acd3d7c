"""The seed tasks of Self-Instruct (Wang et al., arXiv:2212.10560) onto ``instructions``.

``seed_tasks.jsonl``: one task a line with ``id``, ``name``, ``instruction``, ``instances`` (each an
``input`` and an ``output``) and ``is_classification``. The house's own seeds, which are bundled,
say in ``locale`` whose shop's language they are in; upstream's have none and are in English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from factory.sources.address import resolve
from factory.sources.base import AttachedSource
from factory.sources.json_files import check_text_file, json_lines
from factory.sources.layout import Layout
from factory.sources.materialise import attached, cause, fill

_SEEDS: Final = "seed_tasks.jsonl"


class SelfInstructOptions(BaseModel):
    """The seeds have no keys of their own in a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SelfInstructSource:
    """The adapter of the seed tasks; :class:`factory.sources.base.Source` says what one does.

    A row is one instance of a task. ``id`` is the seed's own (from its second instance on with
    ``#2`` and so on), ``task`` its name, ``setting`` ``classification`` or ``generation``.
    """

    name: ClassVar[str] = "self_instruct"
    licence: ClassVar[str] = "Apache-2.0"
    homepage: ClassVar[str] = "https://github.com/yizhongw/self-instruct"
    citation: ClassVar[str] = """\
@misc{selfinstruct,
  title={Self-Instruct: Aligning Language Model with Self Generated Instructions},
  author={Wang, Yizhong and Kordi, Yeganeh and Mishra, Swaroop and Liu, Alisa and
          Smith, Noah A. and Khashabi, Daniel and Hajishirzi, Hannaneh},
  journal={arXiv preprint arXiv:2212.10560},
  year={2022}
}"""
    options: ClassVar[type[BaseModel]] = SelfInstructOptions
    published: ClassVar[str] = (
        "https://raw.githubusercontent.com/tatsu-lab/stanford_alpaca/main/seed_tasks.jsonl"
    )

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the columns of ``instructions`` that seed tasks have."""
        filled = ("id", "task", "locale", "instruction", "input", "output", "setting", "split")
        return {"instructions": filled}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,  # noqa: ARG002
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema.instructions`` with one row an instance of a seed task.

        Raises:
            SourceError: in one line, where the file is missing or empty or has no usable row.
        """
        found = resolve(
            path, adapter=self.name, homepage=self.homepage, layouts=(Layout((_SEEDS,)),)
        )
        files = found.files[_SEEDS]
        check_text_file(files[0])
        filled = fill(
            connection,
            schema,
            "instructions",
            _rows(json_lines(files)),
            files,
            allow_test=allow_test,
        )
        return attached(path, files, filled, "instructions")


def _rows(raw: str) -> str:
    why = cause(
        ("not-json", "json IS NULL"),
        ("id-missing", "coalesce(seed, '') = ''"),
        ("instruction-missing", "coalesce(trim(instruction), '') = ''"),
        ("instances-missing", "instance IS NULL"),
        ("output-missing", "coalesce(trim(output), '') = ''"),
    )
    return f"""
        SELECT seed || CASE WHEN number = 1 THEN '' ELSE '#' || number END AS id, task,
            coalesce(locale, 'us') AS locale, instruction, coalesce(input, '') AS input, output,
            CASE WHEN classifies THEN 'classification' ELSE 'generation' END AS setting,
            'train' AS split, {why} AS cause, coalesce(seed, json::VARCHAR, 'NULL') AS example
        FROM (
            SELECT json, json ->> '$.id' AS seed, json ->> '$.name' AS task,
                json ->> '$.instruction' AS instruction, json ->> '$.locale' AS locale,
                coalesce(json ->> '$.is_classification', '') = 'true' AS classifies,
                each.number AS number, each.instance AS instance,
                each.instance ->> '$.input' AS input, each.instance ->> '$.output' AS output
            FROM (
                SELECT json, unnest(CASE WHEN len(instances) > 0
                    THEN list_transform(instances, lambda instance, number:
                        {{'number': number, 'instance': instance}})
                    ELSE [{{'number': 1::BIGINT, 'instance': NULL::JSON}}] END) AS each
                FROM (
                    SELECT json, (json -> '$.instances[*]')::JSON[] AS instances FROM {raw}
                )
            )
        )
    """
