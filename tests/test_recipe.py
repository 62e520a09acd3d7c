import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import RecipeError, UsageError
from factory.line import compile_task
from factory.recipe import load_recipe
from tests.catalogue import TASKS, catalogue

GOOD = """\
sources:
  esci:
    adapter: esci
    with: {version: small}
tasks:
  rank:
    title: Rank products for a query
    source: esci
    rows: query_products
    type: ranking
    template: rank_products_for_query.j2
    size: 100
    with: {candidates: 5}
    track: user-behavior-alignment
filters:
  length: {max_tokens: 2048}
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def problems(path: Path) -> list[str]:
    """Return the complaints about a recipe, without the folder of its path."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    return [line.removeprefix(f"{path.parent}/") for line in str(caught.value).split("\n")]


def test_a_recipe_loads_with_its_folder_and_defaults(write):
    path = write(GOOD)

    recipe = load_recipe(path)

    assert recipe.folder == path.resolve().parent
    assert recipe.seed == 7
    assert recipe.sources["esci"].path == "bundled"
    assert recipe.task("rank").options.candidates == 5
    assert recipe.task("rank").test == 0


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("filters:", "filter:", "15: filter: unknown key: did you mean 'filters'? The keys here"),
        ("with: {ver", "wiht: {ver", "4: sources.esci.wiht: unknown key: did you mean 'with'?"),
        (
            "version",
            "versoin",
            "4: sources.esci.with.versoin: unknown key: did you mean 'version'",
        ),
        ("size:", "sise:", "12: tasks.rank.sise: unknown key: did you mean 'size'?"),
        ("with: {can", "with_: {can", "13: tasks.rank.with_: unknown key: did you mean 'with'?"),
        (
            "{candidates",
            "{candidate",
            "13: tasks.rank.with.candidate: unknown key: did you mean 'candidates'?",
        ),
        ("length", "lenght", "16: filters.lenght: unknown key: did you mean 'length'?"),
        (
            "max_tokens",
            "max_token",
            "16: filters.length.max_token: unknown key: did you mean 'max_tokens'?",
        ),
        ("    title:", "    folder: /etc\n    title:", "7: tasks.rank.folder: unknown key: "),
        ("sources:", "folder: /etc\nsources:", "1: folder: unknown key: "),
        (
            "adapter: esci",
            "adapter: ecsi",
            "3: sources.esci.adapter: there is no adapter 'ecsi': did you mean 'esci'?",
        ),
        (
            "source: esci",
            "source: esc",
            "8: tasks.rank.source: there is no source 'esc': did you mean 'esci'?",
        ),
        (
            "type: ranking",
            "type: rankings",
            "10: tasks.rank.type: there is no task type 'rankings': did you mean 'ranking'?",
        ),
        (
            "    track:",
            "    metric: accuracy\n    track:",
            "14: tasks.rank.metric: metric 'accuracy' does not apply to ranking: choose ndcg",
        ),
        (
            "track: user",
            "track: users",
            "14: tasks.rank.track: should be 'understanding-shopping-concepts', ",
        ),
        ("size: 100", "size: many", "12: tasks.rank.size: should be a valid integer, not 'many'"),
        ("size: 100", "size: yes", "12: tasks.rank.size: should be a valid integer, not True"),
        ("size: 100", "size: 0", "12: tasks.rank.size: should be greater than 0"),
        ("size: 100", "size: 1.5", "12: tasks.rank.size: should be a valid integer, not 1.5"),
        ("candidates: 5", "candidates: 6", "13: tasks.rank.with.candidates: "),
        ("title: Rank products for a query", "title: ''", "7: tasks.rank.title: "),
        ("title: Rank products for a query", "title: [a]", "7: tasks.rank.title: "),
        ("rows: query_products", "rows: ../evil", "9: tasks.rank.rows: String should match"),
        ("rows: query_products\n", 'rows: "a\\n"\n', "9: tasks.rank.rows: String should match"),
        ("  rank:", "  ../rank:", "6: tasks.../rank: String should match pattern"),
        ("{version: small}", "[small]", "4: sources.esci.with: should be a valid dict"),
        ("{version: small}", "{version: tiny}", "4: sources.esci.with.version: should be"),
        ("    track:", "    tolerance: .inf\n    track:", "14: tasks.rank.tolerance: "),
        ("    track:", "    tolerance: .nan\n    track:", "14: tasks.rank.tolerance: "),
        ("    track:", "    tolerance: -1\n    track:", "14: tasks.rank.tolerance: "),
        ("    track:", "    balance: {x: evenly}\n    track:", "14: tasks.rank.balance.x: "),
        ("    track:", "    nvidia: yes\n    track:", "14: tasks.rank.nvidia: "),
        ("    track:", "    filters: {title: 3}\n    track:", "14: tasks.rank.filters.title: "),
        ("sources:", "max_quarantined: 2\nsources:", "1: max_quarantined: should be less"),
        ("sources:", "1: one\nsources:", "1: recipe: the key 1 is not text in YAML: put it in q"),
        ("sources:", "yes: one\nsources:", "1: recipe: the key yes is not text in YAML: put it "),
        ("  rank:", "  12:", "6: tasks: the key 12 is not text in YAML: put it in quotes"),
        ("    title:", "    ~: x\n    title:", "7: tasks.rank: the key ~ is not text in YAML"),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_the_nearest_key(write, right, wrong, complaint):
    assert GOOD.count(right) == 1

    found = problems(write(GOOD.replace(right, wrong)))

    assert any(line.startswith(f"recipe.yaml:{complaint}") for line in found), found
    # A mistaken key also leaves the right one missing; nothing else is complained of.
    rest = [line for line in found if not line.startswith(f"recipe.yaml:{complaint}")]
    assert all(line.endswith(" is missing") for line in rest), found


