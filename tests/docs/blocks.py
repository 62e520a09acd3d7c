"""The code of a page: files that it has its reader write, and commands that it has them run.

A block behind a line "`path`:" is the content of that file. A block of bash or Python is run, in
the order of the page, unless a comment above it says why not::

    <!-- not run: it needs a network -->
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.catalogue import PROJECT

_BLOCK = re.compile(
    r"(?:^`(?P<path>[\w./-]+)`:\n\n)?"
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n\n?)?"
    r"^(?P<marks>```+)(?P<language>\w+)\n(?P<code>.*?)^(?P=marks)$",
    re.MULTILINE | re.DOTALL,
)
_RUN = ("bash", "python")


@dataclass(frozen=True)
class Block:
    """One block: a file's content where ``path`` is given, else code, with why it is not run."""

    language: str
    code: str
    path: str
    reason: str

    @property
    def runs(self) -> bool:
        return self.language in _RUN and not self.path and not self.reason


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in order."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(found["language"], found["code"], found["path"] or "", found["reason"] or "")


def follow(page: Path, folder: Path) -> list[str]:
    """Do in ``folder`` what a page says, and return what each command printed.

    ``folder`` stands for a checkout: the recipe and the package are in it.
    """
    (folder / "recipes.yaml").symlink_to(PROJECT / "recipes.yaml")
    (folder / "factory").symlink_to(PROJECT / "factory")
    printed = []
    for block in blocks(page):
        if block.path:
            file = folder / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code, encoding="utf-8")
        elif block.runs:
            printed.append(_run(block, folder))
    return printed


def _run(block: Block, folder: Path) -> str:
    program = ["bash", "-euo", "pipefail", "-c"]
    command = (
        [*program, block.code] if block.language == "bash" else [sys.executable, "-c", block.code]
    )
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(PROJECT), str(folder / "installed")]),
            "COLUMNS": "100",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{block.code}\n{done.stdout}\n{done.stderr}"
    return done.stdout
