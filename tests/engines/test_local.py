"""Worker processes end with the run, however it ends, and say nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from factory.engines import LocalEngine
from factory.engines.local import _PROGRAM, _Worker


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


def zeros(size: int) -> bytes:
    return bytes(size)


def test_ctrl_c_in_the_middle_of_an_answer_waits_for_none_of_the_others() -> None:
    worker: _Worker[int, bytes] = _Worker(__name__)
    try:
        # More than a pipe holds, twice: what is read after half of the first is no message.
        assert worker.take(zeros, 1 << 24)
        assert worker.take(zeros, 1 << 24)
        assert worker.answers.poll(60)
        time.sleep(0.2)
        worker._process.send_signal(signal.SIGSTOP)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            worker.answer()
        worker._process.send_signal(signal.SIGCONT)
        signal.setitimer(signal.ITIMER_REAL, 20)  # it would wait without end
        worker.forget()
        assert not worker.waiting
        assert not worker.take(zeros, 1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        worker.stop()


def test_an_engine_whose_worker_was_interrupted_goes_on_alone() -> None:
    with LocalEngine(workers=1, preload=__name__) as engine:
        (worker,) = engine._workers
        worker._alive = False
        assert sorted(map(len, engine.map_shards(zeros, [1, 2, 3]))) == [1, 2, 3]
