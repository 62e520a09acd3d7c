"""The commands as a stranger uses them, and every mistake and misfortune that a run can meet."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from factory.cli import main
from factory.line import compile_task
from factory.recipe import load_recipe
from tests.catalogue import TASKS, catalogue
from tests.conftest import BUNDLED, EXAMPLES, PRODUCTS, PROJECT, copy_shop

RECIPE = str(PROJECT / "recipes.yaml")
#: A recipe that stands alone, for mistakes in it: line 6 begins with the first task.
SMALL = """\
seed: 7
sources:
  esci:
    adapter: esci
tasks:
  task12:
    title: Rank products for a query
    source: esci
    rows: query_products
    type: ranking
    template: rank_products_for_query.j2
    size: 16728
    with: {candidates: 5}
    track: user-behavior-alignment
  classify_query_product_relation:
    title: Say how a product relates to a query
    source: esci
    rows: query_product_relation
    type: multiple_choice
    template: classify_query_product_relation.j2
    size: 10000
    with:
      choices:
        E: It is an exact match.
        S: It is a substitute.
        C: It is a complement.
        I: It is irrelevant.
    track: user-behavior-alignment
    balance: {label: equal}
filters:
  length: {max_tokens: 2048}
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Return a function that runs one command line in this process."""

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["factory", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


def one_line(answer: Answer) -> str:
    """Return the only line that a failed command may say."""
    lines = answer.err.splitlines()
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("error: ")
    return lines[0]


def nothing_written(out: Path) -> bool:
    """Return whether no file of samples is there, whole or half; a kept plan may be."""
    half = list(out.glob("**/*.partial"))
    return not half and not list(out.glob("**/*.jsonl")) and not list(out.glob("**/manifest.json"))


def test_run_says_where_the_samples_are_and_shows_one(cli, tmp_path: Path) -> None:
    answer = cli("run", RECIPE, "--task", "task12", "--limit", 20, "--out", tmp_path)
    assert answer.code == 0
    assert f"20 samples in {tmp_path / 'task12' / 'train.jsonl'}" in answer.out
    assert "Product List:" in answer.out
    assert answer.err == ""


def test_a_size_beyond_the_candidates_is_a_shortfall_that_is_said(cli, tmp_path: Path) -> None:
    answer = cli("run", RECIPE, "--task", "task12", "--out", tmp_path)
    assert answer.code == 0
    assert "fewer than the 16,728 wanted: bundled has " in answer.out
    assert "--source esci=PATH" in answer.out


def test_several_tasks_and_json(cli, tmp_path: Path) -> None:
    tasks = ["--task", "task12", "--task", "write_query_for_product"]
    answer = cli("run", RECIPE, *tasks, "--limit", 5, "--out", tmp_path, "--json")
    assert [each["manifest"]["task"] for each in json.loads(answer.out)] == [tasks[1], tasks[3]]


def test_list_json_has_what_coverage_is_asked_of(cli) -> None:
    rows = {row["name"]: row for row in json.loads(cli("list", RECIPE, "--json").out)}
    keys = "name title type track metric source size needs_llm nvidia eshop dev ecom"
    assert all(set(keys.split()) <= set(row) for row in rows.values())
    assert list(rows) == list(TASKS)
    for name, row in rows.items():
        derive = catalogue().tasks[name].derive
        assert row["parent"] == (derive.from_ if derive else None)
        assert row["missing"] == []
        assert row["prompt_languages"][0] == "en"
    assert (rows["task12"]["nvidia"], rows["task12"]["eshop"], rows["task12"]["dev"]) == (5, 36, 12)
    assert rows["label_query_type"]["prompt_languages"] == ["en", "es", "ja", "zh"]
    assert rows["write_query_for_product"]["nvidia"] is None
    assert "v9b" in rows["classify_query_product_relation"]["mixtures"]
    assert "task12" in cli("list", RECIPE).out


def test_validate_counts_tasks_and_wordings(cli, tmp_path: Path) -> None:
    said = " ".join(cli("validate", RECIPE).out.split())
    assert f"is in order: tasks {len(TASKS)}, wordings " in said
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    names = load_recipe(path).tasks
    wordings = sum(len(compile_task(load_recipe(path), name).template.wordings) for name in names)
    said = " ".join(cli("validate", path).out.split())
    assert f"is in order: tasks 2, wordings {wordings}" in said


def test_validate_names_the_tasks_without_prompts_in_the_language_asked_for(
    cli, tmp_path: Path
) -> None:
    path = tmp_path / "languages.yaml"
    path.write_text(
        "include: [catalogue]\ntasks:\n  task8: {prompt: {language: es}}\n"
        "  label_query_type: {prompt: {language: es}}\n  task12: {prompt: {language: input}}\n"
        "mixtures:\n  two:\n    title: Two\n    tasks: {task12: 5, convert_units: 5}\n"
        "    prompt: {language: fr}\n",
        encoding="utf-8",
    )
    lines = cli("validate", path).out.splitlines()
    assert lines[-2:] == [
        "asked in English, without prompts in es: task8",
        "asked in English, without prompts in fr: convert_units, task12",
    ]
    assert "in English" not in cli("validate", RECIPE).out


def test_show_tells_the_whole_story_of_a_sample(cli, tmp_path: Path) -> None:
    cli("run", RECIPE, "--task", "task12", "--limit", 3, "--out", tmp_path)
    folder = tmp_path / "task12"
    records = json.loads(cli("show", folder, "--json").out)
    assert len(records) == 3
    told = cli("show", folder, "--why", records[1]["id"]).out
    for part in ("kept: line 2", "Source rows", "judgements:", "products:", "Wording", "Verdicts"):
        assert part in told
    story = json.loads(cli("show", folder, "--why", records[1]["id"], "--json").out)
    tables = [row["table"] for row in story["rows"]]
    assert tables.count("judgements") == tables.count("products") == 5


def test_show_tells_why_a_candidate_was_dropped(cli, tmp_path: Path) -> None:
    cli("run", RECIPE, "--task", "write_query_for_product", "--out", tmp_path)
    folder = tmp_path / "write_query_for_product"
    dropped = json.loads(cli("show", folder, "--split", "rejected", "--limit", 1, "--json").out)[0]
    assert dropped["reason"]
    told = cli("show", folder, "--why", dropped["id"]).out
    assert f"dropped by {dropped['filter']}: {dropped['reason']}" in told
    assert "products:" in told
    assert cli("show", folder, "--split", "rejected").code == 0


def test_a_run_that_is_there_already_is_told_of_in_a_few_lines(cli, tmp_path: Path) -> None:
    made = cli("run", RECIPE, "--task", "task12", "--limit", 20, "--out", tmp_path)
    again = cli("run", RECIPE, "--task", "task12", "--limit", 20, "--out", tmp_path)
    look = f"look at them: python -m factory show {tmp_path / 'task12'}\n"
    assert "The first sample:" in made.out
    assert "The first sample:" not in again.out
    assert made.out.endswith(look)
    assert again.out.endswith(look)


def test_what_was_dropped_is_told_by_reasons_that_show_takes(cli, tmp_path: Path) -> None:
    said = cli("run", RECIPE, "--task", "task15", "--limit", 400, "--out", tmp_path).out
    dropped = next(line for line in said.splitlines() if line.startswith("dropped, in "))
    reason = dropped.rpartition(" for ")[2]
    shown = cli("show", tmp_path / "task15", "--split", "rejected", "--reason", reason)
    assert f": {reason}" in shown.out
    set_aside = [line for line in said.splitlines() if line.startswith("set aside")]
    assert all(line.count("product_id=") <= 1 for line in set_aside), "one example is enough"


def test_a_mixture_says_what_it_has_and_nothing_of_what_it_has_not(cli, tmp_path: Path) -> None:
    said = cli("run", RECIPE, "--mixture", "v9b", "--limit", 5, "--out", tmp_path).out
    assert said.splitlines()[0].split() == ["task", "wanted", "accepted", "what", "is", "missing"]
    assert f"20 samples in {tmp_path / 'v9b' / 'train.jsonl'}" in said
    assert "left out" not in said
    dropped = cli("show", tmp_path / "v9b", "--split", "rejected", "--limit", 1_000, "--json").out
    shown = cli("show", tmp_path / "v9b", "--split", "rejected", "--limit", 1).out
    assert f"1 of {len(json.loads(dropped))}; --skip 1 goes on" in shown, "those of its tasks too"
    assert f"python -m factory show {tmp_path / 'v9b'}" in said


def test_show_on_what_is_no_run(cli, tmp_path: Path) -> None:
    assert "is not a finished run" in one_line(cli("show", tmp_path))
    cli("run", RECIPE, "--task", "task12", "--limit", 2, "--out", tmp_path)
    assert "it holds the runs task12" in one_line(cli("show", tmp_path))
    assert "has no sample 'nope'" in one_line(cli("show", tmp_path / "task12", "--why", "nope"))
    assert "the recipe asks for none" in one_line(
        cli("show", tmp_path / "task12", "--split", "test")
    )


def test_a_sample_is_shown_whole_on_a_terminal_of_any_width(cli, tmp_path: Path) -> None:
    cli("run", RECIPE, "--task", "task12", "--limit", 3, "--out", tmp_path)
    record = json.loads(cli("show", tmp_path / "task12", "--limit", 1, "--json").out)[0]
    for width in (40, 80):
        master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "factory", "show", str(tmp_path / "task12"), "--limit", "1"],
            cwd=PROJECT,
            stdout=terminal,
            env={key: value for key, value in os.environ.items() if key != "COLUMNS"},
        )
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(master, 65536):
                shown += piece
        os.close(master)
        assert process.wait(timeout=60) == 0
        plain = re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─\s]", "", shown.decode())
        assert re.sub(r"\s", "", record["input_field"]) in plain


def test_hostile_text_does_not_reach_the_terminal(cli, tmp_path: Path) -> None:
    folder = copy_shop(tmp_path / "esci")
    with duckdb.connect() as connection:
        connection.execute(f"""
            CREATE TABLE p AS FROM '{folder / PRODUCTS}';
            UPDATE p SET product_title = chr(27) || '[2J[red]' || chr(8238)
                || '<script>alert(1)</script>' || product_title;
            COPY p TO '{folder / PRODUCTS}'""")
    answer = cli(
        *("run", RECIPE, "--task", "task12", "--limit", 5),
        *("--source", f"esci={folder}", "--out", tmp_path / "out"),
    )
    assert answer.code == 0
    assert "\x1b" not in answer.out
    assert "\u202e" not in answer.out
    assert "alert" not in answer.out
    assert "[red]" in answer.out


def wrong_recipe(text: str, wrong: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "wrong.yaml"
        assert text in SMALL
        path.write_text(SMALL.replace(text, wrong, 1), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "tsk12"], "there is no task 'tsk12': did you mean 'task12'?"),
        ([], "name a task with --task"),
        (["--task", "task12", "--source", "esic=/data"], "did you mean 'esci'?"),
        (["--task", "task12", "--source", "esci"], "write NAME=PATH"),
        (["--task", "task12", "--allow-test", "m2"], "there is no source 'm2'"),
        (["--task", "task12", "--limit", "0"], "--limit"),
        (["--task", "task12", "--lmit", "5"], "--lmit"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(cli, tmp_path, arguments, said) -> None:
    answer = cli("run", RECIPE, *arguments, "--out", tmp_path)
    assert said in one_line(answer)
    assert answer.code == 2
    assert nothing_written(tmp_path)


@pytest.mark.parametrize(
    ("text", "wrong", "said"),
    [
        ("size: 16728", "siez: 1", "yaml:12: tasks.task12.siez: unknown key: did you mean 'size'?"),
        ("size: 16728", "size: many", "yaml:12: tasks.task12.size: "),
        ("type: ranking", "type: rankng", "did you mean 'ranking'?"),
        ("{candidates: 5}", "{candidate: 5}", "did you mean 'candidates'?"),
        ("rows: query_products", "rows: query_product", "did you mean 'query_products'?"),
        ("rank_products_for_query.j2", "rank_product.j2", "did you mean"),
        ("max_tokens: 2048", "max_token: 2048", "did you mean 'max_tokens'?"),
        ("balance: {label: equal}", "balance: {labl: equal}", "did you mean 'label'?"),
    ],
)
def test_a_typo_in_the_recipe_names_the_line_and_the_right_word(
    cli, tmp_path: Path, text: str, wrong: str, said: str
) -> None:
    path = wrong_recipe(text, wrong)(tmp_path)
    tasks = ["--task", "task12", "--task", "classify_query_product_relation"]
    for verb in (["validate", path], ["run", path, *tasks, "--out", tmp_path / "out"]):
        answer = cli(*verb)
        assert said in answer.err
        assert answer.code == 2
    assert nothing_written(tmp_path / "out")


def test_a_template_with_an_undefined_name_is_found_before_anything_runs(cli, tmp_path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    source = (PROJECT / "factory/templates/rank_products_for_query.j2").read_text(encoding="utf-8")
    name = "rank_products_for_query.j2"
    (templates / name).write_text(source.replace("'{{ query }}' into", "'{{ qurey }}' into"))
    (tmp_path / "recipes.yaml").write_text(SMALL, encoding="utf-8")
    for verb in ("validate", "run"):
        extra = ["--task", "task12", "--out", tmp_path / "out"] if verb == "run" else []
        answer = cli(verb, tmp_path / "recipes.yaml", *extra)
        line = one_line(answer)
        assert f"{templates / name}:" in line
        assert "'qurey'" in line
        assert "did you mean 'query'?" in line
        assert answer.code == 2


def broken(change: Callable[[Path], object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        copied = folder / "esci"
        shutil.copytree(BUNDLED, copied)
        change(copied)
        return copied

    return make


def sql(file: str, statement: str) -> Callable[[Path], object]:
    """Rewrite one file of the folder as ``SELECT ... FROM rows``."""

    def change(folder: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE rows AS FROM '{folder / file}'")
            connection.execute(f"COPY ({statement}) TO '{folder / file}' (FORMAT parquet)")

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / PRODUCTS).unlink(), PRODUCTS),
        (shutil.rmtree, "esci"),
        (lambda folder: (folder / EXAMPLES).write_bytes(b""), EXAMPLES),
        (lambda folder: os.truncate(folder / PRODUCTS, 100_000), PRODUCTS),
        (sql(EXAMPLES, "FROM rows LIMIT 0"), "no rows"),
        (sql(EXAMPLES, "SELECT * EXCLUDE (esci_label), 'E' AS label FROM rows"), "'esci_label'"),
        (sql(PRODUCTS, "SELECT * REPLACE (1 AS product_id) FROM rows"), "'product_id'"),
        (sql(EXAMPLES, "SELECT * REPLACE ('test' AS split) FROM rows"), "--allow-test esci"),
    ],
    ids=["missing", "folder", "empty", "truncated", "no-rows", "column", "type", "all-test"],
)
def test_unusable_source_files_are_one_line_and_exit_code_1(cli, tmp_path, change, said) -> None:
    folder = broken(change)(tmp_path)
    answer = cli(
        *("run", RECIPE, "--task", "task12", "--out", tmp_path / "out"),
        *("--source", f"esci={folder}"),
    )
    assert said in one_line(answer)
    assert answer.code == 1
    assert nothing_written(tmp_path / "out")


def test_a_file_that_breaks_in_the_middle_is_one_line(cli, tmp_path: Path) -> None:
    folder = copy_shop(tmp_path / "esci")
    with (folder / PRODUCTS).open("r+b") as file:
        file.seek(20_000)
        file.write(os.urandom(60_000))
    answer = cli(
        *("run", RECIPE, "--task", "task12", "--out", tmp_path / "out"),
        *("--source", f"esci={folder}"),
    )
    assert "cannot be read" in one_line(answer)
    assert answer.code == 1
    assert nothing_written(tmp_path / "out" / "task12")


def test_a_few_unknown_labels_are_set_aside_and_counted(cli, tmp_path: Path, recipe_file) -> None:
    change = sql(
        EXAMPLES,
        "SELECT * REPLACE (CASE WHEN example_id < 50 THEN 'X' ELSE esci_label END AS esci_label) "
        "FROM rows",
    )
    folder = broken(change)(tmp_path)
    common = ["--task", "task12", "--source", f"esci={folder}", "--out", tmp_path / "out"]
    answer = cli("run", RECIPE, *common, "--limit", 5)
    assert answer.code == 0
    assert "(label-unknown)" in answer.out
    manifest = json.loads((tmp_path / "out" / "task12" / "manifest.json").read_text())
    (quarantined,) = manifest["source"]["quarantined"]
    assert quarantined["rows"] > 0
    strict = cli("run", recipe_file(max_quarantined=0.0001), *common, "--fresh")
    assert "raise max_quarantined" in one_line(strict)
    assert strict.code == 3


def test_a_judged_product_that_is_missing_costs_its_own_sample(cli, tmp_path: Path) -> None:
    folder = broken(sql(PRODUCTS, "FROM rows WHERE hash(product_id) % 10 > 0"))(tmp_path)
    common = ["--source", f"esci={folder}", "--out", tmp_path / "out"]
    answer = cli("run", RECIPE, "--task", "task12", *common)
    assert answer.code == 0
    dropped = (tmp_path / "out" / "task12" / "rejected.jsonl").read_text().splitlines()
    reasons = {json.loads(line)["reason"] for line in dropped}
    assert reasons == {"value-missing"}
    assert "a product that it does not list" in json.loads(dropped[0])["detail"]


def test_products_listed_twice_in_any_order_change_nothing(cli, tmp_path: Path) -> None:
    twice = (
        "FROM (SELECT * FROM rows UNION ALL SELECT * REPLACE (array_to_string(list_reverse("
        "string_split(product_bullet_point, chr(10))), chr(10)) AS product_bullet_point) "
        "FROM rows) ORDER BY {}"
    )
    listed = json.loads(cli("list", RECIPE, "--json").out)
    of_esci = [task["name"] for task in listed if task["source"] == "esci" and not task["parent"]]
    tasks = [part for task in of_esci[:6] for part in ("--task", task)]
    made = []
    for order in ("product_id, product_bullet_point", "product_bullet_point DESC, product_id"):
        folder = broken(sql(PRODUCTS, twice.format(order)))(tmp_path / str(len(made)))
        out = tmp_path / f"out{len(made)}"
        cli("run", RECIPE, *tasks, "--limit", 150, "--out", out, "--source", f"esci={folder}")
        made.append([(out / name / "train.jsonl").read_bytes() for name in tasks[1::2]])
    assert made[0] == made[1]
    assert all(made[0])


def test_another_recipe_in_the_same_folder_is_refused(cli, tmp_path: Path, recipe_file) -> None:
    cli("run", RECIPE, "--task", "task12", "--limit", 5, "--out", tmp_path / "out")
    before = (tmp_path / "out" / "task12" / "train.jsonl").read_bytes()
    for arguments, difference in (
        ([RECIPE, "--limit", 6], "size"),
        ([RECIPE, "--limit", 5, "--seed", 8], "seed"),
        (
            [
                recipe_file(task12__track="multi-lingual-abilities"),
                "--limit",
                5,
            ],
            "definition",
        ),
    ):
        answer = cli("run", *arguments, "--task", "task12", "--out", tmp_path / "out")
        assert f"holds another run (it differs in {difference})" in one_line(answer)
        assert answer.code == 2
        assert (tmp_path / "out" / "task12" / "train.jsonl").read_bytes() == before
    fresh = cli(
        "run", RECIPE, "--task", "task12", "--limit", 6, "--out", tmp_path / "out", "--fresh"
    )
    assert fresh.code == 0


def test_an_output_folder_that_cannot_be_written(cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", Path("/proc/nowhere")):
        answer = cli("run", RECIPE, "--task", "task12", "--limit", 5, "--out", out)
        assert "--out" in one_line(answer)
        assert answer.code == 1


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "factory", *map(str, arguments)],
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )


def run_of(large_shop: Path, out: Path) -> list[object]:
    return ["run", RECIPE, "--task", "task12", "--source", f"esci={large_shop}", "--out", out]


def test_a_file_that_may_not_grow_is_one_line_and_leaves_nothing(tmp_path, large_shop) -> None:
    def small_files_only() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))

    process = start(*run_of(large_shop, tmp_path / "out"), preexec_fn=small_files_only)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("error: ")
    assert "cannot be written" in err
    assert nothing_written(tmp_path / "out" / "task12")


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, large_shop: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        process = start(*run_of(large_shop, disk / "out"))
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert err.startswith("error: ")
        assert "no space left on the disk" in err
        assert err.count("\n") == 1
        assert nothing_written(disk / "out" / "task12")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


TOLD_OF_AN_INTERRUPT = "interrupted; nothing half-written. The same command goes on from here.\n"


@pytest.fixture(scope="module")
def undisturbed(large_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    process = start(*run_of(large_shop, out))
    process.communicate(timeout=120)
    assert process.returncode == 0
    return {p.name: p.read_bytes() for p in (out / "task12").iterdir() if p.is_file()}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_who_is_interrupted_leaves_no_half_written_file_and_goes_on(
    tmp_path: Path, large_shop: Path, undisturbed: dict[str, bytes], how: signal.Signals
) -> None:
    folder = tmp_path / "out" / "task12"
    for _ in range(5):
        process = start(*run_of(large_shop, tmp_path / "out"), "--fresh")
        wait_for(folder / ".work" / "train.jsonl.partial", process)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        if process.returncode:
            break  # else a busy machine let it finish before the signal
        (folder / "manifest.json").unlink()
        for split in ("train", "rejected"):
            (folder / f"{split}.jsonl").unlink()
    assert process.returncode == 130
    assert err == TOLD_OF_AN_INTERRUPT
    assert nothing_written(folder)
    again = start(*run_of(large_shop, tmp_path / "out"))
    again.communicate(timeout=120)
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == undisturbed


@pytest.mark.parametrize(
    "done",
    [
        "exec('raise KeyboardInterrupt')",
        # DuckDB hears it within its own work (factory/sources/interrupts.py for what others do).
        "duckdb.execute('SET threads = 1')\n"
        "    threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()\n"
        "    duckdb.execute('SELECT max(md5(n::VARCHAR)) FROM range(10000000000) AS many(n)')",
    ],
    ids=["text", "query"],
)
def test_an_interrupt_within_a_library_ends_with_the_code_of_every_other(
    tmp_path: Path, done: str
) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import signal, threading\n"
        "import duckdb\n"
        "import factory.cli\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a worker's child ignores it\n"
        "def app(*_, **__):\n"
        f"    {done}\n"
        "factory.cli.app = app\n"
        "factory.cli.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "interrupted"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (130, TOLD_OF_AN_INTERRUPT)


SLOW_RECIPE = """\
include: [{from: catalogue, source: shop}]
sources:
  shop: {adapter: tables, path: data}
