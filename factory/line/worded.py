"""How samples of each language are asked: in English, or in another that the task has prompts in.

The template of another language stands beside the English one, and its words in the tables of that
language (:mod:`factory.templates.words`). A task that lacks either is asked in English, and so is
what derives from it, since that shows its parent's input.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from factory.errors import RecipeError
from factory.filters import LANGUAGE_NAMES
from factory.recipe import Recipe, TaskSpec
from factory.templates import ENGLISH, Phrase, Template, TemplateFolder, Wording, check_forms

_LANGUAGE: Final = "language"


@dataclass(frozen=True, slots=True)
class Worded:
    """A task's prompts in one language.

    Attributes:
        template: its template in that language.
        words: the recipe's words in it.
        names: what each language (ISO 639-1) is called in it.
    """

    template: Template
    words: Mapping[str, Phrase]
    names: Mapping[str, str]

    def said(self, wording: Wording) -> dict[str, Phrase]:
        """Return the words that ``wording`` uses, for its hash."""
        own = {name: self.words[name] for name in sorted(wording.names) if name in self.words}
        return own | (dict(self.names) if _LANGUAGE in wording.names else {})


def worded_in_english(spec: TaskSpec, template: Template) -> Worded:
    """Return the prompts of the template itself."""
    return Worded(template, spec.words, LANGUAGE_NAMES)


def translations(
    recipe: Recipe, spec: TaskSpec, english: Template, languages: Iterable[str]
) -> dict[str, Worded]:
    """Return the prompts of a task in those of ``languages`` that it has prompts in.

    Raises :class:`RecipeError` for a translation that is not one (other wordings, other names),
    one that asks a word for a form that it lacks, and a recipe's own without its words.
    """
    templates = _templates(recipe)
    found: dict[str, Worded] = {}
    for language in languages:
        template = templates.translated(
            english, language, spec.task_type.base, spec.prompt, spec.words
        )
        if template is None:
            continue
        table = templates.words(language)
        missing = _unknown(spec, table)
        if missing and not template.path.is_relative_to(recipe.folder):
            continue
        if any(_LANGUAGE in each.names for each in template.wordings.values()):
            missing += [name for name in LANGUAGE_NAMES.values() if name not in table]
        if missing:
            raise RecipeError(
                f"{template.path}: {missing[0]!r} is not in {language}/words.yaml: say there what "
                "it is called"
            )
        words = {name: table[text] for name, text in spec.words.items()}
        for each in template.wordings.values():
            check_forms(words, each.forms, each.name, each.path)
        found[language] = Worded(template, words, _names(table))
    return found


def definition_of(translated: Mapping[str, Worded]) -> dict[str, Any]:
    """Return what translations add to a task's definition: nothing where there are none."""
    if not translated:
        return {}
    return {
        "translations": {
            language: [each.template.source, each.words, each.names]
            for language, each in translated.items()
        }
    }


def prompt_languages(recipe: Recipe, name: str) -> list[str]:
    """Return the languages (ISO 639-1) in which task ``name`` has prompts, English first.

    Nothing is compiled. Raises :class:`RecipeError` for a table of words that is none.
    """
    spec, templates = recipe.task(name), _templates(recipe)
    above = prompt_languages(recipe, spec.derive.from_) if spec.derive else _others()
    return [
        ENGLISH,
        *(
            language
            for language in above
            if language != ENGLISH
            and templates.is_translated(spec.template, language)
            and not _unknown(spec, templates.words(language))
        ),
    ]


def asked_languages(spec: TaskSpec, above: Collection[str] | None = None) -> list[str]:
    """Return the languages beside English that the recipe wants prompts of a task in.

    ``above`` are those of the task that it derives from, where it derives from one.
    """
    wanted = spec.prompt.language
    asked = _others() if wanted == "input" else [wanted] if wanted != ENGLISH else []
    return [language for language in asked if above is None or language in above]


def _others() -> list[str]:
    return sorted(LANGUAGE_NAMES.keys() - {ENGLISH})


def _templates(recipe: Recipe) -> TemplateFolder:
    return TemplateFolder(recipe.folder / "templates")


def _unknown(spec: TaskSpec, table: Mapping[str, Phrase]) -> list[str]:
    """Return the recipe's words of a task that a table does not know."""
    return [text for _, text in sorted(spec.words.items()) if text not in table]


def _names(table: Mapping[str, Phrase]) -> dict[str, str]:
    """Return what the languages are called, as far as the table says."""
    return {
        code: said
        for code, name in LANGUAGE_NAMES.items()
        if isinstance(said := table.get(name), str)
    }
