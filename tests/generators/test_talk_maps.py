"""The maps over reviews, questions, conversations and sessions, on records of the bundled shop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.generators import RECORD_MAPS, Derived, Record
from factory.generators.base import label_of
from factory.generators.recombine_dialogues import foreign_turns
from factory.line.build import SampleBuilder
from factory.line.compile import compile_task
from factory.line.rows import DroppedError
from factory.recipe import load_recipe
from factory.sources.rows import product_questions, searched_sessions
from factory.sources.rows.product_questions import answering, page_lines
from factory.sources.view import RowRejectedError, prepare
from tests.catalogue import PROJECT

TABLES = PROJECT / "factory" / "sources" / "samples" / "tables"
CATALOGUE = PROJECT / "factory" / "catalogue"
KEYS = 48


@cache
def recipe(theme: str) -> Any:
    return load_recipe(CATALOGUE / f"ecom_{theme}.yaml")


@cache
def records(theme: str, parent: str) -> tuple[tuple[Record, ...], ...]:
    """Return accepted records of a task, in the order of its keys, by locale."""
    task = compile_task(recipe(theme), parent)
    root = task.root
    found: dict[str, list[Record]] = {}
    with duckdb.connect() as connection:
        for table in root.view.needs:
            connection.execute(f"CREATE VIEW {table} AS FROM '{TABLES / table}.parquet'")
        prepare(connection, 7, root.name, root.view_options)
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY draw(key, 'order'), key) "
            f"AS ordinal, * FROM ({root.view.keys})"
        )
        connection.execute(
            "CREATE TEMP TABLE chosen AS FROM keys QUALIFY row_number() OVER "
            f"(PARTITION BY locale ORDER BY ordinal) <= {KEYS}"
        )
        result = connection.execute(
            f"SELECT chosen.ordinal, chosen.split_group, facts.* FROM ({root.view.facts}) AS facts "
            "JOIN chosen USING (key) ORDER BY chosen.ordinal"
        )
        names = [name for name, *_ in result.description or ()]
        builder = SampleBuilder(recipe(theme), task, "train")
        for row in result.fetchall():
            record = builder.recorded(dict(zip(names, row, strict=True)))
            if isinstance(record, DroppedError):
                continue
            found.setdefault(record.locale, []).append(record)
    assert set(found) == {"us", "es", "jp", "cn"}
    return tuple(tuple(each) for each in found.values())


def derived(
    theme: str, parent: str, operator: str, name: str, **options: object
) -> list[tuple[Record, Derived]]:
    """Return what a map makes of the records of ``parent``, with the record of each key."""
    record_map = RECORD_MAPS[operator, name]
    form = record_map.options.model_validate(options)
    made = []
    for group in records(theme, parent):
        for place, record in enumerate(group):
            others = (group[place + 1 :] + group[:place])[: record_map.partners]
            try:
                rows = list(record_map.rows((record, *others), Draw(7, name, record.key), form))
            except RowRejectedError:
                continue
            assert len(rows) == 1
            assert set(rows[0].columns) == set(record_map.offers)
            assert rows[0].of[0] is record
            made.append((record, rows[0]))
    assert len(made) >= 40
    return made


def share(rows: Sequence[tuple[Record, Derived]], column: str, value: str) -> float:
    return sum(row.columns[column] == value for _, row in rows) / len(rows)


BALANCED = [
    ("reviews", "judge_review_aspects", "simplify", "value_check", {}),
    ("reviews", "judge_review_aspects", "recombine", "value_agreement", {"text": "review"}),
    (
        "reviews",
        "title_labelled_review",
        "recombine",
        "fit_match",
        {"left": "review", "right": "title", "unlike": "answer", "apart": 2},
    ),
    ("dialogues", "answer_from_page", "simplify", "line_check", {}),
    ("dialogues", "answer_from_page", "simplify", "page_answers", {}),
    ("dialogues", "answer_from_page", "recombine", "answerability", {}),
    ("dialogues", "answer_from_page", "recombine", "answer_check", {}),
    ("dialogues", "write_session_query", "recombine", "same_session", {}),
    ("dialogues", "write_session_query", "recombine", "query_and_item", {}),
    ("dialogues", "write_session_query", "recombine", "query_match", {}),
    ("dialogues", "write_next_reply", "recombine", "reply_match", {}),
]


@pytest.mark.parametrize(
    ("theme", "parent", "operator", "name", "options"), BALANCED, ids=[b[3] for b in BALANCED]
)
def test_half_of_the_answers_are_yes(theme, parent, operator, name, options):
    rows = derived(theme, parent, operator, name, **options)

    assert 0.35 <= share(rows, "answer", "yes") <= 0.65


# --- reviews


def test_a_sentiment_follows_from_the_stars():
    named = {1: "negative", 2: "negative", 3: "mixed", 4: "positive", 5: "positive"}
    for record, row in derived("reviews", "rate_labelled_review", "simplify", "sentiment"):
        assert row.columns["labels"] == named[record.gold]
        assert row.columns["text"] == record.row["review"]


def polarities(record: Record) -> dict[str, str]:
    return {each["aspect"]: each["polarity"] for each in record.row["aspects_said"]}


@pytest.mark.parametrize("name", ["value_of_type", "sentence_polarity"])
def test_the_polarity_of_an_aspect_is_the_parents(name):
    for record, row in derived("reviews", "judge_review_aspects", "simplify", name):
        assert row.columns["labels"] == polarities(record)[row.columns["asked_type"]]


def test_a_checked_polarity_is_right_where_the_answer_is_yes():
    for record, row in derived("reviews", "judge_review_aspects", "simplify", "value_check"):
        said = polarities(record)[row.columns["asked_type"]] == row.columns["asked_value"]
        assert said == (row.columns["answer"] == "yes")


def test_the_aspects_of_both_polarities_make_up_the_parents_lines():
    for record, row in derived("reviews", "judge_review_aspects", "simplify", "types_of_value"):
        asked = row.columns["asked_value"]
        assert set(row.columns["labels"]) == {
            aspect for aspect, polarity in polarities(record).items() if polarity == asked
        }
        assert set(row.columns["labels"]) < set(row.columns["candidate_labels"])


def test_sentences_of_aspects_stand_in_the_review_in_order():
    for record, row in derived("reviews", "judge_review_aspects", "simplify", "aspect_sentences"):
        places = [row.columns["text"].find(each["value"]) for each in row.columns["entities"]]
        assert places == sorted(places)
        assert min(places) >= 0
        assert [each["type"] for each in row.columns["entities"]] == list(polarities(record))


def test_a_missing_sentence_put_back_gives_the_review():
    for record, row in derived("reviews", "judge_review_aspects", "reverse", "missing_sentence"):
        whole = row.columns["text_with_gap"].replace("____", row.columns["target"])
        assert whole == record.row["review"]


def test_lines_reversed_twice_are_the_parents_entities():
    options = {"text": "review", "about": "product_type"}
    for record, row in derived(
        "reviews", "judge_review_aspects", "reverse", "lines_to_text", **options
    ):
        entities = [line.rpartition(": ")[::2] for line in row.columns["lines"]]
        assert [{"type": k, "value": v} for k, v in entities] == record.row["entities"]
        assert row.columns["target"] == record.row["review"]


@pytest.mark.parametrize(
    ("theme", "parent", "text", "shown"),
    [
        ("reviews", "rate_labelled_review", "review", ["product_type", "labels"]),
        ("reviews", "title_labelled_review", "review", ["product_type"]),
        ("dialogues", "name_contact_reason", "opening", ["said_after"]),
        ("dialogues", "name_asked_attribute", "question", ["product"]),
    ],
)
def test_an_answer_with_context_reversed_gives_the_parents_fields(theme, parent, text, shown):
    rows = derived(theme, parent, "reverse", "answer_in_context", text=text, shown=shown)
    for record, row in rows:
        assert row.columns["label"] == label_of(record)
        assert row.columns["target"] == record.row[text]
        assert row.columns["target"] not in row.columns["shown"]


def test_shared_labels_are_those_of_both_reviews():
    for _, row in derived(
        "reviews", "name_review_aspects", "recombine", "shared_labels", text="review"
    ):
        one, other = (set(record.row["labels"]) for record in row.of)
        assert set(row.columns["labels"]) == one & other
        assert set(row.columns["candidate_labels"]) == one | other


def test_only_the_right_review_has_the_label_that_is_asked_for():
    for record, row in derived(
        "reviews", "name_review_aspects", "recombine", "text_with_label", text="review"
    ):
        label = row.columns["label"]
        assert label in record.row["labels"]
        assert all(label not in other.row["labels"] for other in row.of[1:])


def test_no_wrong_review_speaks_of_what_may_be_called_alike():
    kin = {"quality", "material"}
    rows = derived(
        "reviews",
        "name_review_aspects",
        "recombine",
        "text_with_label",
        text="review",
        kin=[sorted(kin)],
    )
    asked = [row for _, row in rows if row.columns["label"] in kin]
    assert asked
    for row in asked:
        assert not any(kin & set(other.row["labels"]) for other in row.of[1:])


def test_only_the_right_review_has_the_opinion_and_one_has_the_contrary():
    for record, row in derived(
        "reviews", "judge_review_aspects", "recombine", "text_with_value", text="review"
    ):
        asked, value = row.columns["asked_type"], row.columns["asked_value"]
        assert polarities(record)[asked] == value
        others = [polarities(other).get(asked) for other in row.of[1:]]
        assert value not in others
        assert any(others)


def test_a_title_that_does_not_fit_is_two_stars_away_at_least():
    options = {"left": "review", "right": "title", "unlike": "answer", "apart": 2, "wrong": 1}
    for record, row in derived(
        "reviews", "title_labelled_review", "recombine", "fit_choice", **options
    ):
        assert row.columns["positive"] == record.output
        (other,) = row.of[1:]
        assert abs(other.row["answer"] - record.row["answer"]) >= 2
        assert row.columns["negatives"] == [other.row["title"]]


# --- questions


def test_the_line_that_is_copied_stands_on_the_page_and_gives_the_attribute():
    for record, row in derived("dialogues", "answer_from_page", "simplify", "answer_line"):
        assert row.columns["page"].count(row.columns["target"]) == 1
        named = {each["text"]: each["name"] for each in record.row["page_facts"]}
        assert named[row.columns["target"]] == record.row["asked"]


def test_an_answer_that_is_a_bullet_left_out_does_not_rest_on_the_attribute_that_it_names():
    bullet = "Wall dock: the Vacuro V8 charges where it hangs."
    page = {"Model": "Vacuro V8", "Color": "Red", "Pack": "2 Pack"}
    facts = {
        "locale": "us",
        "attributes": [{"name": name, "value": value} for name, value in page.items()],
        "bullets": [bullet],
        "answer": bullet,
    }
    with pytest.raises(RowRejectedError, match="answer-not-on-page"):
        next(product_questions.rows(facts, Draw(7, "answer_from_page", "us:0")))


def test_a_page_without_the_line_answers_no_question_and_is_no_shorter():
    for record, row in derived("dialogues", "answer_from_page", "simplify", "page_answers"):
        answered = record.row["line"] in row.columns["page"]
        assert answered == (row.columns["answer"] == "yes")
        assert len(row.columns["page"]) == len(record.row["page"]) - 1


def test_lines_to_choose_from_are_of_the_page():
    for record, row in derived("dialogues", "answer_from_page", "simplify", "line_choice"):
        shown = [row.columns["positive"], *row.columns["negatives"]]
        assert row.columns["positive"] == record.row["line"]
        assert len(set(shown) & set(record.row["page"])) == 4


def test_a_page_of_another_product_lacks_the_attribute_that_is_asked_for():
    for record, row in derived("dialogues", "answer_from_page", "recombine", "answerability"):
        if row.columns["answer"] == "yes":
            assert row.columns["page"] == record.row["page"]
            continue
        other = row.of[1].row
        assert other["product_type"] != record.row["product_type"]
        assert record.row["line"] not in other["page"]
        facts = record.row["page_facts"]
        if any(f["text"] == record.row["line"] != f["value"] for f in facts):
            assert record.row["asked"] not in {f["name"] for f in other["page_facts"]}


@pytest.mark.parametrize("name", ["answer_check", "answer_choice"])
def test_wrong_answers_are_the_right_one_with_another_products_value(name):
    record_map = RECORD_MAPS["recombine", name]
    found = 0
    for group in records("dialogues", "answer_from_page"):
        for place, record in enumerate(group):
            others = (group[place + 1 :] + group[:place])[: record_map.partners]
            draw = Draw(7, name, record.key)
            try:
                (row,) = record_map.rows((record, *others), draw, record_map.options())
            except RowRejectedError:
                continue
            found += 1
            if name == "answer_check":
                right = row.columns["given"] == record.row["answer"]
                assert right == (row.columns["answer"] == "yes")
                shown = [] if right else [row.columns["given"]]
            else:
                shown = row.columns["negatives"]
            assert len(row.of) == 1 + len(shown)
            for wrong, other in zip(shown, row.of[1:], strict=True):
                values = [
                    each["value"].casefold()
                    for each in other.row["page_facts"]
                    if each["name"] == record.row["asked"]
                ]
                assert any(value in wrong.casefold() for value in values)
                assert wrong.casefold() != record.row["answer"].casefold()
    assert found >= 15


@given(
    value=st.text(alphabet="abcdefgh", min_size=3, max_size=8),
    others=st.lists(st.text(alphabet="ijklmnop", min_size=3, max_size=8), min_size=2, max_size=5),
)
def test_an_answer_is_found_in_the_line_that_gives_its_value(value, others):
    attributes = [{"name": f"N{i}", "value": each} for i, each in enumerate([*others, value])]
    lines = page_lines(attributes, [f"Made of {value}.", "Qqq rr: ss tt."], "Feature")

    assert [each["text"] for each in lines[-1:]] == ["Qqq rr: ss tt."]
    assert answering(f"1 2 {value}.", lines) == lines[len(others)]
    assert answering("1 2 3.", lines) is None


# --- conversations


def test_nothing_after_the_turn_that_is_asked_about_is_shown():
    for record, row in derived("dialogues", "name_contact_reason", "simplify", "last_turn_intent"):
        shown = row.columns["said_so_far"]
        turn = record.row["turns"][len(shown) - 1]
        assert shown == record.row["said"][: len(shown)]
        assert (row.columns["message"], row.columns["labels"]) == (turn["text"], turn["intent"])
        if len(shown) == 1:
            assert row.columns["said_before"] == []
            continue
        *before, gap = row.columns["said_before"]
        assert [*before, gap.replace("____", turn["text"])] == shown


@pytest.mark.parametrize("name", ["next_reply", "next_intent"])
def test_a_reply_follows_what_is_shown(name):
    for record, row in derived("dialogues", "name_contact_reason", "simplify", name):
        shown = row.columns["said_so_far"]
        reply = record.row["turns"][len(shown)]
        assert shown == record.row["said"][: len(shown)]
        assert shown[-1].startswith("Customer: ")
        assert reply["speaker"] == "agent"
        assert row.columns["target" if name == "next_reply" else "labels"] in reply.values()


def test_messages_in_the_order_of_their_relevance_are_the_conversation():
    for record, row in derived("dialogues", "name_contact_reason", "simplify", "order_turns"):
        pairs = zip(row.columns["relevance"], row.columns["items"], strict=True)
        said, four = record.row["said"], [text for _, text in sorted(pairs, reverse=True)]
        assert four in [said[start : start + 4] for start in range(len(said) - 3)]


def test_the_earlier_message_comes_just_before_the_other():
    for record, row in derived("dialogues", "name_contact_reason", "simplify", "earlier_turn"):
        said = [turn["text"] for turn in record.row["turns"]]
        pair = [row.columns["positive"], *row.columns["negatives"]]
        assert pair in [said[i : i + 2] for i in range(len(said))]


def test_either_speaker_has_half_of_the_messages():
    rows = derived("dialogues", "name_contact_reason", "simplify", "turn_speaker")

    assert 0.35 <= share(rows, "answer", "agent") <= 0.65
    for record, row in rows:
        line = f"{row.columns['answer'].capitalize()}: {row.columns['message']}"
        assert line in record.row["said"]
        intents = {turn["text"]: turn["intent"] for turn in record.row["turns"]}
        assert intents[row.columns["message"]] != "say thanks"


def test_a_gap_that_is_filled_gives_the_conversation_and_the_others_are_foreign():
    for record, row in derived("dialogues", "name_contact_reason", "recombine", "missing_turn"):
        filled = [
            line.replace("____", row.columns["positive"]) for line in row.columns["said_with_gap"]
        ]
        assert filled == record.row["said"]
        own = {turn["text"] for turn in record.row["turns"]}
        assert own.isdisjoint(row.columns["negatives"])


def test_only_the_odd_message_is_of_another_conversation():
    for record, row in derived("dialogues", "name_contact_reason", "recombine", "odd_turn"):
        assert row.columns["positive"] not in record.row["said"]
        assert set(row.columns["negatives"]) < set(record.row["said"])
        assert row.columns["positive"] in row.columns["said"]


def test_a_question_and_its_reply_alone_have_no_odd_message():
    for record, _ in derived("dialogues", "name_contact_reason", "recombine", "odd_turn"):
        assert record.row["turns"][2]["intent"] != "say thanks"


def test_turns_of_conversations_in_which_agents_do_the_same_are_not_exchanged():
    for group in records("dialogues", "name_contact_reason"):
        done = {each["intent"] for each in group[0].row["turns"] if each["speaker"] == "agent"}
        for other, _, turn in foreign_turns(group, "customer", 4):
            assert done <= {*group[0].row["kindred"]}
            assert {*group[0].row["kindred"]} & {*other.row["kindred"]} <= {"say goodbye"}
            assert turn["intent"] not in {each["intent"] for each in group[0].row["turns"]}


def test_a_wrong_reply_is_given_in_no_conversation_that_began_alike():
    for record, row in derived("dialogues", "write_next_reply", "recombine", "reply_choice"):
        assert row.columns["positive"] == record.row["reply"]
        assert row.columns["negatives"] == [other.row["reply"] for other in row.of[1:]]
        for other in row.of[1:]:
            assert other.row["intent"] not in record.row["kindred"]
            assert {*record.row["kindred"]} & {*other.row["kindred"]} <= {"say goodbye"}


def test_no_other_step_that_may_be_right_is_a_candidate():
    for record, row in derived("dialogues", "name_contact_reason", "simplify", "next_intent"):
        shown = {*row.columns["candidate_labels"]} & {*record.row["kindred"]}
        assert row.columns["labels"] in shown
        assert shown <= {row.columns["labels"], "say goodbye"}


# --- sessions

OUTSIDERS: dict[str, Callable[[Any], list[str]]] = {
    "odd_item": lambda columns: [columns["positive"]],
    "item_of_session": lambda columns: columns["negatives"],
    "item_for_query": lambda columns: columns["negatives"],
}


@pytest.mark.parametrize("name", OUTSIDERS)
def test_products_of_other_sessions_are_of_another_department(name):
    for record, row in derived("dialogues", "write_session_query", "recombine", name):
        outside = OUTSIDERS[name](row.columns)
        kinds = {
            kind
            for other in row.of[1:]
            for title, kind in zip(other.row["items"], other.row["item_departments"], strict=True)
            if title in outside
        }
        assert kinds
        assert kinds.isdisjoint(record.row["item_departments"])
        assert set(outside).isdisjoint(record.row["items"])


def test_a_query_of_another_session_is_for_another_department():
    for record, row in derived("dialogues", "write_session_query", "recombine", "query_choice"):
        assert row.columns["positive"] == record.row["query"]
        assert row.columns["negatives"] == [other.row["query"] for other in row.of[1:]]
        for other in row.of[1:]:
            assert {*record.row["item_departments"]}.isdisjoint(other.row["item_departments"])


@pytest.mark.parametrize(
    ("query", "reason"),
    [("mug not white", "query-excludes"), ("马克杯", "query-in-another-script")],
)
def test_a_query_that_no_title_can_tell_is_left_out(query, reason):
    titles = ("Blue Mug without Handle", "Red Mug without Handle")
    viewed = [{"title": each, "product_type": "Mug", "department": "Kitchen"} for each in titles]
    facts = {"key": "us:1", "locale": "us", "source_ids": [], "viewed": viewed}
    with pytest.raises(RowRejectedError, match=reason):
        next(searched_sessions.rows({**facts, "query": query}, Draw(7, "t", "1")))
    assert next(searched_sessions.rows({**facts, "query": "mug without handle"}, Draw(7, "t", "1")))
