from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from factory.errors import RecipeError
from factory.sources.view import PACKAGED, load_view
from tests.catalogue import catalogue

KEYS = "SELECT query_id AS key, query_id AS split_group FROM judgements"
FACTS = "SELECT key, 'us' AS locale, ['query:1'] AS source_ids FROM chosen"
PACKAGED_VIEWS = sorted(path.stem for path in PACKAGED.glob("*.sql"))


@pytest.fixture
def view(tmp_path):
    def view(keys: str = KEYS, facts: str = FACTS, text: str | None = None):
        source = text if text is not None else f"-- keys\n{keys}\n\n-- facts\n{facts}\n"
        (tmp_path / "mine.sql").write_text(source, encoding="utf-8")
        loaded = load_view("mine", tmp_path)
        _, facts = loaded.columns("t", {"candidates": 5})
        return loaded, facts

    return view


def refused(view, **parts: str) -> str:
    """Return what a view is refused with, without its folder."""
    with pytest.raises(RecipeError) as caught:
        view(**parts)
    message = str(caught.value)
    assert "\n" not in message
    return message[message.index("mine.sql") :]


def test_a_view_is_its_two_statements(view):
    loaded, columns = view(f"{KEYS};", f"\n{FACTS}\n;\n")

    assert loaded.keys.strip() == KEYS
    assert loaded.facts.strip() == FACTS
    assert columns == ("key", "locale", "source_ids")
    assert loaded.mapper is None
    assert loaded.offers == ()


def test_the_statements_may_stand_in_either_order(view):
    _, columns = view(text=f"-- What it is.\n\n-- facts\n{FACTS}\n-- keys\n{KEYS}\n")

    assert columns == ("key", "locale", "source_ids")


def test_a_view_may_say_which_share_of_its_keys_gives_a_sample(view):
    unsaid, _ = view()
    said, _ = view(text=f"-- yields 0.6\n\n-- keys\n{KEYS}\n-- facts\n{FACTS}\n")

    assert (unsaid.yields, said.yields) == (1.0, 0.6)


def test_line_ends_of_windows_part_statements_too(tmp_path):
    (tmp_path / "mine.sql").write_bytes(f"-- keys\r\n{KEYS}\r\n-- facts\r\n{FACTS}\r\n".encode())

    assert load_view("mine", tmp_path).facts.strip() == FACTS


@pytest.mark.parametrize("end", [" -- all of them", " /* all */", "\n-- all of them\n", ";"])
def test_a_comment_may_end_a_statement(view, end):
    loaded, _ = view(KEYS + end, FACTS + end)

    assert loaded.keys
    assert loaded.facts


@pytest.mark.parametrize(
    "call",
    [
        "random()",
        "RANDOM()",
        "Random  ()",
        "random\n()",
        '"random"()',
        "hash(query)",
        "query.hash()",
        "any_value(query)",
        "arbitrary(query)",
        "first(query)",
        "LAST (query)",
        "uuid()",
        "gen_random_uuid()",
        "uuidv7()",
        "now()",
        "today()",
        "get_current_timestamp()",
        "current_timestamp",
        "CURRENT_DATE",
        "localtimestamp",
        "txid_current()",
        "nextval('s')",
        "approx_quantile(1, 0.5)",
        "approx_count_distinct(query)",
        "reservoir_quantile(1, 0.5)",
        "setseed(0.5)",
        "'--' || random()",
        "'it''s' || '/*' || random() || '*/'",
    ],
)
@pytest.mark.parametrize("part", ["keys", "facts"])
def test_what_may_answer_differently_on_the_same_data_is_refused(view, call, part):
    statement = {"keys": KEYS, "facts": FACTS}[part].replace(" FROM", f", {call} AS other FROM")

    message = refused(view, **{part: statement})

    name = message.removeprefix("mine.sql: '").split("'")[0]
    assert name.casefold() in call.casefold()
    assert f"in {part!r} may answer differently on the same data; use draw(key, purpose)" in message


@pytest.mark.parametrize("sampling", ["USING SAMPLE 3", "using\n sample 10%", "TABLESAMPLE 10%"])
def test_a_sample_is_refused(view, sampling):
    assert "may answer differently" in refused(view, keys=f"{KEYS} {sampling}")


