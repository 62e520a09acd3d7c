"""A shop's columns as columns of the tables: cast, spelled as the house spells, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from factory.sources.base import LOCALES, TABLES
from factory.sources.sql import identifier, text_literal

Constant: TypeAlias = str | int | float | bool

#: What a row of each table cannot do without.
KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "products": ("product_id", "locale"),
        "judgements": ("query_id", "query", "product_id", "locale", "label"),
        "sessions": ("session_id", "locale"),
        "reviews": ("review_id", "product_id", "locale"),
        "instructions": ("id", "instruction", "output"),
        "spans": ("id", "text", "entities"),
        "pairs": ("pair_id", "locale", "left_id", "right_id", "relation"),
        "dialogues": ("dialogue_id", "locale"),
        "labels": ("subject", "subject_id", "locale", "kind"),
    }
)
_RELATIONS: Final = (
    "same", "different", "substitute", "complement", "also_bought", "also_viewed", "similar",
)  # fmt: skip
#: The values that a column may have, by its name in whatever table.
_VALUES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "locale": LOCALES,
        "split": ("train", "test"),
        "label": ("E", "S", "C", "I"),
        "relation": _RELATIONS,
    }
)
_SPELLED_OUT: Final = {"exact": "E", "substitute": "S", "complement": "C", "irrelevant": "I"}
_TIMES: Final = ("timestamp", "time")
_FLOATS: Final = ("DOUBLE", "FLOAT")
#: The list whose parts are ids, and the one whose parts have one; other columns with ids are named
#: ``id`` or end in ``_id``.
_LIST_OF_IDS: Final = "items"
_LIST_WITH_IDS: Final = "events"
#: From here on a float has lost digits of the whole number that it was.
_INEXACT: Final = 2**53
#: Lists each of whose parts has its place; of others a part that says nothing is left out.
_PLACED: Final = ("options",)


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """What fills a column: a column of the shop's own, or one value for every row."""

    column: str = ""
    constant: Constant | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One column of a table as SQL over the shop's rows.

    Attributes:
        name: the column's name.
        sql: its value.
        raw: the shop's own column; empty where there is none, or a constant.
        required: whether a row without a value is set aside.
        fallible: whether a value may turn out not to be of the column's type.
        values: what the value may be; empty where it may be anything.
        fixed: whether nothing fills the column, so that all rows have its default.
    """

    name: str
    sql: str
    raw: str = ""
    required: bool = False
    fallible: bool = False
    values: tuple[str, ...] = ()
    fixed: bool = False

    @property
    def checked(self) -> bool:
        """Whether rows may be set aside for this column."""
        return self.required or self.fallible or bool(self.values)


def targets(
    table: str, sources: Mapping[str, ColumnSource], kinds: Mapping[str, str], *, text: bool
) -> dict[str, Target]:
    """Return the SQL of every column of ``table``.

    ``kinds`` are the DuckDB types of the shop's columns; ``text`` says that they come from a format
    without NULL, where an empty text means that there is no value also in a part of the key.
    """
    made: dict[str, Target] = {}
    for name, kind in TABLES[table].items():
        source = sources.get(name)
        if source is None:
            default = "'train'" if name == "split" else "NULL"
            made[name] = Target(name, f"CAST({default} AS {kind})", fixed=True)
            continue
        raw, found = _raw(source, kinds)
        # A key of a file with NULL stays as it lies there: it is looked up by the statistics.
        blank = text or name not in KEYS[table]
        value, fallible = _value(raw, found, kind, source.split, name, blank=blank)
        if kind == "VARCHAR[]" and name not in _PLACED:
            value = f"list_filter({value}, lambda part: part <> '')"
        values = _VALUES.get(name, ())
        if values:
            value = _spelled(value, name)
        made[name] = Target(
            name, value, raw if source.column else "", name in KEYS[table], fallible, values
        )
    return made


def selected(wanted: Mapping[str, Target]) -> str:
    """Return the list of columns of a SELECT."""
    return ", ".join(f"{target.sql} AS {identifier(name)}" for name, target in wanted.items())


def cause_of(wanted: Mapping[str, Target]) -> str:
    """Return the SQL of a row's cause: why it is set aside, or an empty text."""
    cases: list[str] = []
    for target in wanted.values():
        if target.required:
            raw = target.raw or target.sql
            cases.append(f"WHEN {_blank(raw)} THEN 'value-missing'")
    for target in wanted.values():
        raw = target.raw or target.sql
        if target.fallible:
            code = text_literal(f"{target.name}-malformed")
            cases.append(f"WHEN NOT ({_blank(raw)}) AND ({target.sql}) IS NULL THEN {code}")
        if target.values:
            listed = ", ".join(map(text_literal, target.values))
            code = text_literal(f"{target.name}-unknown")
            cases.append(
                f"WHEN NOT ({_blank(raw)}) AND ({target.sql}) NOT IN ({listed}) THEN {code}"
            )
    return f"CASE {' '.join(cases)} ELSE '' END" if cases else "''"


def _blank(sql: str) -> str:
    return f"{sql} IS NULL OR trim(CAST({sql} AS VARCHAR)) = ''"