@pytest.mark.parametrize(
    ("left_out", "complaint"),
    [
        ("    source: esci\n", "6: tasks.rank: the key 'source' is missing"),
        ("    size: 100\n", "6: tasks.rank: the key 'size' is missing"),
        ("    track: user-behavior-alignment\n", "6: tasks.rank: the key 'track' is missing"),
        ("    adapter: esci\n", "2: sources.esci: the key 'adapter' is missing"),
    ],
)
def test_a_missing_key_is_named_where_it_belongs(write, left_out, complaint):
    assert problems(write(GOOD.replace(left_out, ""))) == [f"recipe.yaml:{complaint}"]


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(write):
    text = GOOD.replace("adapter: esci", "adapter: ecsi").replace("size: 100", "size: 0")
    text = text.replace("length", "lenght")

    places = [line.split(": ")[:2] for line in problems(write(text))]

    assert places == [
        ["recipe.yaml:3", "sources.esci.adapter"],
        ["recipe.yaml:12", "tasks.rank.size"],
        ["recipe.yaml:16", "filters.lenght"],
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "1: a recipe is a mapping with the keys sources, tasks, ..."),
        ("# nothing\n", "1: a recipe is a mapping"),
        ("- a\n- b\n", "1: a recipe is a mapping"),
        ("just text", "1: a recipe is a mapping"),
        ("a: 1\n\tb: 2\n", "2: indented with a tab: YAML wants spaces"),
        ("a:\n  b: 1\n c: 2\n", "3: not YAML at column 2: "),
        ("a: [1, 2\nb: 3\n", "2: not YAML at column 2: "),
        ("a: 'open\n", "2: not YAML at column 1: "),
        ("a: 1\n---\nb: 2\n", "2: not YAML at column 1: "),
        ("a: *nothing\n", "1: not YAML at column 4: found undefined alias 'nothing'"),
        ("seed: 1\nsize: 2\nseed: 3\n", "3: the key 'seed' stands twice; keep one"),
        ("a:\n  b: {c: 1, c: 2}\n", "2: the key 'c' stands twice; keep one"),
        ("? [a, b]\n: c\n", "1: a key must be plain text"),
        ("a: &a [*a]\n", "1: values nest more than 50 deep, or an alias stands inside"),
        ("b: 1\na: &a {x: *a, y: *a}\n", "2: values nest more than 50 deep, or an alias"),
        ("a: &a\n  <<: *a\n", "1: values nest more than 50 deep, or an alias"),
        ("a: " + "[" * 60 + "]" * 60, "1: values nest more than 50 deep"),
        ("a: " + "[" * 5000, " its values nest too deep"),
        ("a: " + "{b: " * 5000, " its values nest too deep"),
        ("a: \x00\n", " not YAML: unacceptable character #x0000"),
        ("a: !!python/object/apply:os.system [echo]\n", " could not determine a constructor"),
        ("a: !!timestamp soon\n", " a value does not fit the tag"),
        ("a: !!bool maybe\n", " a value does not fit the tag"),
        ("a: !!int ''\n", " a value does not fit the tag"),
        ("a: !!float x\n", " could not convert string to float"),
        ("seed: " + "9" * 5000 + "\n", " Exceeds the limit"),
        (b"\xff\xfes\x00e\x00", " not text in UTF-8 (byte "),
        (b"PK\x03\x04\x14\x00\x08\x80", " not text in UTF-8 (byte "),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_recipe_is_refused_in_one_line(write, text, complaint):
    (line,) = problems(write(text))

    assert line.startswith(f"recipe.yaml:{complaint}")


