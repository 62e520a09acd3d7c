"""Generate the bundled shop: ``python -m shop.make_shop [--out DIR] [--seed N]``.

The same seed gives the same bytes (for one version of DuckDB's Parquet writer).
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

from shop import wording
from shop.amazon_m2 import make_amazon_m2
from shop.amazon_reviews import make_amazon_reviews
from shop.attributes import make_attributes
from shop.ecinstruct import make_ecinstruct
from shop.esci import make_esci
from shop.facts import make_facts
from shop.house import make_house
from shop.instructions import make_instructions
from shop.judge import Judge
from shop.load import Ontology, load_ontology
from shop.model import Product, Shop
from shop.products import make_products
from shop.queries import make_queries
from shop.talk import make_talk

SAMPLES = Path(__file__).parents[1] / "factory" / "sources" / "samples"


def build_shop(ontology: Ontology, seed: int) -> Shop:
    """Return the whole shop in memory."""
    products = make_products(ontology, seed)

    @cache
    def titles(product_index: int, lang: str) -> str:
        return wording.title(products[product_index], lang, ontology, seed)

    places = {product.id: i for i, product in enumerate(products)}

    def title(product: Product, lang: str) -> str:
        return titles(places[product.id], lang)

    queries = make_queries(ontology, products, seed)
    judge = Judge(ontology, products, title, seed)
    judgements = [j for query in queries for j in judge.judge(query)]
    return Shop(seed, ontology.types, products, queries, judgements)


def main() -> None:
    """Write every file of the shop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=SAMPLES)
    parser.add_argument("--seed", type=int, default=20)
    arguments = parser.parse_args()
    ontology = load_ontology()
    shop = build_shop(ontology, arguments.seed)
    make_esci(shop, ontology, arguments.out / "esci")
    make_facts(shop, ontology, arguments.out / "shop")
    make_talk(shop, ontology, arguments.out / "shop")
    make_house(shop, ontology, arguments.out / "tables")
    make_amazon_m2(shop, ontology, arguments.out / "amazon_m2")
    make_amazon_reviews(shop, ontology, arguments.out / "amazon_reviews")
    make_ecinstruct(shop, ontology, arguments.out / "ecinstruct")
    make_attributes(shop, ontology, arguments.out)
    make_instructions(shop, ontology, arguments.out)
    print(
        f"{len(shop.types)} types, {len(shop.products)} products, {len(shop.queries)} queries, "
        f"{len(shop.judgements)} judgements"
    )


if __name__ == "__main__":
    main()