def _raw(source: ColumnSource, kinds: Mapping[str, str]) -> tuple[str, str]:
    """Return the SQL of what fills a column, and its DuckDB type."""
    if source.column:
        raw, found = identifier(source.column), kinds[source.column]
        # Where a file of numbers has none it may say NaN.
        return (f"CASE WHEN NOT isnan({raw}) THEN {raw} END" if found in _FLOATS else raw), found
    return text_literal(str(source.constant)), "VARCHAR"


def _value(
    raw: str, found: str, kind: str, split: str | None, name: str, *, blank: bool
) -> tuple[str, bool]:
    """Return the SQL of a value as ``kind``, and whether it may fail (and then is NULL).

    ``blank`` says that an empty text is no value.
    """
    if split is not None:
        parts = f"string_split(CAST({raw} AS VARCHAR), {text_literal(split)})"
        trimmed = f"list_transform({parts}, lambda part: trim(part))"
        return f"list_filter({trimmed}, lambda part: part <> '')", False
    if found == kind and kind != "DOUBLE":
        return (f"nullif({raw}, '')" if blank and kind == "VARCHAR" else raw), False
    if kind == "VARCHAR":
        is_id = name == "id" or name.endswith("_id")
        text = _id_of_float(raw) if is_id and found in _FLOATS else f"CAST({raw} AS VARCHAR)"
        return f"nullif({text}, '')", False
    if kind in ("DOUBLE", "BIGINT", "BOOLEAN"):
        return _scalar(raw, found, kind, name), True
    if name == _LIST_OF_IDS and found.removesuffix("[]") in _FLOATS:
        return f"list_transform({raw}, lambda part: {_id_of_float('part')})", False
    if kind == "VARCHAR[]" and found.endswith("[]"):
        return f"TRY_CAST({raw} AS {kind})", True
    if found in ("VARCHAR", "JSON"):
        whole = f"trim(CAST({raw} AS VARCHAR))"
        parsed = f"TRY_CAST(TRY_CAST({whole} AS JSON) AS {kind})"
        if kind == "VARCHAR[]":
            # A text that is no list is a list of one.
            one = f"CASE WHEN {whole} = '' THEN NULL ELSE [{whole}] END"
            return f"CASE WHEN starts_with({whole}, '[') THEN {parsed} ELSE {one} END", True
        return parsed, True
    parsed = f"TRY_CAST(to_json({raw}) AS {kind})"
    if name == _LIST_WITH_IDS and any(each in found for each in _FLOATS):
        return _events_of_floats(raw, parsed), True
    return parsed, True


def _events_of_floats(raw: str, parsed: str) -> str:
    """Return the SQL of events, ``parsed`` from ``raw``, with the ids of products that are floats.

    Which fields ``raw`` has, and in which order, its JSON knows.
    """
    pairs = f"list_zip({parsed}, TRY_CAST(to_json({raw}) AS JSON[]))"
    product = "pair[2]->'product_id'"
    mended = (
        f"CASE json_type({product}) WHEN 'DOUBLE' THEN "
        f"{_id_of_float(f'TRY_CAST({product} AS DOUBLE)')} ELSE pair[1].product_id END"
    )
    event = (
        f"{{'kind': pair[1].kind, 'product_id': {mended}, 'query': pair[1].query, "
        "'time': pair[1].time}"
    )
    each = f"CASE WHEN pair[1] IS NOT NULL THEN {event} END"
    return f"CASE WHEN {parsed} IS NOT NULL THEN list_transform({pairs}, lambda pair: {each}) END"


def _id_of_float(raw: str) -> str:
    """Return the SQL of an id that is kept as a float: 123.0 is "123", as it was before.

    pandas makes floats of a column of whole numbers as soon as one of them is missing.
    """
    whole = f"trunc({raw}) = {raw} AND abs({raw}) < {_INEXACT}"
    number = f"CAST({raw} AS BIGINT)"
    return (
        f"CASE WHEN isnan({raw}) THEN NULL WHEN {whole} THEN CAST({number} AS VARCHAR) "
        f"ELSE CAST({raw} AS VARCHAR) END"
    )


def _scalar(raw: str, found: str, kind: str, name: str) -> str:
    if name in _TIMES and (found.startswith("TIMESTAMP") or found == "DATE"):
        # What has a zone is cast by the zone of the machine: it is an instant as it stands.
        zoned = found.endswith("WITH TIME ZONE")
        return f"epoch_ms({raw})" if zoned else f"epoch_ms(CAST({raw} AS TIMESTAMP))"
    number = f"TRY_CAST({f'trim({raw})' if found == 'VARCHAR' else raw} AS {kind})"
    if kind == "DOUBLE":
        # "nan" and "inf" are numbers to a database, and no price or rating to anybody.
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    if found != "VARCHAR":
        return number
    if name in _TIMES:
        return f"coalesce({number}, epoch_ms(TRY_CAST(trim({raw}) AS TIMESTAMP)))"
    return number


def _spelled(value: str, name: str) -> str:
    """Return the SQL of a value in the house's spelling."""
    plain = f"lower(trim({value}))"
    if name == "label":
        words = " ".join(
            f"WHEN {text_literal(word)} THEN {text_literal(letter)}"
            for word, letter in _SPELLED_OUT.items()
        )
        return f"CASE {plain} {words} ELSE upper(trim({value})) END"
    if name == "split":
        return f"coalesce(nullif({plain}, ''), 'train')"
    return plain