def test_an_alias_bomb_is_refused_before_it_goes_off(write):
    levels = "abcdefghij"
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{now}: &{now} [{', '.join([f'*{before}'] * 9)}]\n" for before, now in pairwise(levels)
    )

    (line,) = problems(write(bomb))

    assert line == "recipe.yaml: its aliases expand to more than 200,000 values"


def test_a_merge_key_brings_in_the_keys_of_another_task(write):
    text = GOOD.replace("  rank:", "  rank: &rank").replace(
        "filters:", "  again: {<<: *rank, size: 7}\nfilters:"
    )

    recipe = load_recipe(write(text))

    assert recipe.task("again").size == 7
    assert recipe.task("again").rows == "query_products"


def test_a_mark_at_the_files_beginning_is_no_mistake(write):
    assert load_recipe(write(b"\xef\xbb\xbf" + GOOD.encode())).seed == 7


def test_a_key_cannot_write_to_the_terminal(write):
    (line,) = problems(write('"red\\e[31m\\nseed": 1\n' + GOOD))

    assert line.startswith("recipe.yaml:1: 'red\\x1b[31m\\nseed': unknown key")


@pytest.mark.parametrize("choices", ["{yes: It is., no: It is not.}", "[yes, no]"])
def test_yes_and_no_are_refused_as_choices(write, choices):
    text = (
        GOOD.replace("type: ranking", "type: multiple_choice")
        .replace("{candidates: 5}", f"{{choices: {choices}}}")
        .replace("rank_products_for_query", "classify_query_product_relation")
    )

    (line,) = problems(write(text))

    assert line == (
        "recipe.yaml:13: tasks.rank.with.choices: yes and no mean true and false in YAML: "
        "put them in quotes"
    )


def test_a_recipe_that_is_not_there_or_not_a_file_is_one_line(tmp_path):
    missing = problems(tmp_path / "none.yaml")[0]
    assert "no such recipe" in missing
    assert f"init --catalogue {tmp_path}` writes the one with all packaged tasks" in missing
    assert "a folder, not a recipe" in problems(tmp_path)[0]


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=80)
@given(st.sampled_from([line for line in GOOD.splitlines() if ": " in line]), JSON_LIKE)
def test_any_value_at_any_key_is_taken_or_explained(tmp_path_factory, line, value):
    key = line.split(":")[0]
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(GOOD.replace(line, f"{key}: {json.dumps(value)}"))
    try:
        assert load_recipe(path).tasks
    except RecipeError as error:
        for problem in str(error).split("\n"):
            assert problem.startswith(f"{path}:")
            assert problem.isprintable()


