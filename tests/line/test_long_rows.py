"""A row that is longer than a template may make costs itself, and not the run."""

from __future__ import annotations

from pathlib import Path

from factory.engines import LocalEngine
from factory.line import run_task
from factory.recipe import load_recipe

RECIPE = """\
include: [{from: catalogue, source: shop}]
sources:
  shop: {adapter: tables, path: data}
tasks:
  describe:
    title: Write a description from bullets
    source: shop
    rows: bullets
    type: generation
    template: describe.j2
    size: 3
    track: understanding-shopping-concepts
"""
VIEW = """\
-- needs products: product_id, locale, title, bullets

-- keys
SELECT product_id AS key, product_id AS split_group, locale FROM products

-- facts
SELECT key, chosen.locale, title AS target, bullets, ['product:us:' || key] AS source_ids
FROM chosen JOIN products ON product_id = key
"""
TEMPLATE = """\
{% extends "generation.j2" %}
{% block prompt_plain %}Name what is so: {{ bullets | join("; ") }}{% endblock %}
"""


def test_a_row_that_is_too_long_for_a_template_costs_itself(tmp_path: Path) -> None:
    for name in ("data", "views", "templates"):
        (tmp_path / name).mkdir()
    products = [
        (f"p{number}", f"Lamp number {number}", f"bright|of kind {number}") for number in range(4)
    ]
    products[2] = ("p2", "Lamp with a manual", "|".join(["a whole page of it"] * 6_000))
    lines = ["product_id,locale,title,bullets"]
    lines += [f'{sku},us,{title},"[""{bullets}""]"' for sku, title, bullets in products]
    table = "\n".join(line.replace("|", '"",""') for line in lines)
    (tmp_path / "data" / "products.csv").write_text(table + "\n", encoding="utf-8")
    (tmp_path / "views" / "bullets.sql").write_text(VIEW, encoding="utf-8")
    (tmp_path / "templates" / "describe.j2").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "recipes.yaml").write_text(RECIPE, encoding="utf-8")
    recipe = load_recipe(tmp_path / "recipes.yaml")
    result = run_task(recipe, "describe", tmp_path / "out", LocalEngine())
    assert result.accepted == 3
    assert result.manifest["splits"]["train"]["rejected"] == {"rows: text-too-long": 1}