@pytest.mark.parametrize(
    "harmless",
    [
        "min(query)",
        "max(query)",
        "list(query ORDER BY query)",
        "first_value(query) OVER (ORDER BY query)",
        "last_value(query) OVER (ORDER BY query)",
        "list_first([query])",
        "count(*) OVER (ORDER BY query NULLS FIRST)",
        "row_number() OVER (ORDER BY query NULLS LAST)",
        "'random()'",
        "'it''s now() or first('",
        "1 /* random() */",
        "1 -- hash(query)\n",
        "md5(query)",
        "draw(query, 'first')",
        "query AS first",
        "query AS now",
        "query AS uuid",
    ],
)
def test_what_only_looks_like_it_is_taken(view, harmless):
    name = "" if " AS " in harmless else " AS other"
    grouped = " GROUP BY ALL" if harmless.startswith(("min", "max", "list(")) else ""

    keys = (
        f"SELECT query_id AS key, query AS split_group, {harmless}{name} FROM judgements{grouped}"
    )

    loaded, _ = view(keys)

    assert loaded.keys.strip() == keys.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEYS,
        f"-- keys\n{KEYS}\n",
        f"-- facts\n{FACTS}\n",
        f"-- keys\n\n-- facts\n{FACTS}\n",
        f"-- keys\n;\n-- facts\n{FACTS}\n",
        f"-- keys\n{KEYS}\n-- facts\n{FACTS}\n-- keys\n{KEYS}\n",
        f"--keys\n{KEYS}\n--facts\n{FACTS}\n",
    ],
)
def test_a_view_without_both_statements_once_is_refused(view, text):
    assert refused(view, text=text) == (
        "mine.sql: a view has two statements, below the lines -- keys and -- facts"
    )


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        (
            {"keys": "SELECT query_id AS split_group FROM judgements"},
            "mine.sql: the statement 'keys' lacks the column 'key'; it has ",
        ),
        (
            {"keys": "SELECT query_id AS key FROM judgements"},
            "mine.sql: the statement 'keys' lacks the column 'split_group'; it has ",
        ),
        (
            {"facts": "SELECT 'us' AS locale, [''] AS source_ids FROM chosen"},
            "mine.sql: the statement 'facts' lacks the column 'key'; it has locale, source_ids",
        ),
        (
            {"facts": "SELECT key, [''] AS source_ids FROM chosen"},
            "mine.sql: the statement 'facts' lacks the column 'locale'; it has key, source_ids",
        ),
        (
            {"facts": "SELECT key, 'us' AS locale FROM chosen"},
            "mine.sql: the statement 'facts' lacks the column 'source_ids'; it has key, locale",
        ),
        (
            {"keys": "SELEC query_id AS key"},
            "mine.sql: the statement 'keys' is not usable: Parser Error: ",
        ),
        (
            {"facts": "SELECT colour FROM chosen"},
            "mine.sql: the statement 'facts' is not usable: Binder Error: ",
        ),
        (
            {"facts": "SELECT * FROM returns"},
            "mine.sql: the statement 'facts' is not usable: Catalog Error: ",
        ),
        (
            {"facts": "SELECT shout(key) FROM chosen"},
            "mine.sql: the statement 'facts' is not usable: Catalog Error: ",
        ),
        ({"keys": f"{KEYS}; SELECT 1"}, "mine.sql: 'keys' holds 2 statements; it may hold one"),
        ({"facts": "-- nothing"}, "mine.sql: 'facts' holds 0 statements; it may hold one"),
        ({"keys": "'"}, "mine.sql: the statement 'keys' is not usable: Parser Error: "),
    ],
)
def test_sql_that_is_not_usable_is_one_line_with_its_statement(view, parts, complaint):
    assert refused(view, **parts).startswith(complaint)


def test_a_view_cannot_end_its_parentheses_and_begin_another_statement(view, tmp_path):
    target = tmp_path / "written.csv"
    keys = f"{KEYS}); COPY (SELECT 42) TO '{target}'; SELECT * FROM ({KEYS}"

    assert "is not usable: Parser Error" in refused(view, keys=keys)
    assert not target.exists()


