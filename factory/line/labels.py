"""The table ``labels`` of a source, out of the finished runs of its labelling tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from factory.outputs.run_folder import TRAIN
from factory.sources.base import TABLES
from factory.sources.sql import identifier, text_literal
from factory.tasktypes.labels import FIELDS

#: What a sample's first source id stands for: the subject of its labels.
_SUBJECT: Final = "split_part(provenance.source_ids[1], ':', 1)"
#: Past the locale: a shop's own id may hold a colon.
_ID: Final = "array_to_string(string_split(provenance.source_ids[1], ':')[3:], ':')"


def attach_labels(
    connection: duckdb.DuckDBPyConnection, schema: str, folders: Sequence[Path]
) -> None:
    """Make ``<schema>.labels`` of what the labelling runs in ``folders`` accepted.

    The rows that the source itself has stay in it. Copied, not a view: the files of other runs are
    out of reach once the database is confined.
    """
    if not folders:
        return
    files = ", ".join(text_literal(str(folder / TRAIN)) for folder in folders)
    columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in TABLES["labels"].items())
    fields = ", ".join(f"label.{name}" for name in FIELDS)
    form = text_literal(json.dumps([dict.fromkeys(FIELDS, "VARCHAR")]))
    table = f"{identifier(schema)}.labels"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE labelled ({columns})")
    has_own = connection.execute(
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_schema = $schema AND table_name = 'labels'",
        {"schema": schema},
    ).fetchone()
    if has_own and has_own[0]:
        connection.execute(f"INSERT INTO labelled BY NAME FROM {table}")
    connection.execute(f"""
        INSERT INTO labelled
        SELECT {_SUBJECT}, {_ID}, locale, {fields}, provenance.model
        FROM (
            SELECT provenance, locale, unnest(from_json(output_field, {form})) AS label
            FROM read_json([{files}], format = 'newline_delimited', columns = {{
                output_field: 'VARCHAR', locale: 'VARCHAR',
                provenance: 'STRUCT(source_ids VARCHAR[], model VARCHAR)'}})
        )
    """)
    connection.execute(f"CREATE OR REPLACE VIEW {table} AS FROM temp.labelled")
