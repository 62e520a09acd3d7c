"""A Hub on this machine with users, and finished runs to push to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factory.engines import LocalEngine
from factory.line import run_task
from factory.line.mixture import run_mixture
from factory.outputs.files import checksum
from factory.recipe import load_recipe
from tests.hub.asking import Hub
from tests.hub.server import serve
from tests.hub.storage import User

WRITES = "hf_annswriteaccess"
READS = "hf_evesreadaccess"
RECIPE = """\
include: [catalogue]
tasks:
  task12: {size: 12}
  select_exact_matches: {size: 12}
  rank_reviews_by_helpfulness: {size: 12}
mixtures:
  free:
    title: Tasks whose source says what is allowed
    size: 8
    tasks: {task12: 5, select_exact_matches: 3}
  unfree:
    title: Tasks of a source that does not say
    size: 6
    tasks: {task12: 4, rank_reviews_by_helpfulness: 2}
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub where Ann may write, for herself and her shop, and Eve may only read."""
    from huggingface_hub import close_session

    for name in ("HF_TOKEN_PATH", "HF_HUB_OFFLINE", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with serve(tmp_path / "hub") as running:
        running.storage.tokens[WRITES] = User("ann", ("shop",))
        running.storage.tokens[READS] = User("eve", ("ann",), role="read")
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_TOKEN", WRITES)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        yield running
        close_session()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited for, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of finished runs: ``task12``, and the mixtures ``free`` and ``unfree``."""
    folder = tmp_path_factory.mktemp("finished")
    path = folder / "recipe.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    recipe = load_recipe(path)
    run_task(recipe, "task12", folder, LocalEngine())
    for mixture in ("free", "unfree"):
        run_mixture(recipe, mixture, folder, LocalEngine())
    # The bundled shop may be published; the reviews that it stands for state no licence.
    path = folder / "unfree" / "rank_reviews_by_helpfulness" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["source"]["licence"] = "unknown"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that gives a finished run of one's own, to change at will."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(finished / name, tmp_path / "out" / name, dirs_exist_ok=True))

    return copy


def files_in(folder: Path, *but: str) -> dict[str, bytes]:
    """Return what lies in a folder, by path, without hidden files and files of these names."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in but
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def changed(folder: Path, name: str, content: bytes | None) -> None:
    """Let a finished run have another file ``name``, or none, as a later run would leave it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if content is None:
        (folder / name).unlink()
        del manifest["files"][name]
    else:
        (folder / name).write_bytes(content)
        manifest["files"][name] = {
            "rows": content.count(b"\n"),
            "bytes": len(content),
            "blake2b": checksum(folder / name),
        }
    path.write_text(json.dumps(manifest), encoding="utf-8")


def carded(folder: Path, *tasks: str) -> Path:
    """Return the folder with a card that says where its samples are, as a run writes one."""
    if not (folder / "README.md").is_file():
        configs = ["- config_name: default\n  data_files: train.jsonl\n  default: true\n"]
        configs += [f"- config_name: {each}\n  data_files: {each}/train.jsonl\n" for each in tasks]
        changed(folder, "README.md", f"---\nconfigs:\n{''.join(configs)}---\n# A set\n".encode())
    return folder
