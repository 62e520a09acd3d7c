"""Libraries that write to the terminal as they please, kept silent while this project tells."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the bars, logs and warnings of ``transformers`` and llm-compressor off the terminal.

    What stops them is raised and still heard.
    """
    from tqdm import tqdm
    from transformers.utils import logging as transformers

    shown = transformers.is_progress_bar_enabled()
    begins, level = tqdm.__init__, logging.root.manager.disable

    def begins_unseen(self: Any, *arguments: Any, **options: Any) -> None:
        begins(self, *arguments, **(options | {"disable": True}))

    tqdm.__init__ = begins_unseen
    transformers.disable_progress_bar()
    logging.disable(logging.WARNING)
    _heard(heard=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _heard(heard=True)
        logging.disable(level)
        if shown:
            transformers.enable_progress_bar()
        tqdm.__init__ = begins


def _heard(*, heard: bool) -> None:
    """Turn on or off what llm-compressor writes to standard output, where it is installed."""
    # It begins to while it is imported.
    os.environ.setdefault("LLM_COMPRESSOR_LOG_LEVEL", "ERROR")
    try:
        import llmcompressor  # noqa: F401
        from loguru import logger
    except ImportError:
        return
    (logger.enable if heard else logger.disable)("")
