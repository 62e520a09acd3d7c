"""The database of one run: how it is opened, what it may reach, what its complaints mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from factory.errors import FactoryError, OutputError, SourceError
from factory.line.task import Task
from factory.outputs.run_folder import SPILL, RunFolder
from factory.sources import AttachedSource
from factory.sources.fingerprint import changed, changed_while_read
from factory.sources.interrupts import interruptible
from factory.sources.sql import one_line, text_literal


@contextmanager
def connect(folder: RunFolder) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that spills into the run's own work folder.

    Its queries end with KeyboardInterrupt where the process is told to end.
    """
    opened = duckdb.connect(
        config={
            "temp_directory": str(folder.work / SPILL),
            # Row order comes from ORDER BY alone, and keeping it elsewhere costs memory.
            "preserve_insertion_order": False,
        }
    )
    with opened as connection, interruptible(connection):
        # Of a Parquet file's wide columns, hundreds of megabytes would be read too early.
        with suppress(duckdb.CatalogException):  # older ones have no such setting
            connection.execute("SET read_ahead_depth = 0")
        yield connection


def confine(
    connection: duckdb.DuckDBPyConnection, folder: RunFolder, source: AttachedSource
) -> None:
    """Leave a view, which may come from elsewhere, no file but the source's and the plan's."""
    listed = ", ".join(sorted({text_literal(str(file.path)) for file in source.files}))
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute(f"SET allowed_directories = [{text_literal(str(folder.work) + '/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


@contextmanager
def unchanged(source: AttachedSource) -> Iterator[None]:
    """Tell of a file of the source that changes meanwhile, whatever else that led to."""
    try:
        yield
    except (duckdb.Error, FactoryError) as error:
        check_unchanged(source, error)
        raise


def check_unchanged(source: AttachedSource, because: Exception | None = None) -> None:
    """Raise :class:`SourceError` where a file of the source is not the one that was attached.

    Its tables are views over its files: what was read before the change and what was read after it
    are of two states, and what is made of both would be of neither.
    """
    if file := changed(source.files):
        raise SourceError(changed_while_read(file)) from because


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
