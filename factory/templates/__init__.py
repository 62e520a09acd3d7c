"""Jinja templates, one file a task and one base a task type, and their compiler."""

from factory.templates.compiler import Template, TemplateFolder, Wording

__all__ = ["Template", "TemplateFolder", "Wording"]
