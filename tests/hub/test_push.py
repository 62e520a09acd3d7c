"""Pushing a run: the real client, a Hub over real connections, and what is there afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.errors import HubError, OutputError, UsageError
from factory.hub.changes import RECORD
from factory.hub.contents import contents_of
from factory.hub.push import Pushed, PushOptions, push
from factory.outputs.card import refresh_card
from factory.outputs.run_folder import REJECTED
from tests.catalogue import PROJECT
from tests.hub.asking import Fault, Hub
from tests.hub.conftest import READS, WRITES, carded, changed, files_in
from tests.hub.storage import Repository

Runs = Callable[[str], Path]


def there(hub: Hub, revision: str = "main", name: str = "ann/set") -> dict[str, bytes]:
    """Return what the repository holds, without the record of what was pushed."""
    files = hub.storage.repositories[name].files(revision)
    files.pop(RECORD, None)
    return files


def repository(hub: Hub) -> Repository:
    return hub.storage.repositories["ann/set"]


def names(pushed: Pushed) -> list[str]:
    return [piece.name for piece in pushed.changes.send]


def refused(folder: Path, name: str = "ann/set", **options: object) -> str:
    with pytest.raises((UsageError, OutputError, HubError)) as caught:
        push(folder, name, PushOptions(**options))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_run_is_there_byte_for_byte_and_private(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    pushed = push(folder, "ann/set")

    assert there(hub) == files_in(folder, REJECTED)
    assert {"train.jsonl", "manifest.json"} <= set(there(hub))
    assert repository(hub).private
    assert pushed.private
    assert pushed.new
    assert pushed.commits == 1
    assert pushed.commit == repository(hub).refs["main"]
    assert repository(hub).history()[0].title == "task12: 12 samples"


def test_a_mixture_is_there_with_the_folders_of_its_tasks(hub: Hub, run: Runs) -> None:
    folder = run("free")
    push(folder, "shop/set")

    held = there(hub, name="shop/set")
    assert held == files_in(folder, REJECTED)
    assert {"train.jsonl", "task12/train.jsonl", "select_exact_matches/manifest.json"} <= set(held)


def test_what_was_rejected_goes_only_when_asked_for(hub: Hub, run: Runs) -> None:
    folder = run("free")
    push(folder, "ann/set", PushOptions(with_rejected=True))

    assert there(hub) == files_in(folder)
    assert {"rejected.jsonl", "task12/rejected.jsonl"} <= set(there(hub))


def test_pushing_twice_makes_no_commit_and_sends_nothing(hub: Hub, run: Runs) -> None:
    folder = run("free")
    first = push(folder, "ann/set")
    asked = len(hub.requests)
    again = push(folder, "ann/set")

    assert again.commits == 0
    assert again.changes.none
    assert again.commit == first.commit
    assert len(repository(hub).history()) == 2
    assert not [line for line in hub.requests[asked:] if not line.startswith(("GET", "HEAD"))]


@pytest.mark.parametrize("parts", [False, True], ids=["whole", "in-parts"])
def test_large_files_arrive_whole(hub: Hub, run: Runs, parts: bool) -> None:
    hub.large_from = 2000
    if parts:
        hub.part_from, hub.part = 4000, 1111
    folder = run("free")
    pushed = push(folder, "ann/set")

    assert there(hub) == files_in(folder, REJECTED)
    large = {
        path for path, blob in repository(hub).commits[pushed.commit].tree.items() if blob.sha256
    }
    assert {"train.jsonl", "task12/train.jsonl"} <= large
    assert (hub.asked(r"PUT /store/.*/\d+$") > 0) is parts
    assert push(folder, "ann/set").commits == 0


def test_large_files_arrive_whole_by_xet(hub: Hub, run: Runs) -> None:
    hub.large_from, hub.xet = 2000, True
    folder = run("free")
    pushed = push(folder, "ann/set")

    assert there(hub) == files_in(folder, REJECTED)
    assert hub.asked("POST /xet/v1/xorbs/")
    assert not hub.asked("objects/batch|PUT /store/")
    assert repository(hub).commits[pushed.commit].tree["train.jsonl"].sha256
    assert push(folder, "ann/set").commits == 0


def test_nobody_is_told_that_it_is_used(hub: Hub, run: Runs) -> None:
    hub.large_from, hub.xet = 2000, True
    push(run("free"), "ann/set")

    assert not hub.asked("telemetry|agent-harnesses")


def test_a_tree_of_many_pages_is_read_to_its_end(hub: Hub, run: Runs) -> None:
    hub.page = 2
    folder = run("free")
    push(folder, "ann/set")

    assert push(folder, "ann/set").commits == 0


def test_only_what_changed_is_sent_and_what_is_gone_is_removed(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    changed(folder, "test.jsonl", b"{}\n")
    push(folder, "ann/set")
    changed(folder, "test.jsonl", None)
    pushed = push(folder, "ann/set")

    assert names(pushed) == ["manifest.json"]
    assert pushed.changes.drop == ("test.jsonl",)
    assert pushed.commits == 1
    assert there(hub) == files_in(folder, REJECTED)


def test_what_somebody_else_put_there_stays(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    changed(folder, "test.jsonl", b"{}\n")
    push(folder, "ann/set")
    repository(hub).write("notes.md", b"ours")
    repository(hub).write("test.jsonl", b"written over by hand\n")
    changed(folder, "test.jsonl", None)
    push(folder, "ann/set")

    held = there(hub)
    assert held.pop("notes.md") == b"ours"
    assert held.pop("test.jsonl") == b"written over by hand\n"
    assert held == files_in(folder, REJECTED)


def test_what_somebody_else_wrote_is_not_written_over_unasked(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    push(folder, "ann/set")
    repository(hub).write("manifest.json", b"{}")
    changed(folder, "train.jsonl", b"{}\n")

    message = refused(folder)
    assert "manifest.json" in message
    assert "--replace" in message
    assert there(hub)["manifest.json"] == b"{}"

    push(folder, "ann/set", PushOptions(replace=True))
    assert there(hub) == files_in(folder, REJECTED)


def test_a_repository_of_something_else_is_not_taken_over(hub: Hub, run: Runs) -> None:
    hub.storage.create("ann", "set", private=True).write("train.jsonl", b"another set")

    assert "train.jsonl" in refused(run("task12"))


def test_a_dry_run_lists_and_sends_nothing(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    pushed = push(folder, "ann/set", PushOptions(dry_run=True))

    assert pushed.dry_run
    assert pushed.new
    assert set(names(pushed)) == set(files_in(folder, REJECTED))
    assert not hub.storage.repositories
    assert not [line for line in hub.requests if not line.startswith("GET")]

    push(folder, "ann/set")
    pushed = push(folder, "ann/set", PushOptions(dry_run=True))
    assert not pushed.new
    assert not names(pushed)
    assert {piece.name for piece in pushed.changes.same} == set(files_in(folder, REJECTED))


def test_a_dry_run_needs_no_login(hub: Hub, run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    pushed = push(run("task12"), "ann/set", PushOptions(dry_run=True))

    assert not pushed.known
    assert pushed.changes.send
    assert not hub.requests


# More than goes into one request


@pytest.fixture
def little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.hub.push._MOST_IN_COMMIT", 20_000)


@pytest.mark.usefixtures("little_at_once")
def test_what_is_too_much_for_one_commit_takes_several_and_the_manifest_comes_last(
    hub: Hub, run: Runs
) -> None:
    folder = run("free")
    pushed = push(folder, "ann/set")
    *_, first, _ = repository(hub).history()
    last = repository(hub).history()[0]

    assert pushed.commits > 1
    assert set(names(pushed)) == set(files_in(folder, REJECTED))
    assert there(hub) == files_in(folder, REJECTED)
    assert "manifest.json" not in first.tree
    assert "manifest.json" in last.tree
    assert push(folder, "ann/set").commits == 0


@pytest.mark.usefixtures("little_at_once", "waits")
def test_several_commits_that_break_off_go_on_where_they_were(hub: Hub, run: Runs) -> None:
    folder = run("free")
    hub.faults.append(Fault("POST .*/commit", lose_answer=True))
    hub.faults.append(Fault("POST .*/commit", times=1000, status=400))
    assert "400" in refused(folder)
    assert len(repository(hub).history()) == 2

    # What the run left is another by now: the files of the first commit are still this push's own.
    changed(folder / "task12", "train.jsonl", b"{}\n")
    changed(folder / "select_exact_matches", "train.jsonl", b"{}\n")
    hub.faults.clear()
    push(folder, "ann/set")
    assert there(hub) == files_in(folder, REJECTED)


@pytest.mark.usefixtures("little_at_once")
def test_several_commits_are_one_pull_request(hub: Hub, run: Runs) -> None:
    push(run("task12"), "ann/set")
    folder = run("free")
    pushed = push(folder, "ann/set", PushOptions(pull_request=True))

    assert pushed.commits > 1
    assert len(repository(hub).pull_requests) == 1
    assert there(hub, "refs/pr/1") == files_in(folder, REJECTED)


# Branches and pull requests


def test_a_branch_is_made_and_then_kept_up(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    pushed = push(folder, "ann/set", PushOptions(branch="v2/try"))

    assert pushed.revision == "v2/try"
    assert there(hub, "v2/try") == files_in(folder, REJECTED)
    assert not there(hub)
    assert push(folder, "ann/set", PushOptions(branch="v2/try")).commits == 0

    assert push(folder, "ann/set").commits == 1
    assert push(folder, "ann/set", PushOptions(branch="other")).commits == 0
    assert there(hub, "other") == files_in(folder, REJECTED)


def test_a_pull_request_is_opened_once(hub: Hub, run: Runs) -> None:
    push(run("task12"), "ann/set")
    proposed = run("free")
    pushed = push(proposed, "ann/set", PushOptions(pull_request=True))

    assert pushed.pull_request == f"{hub.url}/datasets/ann/set/discussions/1"
    assert pushed.revision == "refs/pr/1"
    assert there(hub, "refs/pr/1") == files_in(proposed, REJECTED)
    assert there(hub) == files_in(run("task12"), REJECTED)

    again = push(proposed, "ann/set", PushOptions(pull_request=True))
    assert again.commits == 0
    assert again.pull_request == pushed.pull_request
    assert len(repository(hub).pull_requests) == 1

    changed(proposed, "train.jsonl", b"{}\n")
    assert push(proposed, "ann/set", PushOptions(pull_request=True)).revision == "refs/pr/2"


def test_nothing_is_proposed_that_is_there_already(hub: Hub, run: Runs) -> None:
    push(run("task12"), "ann/set")
    pushed = push(run("task12"), "ann/set", PushOptions(pull_request=True))

    assert pushed.commits == 0
    assert pushed.pull_request is None
    assert not repository(hub).pull_requests


def test_who_may_only_read_may_propose(
    hub: Hub, run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(run("task12"), "ann/set")
    monkeypatch.setenv("HF_TOKEN", READS)
    hub.large_from = 2000

    assert "may not write to ann/set" in refused(run("free"))
    pushed = push(run("free"), "ann/set", PushOptions(pull_request=True))
    assert repository(hub).pull_requests[0].author == "eve"
    assert there(hub, pushed.revision) == files_in(run("free"), REJECTED)


def test_a_pull_request_needs_something_to_change(hub: Hub, run: Runs) -> None:
    assert "without --pull-request first" in refused(run("task12"), pull_request=True)
    assert "choose one" in refused(run("task12"), pull_request=True, branch="v2")
    assert not hub.storage.repositories


# What may be public


def test_a_new_repository_is_public_where_that_is_said(hub: Hub, run: Runs) -> None:
    folder = carded(run("free"))
    pushed = push(folder, "ann/set", PushOptions(public=True))

    assert not pushed.private
    assert not repository(hub).private
    assert push(folder, "ann/set", PushOptions(public=True)).commits == 0


def test_what_a_source_does_not_allow_is_not_public_unless_it_is_named(hub: Hub, run: Runs) -> None:
    folder = carded(run("unfree"))
    message = refused(folder, public=True)

    assert "amazon_reviews: it states no licence" in message
    assert "--publish-anyway amazon_reviews" in message
    assert not hub.requests
    wrong = refused(folder, public=True, publish_anyway=("amazon",))
    assert "--publish-anyway amazon_reviews" in wrong
    assert "has no such source" in refused(
        folder, public=True, publish_anyway=("amazon_reviews", "amazon")
    )

    push(folder, "ann/set", PushOptions(public=True, publish_anyway=("amazon_reviews",)))
    assert not repository(hub).private


def test_what_is_not_public_needs_no_permission(hub: Hub, run: Runs) -> None:
    push(run("unfree"), "ann/set")

    assert repository(hub).private


def test_a_mixture_that_lost_the_folder_of_a_task_cannot_tell_its_source(
    hub: Hub, run: Runs
) -> None:
    folder = run("free")
    (folder / "README.md").unlink(missing_ok=True)
    carded(folder)
    (folder / "task12" / "manifest.json").unlink()
    refresh_card(folder)

    assert "task12: " in refused(folder, public=True)
    assert not hub.requests


def test_a_public_dataset_has_a_card(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    if (folder / "README.md").is_file():
        (folder / "README.md").unlink()
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"].pop("README.md", None)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    assert "has no README.md" in refused(folder, public=True)
    assert not hub.requests


def test_a_push_changes_nobodys_visibility(hub: Hub, run: Runs) -> None:
    folder = carded(run("free"))
    hub.storage.create("ann", "set", private=False)
    assert "everybody would see" in refused(folder)
    assert not there(hub)

    push(folder, "ann/set", PushOptions(public=True))
    repository(hub).private = True
    message = refused(folder, public=True)
    assert "is private, and a push does not change that" in message
    assert f"{hub.url}/datasets/ann/set/settings" in message
    assert repository(hub).private


# What is refused before anything is sent


def test_a_file_that_is_not_the_runs_is_not_sent(hub: Hub, run: Runs) -> None:
    folder = run("free")
    (folder / "task12" / "train.jsonl").write_bytes(b"{}\n")

    message = refused(folder)
    assert "is not the file that was written" in message
    assert "task12/train.jsonl" in message
    assert not hub.requests


def test_a_file_that_is_gone_is_told(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    (folder / "train.jsonl").unlink()

    assert "train.jsonl: cannot be read (No such file or directory)" in refused(folder)
    assert not hub.requests


def test_a_folder_that_is_no_finished_run_is_told(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    (folder / "manifest.json").unlink()

    assert "not a finished run" in refused(folder)
    assert not hub.requests


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", ".work/plan.json", "link"])
def test_a_manifest_that_names_other_peoples_files_is_refused(
    hub: Hub, run: Runs, name: str
) -> None:
    folder = run("task12")
    (folder.parent / "secret").write_text("secret")
    (folder / "link").symlink_to(folder.parent / "secret")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = {}
    (folder / "manifest.json").write_text(json.dumps(manifest))

    assert f"names {name!r}" in refused(folder)
    assert not hub.requests


def test_a_task_that_leads_out_of_the_mixture_is_refused(hub: Hub, run: Runs) -> None:
    run("task12")
    folder = run("free")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["tasks"]["../task12"] = manifest["tasks"]["task12"]
    (folder / "manifest.json").write_text(json.dumps(manifest))

    assert "'../task12' is no folder in it" in refused(folder)
    assert not hub.requests


def test_a_card_that_names_files_which_do_not_go_is_refused(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    changed(
        folder,
        "README.md",
        b"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n"
        b"    path: test.jsonl\n---\n",
    )

    assert "names the data file 'test.jsonl', which does not go with it" in refused(folder)
    assert not hub.requests


@pytest.mark.parametrize("configs", ["3", "[a]", "{config_name: default}"])
def test_a_card_of_somebodys_hand_names_no_files_and_goes(run: Runs, configs: str) -> None:
    folder = run("task12")
    changed(folder, "README.md", f"---\nconfigs: {configs}\n---\n".encode())

    assert contents_of(folder).rows


@pytest.mark.parametrize("name", ["set", "ann/", "ann/a--b", "ann/.x", "a/b/c", "ann/x.git"])
def test_a_name_that_is_none_is_told(hub: Hub, run: Runs, name: str) -> None:
    assert f"{name!r}" in refused(run("task12"), name)
    assert not hub.storage.repositories


def test_nobody_logged_in_is_told_what_to_do(
    hub: Hub, run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    message = refused(run("task12"))

    assert "set HF_TOKEN" in message
    assert "hf auth login" in message
    assert not hub.requests


def test_a_token_of_nobody_is_told_and_not_shown(
    hub: Hub, run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_tokenofnobody")
    message = refused(run("task12"))

    assert "does not know the token" in message
    assert "hf_tokenofnobody" not in message
    assert not hub.storage.repositories


def test_another_owners_name_is_told(hub: Hub, run: Runs) -> None:
    message = refused(run("task12"), "eve/set")

    assert "may not write to eve/set" in message
    assert 'namespace "eve"' in message
    assert f"{hub.url}/settings/tokens" in message


def test_a_name_that_something_else_has_is_told(hub: Hub, run: Runs) -> None:
    hub.storage.taken.add("ann/set")

    assert "is taken by a repository of another kind" in refused(run("task12"))


def said(folder: Path, *options: str) -> str:
    """Return what the command line prints."""
    done = subprocess.run(
        [sys.executable, "-m", "factory", "push", str(folder), "ann/set", *options],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    return done.stdout


def test_the_command_line_says_what_goes_what_went_and_where_it_is(hub: Hub, run: Runs) -> None:
    folder = run("task12")
    size = f"{(folder / 'train.jsonl').stat().st_size:,}"

    planned = said(folder, "--dry-run")
    assert f"send  {size:>6} train.jsonl" in planned
    assert "nothing was sent" in planned
    assert "is not there yet" in planned
    sent = said(folder)
    assert "sent in 1 commit" in sent
    assert f"{hub.url}/datasets/ann/set (private, main)" in sent
    assert 'load it: datasets.load_dataset("ann/set")' in sent
    assert "nothing to send" in said(folder)
    assert f"there {size:>6} train.jsonl" in said(folder, "--dry-run")

    changed(folder, "train.jsonl", b"{}\n")
    changed(folder, "test.jsonl", b"{}\n")
    assert "discussions/1 (private, refs/pr/1)" in said(folder, "--pull-request")
    branch = json.loads(said(folder, "--branch", "v2", "--message", "Two rows", "--json"))
    assert branch["revision"] == "v2"
    assert {each["name"] for each in branch["sent"]} == {
        *("manifest.json", "test.jsonl", "train.jsonl")
    }
    assert branch["commit"] == repository(hub).refs["v2"]
    assert repository(hub).history("v2")[0].title == "Two rows"

    changed(folder, "test.jsonl", None)
    gone = said(folder, "--branch", "v2")
    assert "removed test.jsonl, which an earlier push had put there" in gone
    assert "sent in 1 commit, 1 removed" in gone


def test_the_token_goes_to_the_hub_alone(hub: Hub, run: Runs) -> None:
    hub.large_from = 2000
    push(run("free"), "ann/set")

    sent = {
        line.partition(" ")[0]: token
        for line, token in zip(hub.requests, hub.tokens, strict=True)
        if " /store/" in line
    }
    assert sent == {"PUT": None}
    assert f"Bearer {WRITES}" in hub.tokens
