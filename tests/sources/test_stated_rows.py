"""What a description, a query or a title may not leave open for the answer to be the only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from factory.draw import Draw
from factory.sources.rows import (
    described_attributes,
    described_products,
    labelled_queries,
    titles_with_bullets,
)
from factory.sources.stated_attributes import askable, named_better
from factory.sources.view import RowRejectedError

Rows = Callable[[dict[str, Any], Draw], Iterator[dict[str, Any]]]

COLORS = {"name": "color", "frequency": 9, "known_values": ["Black", "Red"]}
TYPES = {"name": "type", "frequency": 3, "known_values": ["Black", "Dome"]}


def only(rows: Rows, facts: dict[str, Any]) -> dict[str, Any]:
    (row,) = rows(facts, Draw(7, "task", "key"))
    return row


def reason(rows: Rows, facts: dict[str, Any]) -> str:
    with pytest.raises(RowRejectedError) as raised:
        list(rows(facts, Draw(7, "task", "key")))
    return raised.value.reason


def query(text: str, kind: str, locale: str = "cn", **named: str) -> dict[str, Any]:
    return {
        "key": "q",
        "locale": locale,
        "query": text,
        "type": kind,
        "attributes": [{"name": name, "value": value} for name, value in named.items()],
        "known": [COLORS, TYPES],
        "subject": "q",
        "source_ids": ["q"],
    }


def product(title: str, description: str, **others: Any) -> dict[str, Any]:
    return {
        "key": "p",
        "locale": "us",
        "title": title,
        "type": "Hair Brush",
        "description": description,
        "bullets": [],
        "attributes": [{"name": "Color", "value": "Black"}],
        "known": [COLORS, TYPES],
        "subject": "p",
        "source_ids": ["p"],
        **others,
    }


@pytest.mark.parametrize(
    ("stated", "name"),
    [("Capacity", "Size"), ("Size", "Length"), ("Style", "Version"), ("尺寸", "长度")],
)
def test_what_may_be_called_by_another_name_is_not_asked_for_in_vain(stated: str, name: str):
    known = [{"name": each, "known_values": ["none"]} for each in (name, "Color")]
    assert askable("a bottle", "us", [(0, 1, stated)], (), known) == ["Color"]
    assert askable("a bottle", "us", [], (), known) == [name, "Color"]


def test_what_a_thing_is_for_may_be_said_without_a_model():
    known = [{"name": "适用机型", "known_values": ["Slatia Pad 11"]}]
    assert askable("双肩背包 电脑", "cn", [], (), known) == []
    assert askable("双肩背包 黑色", "cn", [], (), known) == ["适用机型"]
    # A style of the thing is no less said because it is asked for.
    assert askable("双肩背包 电脑", "cn", [(5, 7, "种类")], (), known) == []


def test_what_a_thing_runs_on_may_be_called_its_power():
    known = [{"name": name, "known_values": ["30W"]} for name in ("Power", "Material")]
    assert askable("Knife Sharpener, Electric", "us", [(17, 25, "Style")], (), known) == [
        "Material"
    ]
    assert askable("Knife Block, Black", "us", [], (), known) == ["Power", "Material"]


def test_whom_a_thing_is_for_and_the_color_of_its_light_may_be_said_in_its_type():
    known = [{"name": name, "known_values": ["大人用", "レッド"]} for name in ("対象", "カラー")]
    assert askable("犬首輪", "jp", [], (), known) == ["カラー"]
    assert askable("LED電球 電球色", "jp", [], (), known) == ["対象"]


def test_a_value_belongs_to_the_attribute_that_most_products_have():
    assert named_better("type", "black", [COLORS, TYPES]) == "color"
    assert named_better("color", "black", [COLORS, TYPES]) == ""
    assert named_better("type", "dome", [COLORS, TYPES]) == ""


def test_a_query_is_not_annotated_in_part():
    kept = only(labelled_queries.rows, query("红色的键盘", "键盘", color="红色"))
    assert [each["value"] for each in kept["entities"]] == ["红色", "键盘"]
    longer = query("打字键盘 薄膜", "键盘", type="薄膜")
    assert reason(labelled_queries.rows, longer) == "said-in-other-words"
    beside = query("ワイヤレス パソコン マウス", "マウス", "jp", type="ワイヤレス")
    assert reason(labelled_queries.rows, beside) == "text-not-covered"
    color = query("black ink cartridge", "ink cartridge", "us", type="Black")
    assert reason(labelled_queries.rows, color) == "value-of-another"


def test_a_description_with_a_value_of_another_attribute_is_not_asked_about():
    text = "Brixon Unity Hair Brush, color: Red, type: Black."
    facts = product("Brixon Unity", text, brand="Brixon")
    facts["attributes"] = [{"name": "type", "value": "Black"}]
    assert reason(described_attributes.rows, facts) == "value-of-another"


def test_a_description_makes_up_no_name():
    text = "A brush that detangles. Sorella {}Hair Brush, color: Black, with soft bristles."
    told = product("Sorella Helix Detangler - Soft Bristles (Black)", text.format("Helix "))
    assert only(described_products.rows, told)["target"] == told["description"]
    untold = product("Sorella Detangler - Soft Bristles (Black)", text.format("Helix "))
    assert reason(described_products.rows, untold) == "name-untold"
    figure = {**told, "description": f"{told['description']} It has 300 of them."}
    assert reason(described_products.rows, figure) == "figure-untold"
    count = {**told, "description": f"{told['description']} With two heads."}
    assert reason(described_products.rows, count) == "figure-untold"


def test_a_bullet_point_of_a_feature_that_the_title_leaves_out_is_not_told():
    bullets = [
        "2K display: text on the Slatia Mini 8 tablet stays sharp.",
        "Kids mode: set hours on the Slatia Mini 8 tablet.",
        "Color: Black. The black Slatia Mini 8 tablet is in the picture.",
    ]
    facts = product("Slatia Mini 8 Tablet, 2K Display, Black", "", bullets=bullets, brand="Slatia")
    facts["attributes"].append({"name": "Model", "value": "Slatia Mini 8"})
    assert only(titles_with_bullets.rows, {**facts, "type": "Tablet"})["told"] == [
        bullets[0],
        bullets[2],
    ]


def test_a_color_that_is_named_in_passing_is_not_what_a_bullet_point_is_of():
    bullets = [
        "Belt clip: the Calma tape measure hangs at the hip.",
        "Double sided: read the orange Calma tape measure from above and below.",
        "Color: Orange. The tape measure Calma is easy to find.",
    ]
    title = "Granmoor Calma Tape Measure, Belt Clip, Orange"
    facts = product(title, "", bullets=bullets, brand="Granmoor")
    facts["attributes"] = [{"name": "Color", "value": "Orange"}]
    assert only(titles_with_bullets.rows, {**facts, "type": "Tape Measure"})["told"] == [
        bullets[0],
        bullets[2],
    ]


def test_a_title_with_a_part_that_nothing_gives_is_not_asked_for():
    bullets = [
        "Half strip loader: open the Alba desktop stapler and drop half a strip in.",
        "Rubber feet: the Alba does not scratch the table.",
        "Metal: the Alba desktop stapler lasts in blue.",
    ]
    title = "Inkwell Alba Desktop Stapler, Metal, Half Strip Loader, Rubber Feet, Blue"
    facts = {**product(title, "", bullets=bullets, brand="Inkwell"), "type": "Desktop Stapler"}
    assert only(titles_with_bullets.rows, facts)["target"] == title
    use = {**facts, "title": f"{title} | Classrooms"}
    assert reason(titles_with_bullets.rows, use) == "part-unsupported"
    japanese = product(
        "Nordivik Skagen テーブル 木製 下段収納 リビングに",
        "",
        locale="jp",
        brand="Nordivik",
        bullets=[
            "下段収納:このテーブル「Skagen」の下に雑誌などを置けます。",
            "組み立て簡単:Skagenシリーズは約15分で完成します。",
            "アジャスター付き:リビングのがたつきを調整できます。",
        ],
    )
    japanese |= {"type": "テーブル", "attributes": [{"name": "素材", "value": "木"}]}
    assert only(titles_with_bullets.rows, japanese)["also"] == ["素材: 木"]
