"""The row mappers and views over ECInstruct: what becomes of one upstream row."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.draw import Draw
from factory.sources.ecinstruct import EcInstructOptions, EcInstructSource
from factory.sources.rows import (
    answer_from_reviews,
    answerability,
    bought_together,
    extracted_values,
    next_purchase,
    product_matching,
    product_relation,
    query_product_order,
    substitute_identification,
)
from factory.sources.view import RowRejectedError, load_view, prepare

from .ecinstruct_files import copy_bundled

OPTIONS: dict[str, dict[str, Any]] = {
    "query_product_order": {"candidates": 3},
    "bought_together": {"candidates": 15, "golds": 3},
}
VIEWS = (
    *("answerability", "answer_from_reviews", "product_matching", "substitute_identification"),
    *("product_relevance", "review_sentiment", "reviews_by_sentiment", "query_product_order"),
    *("product_relation", "extracted_values", "bought_together", "next_purchase"),
)


def mapped(module: Any, key: str = "k", **facts: Any) -> list[dict[str, Any]]:
    row = {"key": key, "locale": "us", "source_ids": ["instruction:1"], **facts}
    return list(module.rows(row, Draw(7, "task", key)))


def said(value: Any) -> bytes:
    return json.dumps(value).encode()


def rejected(module: Any, **facts: Any) -> str:
    with pytest.raises(RowRejectedError) as error:
        mapped(module, **facts)
    return error.value.reason


def facts_of(view_name: str, folder: Path, threads: int) -> tuple[Any, Any]:
    view = load_view(view_name)
    with duckdb.connect(config={"threads": threads}) as connection:
        EcInstructSource().attach(
            connection, "eci", str(folder), EcInstructOptions(), allow_test=False
        )
        connection.execute("USE eci")
        prepare(connection, 7, "task", OPTIONS.get(view_name, {}))
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY draw(key, 'order'), key)"
            f" AS ordinal, * FROM ({view.keys})"
        )
        connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
        keys = connection.execute("FROM keys ORDER BY ordinal").fetchall()
        return keys, connection.execute(f"SELECT * FROM ({view.facts}) ORDER BY key").fetchall()


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("copies")
    plain = copy_bundled(folder / "plain", shuffled=False)
    return plain, copy_bundled(folder / "shuffled", shuffled=True)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_says_the_same_at_any_thread_count_over_any_order(
    name: str, copies: tuple[Path, Path]
) -> None:
    keys, facts = facts_of(name, copies[0], 1)
    assert (keys, facts) == facts_of(name, copies[1], 4)
    assert len(facts) == len(keys) >= 60


def test_a_review_is_in_at_most_five_lists_that_differ(
    copies: tuple[Path, Path],
) -> None:
    keys, _ = facts_of("reviews_by_sentiment", copies[0], 2)
    lists = [key[1].split(":") for key in keys]
    members = [name for each in lists for name in each]
    rarest = min(len({each[place] for each in lists}) for place in range(5))
    assert len(lists) == 5 * rarest
    assert max(map(members.count, set(members))) <= 5
    sets = [frozenset(each) for each in lists]
    shared = {len(one & two) for place, one in enumerate(sets) for two in sets[:place]}
    assert max(shared) <= 2


def test_a_document_is_cut_at_sentences_but_never_under_a_yes() -> None:
    long = "It is large. " * 400
    facts = {"input": said({"question": "Large?", "document": [long] * 2 + ["b"] * 9})}
    (row,) = mapped(answerability, answer="no", **facts)
    assert row["snippets"][-1] == "b"
    assert all(len(text) <= 700 and text[-1] in ".b" for text in row["snippets"])
    documents = [f"{number} {'word ' * 130}." for number in range(9)]
    big = said({"question": "Large?", "document": documents})
    assert rejected(answerability, answer="yes", input=big) == "document-too-long"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("I think it is blue.", "answer-first-person"),
        ("It holds 12 quarts.", "answer-unsupported"),
        ("Contact the manufacturer beforehand.", "answer-unsupported"),
        ("Not sure about that.", "answer-unsure"),
        ("Blue.", "answer-length"),
    ],
)
def test_answers_that_no_assistant_could_give_are_rejected(answer: str, reason: str) -> None:
    text = said({"question": "What color is it?", "document": ["Mine is blue and holds 8 quarts."]})
    assert rejected(answer_from_reviews, input=text, answer=answer) == reason


def test_an_answer_that_the_texts_support_is_kept() -> None:
    text = said({"question": "What color is it?", "document": ["Mine is blue &amp; white."]})
    (row,) = mapped(answer_from_reviews, input=text, answer="it is blue and white.")
    assert row["target"] == "It is blue and white."
    assert row["snippets"] == ["Mine is blue & white."]


def test_records_show_what_they_know_in_either_order() -> None:
    text = (
        b'{"product 1": {"title": "adobe\\ufffd cs3", "description": NaN, "manufacturer": "nan", '
        b'"price": "0.0"}, "product 2": {"title": "cs3 36&quot;", "price": "649"}}'
    )
    (row,) = mapped(product_matching, input=text, answer="yes", shown="given")
    assert row["records"] == [["Title: adobe cs3"], ['Title: cs3 36"', "Price: 649"]]
    (other,) = mapped(product_matching, input=text, answer="yes", shown="swapped")
    assert other["records"] == row["records"][::-1]


def test_an_answer_other_than_yes_and_no_is_rejected() -> None:
    text = said({"query": "lamp", "product": "Lamp"})
    assert rejected(substitute_identification, input=text, answer="maybe") == "answer-malformed"


def test_a_longer_order_is_shortened_without_changing_it() -> None:
    items = [f"{letter}: {letter.lower()} lamp" for letter in "ABCD"]
    text = said({"query": "lamp", "product list": items})
    orders = set()
    for number in range(40):
        (row,) = mapped(query_product_order, f"k{number}", input=text, output="D,B,A,C", wanted=3)
        assert row["relevance"] == [1.0, 0.1, 0.01]
        assert row["items"] == sorted(row["items"], key=lambda text: "dbac".index(text[0]))
        orders.add(tuple(row["items"]))
    assert len(orders) == 4
    assert rejected(query_product_order, input=text, output="D,B,A", wanted=3) == "input-malformed"


def test_a_pair_is_shown_in_either_order_and_keeps_its_relation() -> None:
    options = ["A: Users who buy product 1", "B: Users who view product 1", "C: similar"]
    text = said({"Product 1:": "Pan &quot;XL&quot;", "Product 2:": "Steel Lid"})
    rows = [
        mapped(product_relation, f"k{number}", input=text, options=options, output="B")[0]
        for number in range(20)
    ]
    assert {row["answer"] for row in rows} == {"viewed"}
    assert {tuple(row["titles"]) for row in rows} == {
        ('Pan "XL"', "Steel Lid"),
        ("Steel Lid", 'Pan "XL"'),
    }


def values(**found: str) -> bytes:
    return said([{"attribute": a, "value": v, "source": "product title"} for a, v in found.items()])


def test_a_value_is_cut_out_of_the_text_as_it_is_spelled_there() -> None:
    text = said({"product title": "Lumo USB-C Cable, Matte Black", "target attributes": "Color"})
    output = values(Color="matte black", Type="None", Connector="usb-c")
    rows = [mapped(extracted_values, input=text, output=output, number=n)[0] for n in (0, 1)]
    assert [(row["attribute"], row["entities"]) for row in rows] == [
        ("color", ["Matte Black"]),
        ("connector", ["USB-C"]),
    ]
    facts = {"input": text, "output": output}
    assert rejected(extracted_values, **facts, number=2) == "attribute-absent"


@pytest.mark.parametrize("value", ["matte", "lumo cable", "black, lumo", "bla"])
def test_a_value_that_the_text_does_not_hold_as_one_phrase_is_rejected(value: str) -> None:
    text = said({"product title": "Lumo Blackout Curtain, Black, Lumo"})
    facts = {"input": text, "output": values(Color=value), "number": 0}
    assert rejected(extracted_values, **facts) == "value-not-found"


def test_what_was_bought_before_is_no_wrong_option() -> None:
    history = ["1st: Cat Bowl, Pets", "2nd: Cat's Bed, Pets"]
    options = ["A: Cat Bowl, Pets", "B: Cat Litter, Pets", "C: Steel Pan, Kitchen"]
    text = repr(history).encode()
    (row,) = mapped(next_purchase, input=text, options=options, output="B")
    assert row["history"] == ["Cat Bowl, Pets", "Cat's Bed, Pets"]
    assert (row["positives"], row["negatives"]) == (["Cat Litter, Pets"], ["Steel Pan, Kitchen"])
    assert rejected(next_purchase, input=text, options=options, output="A") == "bought-before"


def test_products_that_share_a_telling_word_are_no_wrong_answers() -> None:
    golds = [{"title": f"{name} Lid", "id": name} for name in ("Oak", "Elm", "Fir")]
    others = [{"title": f"{word} Black Chair", "id": word} for word in map(chr, range(65, 80))]
    shared = [{"title": "Red Pan Holder", "id": "x"}, {"title": "Lid Organizer", "id": "y"}]
    facts = {"product": "Black Steel Pan", "partners": golds}
    facts["all_partners"] = [each["title"] for each in golds]
    reason = rejected(bought_together, **facts, others=shared)
    assert reason == "too-few-negatives"
    different = [
        {"title": f"{each['id'] * 4} {each['id'] * 5} Black", "id": each["id"]} for each in others
    ]
    (row,) = mapped(bought_together, **facts, others=[*shared, *different])
    assert len(row["negatives"]) == 12
    assert not {each["title"] for each in shared} & set(row["negatives"])
    assert len(row["source_ids"]) == len(set(row["source_ids"])) == 15
