"""The table of labels that labelling runs leave, as the tasks that need it read it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from factory.line.labels import attach_labels


@pytest.mark.parametrize("subject_id", ["B01", "gid://shop/Product/1", "a:b:c"])
def test_a_label_is_of_the_whole_id_of_its_subject(tmp_path: Path, subject_id: str) -> None:
    label = {"kind": "type", "value": "lamp"}
    record = {
        "output_field": json.dumps([label]),
        "locale": "us",
        "provenance": {"source_ids": [f"product:us:{subject_id}", "product:us:x"], "model": "m"},
    }
    (tmp_path / "train.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA shop")
        attach_labels(connection, "shop", [tmp_path])
        found = connection.execute("SELECT subject, subject_id, locale, value FROM shop.labels")
        assert found.fetchall() == [("product", subject_id, "us", "lamp")]
