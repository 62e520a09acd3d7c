"""Writes AE-110K in both of its upstream forms."""

from collections.abc import Iterable
from pathlib import Path

from . import oa_mine_files

BUNDLED = Path(__file__).parents[2] / "factory" / "sources" / "samples" / "ae_110k"
TRIPLES = "publish_data.txt"


def write_triples(folder: Path, triples: Iterable[tuple[str, ...]]) -> Path:
    """Write the authors' file: one line of fields parted by U+0001 a triple."""
    oa_mine_files.write_lines(folder / TRIPLES, ["\x01".join(triple) for triple in triples])
    return folder


def copy_bundled(folder: Path, *, shuffled: bool) -> Path:
    """Write the bundled files into ``folder``; shuffled, the same lines elsewhere in them."""
    return oa_mine_files.copy_bundled(folder, shuffled=shuffled, bundled=BUNDLED)
