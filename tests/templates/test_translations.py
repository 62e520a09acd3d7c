"""Every template in another language stands in for its English one, and is wholly in its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from factory.errors import RecipeError
from factory.filters import LANGUAGE_NAMES
from factory.line.worded import prompt_languages
from factory.tasktypes import TASK_TYPES
from factory.templates import Template, TemplateFolder
from factory.templates.compiler import PACKAGED
from factory.templates.words import NAME, check_forms, load_words
from tests.catalogue import TASKS, catalogue
from tests.templates.test_task_templates import load

BASES = {each.base for each in TASK_TYPES.values()}
LANGUAGES = sorted(path.parent.name for path in PACKAGED.glob(f"*/{NAME}"))
TRANSLATED = sorted(
    (language, path.name)
    for language in LANGUAGES
    for path in (PACKAGED / language).glob("*.j2")
    if path.name not in BASES
)
#: What answers are made of is data, and stands in a prompt of any language.
DATA = {"yes", "no", "none", "positive", "negative", "mixed"}
#: Little words of English that Spanish does not have.
ENGLISH = {
    *("the", "of", "and", "is", "are", "which", "what", "this", "that", "with"),
    *("for", "from", "to", "in", "it", "does", "do", "you", "or", "product", "query"),
}
_KANA_OR_HAN = "[\\u3040-\\u30ff\\u4e00-\\u9fff]"
HALF_WIDTH = re.compile(rf"{_KANA_OR_HAN}[,.:;?!]|[,.;?!]{_KANA_OR_HAN}")


def translated(language: str, name: str) -> Template:
    found = TemplateFolder().translated(load(name), language, _base(name), words=words_of(name))
    assert found is not None
    return found


def words_of(name: str) -> set[str]:
    """Return the names of the words that recipes give to a template."""
    return {
        word for each in catalogue().tasks.values() if each.template == name for word in each.words
    }


def _base(name: str) -> str:
    found = re.search(r'{% extends "(\w+\.j2)" %}', (PACKAGED / name).read_text(encoding="utf-8"))
    assert found is not None
    return found.group(1)


def said(path: Path) -> str:
    """Return what a template says itself, without Jinja and without forms of answers."""
    source = path.read_text(encoding="utf-8")
    return re.sub(r'{#.*?#}|{%.*?%}|{{.*?}}|"[^"\n]*"', "\u2400", source, flags=re.DOTALL)


def foreign_words(text: str, language: str) -> Iterator[str]:
    """Yield the words of ``text`` that are not of ``language``."""
    for word in re.findall(r"[^\W\d_]+", text):
        english = word.casefold() in ENGLISH if language == "es" else word.isascii()
        if english and word.casefold() not in DATA:
            yield word


def test_prompts_are_in_the_languages_of_the_shop() -> None:
    assert LANGUAGES == ["es", "ja", "zh"]
    assert set(LANGUAGES) < set(LANGUAGE_NAMES)


@pytest.mark.parametrize(("language", "name"), TRANSLATED)
def test_a_translation_has_the_wordings_and_the_names_of_the_english(language, name) -> None:
    english, other = load(name), translated(language, name)

    assert set(other.wordings) == set(english.wordings)
    for wording, each in other.wordings.items():
        assert each.name == f"{language}/{wording}"
        assert set(each.names) ^ set(english.wordings[wording].names) <= words_of(name)
    texts = [each.fingerprint for each in other.wordings.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bases_are_all_there_and_print_what_the_english_ones_print(language) -> None:
    here = {path.name for path in (PACKAGED / language).glob("*.j2")}

    assert here >= BASES
    assert all("printed" not in (PACKAGED / language / base).read_text() for base in BASES)


@pytest.mark.parametrize(
    "path", sorted(PACKAGED.glob("*/*.j2")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_translation_says_nothing_in_english(path: Path) -> None:
    language = path.parent.name
    if language not in LANGUAGES:
        return

    assert not list(foreign_words(said(path), language))
    if language != "es":
        assert not HALF_WIDTH.findall(said(path))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_in_their_language_and_every_one_is_some_tasks(language) -> None:
    table = yaml.safe_load((PACKAGED / language / NAME).read_text(encoding="utf-8"))
    forms = [form for each in table.values() for form in _texts(each)]
    used = {text for task in catalogue().tasks.values() for text in task.words.values()}

    assert not [word for form in forms for word in foreign_words(form, language)]
    assert set(LANGUAGE_NAMES.values()) <= set(table)
    assert set(table) - set(LANGUAGE_NAMES.values()) <= used


def _texts(phrase: str | dict[str, str]) -> list[str]:
    return [phrase] if isinstance(phrase, str) else list(phrase.values())


@pytest.mark.parametrize("task", TASKS)
def test_a_task_whose_template_is_translated_has_its_words_and_their_forms(task: str) -> None:
    spec = catalogue().tasks[task]
    above = prompt_languages(catalogue(), spec.derive.from_) if spec.derive else LANGUAGES
    for language in LANGUAGES:
        if (language, spec.template) not in TRANSLATED or language not in above:
            continue
        assert language in prompt_languages(catalogue(), task)
        table = load_words([PACKAGED], language)
        words = {name: table[text] for name, text in spec.words.items()}
        for each in translated(language, spec.template).wordings.values():
            check_forms(words, each.forms, each.name, each.path)


MINE = """{% extends "classification.j2" %}
{% block prompt_plain %}
Which one? {{ thing }}
{% endblock %}
{% block input %}
{{ query }}
{% endblock %}
"""
SUYA = MINE.replace("Which one? {{ thing }}", "¿Cuál? {{ thing.the }}")


def refused(tmp_path: Path, spanish: str) -> str:
    (tmp_path / "es").mkdir()
    (tmp_path / "mine.j2").write_text(MINE, encoding="utf-8")
    (tmp_path / "es" / "mine.j2").write_text(spanish, encoding="utf-8")
    folder = TemplateFolder(tmp_path)
    with pytest.raises(RecipeError) as caught:
        folder.translated(folder.load("mine.j2", "classification.j2"), "es", "classification.j2")
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("prompt_plain", "prompt_simple", "the wording 'plain' of"),
        ("{% block input", "{% block prompt_more %}Más.{% endblock %}{% block input", "no wording"),
        ("{{ query }}", "{{ query }} {{ title }}", "uses 'title', which the English one does not"),
        ("{{ query }}", "", "does not use 'query', as the English one"),
        ('"classification.j2"', '"text.j2"', "this task's type needs"),
    ],
)
def test_what_cannot_stand_in_for_the_english_is_refused(tmp_path, old, new, why) -> None:
    assert why in refused(tmp_path, SUYA.replace(old, new))


def test_a_translation_in_a_language_without_its_base_says_so(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    for place in (tmp_path, tmp_path / "de"):
        (place / "mine.j2").write_text(MINE, encoding="utf-8")
    folder = TemplateFolder(tmp_path)
    english = folder.load("mine.j2", "classification.j2")

    assert folder.translated(english, "fr", "classification.j2") is None
    with pytest.raises(RecipeError, match=r"de/classification\.j2: the base of a translated"):
        folder.translated(english, "de", "classification.j2")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"thing": "la consulta"}, "'la consulta' in words.yaml has no forms"),
        ({"thing": {"bare": "consulta"}}, "words.yaml has bare"),
    ],
)
def test_a_word_without_the_form_that_is_asked_for_is_refused(words, why) -> None:
    with pytest.raises(RecipeError, match=r"asks for thing\.the") as caught:
        check_forms(words, {("thing", "the"), ("query", "")}, "es/plain", Path("es/mine.j2"))
    assert why in str(caught.value)


def test_a_word_that_has_forms_is_not_printed_without_one() -> None:
    with pytest.raises(RecipeError, match="thing without a form"):
        check_forms({"thing": {"the": "la"}}, {("thing", "")}, "es/plain", Path("es/mine.j2"))


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("- a list", "a mapping of English phrases"),
        ("a: [b", "no table of words"),
        ("no: nada", "is no text: put it in quotes"),
        ("query: {the: 1}", "needs a text, or texts by form"),
        ("query: {1: la consulta}", "needs a text, or texts by form"),
        ("query: {}", "needs a text, or texts by form"),
    ],
)
def test_a_table_of_words_that_is_none_is_refused(tmp_path: Path, table: str, why: str) -> None:
    (tmp_path / "es").mkdir()
    (tmp_path / "es" / NAME).write_text(table, encoding="utf-8")
    with pytest.raises(RecipeError, match=why):
        load_words([tmp_path], "es")


def test_a_shops_own_words_come_before_the_packaged_ones(tmp_path: Path) -> None:
    (tmp_path / "ja").mkdir()
    (tmp_path / "ja" / NAME).write_text("product: 品物\nbatch: ロット\n", encoding="utf-8")
    found = load_words([tmp_path, PACKAGED], "ja")

    assert (found["product"], found["batch"], found["search query"]) == (
        *("品物", "ロット"),
        load_words([PACKAGED], "ja")["search query"],
    )
