"""Jinja templates, one file a task and one base a task type, their compiler; and prompts."""

from factory.templates.compiler import Template, TemplateFolder, Wording
from factory.templates.options import PromptOptions
from factory.templates.placeholders import PLACEHOLDER, Reworded
from factory.templates.prompt import Prompt, load_prompt

__all__ = [
    "PLACEHOLDER",
    "Prompt",
    "PromptOptions",
    "Reworded",
    "Template",
    "TemplateFolder",
    "Wording",
    "load_prompt",
]