tasks:
  slow:
    title: A view that takes minutes
    source: shop
    rows: slow
    type: generation
    template: slow.j2
    size: 3
    track: understanding-shopping-concepts
"""
SLOW_VIEW = """\
-- needs products: product_id, locale, title

-- keys
SELECT product_id AS key, product_id AS split_group, locale
FROM products
WHERE (
    SELECT count(*) FROM range(400000) AS a(n), range(400000) AS b(m)
    WHERE (n * m + length(products.title)) % 7 = 3
) > 0

-- facts
SELECT key, chosen.locale, title AS target, ['product:us:' || key] AS source_ids
FROM chosen JOIN products ON product_id = key
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_view_that_takes_minutes_is_interrupted_at_once(
    tmp_path: Path, how: signal.Signals
) -> None:
    files = {
        "recipes.yaml": SLOW_RECIPE,
        "views/slow.sql": SLOW_VIEW,
        "templates/slow.j2": '{% extends "generation.j2" %}\n'
        "{% block prompt_plain %}Name a product.{% endblock %}\n",
        "data/products.csv": "product_id,locale,title\np1,us,Lamp\np2,us,Lampshade\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    process = start("run", tmp_path / "recipes.yaml", "--task", "slow", "--out", out)
    try:
        wait_for(out / "slow" / ".work", process)
        time.sleep(1)  # the view is asked for its keys
        assert process.poll() is None
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, TOLD_OF_AN_INTERRUPT)
    assert nothing_written(out)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not path.exists() and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.005)


def test_killed_at_any_moment_the_same_bytes_come_out_in_the_end(
    tmp_path: Path, large_shop: Path, undisturbed: dict[str, bytes]
) -> None:
    folder = tmp_path / "out" / "task12"
    for delay in (0.3, 0.5, 0.7, 0.9, 1.2, 1.6):
        process = start(*run_of(large_shop, tmp_path / "out"))
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        if (folder / "manifest.json").exists():
            assert {p.name for p in folder.iterdir() if p.is_file()} == set(undisturbed)
    last = start(*run_of(large_shop, tmp_path / "out"))
    _, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == undisturbed


def test_two_runs_into_one_folder_at_once(tmp_path: Path, large_shop: Path, cli) -> None:
    process = start(*run_of(large_shop, tmp_path / "out"))
    wait_for(tmp_path / "out" / "task12" / ".work" / "plan.json", process)
    answer = cli(*run_of(large_shop, tmp_path / "out"))
    process.communicate(timeout=120)
    assert "another run is writing here" in one_line(answer)
    assert answer.code == 1
