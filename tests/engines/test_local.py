"""Worker processes end with the run, however it ends, and say nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from factory.engines.local import _PROGRAM


@pytest.mark.parametrize("sent", [b"", b"\x00\x00", b"\x00\x00\x10\x00half of what was said"])
def test_a_worker_whose_run_was_killed_in_the_middle_of_a_message_ends_quietly(sent: bytes) -> None:
    requests, ours = os.pipe()
    our_answers, answers = os.pipe()
    worker = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-c",
            _PROGRAM,
            "\x1f".join(sys.path),
            "",
            str(requests),
            str(answers),
        ],
        pass_fds=(requests, answers),
        stderr=subprocess.PIPE,
    )
    os.close(requests)
    os.close(answers)
    os.write(ours, sent)
    os.close(ours)
    os.close(our_answers)
    _, said = worker.communicate(timeout=60)
    assert (worker.returncode, said) == (0, b"")
