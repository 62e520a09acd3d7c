"""The line: the only room that knows all the stages of a task, from its plan to its files."""

from factory.line.run import RunResult, run_task
from factory.line.task import Task, compile_task

__all__ = ["RunResult", "Task", "compile_task", "run_task"]