def test_changes_of_the_command_line_leave_the_recipe_as_it_was(write):
    recipe = load_recipe(write(GOOD.replace("    size: 100", "    size: 100\n    test: 30")))
    before = recipe.model_dump()

    changed = recipe.with_changes(
        seed=11, limit=20, paths={"esci": "/data/esci"}, allow_test=("esci",)
    )

    assert recipe.model_dump() == before
    assert (changed.seed, changed.task("rank").size, changed.task("rank").test) == (11, 20, 20)
    assert changed.sources["esci"].path == "/data/esci"
    assert changed.sources["esci"].allow_test
    assert changed.sources["esci"].options == recipe.sources["esci"].options
    assert changed.folder == recipe.folder


def test_a_limit_above_the_size_changes_nothing_and_seed_nought_is_a_seed(write):
    recipe = load_recipe(write(GOOD))

    assert recipe.with_changes(limit=10**9).task("rank").size == 100
    assert recipe.with_changes(seed=0).seed == 0


@pytest.mark.parametrize(
    "change", [{"paths": {"esic": "x"}}, {"allow_test": ("esic",)}, {"limit": 0}, {"limit": -1}]
)
def test_a_change_that_cannot_be_made_is_a_usage_error(write, change):
    recipe = load_recipe(write(GOOD))

    with pytest.raises(UsageError, match=r"did you mean 'esci'|leaves none to make"):
        recipe.with_changes(**change)


def test_an_unknown_task_is_a_usage_error_with_the_nearest(write):
    with pytest.raises(UsageError, match="there is no task 'rnak': did you mean 'rank'"):
        load_recipe(write(GOOD)).task("rnak")


def test_the_catalogue_carries_the_papers_numbers():
    numbers = {
        name: (task.nvidia, task.eshop, task.dev) for name, task in catalogue().tasks.items()
    }

    assert numbers["task12"] == (5, 36, 12)
    assert numbers["classify_query_product_relation"] == (33, None, None)
    assert numbers["select_product_bullets"] == (27, None, None)
    assert numbers["write_query_for_product"] == (None, 10, None)


@pytest.mark.parametrize(
    ("paper", "mixture", "other"),
    [("nvidia", "nvidia_all", "eshop"), ("eshop", "eshopinstruct", "nvidia")],
)
def test_the_catalogues_sizes_are_the_papers_own(paper, mixture, other):
    """The tasks of one number, and of no other one, make together what the paper prints."""
    printed = getattr(catalogue().mixtures[mixture], paper)
    made = Counter()
    shared = set()
    for task in catalogue().tasks.values():
        number = getattr(task, paper)
        if isinstance(number, list) or getattr(task, other) is not None:
            shared.update(number if isinstance(number, list) else [number])
        elif number is not None:
            made[number] += task.size
    alone = {number: size for number, size in made.items() if number not in shared}
    assert len(alone) > 10
    assert alone == {number: printed[number] for number in alone}


def test_a_task_named_after_the_development_set_has_its_number():
    for name, task in catalogue().tasks.items():
        if re.fullmatch(r"task\d+", name):
            numbers = task.dev if isinstance(task.dev, list) else [task.dev]
            assert int(name.removeprefix("task")) in numbers


@pytest.mark.parametrize("name", TASKS)
def test_every_task_of_the_catalogue_compiles(name):
    task = compile_task(catalogue(), name)

    assert task.metric in task.type.metrics
    assert task.definition


def test_a_path_in_the_users_home_is_read_there(write):
    path = write(GOOD.replace("with: {version: small}", "path: ~/data/esci"))
    assert load_recipe(path).sources["esci"].path == "~/data/esci"
    path = write(GOOD.replace("with: {version: small}", "path: ~esci"))
    assert load_recipe(path).sources["esci"].path == str(path.resolve().parent / "~esci")