@pytest.mark.parametrize("part", ["keys", "facts"])
@pytest.mark.parametrize("reader", ["read_text", "read_csv", "read_blob", "glob"])
def test_a_view_is_checked_without_reaching_a_file(view, tmp_path, part, reader):
    secret = tmp_path / "secret.txt"
    secret.write_text("a,b\n1,2\n")
    other = {"keys": KEYS, "facts": FACTS}[part]

    message = refused(view, **{part: f"{other}, {reader}('{secret}')"})

    assert "operations are disabled" in message


def test_a_view_beside_the_recipe_wins_over_a_packaged_one(tmp_path):
    (tmp_path / "query_products.sql").write_text(f"-- keys\n{KEYS}\n-- facts\n{FACTS}\n")

    assert load_view("query_products", tmp_path).path == tmp_path / "query_products.sql"
    assert load_view("query_products", tmp_path / "none").path.parent == PACKAGED


def test_a_view_beside_the_recipe_has_no_mapper_of_a_packaged_one(tmp_path):
    (tmp_path / "product_query.sql").write_text(f"-- keys\n{KEYS}\n-- facts\n{FACTS}\n")

    assert load_view("product_query", tmp_path).mapper is None
    assert load_view("product_query").mapper is not None


def test_a_missing_view_is_told_with_the_nearest_and_where_it_was_looked_for(tmp_path):
    (tmp_path / "my_products.sql").write_text("")

    with pytest.raises(RecipeError) as caught:
        load_view("my_product", tmp_path)

    assert str(caught.value) == (
        "view 'my_product' is missing: did you mean 'my_products'? Looked for my_product.sql in "
        f"{tmp_path} and {PACKAGED}"
    )


def test_a_view_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "mine.sql").write_bytes(b"\xff\xfe")

    with pytest.raises(RecipeError, match=r"mine\.sql: cannot be read as UTF-8 text"):
        load_view("mine", tmp_path)


#: Views that no task of the catalogue reads, since the user must ask for them by name, and the one
#: whose place they take (docs/language-models.md).
BY_NAME_ONLY = {"development_candidates": "instruction_candidates"}


@cache
def options_of(view: str) -> dict[str, Any]:
    """Return the options with which the catalogue uses a view."""
    view = BY_NAME_ONLY.get(view, view)
    used = (task for task in catalogue().tasks.values() if task.rows == view and not task.derive)
    return next(used).options.model_dump(mode="json")


def test_every_packaged_view_is_some_tasks_own():
    used = {task.rows for task in catalogue().tasks.values()}
    assert used.isdisjoint(BY_NAME_ONLY)
    assert used.union(BY_NAME_ONLY) == set(PACKAGED_VIEWS)


@pytest.mark.parametrize("name", PACKAGED_VIEWS)
def test_every_packaged_view_is_usable_over_empty_tables(name):
    keys, facts = load_view(name).columns("t", options_of(name))

    assert {"key", "split_group"} <= set(keys)
    assert {"key", "locale", "source_ids"} <= set(facts)


@pytest.mark.parametrize("name", PACKAGED_VIEWS)
def test_a_packaged_view_says_exactly_which_columns_it_reads(name):
    view = load_view(name)

    assert view.needs
    for table, columns in view.needs.items():
        for column in columns:
            left = tuple(each for each in columns if each != column)
            fewer = {**view.needs, table: left}
            if not left:
                del fewer[table]
            with pytest.raises(RecipeError, match=r"is not usable|lacks the column"):
                replace(view, needs=fewer or {"labels": ("subject",)}).columns(
                    "t", options_of(name)
                )


def test_a_views_row_mapper_is_part_of_what_defines_it():
    mapper = Path(PACKAGED).parent / "rows" / "product_query.py"

    assert load_view("product_query").source.endswith(mapper.read_text(encoding="utf-8"))


def test_an_options_value_may_hold_quotes_and_its_name_anything(view):
    loaded, _ = view()

    strata, facts = loaded.columns(
        "it's", {'a"b': "c'd", "none": None, "list": ["x'"], "map": {"a": 1}}
    )

    assert "key" in strata
    assert "source_ids" in facts
