"""Source adapters: one module a dataset, each mapping upstream files onto the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from factory.sources.adapters import Adapters
from factory.sources.ae_110k import Ae110kSource
from factory.sources.alpaca import AlpacaSource
from factory.sources.amazon_category import AmazonCategorySource
from factory.sources.amazon_m2 import AmazonM2Source
from factory.sources.amazon_reviews import AmazonReviewsSource
from factory.sources.base import TABLES, AttachedSource, Quarantine, Source, SourceFile
from factory.sources.ecinstruct import EcInstructSource
from factory.sources.ecominstruct import EcomInstructSource
from factory.sources.esci import EsciSource
from factory.sources.eshopinstruct import EshopInstructSource
from factory.sources.lookup import source_rows
from factory.sources.mmlu import MmluSource
from factory.sources.oa_mine import OaMineSource
from factory.sources.self_instruct import SelfInstructSource
from factory.sources.shopbench import ShopbenchSource
from factory.sources.tables import TablesSource

__all__ = [
    "SOURCES",
    "TABLES",
    "AttachedSource",
    "Quarantine",
    "Source",
    "SourceFile",
    "source_rows",
]

#: The adapters by the name that a recipe gives them (``adapter: esci``), installed ones included.
SOURCES: Final[Mapping[str, Source]] = Adapters(
    {
        each.name: each
        for each in (
            Ae110kSource(),
            AlpacaSource(),
            AmazonCategorySource(),
            AmazonM2Source(),
            AmazonReviewsSource(),
            EcInstructSource(),
            EcomInstructSource(),
            EsciSource(),
            EshopInstructSource(),
            MmluSource(),
            OaMineSource(),
            SelfInstructSource(),
            ShopbenchSource(),
            TablesSource(),
        )
    }
)
