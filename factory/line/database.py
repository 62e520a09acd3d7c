"""The database of one run: how it is opened, what it may reach, what its complaints mean."""

from __future__ import annotations

import duckdb

from factory.errors import FactoryError, OutputError, SourceError
from factory.line.task import Task
from factory.outputs.run_folder import SPILL, RunFolder
from factory.sources import AttachedSource
from factory.sources.sql import one_line, text_literal


def connect(folder: RunFolder) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that spills into the run's own work folder."""
    return duckdb.connect(
        config={
            "temp_directory": str(folder.work / SPILL),
            # Row order comes from ORDER BY alone, and keeping it elsewhere costs memory.
            "preserve_insertion_order": False,
        }
    )


def confine(
    connection: duckdb.DuckDBPyConnection, folder: RunFolder, source: AttachedSource
) -> None:
    """Leave a view, which may come from elsewhere, no file but the source's and the plan's."""
    listed = ", ".join(sorted({text_literal(str(file.path)) for file in source.files}))
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute(f"SET allowed_directories = [{text_literal(str(folder.work) + '/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def explain(error: duckdb.Error, task: Task, folder: RunFolder) -> FactoryError:
    """Return the error of this project that says in one line what the database met."""
    if isinstance(error, duckdb.InterruptException):
        raise KeyboardInterrupt from error
    said = one_line(error)
    if "No space left" in said or "could not write" in said.lower():
        return OutputError(f"{folder.work}: no space left on the disk: {said}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return OutputError(f"tasks.{task.name}: out of memory: {said}")
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
        return SourceError(
            f"sources.{task.spec.source} ({task.source_spec.path}): a file cannot be read: {said}; "
            "fetch it again"
        )
    return SourceError(f"tasks.{task.name}, view {task.view.name!r}: {said}")
