"""Jinja templates, one file a task and one base a task type, in several languages; and prompts."""

from factory.templates.compiler import Template, TemplateFolder, Wording
from factory.templates.options import ENGLISH, PromptLanguage, PromptOptions
from factory.templates.placeholders import PLACEHOLDER, Reworded
from factory.templates.prompt import Prompt, load_prompt
from factory.templates.sandbox import LONGEST
from factory.templates.translation import language_of
from factory.templates.words import Phrase, check_forms

__all__ = [
    "ENGLISH",
    "LONGEST",
    "PLACEHOLDER",
    "Phrase",
    "Prompt",
    "PromptLanguage",
    "PromptOptions",
    "Reworded",
    "Template",
    "TemplateFolder",
    "Wording",
    "check_forms",
    "language_of",
    "load_prompt",
]
