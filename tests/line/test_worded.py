"""Prompts in the language of the input: the same rows, asked in another language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

import factory
from factory.engines import LocalEngine
from factory.errors import RecipeError
from factory.filters import LANGUAGE_NAMES
from factory.line import RunResult, compile_task, prompt_languages, run_mixture, run_task
from factory.line.parts import parts_of
from factory.recipe import load_recipe
from factory.runs.causes import causes_between
from factory.sample import Sample
from factory.serving.expression import regex
from factory.serving.grammar import admitted
from factory.serving.recognise import recognise
from factory.templates import PromptLanguage, PromptOptions, language_of
from factory.templates.compiler import PACKAGED
from factory.terminal.results import print_mixture, print_run
from tests.catalogue import catalogue
from tests.templates.test_task_templates import texts

RecipeFile = Callable[..., Path]
#: How a task's samples of each language begin to ask for the answer.
CUES = {"en": "Output:", "es": "Respuesta:", "ja": "回答：", "zh": "答案："}
#: Every form of answer of the templates that are in all languages, and tasks that derive.
FORMS = (
    *("label_query_type", "check_query_type", "rate_labelled_review", "judge_review_aspects"),
    *("extract_query_attribute", "match_listing_attributes", "list_aspects_of_polarity"),
    *("find_odd_review", "task12", "select_substitutes", "choose_substitute_of_two"),
)
#: Values that a sentence of another language says in its own word.
POLARITIES = {"positive", "negative", "mixed"}
#: The tasks of docs/results.md.
RESULTS_FILE = Path(__file__).parents[2] / "benchmarks" / "results.yaml"
RESULTS = load_recipe(RESULTS_FILE)
TWINS = {"many_languages": None, "own_language": PromptOptions(language="input")}
TRAINED = sorted(RESULTS.mixtures["full"].weights | RESULTS.mixtures["full"].tasks)


def made_in(folder: Path, task: str, language: PromptLanguage, size: int = 48) -> RunResult:
    """Make samples of a task, of all languages of the shop, with prompts in ``language``."""
    spec = catalogue().tasks[task]
    prompt = PromptOptions(language=language)
    changed = spec.model_copy(update={"size": size, "test": 0, "prompt": prompt})
    recipe = catalogue().model_copy(update={"tasks": {**catalogue().tasks, task: changed}})
    return run_task(recipe, task, folder, LocalEngine(workers=0))


def samples_of(run: RunResult) -> dict[str, Sample]:
    return {sample.id: sample for sample in factory.read_samples(run.folder)}


@pytest.mark.parametrize("task", FORMS)
def test_each_sample_is_asked_in_its_own_language_and_nothing_else_changes(
    tmp_path: Path, task: str
) -> None:
    english = samples_of(made_in(tmp_path / "en", task, "en"))
    own = samples_of(made_in(tmp_path / "own", task, "input"))

    assert list(own) == list(english)
    assert {each.lang for each in own.values()} >= {"en", "es", "ja"}
    for sample_id, sample in own.items():
        twin = english[sample_id]
        wording = sample.provenance.wording.removeprefix(f"{sample.lang}/")
        assert (wording, sample.output_field) == (twin.provenance.wording, twin.output_field)
        assert language_of(sample.provenance.wording) == sample.lang
        if sample.lang == "en":
            assert sample.input_field == twin.input_field
            continue
        assert sample.output.startswith(CUES[sample.lang])
        assert sample.input != twin.input
        said = set(texts(sample.slots)) - POLARITIES
        assert all(text in sample.input_field for text in said if text in twin.input_field)
        assert set(twin.input_field.split("\n")).isdisjoint(sample.input_field.split("\n")[:1])


@pytest.mark.parametrize("task", FORMS)
def test_the_server_tells_the_answers_form_in_every_language(tmp_path: Path, task: str) -> None:
    for sample in samples_of(made_in(tmp_path, task, "input")).values():
        asked = recognise(sample.input_field)
        answers = admitted(asked, sample.input_field)

        assert asked.task_type == sample.task_type, sample.input_field
        assert answers is not None
        assert re.fullmatch(regex(answers), sample.output_field), sample.input_field


def test_the_manifest_counts_the_languages_of_the_prompts(tmp_path: Path) -> None:
    english = made_in(tmp_path / "en", "label_query_type", "en").manifest["splits"]["train"]
    run = made_in(tmp_path / "own", "label_query_type", "input")
    own = run.manifest["splits"]["train"]

    assert "prompt_languages" not in english
    assert own["prompt_languages"] == own["languages"] == english["languages"]
    counted = Counter(each.provenance.wording for each in samples_of(run).values())
    assert own["wordings"] == dict(sorted(counted.items()))


def test_a_mixture_has_its_tasks_asked_in_the_language_of_the_input(
    tmp_path: Path, recipe_file: RecipeFile
) -> None:
    tasks = {"label_query_type": 24, "compare_query_types": 24, "convert_units": 24}
    two = {"title": "Three", "size": 72, "tasks": tasks, "prompt": {"language": "input"}}
    recipe = load_recipe(recipe_file(mixtures={"two": two}))
    made = run_mixture(recipe, "two", tmp_path, LocalEngine(workers=0))

    samples = list(factory.read_samples(made.folder))
    prompts = Counter(language_of(each.provenance.wording) for each in samples)
    assert made.manifest["prompt_languages"] == {"train": dict(sorted(prompts.items()))}
    for sample in samples:
        untranslated = sample.task == "convert_units"
        expected = "en" if untranslated else sample.lang
        assert language_of(sample.provenance.wording) == expected


def test_the_measured_mixture_and_its_twins_differ_in_the_language_of_prompts_alone() -> None:
    languages = load_recipe(RESULTS_FILE.with_name("languages.yaml")).mixtures
    full = RESULTS.mixtures["full"].model_dump(exclude={"title", "prompt"})

    assert {name: each.prompt for name, each in languages.items() if name in TWINS} == TWINS
    for name in TWINS:
        assert languages[name].model_dump(exclude={"title", "prompt"}) == full


def test_one_language_for_all_prompts(tmp_path: Path) -> None:
    run = made_in(tmp_path, "label_query_type", "zh")

    assert run.manifest["splits"]["train"]["prompt_languages"] == {"zh": 48}
    assert {sample.output for sample in samples_of(run).values()} == {"答案："}


def test_a_run_says_how_many_samples_are_asked_in_english_for_want_of_prompts(
    tmp_path: Path, recipe_file: RecipeFile, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(folder: str, task: str, language: PromptLanguage) -> str:
        print_run(made_in(tmp_path / folder, task, language, size=12))
        return " ".join(capsys.readouterr().out.split())

    note = "asked in English, without prompts in"
    assert f"{note} fr: 12 samples of label_query_type (list --json" in said(
        "fr", "label_query_type", "fr"
    )
    assert f"{note} es: 12 samples of task8 (list --json" in said("es", "task8", "es")
    for language in ("en", "es", "input"):
        assert note not in said(language, "label_query_type", language)
    assert note not in said("en8", "task8", "en")

    tasks = {"label_query_type": 12, "convert_units": 12}
    two = {"title": "Two", "size": 24, "tasks": tasks, "prompt": {"language": "ja"}}
    recipe = load_recipe(recipe_file(mixtures={"two": two}))
    print_mixture(run_mixture(recipe, "two", tmp_path, LocalEngine(workers=0)))
    told = " ".join(capsys.readouterr().out.split())
    assert f"{note} ja: 12 samples of convert_units (list --json" in told


def test_a_run_in_the_languages_of_its_input_says_which_it_has_no_prompts_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = made_in(tmp_path, "convert_units", "input")
    languages = run.manifest["splits"]["train"]["languages"]
    others = sum(languages.values()) - languages.get("en", 0)

    print_run(run)

    told = " ".join(capsys.readouterr().out.split())
    note = f"without prompts in their text's language: {others} samples of convert_units"
    assert others > 0
    assert note in told


def test_every_task_of_the_measured_mixture_has_prompts_in_all_languages() -> None:
    for task in TRAINED:
        assert prompt_languages(catalogue(), task) == ["en", "es", "ja", "zh"], task


def test_a_task_without_a_translation_is_asked_in_english_and_is_what_it_was() -> None:
    recipe = catalogue()
    assert prompt_languages(recipe, "task8") == ["en"]
    spec = recipe.tasks["task8"].model_copy(update={"prompt": PromptOptions(language="es")})
    other = recipe.model_copy(update={"tasks": {**recipe.tasks, "task8": spec}})

    assert not compile_task(other, "task8").translations
    assert parts_of(compile_task(other, "task8")) == parts_of(compile_task(recipe, "task8"))


def test_what_derives_from_a_translated_task_and_is_not_translated_is_wholly_in_english(
    tmp_path: Path, recipe_file: RecipeFile
) -> None:
    recipe = recipe_file(check_query_type__prompt={"language": "input"}, check_query_type__size=40)
    folder = recipe.parent / "templates"
    folder.mkdir()
    (folder / "check_label.j2").write_bytes((PACKAGED / "check_label.j2").read_bytes())
    run = run_task(load_recipe(recipe), "check_query_type", tmp_path, LocalEngine(workers=0))

    samples = samples_of(run).values()
    assert {each.lang for each in samples} == {"en", "es", "ja", "zh"}
    assert all(each.input.startswith("Query: ") for each in samples)


def test_english_is_the_default_and_no_part_of_any_definition() -> None:
    said = PromptOptions(description=True)

    assert "language" not in said.model_dump()
    assert PromptOptions(language="input").model_dump()["language"] == "input"
    assert {*get_args(PromptLanguage)} == {*LANGUAGE_NAMES, "input"}


def test_a_mixtures_english_is_laid_over_a_tasks_own_language() -> None:
    task = PromptOptions(language="input", wordings=1)

    assert PromptOptions(language="en").over(task) == PromptOptions(wordings=1)
    assert PromptOptions(description=True).over(task).language == "input"


def own_copies(recipe: Path, template: str) -> Path:
    """Put a packaged template with its Spanish beside a recipe; return the Spanish one."""
    folder = recipe.parent / "templates"
    (folder / "es").mkdir(parents=True)
    for name in (template, f"es/{template}"):
        (folder / name).write_bytes((PACKAGED / name).read_bytes())
    return folder / "es" / template


def parts(recipe: Path, task: str) -> dict[str, Any]:
    return parts_of(compile_task(load_recipe(recipe), task))


def test_a_changed_spanish_wording_changes_its_own_hash_and_no_other(
    recipe_file: RecipeFile, made: Callable[[str], RunResult]
) -> None:
    recipe = recipe_file(label_query_type__prompt={"language": "input"})
    spanish = own_copies(recipe, "label_query.j2")
    before = parts(recipe, "label_query_type")
    text = spanish.read_text(encoding="utf-8")
    assert "¿Qué tipo de producto quiere?" in text
    spanish.write_text(text.replace("¿Qué tipo de producto quiere?", "¿Qué quiere?"))
    after = parts(recipe, "label_query_type")

    changed = [name for name, each in before["wordings"].items() if after["wordings"][name] != each]
    assert changed == ["es/customer"]
    assert before["template"] == after["template"]
    manifest = made("label_query_type").manifest
    runs = [{"t": {**manifest, "parts": each}} for each in (before, after)]
    (cause,) = causes_between(*runs)
    assert cause.wordings == {"es/customer"}


def test_a_word_in_another_language_changes_the_wordings_that_say_it(
    recipe_file: RecipeFile,
) -> None:
    recipe = recipe_file(label_title_type__prompt={"language": "input"})
    before = parts(recipe, "label_title_type")["wordings"]
    folder = recipe.parent / "templates" / "ja"
    folder.mkdir(parents=True)
    (folder / "words.yaml").write_text("product: 品物\n", encoding="utf-8")
    after = parts(recipe, "label_title_type")["wordings"]

    changed = {name for name, each in before.items() if after[name] != each}
    assert changed == {name for name in before if language_of(name) == "ja"}


def test_a_shops_own_template_is_never_asked_in_the_packaged_ones_spanish(
    recipe_file: RecipeFile,
) -> None:
    recipe = recipe_file(label_query_type__prompt={"language": "input"})
    spanish = own_copies(recipe, "label_query.j2")
    assert list(compile_task(load_recipe(recipe), "label_query_type").translations) == ["es"]
    spanish.unlink()

    assert not compile_task(load_recipe(recipe), "label_query_type").translations
    assert prompt_languages(load_recipe(recipe), "label_query_type") == ["en"]


def test_a_shops_own_translation_needs_its_words(recipe_file: RecipeFile) -> None:
    recipe = recipe_file(
        label_title_type__prompt={"language": "es"},
        label_title_type__words={"thing": "gizmo", "kind": "product type", "shown_as": "Title"},
    )
    assert not compile_task(load_recipe(recipe), "label_title_type").translations
    own_copies(recipe, "label_title.j2")

    with pytest.raises(RecipeError, match=r"'Title' is not in es/words\.yaml"):
        compile_task(load_recipe(recipe), "label_title_type")
