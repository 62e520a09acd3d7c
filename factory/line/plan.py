"""The plan of a run: which keys, in which order, and how many of each stratum.

It is made before the first wide row is read, and kept beside the run: a run that was killed goes on
from the same keys in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import RecipeError
from factory.line.quotas import Stratum, share_out
from factory.line.task import Task
from factory.outputs.files import publish
from factory.recipe import Shares
from factory.sources.sql import identifier, text_literal

KEYS_FILE: Final = "keys.parquet"
# A window joins the wide columns of its keys at once; this many keep the join within 100 MB or so.
_LARGEST_WINDOW: Final = 32_768
# Every window reads the joined columns of the whole source, so each may hold twice as many keys as
# the one before, as long as their facts have no more bytes than this, as wide as those read so far.
_LARGEST_FACTS: Final = 64 << 20
# The first window holds this many times what is needed: most tasks accept more than 80 % of it.
# What is not needed costs its join alone, and every further window reads the products again.
_MARGIN: Final = 1.25
# However little has been accepted so far, a window grows by no more than this.
_MOST_GROWTH: Final = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """The keys of a task in draw order: the relation ``keys``, counted by stratum.

    ``shares`` are the dimensions that have quotas: those of the recipe, and the gold's position.
    ``partners`` is how many further keys' records a row is made of.
    """

    available: Mapping[Stratum, int]
    shares: Mapping[str, Shares]
    partners: int = 0

    @property
    def keys(self) -> int:
        """How many keys the view found."""
        return sum(self.available.values())


def make_plan(connection: duckdb.DuckDBPyConnection, task: Task, folder: Path) -> Plan:
    """Find the keys, order them by their draws, and keep them in ``folder``.

    Raises :class:`RecipeError` where the view repeats a key, or a row has none or no split group.
    """
    shares = _shares(task)
    dimensions = [
        f"(own_draw(key, 'position') % {task.positions})::VARCHAR"
        if name == "position" and task.positions
        else f"coalesce({identifier(name)}::VARCHAR, '')"
        for name in shares
    ]
    stratum = f"concat_ws(chr(31), {', '.join(dimensions)})" if dimensions else "''"
    connection.execute(
        "CREATE TEMP TABLE keys AS SELECT "
        "row_number() OVER (ORDER BY draw(key, 'order'), key) AS ordinal, * "
        f"FROM (SELECT *, {stratum} AS stratum FROM ({task.view.keys}))"
    )
    unnamed = connection.execute(
        "SELECT count(*) FROM keys WHERE key IS NULL OR split_group IS NULL"
    ).fetchone()
    if unnamed and unnamed[0]:
        raise RecipeError(
            f"{task.view.path}: {unnamed[0]:,} rows of 'keys' have no key or no split_group; leave "
            "them out with WHERE, or give them one with coalesce"
        )
    repeated = connection.execute(
        "SELECT min(key) FROM (SELECT key FROM keys GROUP BY key HAVING count(*) > 1)"
    ).fetchone()
    if repeated and repeated[0] is not None:
        raise RecipeError(f"{task.view.path}: the key {repeated[0]!r} stands twice in 'keys'")
    partial = folder / f"{KEYS_FILE}.partial"
    connection.execute(
        f"COPY keys TO {text_literal(str(partial))} (FORMAT parquet, COMPRESSION zstd)"
    )
    publish(partial, folder / KEYS_FILE)
    return _count(connection, shares, task.partners)


def load_plan(connection: duckdb.DuckDBPyConnection, task: Task, folder: Path) -> Plan | None:
    """Take up the plan that an interrupted run kept in ``folder``; None where it is damaged.

    A plan follows from the source and the recipe: one that cannot be read is simply made again.
    """
    file = text_literal(str(folder / KEYS_FILE))
    try:
        connection.execute(f"CREATE TEMP TABLE keys AS FROM read_parquet({file}) ORDER BY ordinal")
        return _count(connection, _shares(task), task.partners)
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.BinderException):
        connection.execute("DROP TABLE IF EXISTS keys")
        return None


def _shares(task: Task) -> dict[str, Shares]:
    shares: dict[str, Shares] = {
        name: share for name, share in task.spec.balance.items() if share != "free"
    }
    if task.positions and "position" not in task.spec.balance:
        shares["position"] = "equal"
    return shares


def _count(
    connection: duckdb.DuckDBPyConnection, shares: Mapping[str, Shares], partners: int
) -> Plan:
    return Plan(_by_stratum(connection, "keys", bool(shares)), shares, partners)


def _by_stratum(
    connection: duckdb.DuckDBPyConnection, relation: str, stratified: bool
) -> dict[Stratum, int]:
    counts = connection.execute(
        f"SELECT stratum, count(*) FROM {relation} GROUP BY stratum ORDER BY stratum"
    ).fetchall()
    return {tuple(name.split("\x1f")) if stratified else (): count for name, count in counts}


@dataclass(frozen=True, slots=True)
class Window:
    """A run of keys, now in the relation ``chosen``.

    ``beyond`` is, for each stratum with more keys, the ordinal of the first one not yet taken.
    """

    keys: list[tuple[int, Stratum]]
    beyond: Mapping[Stratum, int]


class KeyWalk:
    """Walks the keys of one split in draw order, window by window.

    Test keys have an order of their own, so that asking for test samples changes only those
    training rows that touch them; ``banned_groups`` are the split groups that test samples took.
    ``yields`` is the share of keys that are expected to give a sample, above 0: only how many are
    fetched at first follows from it.

    Attributes:
        quotas: how many samples each stratum may hold.
        available: how many keys each stratum has.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        plan: Plan,
        *,
        size: int,
        tolerance: float,
        split: str,
        banned_groups: Iterable[str] = (),
        yields: float = 1.0,
    ) -> None:
        self._connection = connection
        self._first_growth = min(1 / yields, _MOST_GROWTH)
        connection.execute("CREATE OR REPLACE TEMP TABLE banned (split_group VARCHAR)")
        if banned := sorted(banned_groups):
            connection.execute("INSERT INTO banned SELECT unnest($groups)", {"groups": banned})
        ordinal = (
            "row_number() OVER (ORDER BY draw(key, 'test'), key)" if split == "test" else "ordinal"
        )
        # Numbers alone: the keys of millions of rows are sorted once and held once. ``place`` is
        # where a key stands in the plan.
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE walk AS "
            "SELECT *, row_number() OVER (PARTITION BY stratum ORDER BY ordinal) AS rank "
            f"FROM (SELECT ordinal AS place, {ordinal} AS ordinal, stratum FROM keys "
            "ANTI JOIN banned USING (split_group))"
        )
        self._partners = plan.partners
        if plan.partners:
            self._line_up(connection)
        self._stratified = bool(plan.shares)
        left = _by_stratum(connection, "walk", self._stratified)
        self.available = {stratum: left.get(stratum, 0) for stratum in plan.available}
        self.quotas = share_out(size, self.available, plan.shares, tolerance)
        self._depths = dict.fromkeys(self.quotas, 0)
        self._largest = _LARGEST_WINDOW

    def widen(self, width: float) -> None:
        """Let windows hold twice as many keys from now on, where that many facts are not too much.

        ``width`` is that of a key's facts, in bytes. Which keys come, and in which order, does not
        depend on it.
        """
        if 2 * self._largest * width <= _LARGEST_FACTS:
            self._largest *= 2

    def _line_up(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Give every key its partners: the keys after it in this walk, of its own locale.

        Where the keys have a column ``near`` (a type or a department of products), up to half of
        them, and the first, are those that share its value. The last keys of the walk find theirs
        at the start again.
        """
        columns = {name for name, *_ in connection.table("keys").description}
        within = "coalesce(locale, '')" if "locale" in columns else "''"
        near = "near" if "near" in columns else "NULL"
        most = self._partners
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE partners AS
            WITH walked AS (
                SELECT keys.* REPLACE (walk.ordinal AS ordinal)
                FROM keys JOIN walk ON keys.ordinal = place
            ),
            grouped AS (
                SELECT key, ordinal, {within} AS within, NULL AS near, {most} AS turns, 1 AS scope
                FROM walked
                UNION ALL
                SELECT key, ordinal, {within}, CAST({near} AS VARCHAR), {most // 2}, 0
                FROM walked WHERE {near} IS NOT NULL
            ),
            line AS (
                SELECT *,
                    row_number() OVER (PARTITION BY scope, within, near ORDER BY ordinal) - 1
                        AS place,
                    count(*) OVER (PARTITION BY scope, within, near) AS length
                FROM grouped
            ),
            asked AS (
                SELECT key, scope, within, near, turn, (place + turn) % length AS place
                FROM line, (SELECT unnest(range(1, {most} + 1)) AS turn)
                WHERE turn < length AND turn <= turns
            ),
            found AS (
                SELECT asked.key, line.key AS partner, min(asked.scope * {most} + turn) AS turn
                FROM asked JOIN line ON asked.scope = line.scope AND asked.within = line.within
                    AND asked.near IS NOT DISTINCT FROM line.near AND asked.place = line.place
                GROUP BY asked.key, line.key
            )
            SELECT key, row_number() OVER (PARTITION BY key ORDER BY turn) AS turn, partner
            FROM found
            QUALIFY row_number() OVER (PARTITION BY key ORDER BY turn) <= {most}
        """)

    def next_window(self, needed: Mapping[Stratum, int]) -> Window | None:
        """Fill ``chosen`` for what is still needed; None where no open stratum has keys left."""
        bounds: list[tuple[str, int, int]] = []
        taken = sum(self._depths.values())
        accepted = sum(self.quotas.values()) - sum(needed.values())
        if not taken:
            growth = self._first_growth
        else:
            growth = min(taken / accepted if accepted else taken + 1, _MOST_GROWTH)
        most = max(self._largest // max(sum(map(bool, needed.values())), 1), 1)
        for stratum, count in needed.items():
            low = self._depths[stratum]
            left = self.available.get(stratum, 0) - low
            if count and left > 0:
                high = low + min(left, int(count * growth * _MARGIN) + 8, most)
                bounds.append(("\x1f".join(stratum), low, high))
                self._depths[stratum] = high
        if not bounds:
            return None
        names, lows, highs = zip(*bounds, strict=True)
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE bounds AS SELECT unnest($names::VARCHAR[]) AS stratum, "
            "unnest($lows::BIGINT[]) AS low, unnest($highs::BIGINT[]) AS high",
            {"names": list(names), "lows": list(lows), "highs": list(highs)},
        )
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE taken AS SELECT walk.* FROM walk JOIN bounds "
            "USING (stratum) WHERE rank > low AND rank <= high"
        )
        self._choose("taken")
        keys = self._connection.execute("SELECT ordinal, stratum FROM chosen").fetchall()
        if self._partners:
            self._connection.execute(
                "CREATE OR REPLACE TEMP TABLE groups AS "
                "SELECT chosen.ordinal, key, turn, partner "
                "FROM chosen JOIN (FROM partners UNION ALL SELECT key, 0, key FROM chosen) "
                "USING (key)"
            )
            self._choose(
                "(FROM walk WHERE place IN (SELECT ordinal FROM keys WHERE key IN "
                "(SELECT partner FROM groups)))"
            )
        beyond = self._connection.execute(
            "SELECT stratum, min(ordinal) FROM walk JOIN bounds USING (stratum) "
            "WHERE rank > high GROUP BY stratum"
        ).fetchall()
        return Window(
            [(ordinal, self._stratum(name)) for ordinal, name in keys],
            {self._stratum(name): ordinal for name, ordinal in beyond},
        )

    def _choose(self, walked: str) -> None:
        """Fill ``chosen`` with the keys of some rows of the walk."""
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE chosen AS "
            "SELECT keys.* REPLACE (walked.ordinal AS ordinal), rank "
            f"FROM keys JOIN {walked} AS walked ON keys.ordinal = place ORDER BY walked.ordinal"
        )

    def _stratum(self, name: str) -> Stratum:
        return tuple(name.split("\x1f")) if self._stratified else ()
