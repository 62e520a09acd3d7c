"""What a recipe takes in from others: laid over, moved to another shop, and explained by place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from factory.errors import RecipeError
from factory.line import compile_task
from factory.recipe import Recipe, load_recipe
from tests.catalogue import catalogue

BASE = """\
sources:
  esci: {adapter: esci}
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
"""
WRITE = """\
  write:
    title: Write the query
    source: esci
    rows: product_query
    type: generation
    template: write_query_for_product.j2
    size: 10
    track: user-behavior-alignment
"""
DERIVED = """\
tasks:
  check:
    title: Say whether a product title gives an attribute
    derive: {from: rank, operator: simplify, map: type_presence}
    type: classification
    template: check_type_presence.j2
    words: {thing: product title}
    with: {labels: ["yes", "no"]}
    size: 8
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes recipe files by name; the first one is the recipe's own."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path / f"{next(iter(files))}.yaml"

    return write


def refused(path: Path) -> str:
    """Return what the recipe is refused with: one line, without the folder."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    said = str(caught.value)
    assert "\n" not in said
    return said.replace(f"{path.resolve().parent}/", "").replace(f"{path.parent}/", "")


def test_own_keys_are_laid_over_the_included_ones(write) -> None:
    own = "include: [base.yaml]\nseed: 9\ntasks: {rank: {size: 5, test: 2}}\n"
    recipe = load_recipe(write(own=own, base=BASE))
    rank = recipe.task("rank")
    assert (rank.size, rank.test, recipe.seed) == (5, 2, 9)
    assert (rank.rows, rank.title) == ("query_products", "Rank products for a query")
    assert rank.options.candidates == 5


def test_a_value_of_a_key_is_replaced_whole(write) -> None:
    own = "include: [base.yaml]\nsources: {esci: {adapter: esci, with: {version: large}}}\n"
    base = BASE.replace("{adapter: esci}", "{adapter: esci, path: here, with: {version: small}}")
    source = load_recipe(write(own=own, base=base)).sources["esci"]
    assert source.options.version == "large"
    assert source.path.endswith("here")


def test_the_catalogue_is_included_by_its_name_and_changed_in_one_key(recipe_file) -> None:
    recipe = load_recipe(recipe_file(task12__size=5))
    changed = {n for n, task in recipe.tasks.items() if task != catalogue().tasks[n]}
    assert changed == {"task12"}
    assert list(recipe.tasks) == list(catalogue().tasks)


def test_tasks_of_a_folder_are_all_taken_in(write, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    folder.mkdir()
    (folder / "a.yaml").write_text(BASE)
    (folder / "b.yaml").write_text("sources:\n  esci: {adapter: esci}\ntasks:\n" + WRITE)
    (folder / "notes.txt").write_text("no recipe")
    assert list(load_recipe(write(own="include: [several]\n")).tasks) == ["rank", "write"]


def test_two_files_that_name_one_task_are_refused(write) -> None:
    other = BASE.replace("size: 100", "size: 7")
    said = refused(write(own="include: [base.yaml, other.yaml]\n", base=BASE, other=other))
    assert said == "other.yaml:4: tasks.rank stands in base.yaml too: rename one of them"


def test_two_files_may_say_the_same_of_one_source(write) -> None:
    other = "sources:\n  esci: {adapter: esci}\ntasks:\n" + WRITE
    recipe = load_recipe(write(own="include: [base.yaml, other.yaml]\n", base=BASE, other=other))
    assert list(recipe.tasks) == ["rank", "write"]


def test_a_file_that_is_not_there_is_told_with_its_line(write) -> None:
    said = refused(write(own="seed: 1\ninclude:\n  - base.yaml\n  - none.yaml\n", base=BASE))
    assert said.startswith("own.yaml:4: include.1: there is no recipe 'none.yaml' in ")
    assert "'catalogue' is the packaged one" in said


@pytest.mark.parametrize(
    ("include", "said"),
    [
        ("catalogue", "own.yaml:1: include: should be a valid list"),
        ("[{frm: base.yaml}]", "own.yaml:1: include.0"),
        ("[{from: base.yaml, source: 3}]", "own.yaml:1: include.0"),
        ("[3]", "own.yaml:1: include.0: "),
        ("['']", "own.yaml:1: include.0: "),
    ],
)
def test_what_includes_nothing_is_refused_with_its_line(write, include: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write(own=f"include: {include}\n", base=BASE))
    assert all(said in line for line in str(caught.value).split("\n"))


def test_every_task_of_the_catalogue_can_be_moved_to_another_shop(write) -> None:
    own = (
        "include: [{from: catalogue, source: mine}]\n"
        "sources: {mine: {adapter: tables, path: bundled}}\n"
    )
    recipe = load_recipe(write(own=own))
    assert set(recipe.tasks) == set(catalogue().tasks)
    assert {task.source for task in recipe.tasks.values()} == {"mine"}
    assert list(recipe.sources) == ["mine"]
    assert not recipe.mixtures
    for name, task in recipe.tasks.items():
        before = catalogue().tasks[name]
        assert task.model_copy(update={"source": before.source}) == before


def test_a_moved_task_that_the_shop_cannot_feed_says_what_is_missing(write) -> None:
    own = (
        "include: [{from: catalogue, source: mine}]\n"
        "sources: {mine: {adapter: esci, path: bundled}}\n"
    )
    recipe = load_recipe(write(own=own))
    with pytest.raises(RecipeError, match=r"tasks\.task15: the source 'mine' has no reviews\."):
        compile_task(recipe, "task15")
    assert compile_task(recipe, "task12").source_spec.adapter == "esci"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("    size: 100", "    size: 100\n    tset: 5", "base.yaml:11: tasks.rank.tset: unknown"),
        ("{candidates: 5}", "{candidate: 5}", "base.yaml:11: tasks.rank.with.candidate: unknown"),
        ("    size: 100", "    size: 0", "base.yaml:10: tasks.rank.size: "),
        ("source: esci", "source: esic", "base.yaml:6: tasks.rank.source: there is no source"),
        ("sources:", "seed: 3\nsources:", "base.yaml:1: seed: unknown key: "),
        ("sources:", "include: [x]\nsources:", "base.yaml:1: include: unknown key: "),
        ("{adapter: esci}", "{adapter: ecsi}", "base.yaml:2: sources.esci.adapter: "),
    ],
)
def test_an_error_names_the_included_file_and_line(write, right, wrong, said) -> None:
    assert BASE.count(right) == 1
    path = write(own="include: [base.yaml]\nseed: 1\n", base=BASE.replace(right, wrong))
    assert refused(path).startswith(said)


def test_an_error_of_a_change_names_the_recipe_that_changes(write) -> None:
    own = "include: [base.yaml]\ntasks:\n  rank:\n    with: {candidate: 5}\n"
    assert refused(write(own=own, base=BASE)).startswith(
        "own.yaml:4: tasks.rank.with.candidate: unknown key: did you mean 'candidates'?"
    )


def test_paths_of_an_included_source_are_beside_the_file_that_names_it(
    write, tmp_path: Path
) -> None:
    (tmp_path / "below").mkdir()
    text = BASE.replace("{adapter: esci}", "{adapter: esci, path: data}")
    (tmp_path / "below" / "base.yaml").write_text(text)
    recipe = load_recipe(write(own="include: [below/base.yaml]\n"))
    assert recipe.sources["esci"].path == str((tmp_path / "below" / "data").resolve())


@pytest.mark.parametrize("deep", ["[" * 5000, "{b: " * 5000, "[" * 60 + "]" * 60])
def test_a_hostile_file_is_refused_in_one_line_wherever_it_stands(write, deep: str) -> None:
    assert "nest" in refused(write(own=f"a: {deep}"))
    assert "nest" in refused(write(own="include: [base.yaml]\n", base=f"a: {deep}"))


def test_a_derived_task_of_an_unknown_parent_is_refused(write) -> None:
    own = "include: [base.yaml]\n" + DERIVED.replace("from: rank", "from: rnak")
    said = refused(write(own=own, base=BASE))
    assert said.startswith("own.yaml:5: tasks.check.derive.from: there is no task 'rnak': ")
    assert "did you mean 'rank'?" in said


def test_tasks_that_derive_from_each_other_are_refused(write) -> None:
    again = DERIVED.removeprefix("tasks:\n")
    own = (
        "include: [base.yaml]\n"
        + DERIVED.replace("from: rank", "from: again")
        + again.replace("  check:", "  again:").replace("from: rank", "from: check")
    )
    said = refused(write(own=own, base=BASE))
    assert said.endswith("tasks.again.derive.from: 'check' derives from this task itself")
    own = "include: [base.yaml]\n" + DERIVED.replace("from: rank", "from: check")
    assert refused(write(own=own, base=BASE)).startswith(
        "own.yaml:5: tasks.check.derive.from: 'check' derives from this task itself"
    )


def complaint(path: Path, task: str) -> str:
    recipe: Recipe = load_recipe(path)
    with pytest.raises(RecipeError) as caught:
        compile_task(recipe, task)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_parent_of_a_type_that_the_map_cannot_read_is_refused(write) -> None:
    said = complaint(write(own="include: [base.yaml]\n" + DERIVED, base=BASE), "check")
    assert said.startswith("tasks.check.derive: the map 'type_presence' reads tasks of the types ")
    assert said.endswith("'rank' is of type 'ranking'")


def test_a_column_that_the_parents_rows_lack_is_refused(write) -> None:
    derived = """\
tasks:
  back:
    title: Write the text
    derive: {from: write, operator: reverse, map: swap, with: {wanted: titel}}
    type: text
    template: write_title.j2
    size: 8
"""
    base = "sources:\n  esci: {adapter: esci}\ntasks:\n" + WRITE
    said = complaint(write(own="include: [base.yaml]\n" + derived, base=base), "back")
    assert "the map 'swap' reads the column 'titel', which the rows of 'write' do not" in said


def test_a_derived_task_names_no_source_or_view_of_its_own(write) -> None:
    own = "include: [base.yaml]\n" + DERIVED.replace("    type:", "    source: esci\n    type:")
    assert "has the source of its parent: leave out 'source', or 'derive'" in refused(
        write(own=own, base=BASE)
    )
