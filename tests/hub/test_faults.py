"""Pushing to a Hub that fails, over a network that fails, by a client that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from factory.errors import FactoryError, HubError, OutputError
from factory.hub.changes import RECORD
from factory.hub.push import PushOptions, push
from factory.outputs.run_folder import REJECTED
from tests.catalogue import PROJECT
from tests.hub.asking import Fault, Hub
from tests.hub.conftest import WRITES, changed, files_in
from tests.hub.storage import Repository

Runs = Callable[[str], Path]
#: Every kind of request of a push to a new repository, large files and all.
REQUESTS = (
    "GET /api/datasets/ann/set/revision",
    "POST /api/repos/create",
    "GET /api/datasets/ann/set/tree",
    "POST /api/datasets/ann/set/preupload",
    "POST /datasets/ann/set.git/info/lfs/objects/batch",
    "PUT /store/",
    "POST /datasets/ann/set.git/info/lfs/objects/verify",
    "POST /api/datasets/ann/set/commit",
)


def repository(hub: Hub) -> Repository:
    return hub.storage.repositories["ann/set"]


def there(hub: Hub, revision: str = "main") -> dict[str, bytes]:
    files = repository(hub).files(revision)
    files.pop(RECORD, None)
    return files


def refused(folder: Path, **options: object) -> str:
    with pytest.raises(FactoryError) as caught:
        push(folder, "ann/set", PushOptions(**options))  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert WRITES not in message
    assert "X-Amz-Signature" not in message
    return message


def large(folder: Path) -> dict[str, str]:
    """Return the names of the large files that go, by SHA-256."""
    return {
        sha256(content).hexdigest(): name
        for name, content in files_in(folder, REJECTED).items()
        if len(content) >= 2000
    }


@pytest.fixture(autouse=True)
def _small_is_large(hub: Hub) -> None:
    hub.large_from = 2000


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("where", REQUESTS)
def test_a_hub_that_fails_for_a_moment_gets_it_all_the_same(
    hub: Hub, run: Runs, waits: list[float], where: str, status: int
) -> None:
    folder = run("free")
    hub.faults.append(Fault(where, times=2, status=status))
    pushed = push(folder, "ann/set")

    assert not hub.faults
    assert len(waits) >= 2
    assert pushed.commits == 1
    assert there(hub) == files_in(folder, REJECTED)
    assert len(repository(hub).history()) == 2


@pytest.mark.parametrize("where", REQUESTS)
def test_a_connection_that_breaks_is_made_again(
    hub: Hub, run: Runs, waits: list[float], where: str
) -> None:
    folder = run("free")
    hub.faults.append(Fault(where, cut_after=0))
    pushed = push(folder, "ann/set")

    assert waits
    assert pushed.commits == 1
    assert there(hub) == files_in(folder, REJECTED)


def test_an_upload_that_is_cut_off_half_way_is_sent_again(
    hub: Hub, run: Runs, waits: list[float]
) -> None:
    folder = run("free")
    hub.faults.append(Fault("PUT /store/", times=2, cut_after=1500))
    push(folder, "ann/set")

    assert waits
    assert there(hub) == files_in(folder, REJECTED)


@pytest.mark.parametrize("where", REQUESTS)
def test_an_answer_that_is_lost_does_nothing_twice(
    hub: Hub, run: Runs, waits: list[float], where: str
) -> None:
    folder = run("free")
    hub.faults.append(Fault(where, lose_answer=True))
    pushed = push(folder, "ann/set")

    assert waits
    assert there(hub) == files_in(folder, REJECTED)
    assert pushed.commit == repository(hub).refs["main"]
    assert len(repository(hub).history()) == 2


def test_a_pull_request_whose_answer_is_lost_is_not_opened_twice(
    hub: Hub, run: Runs, waits: list[float]
) -> None:
    push(run("task12"), "ann/set")
    hub.faults.append(Fault("POST /api/datasets/ann/set/commit", lose_answer=True))
    pushed = push(run("free"), "ann/set", PushOptions(pull_request=True))

    assert waits
    assert len(repository(hub).pull_requests) == 1
    assert pushed.pull_request == f"{hub.url}/datasets/ann/set/discussions/1"
    assert there(hub, "refs/pr/1") == files_in(run("free"), REJECTED)


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("where", REQUESTS)
def test_a_hub_that_fails_for_good_is_told(hub: Hub, run: Runs, where: str) -> None:
    hub.faults.append(Fault(where, times=1000, status=503, message="over capacity"))
    message = refused(run("free"))

    assert f"{hub.url} failed (503: over capacity): push again later" in message
    assert "what arrived whole is not sent twice" in message
    if "ann/set" in hub.storage.repositories:
        assert not there(hub)


@pytest.mark.parametrize("where", ["POST /xet/v1/xorbs", "POST /xet/v1/shards"])
def test_a_storage_that_fails_for_a_moment_gets_it_all_the_same(
    hub: Hub, run: Runs, where: str
) -> None:
    hub.xet = True
    folder = run("free")
    hub.faults.append(Fault(where, status=503))
    pushed = push(folder, "ann/set")

    assert not hub.faults
    assert pushed.commits == 1
    assert there(hub) == files_in(folder, REJECTED)


@pytest.mark.parametrize("where", ["GET .*/xet-write-token", "POST /xet/v1/xorbs"])
def test_a_storage_that_refuses_is_told(hub: Hub, run: Runs, where: str) -> None:
    hub.xet = True
    hub.faults.append(Fault(where, 1000, 403, "quota exceeded"))
    message = refused(run("free"))

    assert "may not write to ann/set" in message
    assert "403" in message
    assert not there(hub)


def test_as_long_is_waited_as_the_hub_asks(hub: Hub, run: Runs, waits: list[float]) -> None:
    folder = run("free")
    for where in ("GET /api/datasets/ann/set/rev", "PUT /store/", "POST .*/commit"):
        hub.faults.append(Fault(where, status=429, headers={"Retry-After": "17"}))
    push(folder, "ann/set")

    assert waits == [18.0, 18.0, 18.0]
    assert there(hub) == files_in(folder, REJECTED)


def test_a_days_quota_is_not_waited_for(hub: Hub, run: Runs, waits: list[float]) -> None:
    hub.faults.append(
        Fault("POST /api/repos/create", 1000, 429, "come back", {"Retry-After": "86400"})
    )

    assert "wants fewer requests (429: come back)" in refused(run("free"))
    assert not waits


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    ("where", "status", "said"),
    [
        ("POST .*/commit", 403, "may not write to ann/set (403: no)"),
        ("POST .*/batch", 403, "may not write to ann/set (403: no)"),
        ("PUT /store/", 403, "may not write to ann/set (403: no)"),
        ("POST .*/preupload", 404, "ann/set is not there any more"),
        ("POST .*/commit", 400, "refused it (400: no)"),
        ("POST /api/repos/create", 402, "refused it (402: no)"),
        ("POST .*/commit", 401, "does not know the token"),
    ],
)
def test_what_the_hub_refuses_is_told_in_its_words(
    hub: Hub, run: Runs, where: str, status: int, said: str
) -> None:
    hub.faults.append(Fault(where, 1000, status))

    assert said in refused(run("free"))


def test_a_branch_that_moved_meanwhile_is_built_upon(
    hub: Hub, run: Runs, waits: list[float]
) -> None:
    folder = run("free")
    hub.faults.append(
        Fault("POST .*/commit", before=lambda: repository(hub).write("notes.md", b"ours"))
    )
    pushed = push(folder, "ann/set")

    assert waits
    assert pushed.commits == 1
    assert there(hub) == files_in(folder, REJECTED) | {"notes.md": b"ours"}
    assert all(count == 1 for count in hub.storage.sent.values())


@pytest.mark.usefixtures("waits")
def test_a_file_that_somebody_wrote_meanwhile_is_not_written_over(hub: Hub, run: Runs) -> None:
    hub.faults.append(
        Fault("POST .*/commit", before=lambda: repository(hub).write("train.jsonl", b"theirs"))
    )

    assert "train.jsonl that no push from here wrote" in refused(run("free"))
    assert there(hub) == {"train.jsonl": b"theirs"}


@pytest.mark.usefixtures("waits")
def test_a_branch_that_never_holds_still_is_told(hub: Hub, run: Runs) -> None:
    count = iter(range(1000))
    hub.faults.append(
        Fault(
            "POST .*/commit",
            times=1000,
            before=lambda: repository(hub).write("log.txt", str(next(count)).encode()),
        )
    )

    assert "ann/set was changed meanwhile (412: A commit has happened since" in refused(run("free"))


def test_a_hub_that_answers_slowly_is_waited_for(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    hub.faults += [Fault("GET .*/tree", slow=0.5), Fault("POST .*/commit", slow=0.5)]
    push(folder, "ann/set")

    assert there(hub) == files_in(folder, REJECTED)


def test_a_file_that_changes_while_it_is_sent_is_not_committed(hub: Hub, run: Runs) -> None:
    folder = run("free")
    path = folder / "task12" / "train.jsonl"
    hub.faults.append(Fault("PUT /store/", before=lambda: path.write_bytes(b"{}\n")))
    with pytest.raises((OutputError, HubError)) as caught:
        push(folder, "ann/set")

    assert "\n" not in str(caught.value)
    assert not there(hub)


def test_a_small_file_that_changes_meanwhile_is_not_committed(hub: Hub, run: Runs) -> None:
    hub.large_from = 10 << 20
    folder = run("task12")
    path = folder / "train.jsonl"
    hub.faults.append(Fault("POST .*/preupload", before=lambda: path.write_bytes(b"{}\n")))

    assert f"{path}: changed while it was sent, so nothing was committed" in refused(folder)
    assert not there(hub)


@pytest.mark.usefixtures("waits")
def test_a_network_that_is_away_is_told(
    hub: Hub, run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    message = refused(run("task12"))

    assert "http://127.0.0.1:9 cannot be reached" in message
    assert "check the network and HF_ENDPOINT" in message
    assert not hub.requests


def test_offline_is_told(hub: Hub, run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    assert "HF_HUB_OFFLINE" in refused(run("task12"))
    assert not hub.requests


# A client that is killed


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "factory", "push", *arguments]


def environment(tmp_path: Path) -> dict[str, str]:
    # From the environment of the test: the Hub's address and the token.
    return {**os.environ, "PYTHONPATH": str(PROJECT), "HF_HOME": str(tmp_path / "home")}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_what_had_arrived_before_a_kill_is_not_sent_again(
    hub: Hub, run: Runs, tmp_path: Path, how: signal.Signals
) -> None:
    folder = run("free")
    stalls = sha256((folder / "task12" / "train.jsonl").read_bytes()).hexdigest()
    others = large(folder).keys() - {stalls}
    hub.faults.append(Fault(f"PUT /store/.*{stalls}", slow=300))
    client = subprocess.Popen(
        command(str(folder), "ann/set"), env=environment(tmp_path), stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not (hub.asked(f"PUT /store/.*{stalls}") and others <= hub.storage.sent.keys()):
        assert time.monotonic() < deadline
        assert client.poll() is None
        time.sleep(0.02)
    client.send_signal(how)
    _, told = client.communicate(timeout=10)
    assert client.returncode == (130 if how == signal.SIGINT else -how)
    assert b"Traceback" not in told
    assert not there(hub)
    before = dict(hub.storage.sent)

    again = subprocess.run(
        [*command(str(folder), "ann/set"), "--json"],
        env=environment(tmp_path),
        capture_output=True,
        check=True,
    )
    assert json.loads(again.stdout)["commits"] == 1
    assert there(hub) == files_in(folder, REJECTED)
    assert {oid: hub.storage.sent[oid] for oid in others} == {oid: before[oid] for oid in others}
    assert hub.storage.sent[stalls] == 1


@pytest.mark.parametrize("where", ["PUT /store/", "POST .*/commit"])
def test_the_command_line_shows_no_secret_whatever_happens(
    hub: Hub, run: Runs, tmp_path: Path, where: str
) -> None:
    hub.faults.append(Fault("PUT /store/", 1, 503, f"{WRITES} is over capacity"))
    hub.faults.append(Fault(where, 1000, 400, f"token {WRITES} is bad"))
    done = subprocess.run(
        [*command(str(run("free")), "ann/set"), "--debug"],
        check=False,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "400: token *** is bad" in done.stderr
    assert "X-Amz-Signature" not in done.stdout + done.stderr
    assert WRITES not in done.stdout + done.stderr


def test_two_runs_that_follow_each_other_leave_only_the_second(hub: Hub, run: Runs) -> None:
    push(run("free"), "ann/set")
    folder = run("task12")
    changed(folder, "train.jsonl", b"{}\n")
    push(folder, "ann/set")

    assert there(hub) == files_in(folder, REJECTED)
