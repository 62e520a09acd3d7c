"""What people see of a served model: one block when it is ready, a line for each fault."""

from __future__ import annotations

import logging
import sys
from typing import Any

from factory.serving.backends import Backend
from factory.serving.layer import Switches
from factory.serving.pace import TRACKS, Pace
from factory.terminal.text import visible


def served_as(backend: Backend, url: str) -> dict[str, Any]:
    """Return what a program needs of a served model: ``url``, ``model``, ``engine``."""
    return {"url": url, "model": backend.model, "engine": backend.dialect}


def print_served(backend: Backend, url: str, switches: Switches) -> None:
    """Print where a model is served, and with which parts of the recipe."""
    on = [
        name
        for name, is_on in (
            ("system prompt", switches.system),
            ("grammar", switches.grammar and backend.dialect != "openai"),
            ("few-shot", switches.examples is not None),
            ("re-reading", switches.reread),
            ("reasoning", switches.reasoning),
            ("prompt boost", switches.boost and backend.dialect != "openai"),
            ("token limits", switches.limits),
        )
        if is_on
    ]
    lines = [
        f"{visible(backend.model)} is served at {url} ({backend.dialect})",
        f"on: {', '.join(on) or 'nothing'}",
    ]
    if switches.grammar and backend.dialect == "openai":
        lines.append(
            "answers are not bounded: the endpoint does not say which engine it is (--engine)"
        )
    if switches.boost and backend.dialect == "openai":
        lines.append(
            "prompts are not boosted: the endpoint does not say which engine it is (--engine)"
        )
    elif switches.boost and backend.dialect == "vllm" and backend.process is None:
        lines.append(
            "prompts are boosted where that vLLM was started with "
            "--logits-processors factory.serving.vllm_boost:PromptBoost"
        )
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def print_pace(pace: Pace) -> None:
    """Print how fast questions were answered, and what KDD Cup 2024's tracks would have taken."""
    if not pace.answered:
        return
    each = pace.seconds / pace.answered
    lines = [f"{pace.answered:,} answered in {pace.seconds / 60:,.1f} minutes, {each:.2f} s each"]
    for track in TRACKS:
        needed = pace.minutes_for(track)
        kept = "in time" if needed <= track.minutes else "too late"
        lines.append(
            f"track {track.number}: {track.questions:,} questions would take {needed:,.1f} of "
            f"{track.minutes} minutes, {kept}"
        )
    sys.stderr.write("\n".join(lines) + "\n")


def log_to_stderr() -> None:
    """Let the server's own lines go where people look."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("factory.serving")
    logger.addHandler(handler)
    logger.propagate = False
