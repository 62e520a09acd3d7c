"""What a model's tokens cost: the recipe's price, else the dated table's, else nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict

from factory.llm.models import FREE, ModelSpec, Price

#: What the Batch API takes of the price.
_IN_A_BATCH: Final = 0.5
_FILE: Final = Path(__file__).with_name("prices.yaml")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dated: object
    models: dict[str, Price]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price and who says so; ``price`` is None where nobody does."""

    price: Price | None
    said_by: str


@cache
def _table() -> _Table:
    return _Table.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def price_of(spec: ModelSpec) -> Quoted:
    """Return what ``spec`` costs.

    A dated name (``gpt-4o-mini-2024-07-18``) has the price of the name without its date. In the
    Batch lane every token costs half of what it costs otherwise.
    """
    table = _table()
    if spec.engine != "openai":
        return Quoted(FREE, "runs here")
    if spec.price is not None:
        price, said_by = spec.price, "the recipe"
    else:
        named = [name for name in table.models if _is_dated(spec.model, name)]
        if not named:
            return Quoted(None, "unknown")
        price, said_by = table.models[max(named, key=len)], f"the table of {table.dated}"
    if spec.lane == "batch":
        return Quoted(
            Price(prompt=price.prompt * _IN_A_BATCH, completion=price.completion * _IN_A_BATCH),
            f"{said_by}, halved in a batch",
        )
    return Quoted(price, said_by)


def _is_dated(model: str, name: str) -> bool:
    rest = model.removeprefix(name)
    return model.startswith(name) and not rest.strip("-0123456789")
