"""From a purchase by the query behind it to its companion."""

from __future__ import annotations

from typing import Any

import pytest

from factory.draw import Draw
from factory.sources.rows.complement_of_purchase import rows
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "t", "key")
OTHERS = {
    "S1": "Copper Saucepan with Lid, Ceramic",
    "I1": "Dog Leash, Nylon, Red",
    "I2": "Gel Pens, Set of Six",
    "I3": "Beach Towel, Striped",
}


def made(**titles: str) -> dict[str, Any]:
    products = [
        {"label": name[0], "id": name, "title": title} for name, title in (titles | OTHERS).items()
    ]
    facts = {
        "key": "us:1",
        "locale": "us",
        "query_id": 1,
        "query": "frying pan",
        "golds_shown": 1,
        "others_shown": 3,
        "products": products,
        "source_ids": ["query:us:1"],
    }
    [row] = rows(facts, DRAW)
    return row


def test_what_answers_the_query_leads_to_what_goes_with_it() -> None:
    row = made(E1="Steel Frying Pan, Wooden Handle", C1="Glass Pan Cover, Silicone Rim")
    assert row["purchase"] == "Steel Frying Pan, Wooden Handle"
    assert row["positive"] == "Glass Pan Cover, Silicone Rim"
    assert row["purchase"] not in row["negatives"]
    assert len(row["negatives"]) == 3
    assert row["source_ids"][:2] == ["judgement:1:us:E1", "judgement:1:us:C1"]


def test_another_answer_to_the_query_is_a_wrong_companion() -> None:
    row = made(E1="Steel Frying Pan", E2="Iron Skillet, Black", C1="Glass Pan Cover")
    shown = {row["purchase"], *row["negatives"]}
    assert len(shown & {"Steel Frying Pan", "Iron Skillet, Black"}) >= 1
    assert row["positive"] == "Glass Pan Cover"


@pytest.mark.parametrize(
    ("purchase", "companion"),
    [
        ("Steel Frying Pan, 10 Inch", "Glass Pan Cover, 12 Inch"),
        ("Sartén de hierro, 26 cm", "Tapa de vidrio, 30 cm"),
        ("Strap compatible with Tempora Watch 45 mm", "Pulsera Fit 2 Smart Watch"),
    ],
)
def test_what_fits_something_else_goes_with_nothing(purchase: str, companion: str) -> None:
    with pytest.raises(RowRejectedError, match="fits-something-else"):
        made(E1=purchase, C1=companion)


def test_without_a_purchase_there_is_no_way() -> None:
    with pytest.raises(RowRejectedError, match="too-few-positives"):
        made(C1="Glass Pan Cover")
