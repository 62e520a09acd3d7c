"""The verb ``serve`` from outside: a process, its engine, its signals, and a real small model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from factory.serving.expression import regex
from factory.serving.grammar import admitted
from factory.serving.recognise import recognise
from tests.conftest import PROJECT
from tests.llm.server import serve
from tests.serving.fronts import CHOICE, WEIGHTS, ask, chat, completion

SECONDS_TO_START = 120
RANK = "Rank the products.\n1. tea\n2. cup\n3. pot\nOutput a permutation of 1 to 3.\nOutput: "
PICK = "Which go together? Output three numbers.\n1. a\n2. b\n3. c\n4. d\n5. e\nOutput: "
TITLE = "Acorn red oak shoe, size 10"
FIND = f"Extract phrases of the entity type 'color'.\nQuery: {TITLE}\nOutput: "
LABELS = (
    "What does the customer judge?\nReview: A fine shoe.\nCandidate labels: price, quality, size\n"
    "Output all labels that apply, separated by commas, and no others.\nOutput: "
)
LINES = (
    f"Find the entities.\nProduct title: {TITLE}\nEntity types: Brand, Color\nOutput one line for "
    'each entity type, in the order given, as "type: entity". Write None for a type that does not '
    "occur.\nOutput: "
)
COPY = (
    f"Which words give the size?\nProduct title: {TITLE}\nCopy the values exactly, in the order of "
    "the text, separated by commas. If the text gives none, output None.\nOutput: "
)


@contextmanager
def served(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """Run the verb on a free port; gives the process and what it says of itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "factory", "serve", *arguments, "--port", "0", "--json"],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # One that says nothing and does not end would have the reading wait for ever.
    watchdog = threading.Timer(SECONDS_TO_START, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            line = process.stdout.readline()
            if not line:
                break
            lines.append(line)
        watchdog.cancel()
        yield process, json.loads("".join(lines)) if lines else None
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate(timeout=20)


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds; fail where it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def ended(process: subprocess.Popen[str], seconds: float = 30) -> tuple[int, str]:
    _, errors = process.communicate(timeout=seconds)
    return process.returncode, errors


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(sent: signal.Signals) -> None:
    with serve(lambda _, __: completion("1")) as seen, served(f"m@{seen.url}") as (process, told):
        assert ask(told["url"], chat()).text == "1"
        assert told == {"url": told["url"], "model": "m", "engine": "openai"}
        process.send_signal(sent)
        assert ended(process) == (0, "")


def test_a_request_under_way_is_answered_before_the_end() -> None:
    with (
        serve(lambda _, __: completion("1"), latency=2) as seen,
        served(f"m@{seen.url}") as (process, told),
    ):
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask, told["url"], chat())
            until(lambda: seen.requests > 0)
            process.terminate()
            assert asked.result().text == "1"
        assert ended(process)[0] == 0


def test_nobody_at_the_address_is_one_line() -> None:
    with serve() as seen:
        nobody = seen.url
    with served(f"m@{nobody}") as (process, told):
        code, errors = ended(process)

    assert (code, told) == (1, None)
    assert "nobody answers at" in json.loads(errors)["error"]


