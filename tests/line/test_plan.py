from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import duckdb
import pytest

from factory.draw import Draw
from factory.errors import RecipeError
from factory.line.compile import compile_task
from factory.line.plan import KEYS_FILE, KeyWalk, Plan, load_plan, make_plan
from factory.line.task import Task
from factory.recipe import load_recipe
from factory.sources.view import prepare

SEED = 7
KEYS = 60

RECIPE = """
sources: {shop: {adapter: esci}}
tasks:
  t:
    title: A task
    source: shop
    rows: plain
    type: TYPE
    template: t.j2
    size: 10
    track: user-behavior-alignment
    balance: BALANCE
"""
VIEW = """
-- keys
SELECT query_id AS key, query AS split_group, label, locale FROM judgements

-- facts
SELECT key, locale, 'x' AS target, 'x' AS positive, ['y'] AS negatives, ['query:1'] AS source_ids
FROM chosen
"""
TEMPLATES = {"generation": "generation.j2", "multiple_choice": "multiple_choice.j2"}


def compiled(
    folder: Path, type_: str = "generation", balance: str = "{}", view: str = VIEW
) -> Task:
    """Return a task whose view takes one key of every judgement."""
    for name in ("views", "templates"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "views" / "plain.sql").write_text(view)
    (folder / "templates" / "t.j2").write_text(
        f'{{% extends "{TEMPLATES[type_]}" %}}{{% block prompt_a %}}Say x.{{% endblock %}}'
    )
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("TYPE", type_).replace("BALANCE", balance))
    return compile_task(load_recipe(recipe), "t")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_tables() as connection:
        yield connection


