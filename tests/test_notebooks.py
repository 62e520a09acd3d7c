"""The notebooks run from top to bottom on the bundled shop, and are kept without output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.catalogue import PROJECT

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
INSPECT = PROJECT / "notebooks" / "inspect_samples.ipynb"


def code_of(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_what_it_printed(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)

    assert [(cell.outputs, cell.execution_count) for cell in code_of(notebook)] == [
        ([], None) for _ in code_of(notebook)
    ]
    assert not {"widgets", "vscode"} & set(notebook.metadata)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return each code cell of the notebook with its output, executed as a person would."""
    notebook = nbformat.read(INSPECT, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        patch.setenv("TMPDIR", str(folder))
        NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(INSPECT.parent)}},
        ).execute()
    return {cell.source.splitlines()[-1]: cell.outputs for cell in code_of(notebook)}


# What the client of the kernel warns of (its event loop, its sockets) is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


def result(outputs: list[Any]) -> Any:
    """Return what a cell ended in."""
    (found,) = [each for each in outputs if each.output_type == "execute_result"]
    return found.data


def test_every_cell_runs_without_a_word_of_complaint(executed: dict[str, Any]) -> None:
    said = [
        output
        for outputs in executed.values()
        for output in outputs
        if output.output_type == "stream"
    ]
    assert said == []
    assert all(executed.values())


def test_samples_are_shown_as_a_person_reads_them(executed: dict[str, Any]) -> None:
    shown = result(executed["run.show(2)"])["text/html"]

    assert shown.count("✓") >= 2
    assert "wording " in shown
    assert "Rank products for a query" in result(executed["run"])["text/html"]


def test_the_figure_is_shown_once(executed: dict[str, Any]) -> None:
    (output,) = executed["run.plot()"]

    assert "image/png" in output.data


def test_a_dropped_candidate_has_its_story(executed: dict[str, Any]) -> None:
    told = result(executed['run.why(dropped["id"])'])["text/html"]

    assert "dropped by options: options-near-equal" in told
    assert "Source rows" in told


def test_the_change_of_the_template_and_of_the_filter_are_told_apart(
    executed: dict[str, Any],
) -> None:
    told = result(executed["difference"])["text/plain"]

    assert "the wording sort of rank_products_for_query.j2 changed" in told
    assert "filters.length.max_tokens is 2048, it was 380" in told
    assert "no change explains" not in told
