"""Whatever a benchmark says is found in a sample, and nothing else is."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from factory.errors import RecipeError, SourceError
from factory.filters.benchmarks import BenchmarkSpec, pieces
from factory.filters.decontamination import DecontaminationFilter, write_index
from factory.filters.grams import gram_hashes, normal_form
from tests.conftest import SHARED
from tests.filters.samples import GOOD, choice, sample, written

LONG = (
    "This kettle boils a litre of water in three minutes, switches itself off, keeps its handle "
    "cool, and stands on a base that turns all the way round without a cord in the way."
)
LONG_JA = (
    "この電気ケトルは一リットルの水を三分で沸かし、自動で電源が切れ、取っ手は熱くならず、"
    "コードのない台の上で三百六十度回転するので、右利きでも左利きでも使いやすいです。"
)
SHORT = "Copper kettle with a bird whistle"
SHORT_JA = "銅製やかん鳥の笛付き二リットル"

Index = Callable[..., DecontaminationFilter]


@pytest.fixture
def over(tmp_path: Path) -> Index:
    """Return a function that gives the filter over benchmarks by their names."""

    def make(against: tuple[str, ...] = (), **benchmarks: dict[str, Any]) -> DecontaminationFilter:
        specs = {name: BenchmarkSpec.model_validate(spec) for name, spec in benchmarks.items()}
        folder = write_index(specs, tmp_path / "index", tmp_path)
        return DecontaminationFilter(against=against or tuple(specs)).with_index(folder)

    return make


def lines(path: Path, *rows: Any) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path.name


def reason(judge: DecontaminationFilter, **slots: Any) -> str:
    return judge.judge(sample(slots=slots, options=())).reason


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SHORT, SHORT),
        (SHORT, "  copper KETTLE with a  bird ｗｈｉｓｔｌｅ "),
        ("Copper kettle &amp; a <b>bird</b> whistle", "Copper kettle & a bird whistle"),
        (SHORT_JA, SHORT_JA),
        (LONG, LONG),
    ],
)
def test_a_text_is_found_whole(tmp_path: Path, over: Index, text: str, shown: str) -> None:
    judge = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": "other words here"}, {"q": text})})
    assert reason(judge, title=shown).endswith(":mine")
    assert reason(judge, items=["a", {"title": shown}]).endswith(":mine")
    assert judge.judge(written(shown, slots={})).reason.endswith(":mine")
    assert judge.judge(choice((shown, "none of these"), slots={})).reason.endswith(":mine")


@pytest.mark.parametrize(
    ("text", "part"),
    [(LONG, " ".join(LONG.split()[9:19])), (LONG_JA, LONG_JA[12:32])],
)
def test_a_long_text_is_found_by_a_part_of_it(
    tmp_path: Path, over: Index, text: str, part: str
) -> None:
    judge = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": text})})
    around = "别" * 30 if text is LONG_JA else " ".join(f"word{n}" for n in range(15))
    assert reason(judge, review=f"{around} {part.upper()} {around}") == "ngram:mine"
    # Short of the run that counts, or in a text that is too short to have runs.
    assert reason(judge, review=f"{around} {part[: len(part) // 2]} {around}") == ""
    assert reason(judge, review=part) == ""


def test_a_share_of_the_runs_may_be_allowed(tmp_path: Path, over: Index) -> None:
    strict = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": LONG})})
    half = " ".join(LONG.split()[:18]) + " " + " ".join(f"word{n}" for n in range(18))
    assert reason(strict, review=half) == "ngram:mine"
    lenient = strict.model_copy(update={"max_overlap": 0.5})
    assert reason(lenient, review=half) == ""
    assert reason(lenient, review=LONG) == "ngram:mine"


def test_other_texts_stay(tmp_path: Path, over: Index) -> None:
    judge = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": LONG, "t": SHORT, "j": LONG_JA})})
    assert judge.judge(GOOD).keep
    reworded = "A copper kettle that whistles like a bird"
    assert reason(judge, title=reworded, two="copper kettle", other=SHORT_JA) == ""


def test_the_wording_of_a_benchmark_is_no_content(tmp_path: Path, over: Index) -> None:
    wording = "Say whether the product fits the query"
    rows = [{"instruction": wording, "input": f"product number {n} here"} for n in range(25)]
    judge = over(mine={"file": lines(tmp_path / "b.jsonl", *rows)})
    assert reason(judge, instruction=wording) == ""
    assert reason(judge, input="product number 7 here") == "exact:mine"


def test_the_parts_of_a_prompt_are_found(tmp_path: Path, over: Index) -> None:
    prompt = (
        "The product 'Anna's Steel Bird Kettle' is sold.\nQuery: red whistling kettle\n"
        "0. one copper bird kettle\n1. It cannot be inferred.\nAnswer: "
    )
    assert "Anna's Steel Bird Kettle" in list(pieces(prompt))
    judge = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": prompt})})
    for part in ("Anna's steel bird kettle", "red whistling kettle", "one copper bird kettle"):
        assert reason(judge, slot=part) == "exact:mine"
    assert reason(judge, slot=normal_form(prompt)).endswith(":mine")


def test_files_of_every_kind_are_read(tmp_path: Path, over: Index) -> None:
    rows = [{"id": "1", "title": SHORT, "other": "some other words"}]
    (tmp_path / "b.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"first line of text\n{SHORT}\n", encoding="utf-8")
    for name, delimiter in (("b.csv", ","), ("b.tsv", "\t")):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    with duckdb.connect() as connection:
        query = f"SELECT '{SHORT}' AS title, 'some other words' AS other"
        connection.execute(f"COPY ({query}) TO '{tmp_path / 'b.parquet'}' (FORMAT parquet)")
    lines(tmp_path / "b.jsonl", *rows)
    for kind in ("json", "jsonl", "csv", "tsv", "parquet", "txt"):
        assert reason(over(mine={"file": f"b.{kind}"}), title=SHORT) == "exact:mine", kind
    chosen = over(mine={"file": "b.csv", "fields": ["title"]})
    assert reason(chosen, title=SHORT) == "exact:mine"
    assert reason(chosen, title="some other words") == ""


def test_only_the_benchmarks_that_are_asked_for_count(tmp_path: Path, over: Index) -> None:
    one = {"file": lines(tmp_path / "one.jsonl", {"q": SHORT}, {"q": "both of them have it"})}
    two = {"file": lines(tmp_path / "two.jsonl", {"q": "both of them have it"})}
    assert reason(over(one=one, two=two), title="both of them have it") == "exact:one"
    judge = over(against=("two",), one=one, two=two)
    assert reason(judge, title=SHORT) == ""
    assert reason(judge, title="both of them have it") == "exact:two"


@pytest.mark.parametrize("adapter", ["shopbench", "mmlu", "ecinstruct", "esci", "ecominstruct"])
def test_the_bundled_test_parts_are_found(over: Index, adapter: str) -> None:
    from factory.sources import SOURCES

    judge = over(bench={"adapter": adapter})
    source = SOURCES[adapter]
    checked = 0
    with duckdb.connect() as connection:
        options = source.options.model_validate({})
        source.attach(connection, "s", "bundled", options, allow_test=True)
        if adapter == "esci":
            query = "SELECT DISTINCT query FROM s.judgements WHERE split = 'test'"
        else:
            query = "SELECT DISTINCT input FROM s.instructions WHERE split = 'test'"
        for (text,) in connection.execute(query).fetchall():
            if len(normal_form(text or "").split()) >= 3:
                checked += 1
                assert reason(judge, slot=text).endswith(":bench"), text
    assert checked > 10
    assert judge.judge(GOOD).keep


def test_titles_of_esci_are_no_test_content(over: Index) -> None:
    judge = over(esci={"adapter": "esci"})
    with duckdb.connect() as connection:
        from factory.sources import SOURCES

        source = SOURCES["esci"]
        options = source.options.model_validate({})
        source.attach(connection, "s", "bundled", options, allow_test=True)
        titles = connection.execute("SELECT title FROM s.products LIMIT 50").fetchall()
    assert not any(reason(judge, title=title) for (title,) in titles)


def test_sessions_of_the_test_part_are_found_by_their_sequence(tmp_path: Path, over: Index) -> None:
    titles = [f"Wooden toy number {n}" for n in range(5)]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (product_id VARCHAR, locale VARCHAR, title VARCHAR)")
        rows = [(str(n), "us", title) for n, title in enumerate(titles)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.execute(f"COPY t TO '{tmp_path / 'products.parquet'}' (FORMAT parquet)")
        connection.execute(
            "COPY (SELECT 's1' AS session_id, 'us' AS locale, ['0','1','2','3','4'] AS items, "
            f"'test' AS split) TO '{tmp_path / 'sessions.parquet'}' (FORMAT parquet)"
        )
    judge = over(m2={"adapter": "tables", "path": str(tmp_path)})
    assert reason(judge, viewed=titles) == "sequence:m2"
    assert reason(judge, viewed=titles[:4]) == "sequence:m2"
    assert reason(judge, viewed=titles[::-1]) == ""
    assert reason(judge, viewed=titles[1:4]) == ""


def test_the_same_benchmarks_give_the_same_bytes(tmp_path: Path) -> None:
    specs = {
        "mine": BenchmarkSpec(file=lines(tmp_path / "b.jsonl", {"q": LONG}, {"q": SHORT})),
        "shopbench": BenchmarkSpec(adapter="shopbench"),
    }
    one = write_index(specs, tmp_path / "one", tmp_path)
    two = write_index(specs, tmp_path / "two", tmp_path)
    assert sorted(path.name for path in one.iterdir()) == sorted(
        ["benchmarks.json", "exact.npy", "exact_of.npy", "grams.npy", "grams_of.npy"]
    )
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()


def test_the_filter_travels_to_other_processes_and_sees_a_new_index(
    tmp_path: Path, over: Index
) -> None:
    judge = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": SHORT})})
    again = pickle.loads(pickle.dumps(judge))  # noqa: S301
    assert reason(again, title=SHORT) == "exact:mine"
    assert judge.model_dump() == {"against": ("mine",), "max_overlap": 0.0}
    other = over(mine={"file": lines(tmp_path / "b.jsonl", {"q": "quite another text"})})
    assert other.fingerprint != judge.fingerprint
    assert reason(other, title=SHORT) == ""


def test_mistakes_are_said_in_one_line(tmp_path: Path, over: Index) -> None:
    with pytest.raises(RecipeError, match="has no index"):
        DecontaminationFilter(against=("x",)).judge(GOOD)
    with pytest.raises(RecipeError, match="there is no benchmark 'other'"):
        over(against=("other",), mine={"file": lines(tmp_path / "b.jsonl", {"q": SHORT})})
    for spec, said in (
        ({"file": "absent.jsonl"}, "absent.jsonl"),
        ({"file": "b.doc"}, "none of"),
        ({"file": "b.jsonl", "fields": ["x"]}, "no field 'x'"),
        ({"file": lines(tmp_path / "short.jsonl", {"q": "two words"})}, "three words"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            over(mine=spec)
        assert "\n" not in str(caught.value)
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match="cannot be read"):
        over(mine={"file": "broken.jsonl"})
    for wrong in ({}, {"file": "a.txt", "adapter": "esci"}, {"file": "a.txt", "path": "x"}):
        with pytest.raises(ValidationError):
            BenchmarkSpec.model_validate(wrong)
    with pytest.raises(ValidationError, match="did you mean 'esci'"):
        BenchmarkSpec.model_validate({"adapter": "esc"})


def test_a_run_has_one_hash_wherever_it_stands() -> None:
    words = [f"word{number}" for number in range(40)]
    whole = gram_hashes(" ".join(words))
    assert len(whole) == 33
    assert gram_hashes(" ".join(words[11:])).tolist() == whole[11:].tolist()
    assert len(set(whole.tolist())) == 33


@pytest.mark.skipif(not SHARED.exists(), reason="the development set lies beside the project only")
def test_every_row_of_the_real_development_set_is_found(over: Index) -> None:
    path = SHARED / "data" / "kddcup2024_devset"
    judge = over(shopbench={"adapter": "shopbench", "path": str(path)})
    rows = (path / "development.json").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 96
    for row in map(json.loads, rows):
        assert reason(judge, slot=row["input_field"]).endswith(":shopbench")
