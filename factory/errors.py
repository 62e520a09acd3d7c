"""The errors that a user can meet: each says what is wrong, where, and what to do next.

The command line prints one of these as a single line and exits with its ``exit_code``; every other
exception is a defect of this package and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class FactoryError(Exception):
    """Base of the errors that are the user's to mend, not the package's."""

    exit_code = 1


class RecipeError(FactoryError):
    """A recipe, a template, a view or an option that cannot be used as it is written."""

    exit_code = 2


class UsageError(FactoryError):
    """A command that cannot be carried out as it was given."""

    exit_code = 2


class SourceError(FactoryError):
    """Upstream files that are missing, unreadable, or not in the schema that they should have."""


class OutputError(FactoryError):
    """A folder or file that cannot be written."""


class ModelError(FactoryError):
    """A language model that cannot be asked: no key, no server, no answer that can be used."""


class HubError(FactoryError):
    """A Hub that cannot be reached, or that refuses what it is sent."""


class TrainingError(FactoryError):
    """A model that cannot be trained or merged: what stands in the way, and what to do."""


class MissingExtraError(FactoryError):
    """An optional part that is asked for and not installed."""

    exit_code = 2

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'eshop-factory{f'[{extra}]' if extra else ''}'"
        )


class LimitReachedError(FactoryError):
    """A limit that the recipe sets was passed: the run stopped and can be resumed."""

    exit_code = 3


class BudgetExceededError(LimitReachedError):
    """The next request might pass the budget: the run stopped before it, and can be resumed."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'nearest'? `` with a space after it, or nothing where none is near."""
    from difflib import get_close_matches  # wanted only when something went wrong

    near = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}? " if near else ""


def is_interrupt(error: RuntimeError) -> bool:
    """Return whether this is what DuckDB makes of Ctrl-C while Python waits for it."""
    return "interrupted" in str(error).lower()
