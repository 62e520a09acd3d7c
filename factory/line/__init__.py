"""Plan and run a task or a mixture: the only room that knows all the stages."""

from factory.line.compile import compile_task, missing_columns
from factory.line.mixture import MixtureResult, run_mixture
from factory.line.run import RunResult, run_task
from factory.line.worded import prompt_languages

__all__ = [
    "MixtureResult",
    "RunResult",
    "compile_task",
    "missing_columns",
    "prompt_languages",
    "run_mixture",
    "run_task",
]