def test_an_engine_that_cannot_be_boosted_is_one_line_at_the_start() -> None:
    boost = ("--engine", "llama.cpp", "--boost-prompt-tokens", "2")
    with serve(lambda _, __: completion("1")) as seen, served(f"m@{seen.url}", *boost) as started:
        process, told = started
        code, errors = ended(process)

    assert (code, told) == (1, None)
    assert "/apply-template answered 404" in json.loads(errors)["error"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-such",), "--engine vllm"),
        (("no-such.gguf",), "no weights"),
        (("smollm2", "--profile", "t4"), "are for --engine vllm"),
        (("m@http://key:secret@127.0.0.1:1/v1",), "would end in logs"),
        (("smollm2", "--key-env", "NOT_SET_ANYWHERE"), "it is not set"),
        (("smollm2", "--few-shot", "nowhere"), "no training samples"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments: tuple[str, ...], said: str) -> None:
    with served(*arguments) as (process, told):
        code, errors = ended(process)

    assert code in (1, 2)
    assert told is None
    assert said in json.loads(errors)["error"]
    assert "secret" not in errors


def test_a_taken_port_is_one_line() -> None:
    with serve(lambda _, __: completion("1")) as seen:
        port = seen.url.rpartition(":")[2].removesuffix("/v1")
        done = subprocess.run(
            [sys.executable, "-m", "factory", "serve", f"m@{seen.url}", "--port", port],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 2
    assert "give another --port" in done.stderr


FAKE = """#!{python}
import json, os, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Workers do not all end at their own pace.
worker = subprocess.Popen(["sh", "-c", "trap '' TERM; exec sleep 600"])
with open({log!r}, "w") as file:
    json.dump({{"arguments": sys.argv[1:], "worker": worker.pid, "pid": os.getpid()}}, file)
if {dies!r} == "at once":
    worker.kill()
    sys.exit("out of memory")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.say({{}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if {dies!r} == "when asked":
            os._exit(9)
        text = json.dumps(body["structured_outputs"])
        message = {{"role": "assistant", "content": text}}
        self.say({{"choices": [{{"index": 0, "message": message}}]}})

    def say(self, data):
        raw = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


time.sleep(1)
port = int(sys.argv[sys.argv.index("--port") + 1])
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def fake_vllm(folder: Path, dies: str = "") -> tuple[Path, dict[str, str]]:
    """Write a program that speaks vLLM's protocol; return its log, and what finds it."""
    folder = folder / "bin"
    folder.mkdir()
    log, program = folder / "log.json", folder / "vllm"
    text = FAKE.format(python=sys.executable, log=str(log), dies=dies)
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return log, {"PATH": f"{folder}:{os.environ['PATH']}"}


def runs(pid: int) -> bool:
    """Return whether a process runs: one that ended and that nobody waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


needs_no_vllm = pytest.mark.skipif(
    find_spec("vllm") is not None, reason="a real vLLM would be found first"
)


@needs_no_vllm
def test_vllm_is_started_asked_in_its_words_and_ended_with_its_workers(tmp_path: Path) -> None:
    log, found = fake_vllm(tmp_path)
    options = ("--engine", "vllm", "--profile", "t4", "--vllm-options", "--max-model-len 4096")
    with served("some/model", *options, **found) as (process, told):
        assert (told["model"], told["engine"]) == ("some/model", "vllm")
        said = json.loads(log.read_text(encoding="utf-8"))
        arguments = said["arguments"]
        port = arguments[arguments.index("--port") + 1]
        assert arguments == [
            *("serve", "some/model", "--served-model-name", "some/model"),
            *("--host", "127.0.0.1", "--port", port),
            *("--dtype", "half", "--tensor-parallel-size", "4"),
            *("--gpu-memory-utilization", "0.85", "--enforce-eager", "--max-model-len", "4096"),
        ]
        reply = ask(told["url"], chat() | {"model": "some/model"})
        assert json.loads(reply.text) == {"choice": ["0", "1"]}
        assert runs(said["worker"])
        process.terminate()
        code, errors = ended(process)
        assert code == 0
        assert re.search(r"^1 answered in 0\.\d minutes, \d\.\d\d s each$", errors, re.MULTILINE)
        assert re.search(
            r"^track 5: 11,720 questions would take .* of 140 minutes, ", errors, re.MULTILINE
        )
        assert not runs(said["pid"])
        assert not runs(said["worker"])


@needs_no_vllm
@pytest.mark.parametrize(("dies", "told_of"), [("at once", "ended with code 1 before it answered")])
def test_a_vllm_that_does_not_start_is_one_line(tmp_path: Path, dies: str, told_of: str) -> None:
    _, found = fake_vllm(tmp_path, dies)
    with served("some/model", "--engine", "vllm", **found) as (process, told):
        code, errors = ended(process)

    assert (code, told) == (1, None)
    assert told_of in errors


@needs_no_vllm
def test_a_vllm_that_dies_ends_the_server_and_its_workers(tmp_path: Path) -> None:
    log, found = fake_vllm(tmp_path, "when asked")
    with served("some/model", "--engine", "vllm", **found) as (process, told):
        assert ask(told["url"], chat() | {"model": "some/model"}).status == 502
        code, errors = ended(process)
        worker = json.loads(log.read_text(encoding="utf-8"))["worker"]

    assert code == 1
    assert "vLLM ended with code 9" in errors
    assert not runs(worker)


@needs_no_vllm
def test_a_killed_server_leaves_no_vllm(tmp_path: Path) -> None:
    log, found = fake_vllm(tmp_path)
    with served("some/model", "--engine", "vllm", **found) as (process, _):
        said = json.loads(log.read_text(encoding="utf-8"))
        assert runs(said["pid"])
        assert runs(said["worker"])
        process.kill()
        process.wait(timeout=20)
        until(lambda: not runs(said["pid"]) and not runs(said["worker"]))


@needs_no_vllm
def test_a_signal_while_vllm_starts_ends_both(tmp_path: Path) -> None:
    log, found = fake_vllm(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "factory", "serve", "some/model", "--engine", "vllm"],
        cwd=PROJECT,
        env={**os.environ, **found},
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: log.is_file() and log.read_text(encoding="utf-8").endswith("}"))
    process.terminate()
    assert ended(process)[0] == 0
    said = json.loads(log.read_text(encoding="utf-8"))
    assert not runs(said["pid"])
    assert not runs(said["worker"])


@needs_no_vllm
def test_a_missing_vllm_says_what_installs_it(tmp_path: Path) -> None:
    with served("some/model", "--engine", "vllm", PATH=str(tmp_path)) as (process, _):
        code, errors = ended(process)

    assert code == 2
    assert "pip install 'eshop-factory[serve]'" in json.loads(errors)["error"]


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="SmolLM2 was not fetched")
def test_a_real_model_obeys_every_grammar() -> None:
    pytest.importorskip("xllamacpp", reason="the extra local is not installed")
    forms = {}
    for prompt in (CHOICE, RANK, PICK, FIND, LABELS, LINES, COPY):
        answers = admitted(recognise(prompt), prompt)
        assert answers is not None
        forms[prompt] = regex(answers)
    with served(str(WEIGHTS), "--concurrency", "2") as (_, told):
        for (prompt, form), seed in product(forms.items(), range(3)):
            # Hot enough that nothing but the grammar keeps the form.
            asked = chat(prompt, temperature=2.0, seed=seed, max_tokens=64)
            reply = ask(told["url"], asked | {"model": told["model"]})
            finish = reply.data["choices"][0]["finish_reason"]
            if finish == "stop":
                assert re.fullmatch(form, reply.text), (prompt, reply.text)
            else:
                assert prompt in (FIND, LINES, COPY)


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="SmolLM2 was not fetched")
def test_a_real_model_reasons_and_only_the_digit_comes_back() -> None:
    pytest.importorskip("xllamacpp", reason="the extra local is not installed")
    with served(str(WEIGHTS), "--reasoning", "--reread") as (_, told):
        reply = ask(told["url"], chat(temperature=0) | {"model": told["model"]})

    assert re.fullmatch("[01]", reply.text)
    # Reasoning took tokens that the answer does not show.
    assert reply.data["usage"]["completion_tokens"] > 20