def open_tables() -> duckdb.DuckDBPyConnection:
    """Return a database with :data:`KEYS` judgements: three a group, every third labelled S."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE judgements AS SELECT 'us:' || n AS query_id, 'group ' || n // 3 AS query, "
        "CASE WHEN n % 3 = 0 THEN 'S' ELSE 'E' END AS label, 'us' AS locale "
        f"FROM range({KEYS}) AS numbers(n) ORDER BY md5(n::VARCHAR)"
    )
    prepare(connection, SEED, "t", {})
    return connection


def drawn(purpose: str, keys: list[str] | None = None) -> list[str]:
    """Return the keys in the order that :mod:`factory.draw` gives them."""
    keys = keys or [f"us:{n}" for n in range(KEYS)]
    return sorted(keys, key=lambda key: (Draw(SEED, "t", key).integer(purpose), key))


def walk(
    connection: duckdb.DuckDBPyConnection, plan: Plan, needs: int = 4, **options: object
) -> list[str]:
    """Return the keys of a walk in the order of their ordinals, asking for ``needs`` at a time."""
    options = {"size": KEYS, "tolerance": 99.0, "split": "train", **options}
    keys = KeyWalk(connection, plan, **options)
    found: dict[int, str] = {}
    needed = {stratum: min(needs, quota) for stratum, quota in keys.quotas.items()}
    while window := keys.next_window(needed):
        rows = connection.execute("SELECT ordinal, key FROM chosen").fetchall()
        assert sorted(ordinal for ordinal, _ in rows) == sorted(
            ordinal for ordinal, _ in window.keys
        )
        assert not found.keys() & dict(rows).keys()
        found |= dict(rows)
    return [found[ordinal] for ordinal in sorted(found)]


def test_keys_are_walked_in_the_order_of_their_draws(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path), tmp_path)

    assert plan.keys == KEYS
    assert plan.available == {(): KEYS}
    assert walk(connection, plan) == drawn("order")


@pytest.mark.parametrize("near", [False, True])
def test_half_of_the_partners_are_near_where_keys_say_what_is(connection, tmp_path, near):
    view = VIEW.replace("label, locale", "label, locale, label AS near") if near else VIEW
    plan = replace(make_plan(connection, compiled(tmp_path, view=view), tmp_path), partners=8)
    KeyWalk(connection, plan, size=KEYS, tolerance=0.0, split="train")
    found = connection.execute("SELECT key, partner FROM partners ORDER BY key, turn").fetchall()
    order = drawn("order")
    for place, key in enumerate(order):
        after = [*order[place + 1 :], *order[:place]]
        alike = [k for k in after if (int(k[3:]) % 3 == 0) == (int(key[3:]) % 3 == 0)]
        first = alike[:4] if near else []
        others = [k for k in after[:8] if k not in first]
        assert [partner for own, partner in found if own == key] == [*first, *others][:8]


@pytest.mark.parametrize("needs", [1, 7, 19, 60])
def test_the_size_of_a_window_changes_nothing(connection, tmp_path, needs):
    plan = make_plan(connection, compiled(tmp_path, balance="{label: equal}"), tmp_path)

    assert walk(connection, plan, needs) == drawn("order")


def test_a_window_may_not_pass_its_largest_size(connection, tmp_path, monkeypatch):
    monkeypatch.setattr("factory.line.plan._LARGEST_WINDOW", 5)
    plan = make_plan(connection, compiled(tmp_path), tmp_path)
    keys = KeyWalk(connection, plan, size=KEYS, tolerance=0.0, split="train")

    window = keys.next_window({(): 40})

    assert len(window.keys) == 5
    assert walk(connection, plan, 40) == drawn("order")


def test_windows_of_narrow_facts_grow_and_take_the_same_keys(connection, tmp_path, monkeypatch):
    monkeypatch.setattr("factory.line.plan._LARGEST_WINDOW", 5)
    monkeypatch.setattr("factory.line.plan._LARGEST_FACTS", 20 * 100)
    plan = make_plan(connection, compiled(tmp_path), tmp_path)

    def windows(width: float) -> list[list[int]]:
        keys = KeyWalk(connection, plan, size=KEYS, tolerance=0.0, split="train")
        found = []
        while window := keys.next_window({(): KEYS}):
            found.append([ordinal for ordinal, _ in window.keys])
            keys.widen(width)
        return found

    narrow, wide = windows(100), windows(201)
    assert list(map(len, narrow)) == [5, 10, 20, 20, 5]
    assert list(map(len, wide)) == [5] * 12
    assert [*chain(*narrow)] == [*chain(*wide)] == list(range(1, KEYS + 1))


def test_a_first_window_is_as_much_larger_as_keys_give_fewer_samples(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path), tmp_path)
    options = {"size": 16, "tolerance": 0.0, "split": "train"}
    usual = KeyWalk(connection, plan, **options).next_window({(): 16})
    larger = KeyWalk(connection, plan, **options, yields=0.5).next_window({(): 16})

    assert len(usual.keys) == 28
    assert len(larger.keys) == 48
    assert walk(connection, plan, 16, yields=0.5) == drawn("order")


def test_a_window_tells_where_each_open_stratum_goes_on(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path, balance="{label: equal}"), tmp_path)
    keys = KeyWalk(connection, plan, size=20, tolerance=0.0, split="train")
    order = [
        (place, ("S",) if int(key[3:]) % 3 == 0 else ("E",))
        for place, key in enumerate(drawn("order"), 1)
    ]

    taken: list[tuple[int, tuple[str]]] = []
    while window := keys.next_window({("E",): 1, ("S",): 2}):
        taken += window.keys
        for stratum in (("E",), ("S",)):
            ahead = [place for place, of in order if of == stratum and (place, of) not in taken]
            assert window.beyond.get(stratum) == min(ahead, default=None)

    assert sorted(taken) == order


def test_a_stratum_that_needs_nothing_is_not_fetched(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path, balance="{label: equal}"), tmp_path)
    keys = KeyWalk(connection, plan, size=20, tolerance=0.0, split="train")

    window = keys.next_window({("E",): 0, ("S",): 3})

    assert {stratum for _, stratum in window.keys} == {("S",)}
    assert window.beyond.keys() <= {("S",)}


def test_test_keys_have_an_order_of_their_own(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path), tmp_path)

    found = walk(connection, plan, split="test")

    assert found == drawn("test") != drawn("order")
    assert walk(connection, plan, split="train") == drawn("order")


def test_groups_that_test_samples_took_are_not_walked(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path), tmp_path)

    found = walk(connection, plan, banned_groups={"group 0", "group 7", "it's none"})

    left = [f"us:{n}" for n in range(KEYS) if n // 3 not in (0, 7)]
    assert found == drawn("order", left)
    assert walk(connection, plan) == drawn("order")


def test_quotas_count_what_is_left_after_the_ban(connection, tmp_path):
    plan = make_plan(connection, compiled(tmp_path, balance="{label: equal}"), tmp_path)

    keys = KeyWalk(
        connection,
        plan,
        size=60,
        tolerance=0.0,
        split="train",
        banned_groups=[f"group {n}" for n in range(10)],
    )

    assert keys.available == {("E",): 20, ("S",): 10}
    assert keys.quotas == {("E",): 10, ("S",): 10}


def test_a_kept_plan_gives_the_same_walk(connection, tmp_path):
    task = compiled(tmp_path, "multiple_choice", "{label: equal}")
    made = make_plan(connection, task, tmp_path)
    walked = walk(connection, made)

    with open_tables() as other:
        other.execute("DROP TABLE judgements")
        loaded = load_plan(other, task, tmp_path)

        assert loaded == made
        assert walk(other, loaded) == walked
        assert walk(other, loaded, 1, split="test") == drawn("test")

    assert (tmp_path / KEYS_FILE).is_file()
    assert not list(tmp_path.glob("*.partial"))


def test_the_golds_position_is_a_stratum_by_the_keys_own_draw(connection, tmp_path):
    make_plan(connection, compiled(tmp_path, "multiple_choice"), tmp_path)

    strata = dict(connection.execute("SELECT key, stratum FROM keys").fetchall())

    assert strata == {key: str(Draw(SEED, "t", key).below(4, "position")) for key in drawn("order")}


def test_positions_stand_after_the_recipes_own_dimensions(connection, tmp_path):
    task = compiled(tmp_path, "multiple_choice", "{label: {E: 2, S: 1}}")

    plan = make_plan(connection, task, tmp_path)

    assert list(plan.shares) == ["label", "position"]
    assert sum(plan.available.values()) == KEYS
    assert {label for label, _ in plan.available} == {"E", "S"}


def test_a_free_position_has_no_quota(connection, tmp_path):
    task = compiled(tmp_path, "multiple_choice", "{position: free, label: free}")

    assert make_plan(connection, task, tmp_path).available == {(): KEYS}


def test_a_missing_value_is_a_stratum_like_any_other(connection, tmp_path):
    connection.execute("UPDATE judgements SET label = NULL WHERE label = 'S'")

    plan = make_plan(connection, compiled(tmp_path, balance="{label: equal}"), tmp_path)

    assert plan.available == {("",): 20, ("E",): 40}
    assert walk(connection, plan) == drawn("order")


def test_a_key_that_stands_twice_is_an_error_that_names_it(connection, tmp_path):
    connection.execute("INSERT INTO judgements VALUES ('us:4', 'another', 'E', 'us')")

    with pytest.raises(RecipeError) as caught:
        make_plan(connection, compiled(tmp_path), tmp_path)

    path = tmp_path / "views" / "plain.sql"
    assert str(caught.value) == f"{path}: the key 'us:4' stands twice in 'keys'"
    assert not (tmp_path / KEYS_FILE).exists()


@pytest.mark.parametrize("column", ["query_id", "query"])
def test_a_row_without_key_or_split_group_is_an_error(connection, tmp_path, column):
    connection.execute(f"UPDATE judgements SET {column} = NULL WHERE label = 'S'")

    with pytest.raises(RecipeError, match="20 rows of 'keys' have no key or no split_group"):
        make_plan(connection, compiled(tmp_path), tmp_path)

    assert not (tmp_path / KEYS_FILE).exists()


def test_a_stratum_that_the_view_lacks_is_an_error_with_the_nearest(tmp_path):
    with pytest.raises(RecipeError) as caught:
        compiled(tmp_path, balance="{lable: equal}")

    message = str(caught.value)
    assert message.startswith("tasks.t.balance: the view 'plain' has no stratum 'lable': ")
    assert "did you mean 'label'?" in message
    assert "\n" not in message


def test_positions_are_no_stratum_where_the_gold_has_none(tmp_path):
    with pytest.raises(RecipeError, match="no stratum 'position'"):
        compiled(tmp_path, balance="{position: equal}")


def test_a_stratum_is_a_column_whatever_its_name_holds(connection, tmp_path):
    name = 'x"::VARCHAR, (SELECT 1)::VARCHAR, "label'
    quoted = name.replace('"', '""')
    view = VIEW.replace("label, locale", f'label AS "{quoted}", locale')
    balance = "{'" + name + "': equal}"

    task = compiled(tmp_path, balance=balance, view=view)

    assert make_plan(connection, task, tmp_path).available == {("E",): 40, ("S",): 20}


def test_folders_may_have_quotes_in_their_names(connection, tmp_path):
    folder = tmp_path / 'it\'s "here"'
    folder.mkdir()
    task = compiled(tmp_path)
    plan = make_plan(connection, task, folder)

    connection.execute("DROP TABLE keys")

    assert load_plan(connection, task, folder) == plan
