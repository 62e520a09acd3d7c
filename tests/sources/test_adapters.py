"""Adapters of installed packages stand beside the packaged ones, and cannot take their names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.errors import SourceError
from factory.sources import SOURCES
from factory.sources.adapters import Adapters

Install = Callable[[str, str], Adapters]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a package with adapters, and the adapters there are then."""

    def installed(code: str, points: str) -> Adapters:
        (tmp_path / "brought.py").write_text(code, encoding="utf-8")
        info = tmp_path / "brought-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Name: brought\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[factory.sources]\n{points}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "brought", raising=False)
        return Adapters({"esci": SOURCES["esci"]})

    return installed


def test_an_installed_adapter_is_found_by_its_name(install: Install) -> None:
    code = (
        "from factory.sources.mmlu import MmluSource\nclass Mine(MmluSource):\n    name = 'mine'\n"
    )
    adapters = install(code, "mine = brought:Mine")
    assert list(adapters) == ["esci", "mine"]
    assert "mine" in adapters
    assert adapters["mine"].name == "mine"
    assert adapters["mine"] is adapters["mine"]


def test_a_packaged_name_is_never_another_packages(install: Install) -> None:
    adapters = install("raise RuntimeError('loaded')", "esci = brought:Mine")
    assert adapters["esci"] is SOURCES["esci"]
    assert list(adapters) == ["esci"]


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("raise RuntimeError('no')", "cannot be loaded: no"),
        ("class Mine:\n    name = 'mine'\n", "lacks 'licence'"),
        (
            "from factory.sources.mmlu import MmluSource\nclass Mine(MmluSource):\n    pass\n",
            "calls itself 'mmlu'",
        ),
    ],
)
def test_what_is_no_adapter_is_told_in_one_line(
    install: Install, code: str, complaint: str
) -> None:
    adapters = install(code, "mine = brought:Mine")
    with pytest.raises(SourceError) as told:
        adapters["mine"]
    assert complaint in str(told.value)
    assert "\n" not in str(told.value)


def test_a_name_that_nothing_brings_is_none(install: Install) -> None:
    with pytest.raises(KeyError):
        install("", "other = brought:Mine")["mine"]
