"""A product and its complement: both for one device, the first pair that goes together."""

from __future__ import annotations

from typing import Any

import pytest

from factory.draw import Draw
from factory.sources.rows.query_complement import go_together, rows
from factory.sources.view import RowRejectedError


@pytest.mark.parametrize(
    ("title", "other", "fits"),
    [
        ("Case for Slatia Pad 11, Black", "Slatia Pad 11 Tablet, 64GB", True),
        ("Case for Slatia Pad 11, Black", "Slatia Mini 8 Tablet, 64GB", False),
        ("Slatia Mini 8 Tablet, 64GB", "Case for Slatia Pad 11, Black", False),
        ("Reloj Tempora Watch 45mm, Negro", "Correa compatible con Tempora Watch 45 mm", True),
        ("Tempora Watch 41mm ブラック", "腕時計バンド Tempora Watch 45mm 対応 ブラック", False),
        ("Steel Kettle, 1.7 Liter", "Green Tea, 100 Bags", True),
    ],
)
def test_what_is_for_one_device_goes_with_that_device_alone(title, other, fits):
    assert go_together(title, other) is fits
    assert go_together(other, title) is fits


def facts(**titles: str) -> dict[str, Any]:
    products = [{"label": name[0], "id": name, "title": title} for name, title in titles.items()]
    return {"key": "us:1", "locale": "us", "query_id": 1, "query": "case", "products": products}


def test_the_first_two_that_go_together_are_shown():
    [row] = rows(
        facts(
            C1="Slatia Mini 8 Tablet, 64GB",
            E1="Case for Slatia Pad 11, Black",
            E2="Case for Slatia Mini 8, Blue",
        ),
        Draw(7, "task", "us:1"),
    )
    assert (row["title"], row["target"]) == (
        "Case for Slatia Mini 8, Blue",
        "Slatia Mini 8 Tablet, 64GB",
    )
    assert row["source_ids"] == ["judgement:1:us:C1", "judgement:1:us:E2"]


def test_where_none_go_together_there_is_no_row():
    products = facts(C1="Slatia Mini 8 Tablet, 64GB", E1="Case for Slatia Pad 11, Black")
    with pytest.raises(RowRejectedError) as error:
        list(rows(products, Draw(7, "task", "us:1")))
    assert error.value.reason == "no-fitting-complement"
