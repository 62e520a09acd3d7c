"""A real vLLM behind ``serve``, without a card: every grammar, a stream, the boost, and a hard end.

Run ``python benchmarks/behind_vllm.py FOLDER`` in an environment with the extra ``serve-cpu``;
FOLDER holds a model's weights, such as ``merged`` of ``benchmarks/chain.py``. Answers are sampled
so hot that nothing but a grammar keeps their form. It ends with 1 where one has another form, where
a stream says something else than the whole answer, where a token is said that the prompt does not
hold although all of the prompt's are raised far, or where a killed server leaves a process. Nothing
here says how good a model is.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import openai

from factory.serving.expression import regex
from factory.serving.grammar import admitted
from factory.serving.recognise import recognise

ROOT = Path(__file__).resolve().parents[1]
#: That an answer may take on a busy machine.
SECONDS = 600
TITLE = "Acorn red oak shoe, size 10"
QUESTIONS = {
    "choice": "Which is a fruit?\n0. table\n1. apple\nAnswer: ",
    "ranking": "Rank the products.\n1. tea\n2. cup\n3. pot\nOutput a permutation of 1 to 3.\n"
    "Output: ",
    "retrieval": "Which go together? Output three numbers.\n1. a\n2. b\n3. c\n4. d\n5. e\nOutput: ",
    "entities": f"Extract phrases of the entity type 'color'.\nQuery: {TITLE}\nOutput: ",
    "labels": "What is judged?\nReview: A fine shoe.\nCandidate labels: price, quality, size\n"
    "Output all labels that apply, separated by commas, and no others.\nOutput: ",
    "lines": f"Find the entities.\nProduct title: {TITLE}\nEntity types: Brand, Color\nOutput one "
    'line for each entity type, in the order given, as "type: entity". Write None for a type that '
    "does not occur.\nOutput: ",
    "copied": f"Which words give the size?\nProduct title: {TITLE}\nCopy the values exactly, in "
    "the order of the text, separated by commas. If the text gives none, output None.\nOutput: ",
}


class Served:
    """A running ``serve``: its process, and a client for its model."""

    def __init__(self, folder: str) -> None:
        options = [
            *("--engine", "vllm", "--profile", "cpu", "--boost-prompt-tokens", "2"),
            *("--timeout", str(SECONDS), "--port", "0", "--json"),
        ]
        # Its own lines are read in the end; a pipe that nobody empties would stop it.
        self._lines = tempfile.TemporaryFile("w+")  # noqa: SIM115  (as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "factory", "serve", folder, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._lines,
            text=True,
        )
        self._said_all = False
        said = "".join(iter(self._line, ""))
        if not said:
            self._lines.seek(0)
            sys.exit(f"it did not start:\n{self._lines.read()[-4000:]}")
        told = json.loads(said)
        self._client = openai.OpenAI(base_url=told["url"], api_key="-", timeout=SECONDS)
        self._model = told["model"]

    def _line(self) -> str:
        """Return the next line of what the server says of itself; empty behind the last."""
        if self._said_all or self.process.stdout is None:
            return ""
        line = self.process.stdout.readline()
        self._said_all = line == "}\n"
        return line

    def ask(self, question: str, *, stream: bool = False, **more: Any) -> Any:
        """Return a whole reply as the API has it, or the text of a stream."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": more.pop("max_tokens", 48),
            "temperature": more.pop("temperature"),
            "extra_body": more,
        }
        if not stream:
            return self._client.chat.completions.create(**body).model_dump()
        parts = self._client.chat.completions.create(**body, stream=True)
        return "".join(part.choices[0].delta.content or "" for part in parts)


def text_of(reply: Any) -> str:
    """Return the text of a whole reply."""
    return str(reply["choices"][0]["message"]["content"])


def ask_each(served: Served) -> list[str]:
    """Ask a question of each form and print the answers; return what was wrong."""
    wrong = []
    for name, question in QUESTIONS.items():
        answers = admitted(recognise(question), question)
        if answers is None:
            wrong.append(f"{name}: no grammar")
            continue
        began = time.monotonic()
        reply = served.ask(question, temperature=2.0, seed=1)
        text = text_of(reply)
        whole = reply["choices"][0]["finish_reason"] == "stop"
        # Phrases of so hot a model may go on to the last token.
        good = re.fullmatch(regex(answers), text) is not None if whole else name == "entities"
        tokens = reply["usage"]["completion_tokens"]
        print(
            f"{time.monotonic() - began:6.2f} s  {tokens:3} tokens  {name:10} {text!r}", flush=True
        )
        wrong += [] if good else [f"{name}: {text!r} is no answer of its form"]
    return wrong


def compare_stream(served: Served) -> list[str]:
    """Ask whole and as a stream; return what was wrong."""
    question = "Write a title for a red shoe."
    whole = text_of(served.ask(question, temperature=0))
    streamed = served.ask(question, temperature=0, stream=True)
    print(f"a stream says what the whole answer says: {whole == streamed}", flush=True)
    return [] if whole == streamed else [f"streamed {streamed!r}, whole {whole!r}"]


def measure_boost(served: Served) -> list[str]:
    """Count the tokens that are not the prompt's, without and with the boost; return faults."""
    strange = []
    for strength in (0, 2, 100):
        said = foreign = 0
        for seed in range(3):
            # Its own format of a response keeps the grammar away.
            reply = served.ask(
                QUESTIONS["entities"],
                temperature=1.5,
                seed=seed,
                max_tokens=24,
                response_format={"type": "text"},
                return_token_ids=True,
                vllm_xargs={"boost_prompt_tokens": strength},
            )
            tokens = reply["choices"][0]["token_ids"]
            said += len(tokens)
            foreign += len(set(tokens) - set(reply["prompt_token_ids"]))
        strange.append(foreign)
        print(f"boost {strength:3}: {foreign} different ones, not the prompt's, in {said} tokens")
    return [] if strange[0] > 0 == strange[-1] else [f"the boost does not work: {strange}"]


def kill(served: Served) -> list[str]:
    """Kill the server; return a fault where its engine outlives it."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    children: dict[int, list[int]] = {}
    for line in listed.stdout.splitlines():
        pid, parent = map(int, line.split())
        children.setdefault(parent, []).append(pid)
    below = [served.process.pid]
    for each in below:
        below += children.get(each, [])
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()
    began = time.monotonic()
    while (left := [each for each in below if runs(each)]) and time.monotonic() - began < 60:
        time.sleep(0.2)
    print(f"{time.monotonic() - began:6.2f} s  until {len(below)} processes were gone", flush=True)
    return [f"a killed server left {left}"] if left else []


def runs(pid: int) -> bool:
    """Return whether a process runs: one that ended and that nobody waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def main() -> None:
    """Serve a folder of weights and look at everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="of weights")
    began = time.monotonic()
    served = Served(parser.parse_args().folder)
    try:
        print(f"{time.monotonic() - began:6.2f} s  until it answered", flush=True)
        wrong = ask_each(served) + compare_stream(served) + measure_boost(served) + kill(served)
    finally:
        served.process.kill()
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
