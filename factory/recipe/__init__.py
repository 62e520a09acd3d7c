"""``recipes.yaml``: strict models, what they include, and complaints that name a line."""

from __future__ import annotations

from factory.recipe.load import CATALOGUE, load_recipe
from factory.recipe.mixtures import Mixture, Share, resolve_mixture
from factory.recipe.models import MixtureSpec, Recipe
from factory.recipe.tasks import DeriveSpec, Shares, SourceSpec, TaskSpec

__all__ = [
    "CATALOGUE",
    "DeriveSpec",
    "Mixture",
    "MixtureSpec",
    "Recipe",
    "Share",
    "Shares",
    "SourceSpec",
    "TaskSpec",
    "load_recipe",
    "resolve_mixture",
]
