import json
from itertools import combinations, pairwise

import duckdb
import pytest

from factory.draw import Draw
from factory.sources.amazon_reviews import AmazonReviewsOptions, AmazonReviewsSource
from factory.sources.rows import product_also_bought, review_helpfulness, review_rating
from factory.sources.view import RowRejectedError, load_view, prepare
from factory.text import similarity, tokens
from tests.sources.amazon_reviews_files import copy_bundled

DRAW = Draw(7, "t", "key")
OPTIONS = {
    "review_rating": {"scale": 5},
    "review_helpfulness": {"candidates": 5},
    "product_also_bought": {"candidates": 15, "golds": 3},
}


def facts_of(folder, name: str, threads: int):
    """Return what the view ``name`` says of the files in ``folder``, all keys chosen."""
    view = load_view(name)
    with duckdb.connect(config={"threads": threads}) as connection:
        AmazonReviewsSource().attach(
            connection, "a", str(folder), AmazonReviewsOptions(), allow_test=False
        )
        connection.execute("SET schema = 'a'")
        prepare(connection, 7, "t", OPTIONS[name])
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY draw(key, 'order'), key) "
            f"AS ordinal, * FROM ({view.keys})"
        )
        connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
        keys = connection.execute("FROM keys ORDER BY key").fetchall()
        result = connection.execute(f"SELECT * FROM ({view.facts}) ORDER BY key")
        names = [column[0] for column in result.description]
        return keys, [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    return copy_bundled(tmp_path_factory.mktemp("plain"), shuffled=False)


@pytest.fixture(scope="module")
def facts(bundled):
    return {name: facts_of(bundled, name, 4) for name in OPTIONS}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_view_says_the_same_of_the_same_rows(facts, tmp_path, name):
    other = copy_bundled(tmp_path, shuffled=True)

    assert facts_of(other, name, 1) == facts[name]


def rejected(rows, facts) -> str:
    with pytest.raises(RowRejectedError) as error:
        list(rows(facts, DRAW))
    return error.value.reason


class TestRating:
    def row(self, **values):
        facts = {
            "key": "us:r",
            "locale": "us",
            "answer": 5,
            "headline": "Lovely",
            "text": "It works very well in our kitchen.",
            "product_type": "Desk Lamp",
            "product": "Lumo Lamp",
            "source_ids": ["review:us:r"],
        } | values
        (row,) = review_rating.rows(facts, DRAW)
        return row

    def refused(self, **values):
        with pytest.raises(RowRejectedError) as error:
            self.row(**values)
        return error.value.reason

    @pytest.mark.parametrize(
        "headline",
        [
            "Five Stars",
            "five stars!",
            "5 star product",
            "★★★★★",
            "Worth 4.5 stars",
            "It works very",
        ],
    )
    def test_a_headline_that_leaks_or_repeats_is_left_out(self, headline):
        assert self.row(headline=headline)["headline"] == ""

    @pytest.mark.parametrize("headline", ["Lovely", "A star is born", "Starts well"])
    def test_other_headlines_stay(self, headline):
        kept = self.row(headline=headline, text="We use this lamp a lot.")["headline"]
        assert kept == ("" if headline.startswith("A star") else headline)

    @pytest.mark.parametrize(
        "text",
        [
            "I give this lamp five stars.",
            "Took off one star because it came late.",
            "A solid 4/5 for this lamp.",
            "One thing keeps it from five for me.",
        ],
    )
    def test_a_text_that_names_the_stars_is_refused(self, text):
        assert self.refused(text=text) == "stars-in-text"

    @pytest.mark.parametrize(
        ("stars", "text"),
        [
            (1, "I love this lamp, it works great."),
            (5, "Terrible lamp, it broke at once."),
            (5, "This lamp is not good at all."),
            (2, "A great lamp, I love it."),
            (4, "Awful and useless lamp, sadly."),
            (4, "Broke the bridge just having them in my purse."),
            (5, "Very shiny and very overpriced."),
        ],
    )
    def test_words_that_contradict_the_stars_are_refused(self, stars, text):
        assert self.refused(answer=stars, headline="", text=text) == "words-contradict-stars"

    @pytest.mark.parametrize(
        ("stars", "text"),
        [
            (1, "Do not waste your money on this."),
            (5, "I could not be happier with it."),
            (2, "The color is nice, but it came late."),
            (3, "I love the color, nothing else."),
            (4, "I love them, although one broke in my purse."),
            (1, "This is not good for anything."),
        ],
    )
    def test_words_that_go_with_the_stars_are_kept(self, stars, text):
        assert self.row(answer=stars, headline="", text=text)["answer"] == stars

    def test_an_embedded_video_goes_and_a_linked_product_keeps_its_name(self):
        text = "[[VIDEOID:ab12]] Better than the [[ASIN:B0001 Lumo Lamp]] that I had."
        assert self.row(text=text)["review"] == "Better than the Lumo Lamp that I had."

    def test_what_says_next_to_nothing_is_refused(self):
        assert self.refused(headline="", text="Good.") == "says-too-little"
        assert self.refused(headline="", text="") == "says-too-little"
        assert self.refused(text="very " * 500) == "text-too-long"
        assert self.refused(product=None, product_type=None) == "no-product"

    def test_a_department_is_no_product_type(self, facts):
        _, rows = facts["review_rating"]
        kinds = {row["product_type"] for row in rows}
        assert None in kinds
        assert "Sports & Outdoors" not in kinds
        assert "Frying Pan" in kinds


class TestAlsoBought:
    def test_golds_were_bought_by_two_and_negatives_by_none(self, facts, bundled):
        _, listed = facts["product_also_bought"]
        with duckdb.connect() as connection:
            AmazonReviewsSource().attach(
                connection, "a", str(bundled), AmazonReviewsOptions(), allow_test=False
            )
            bought = connection.execute(
                "SELECT user_id, list(DISTINCT product_id) FROM a.reviews GROUP BY user_id"
            ).fetchall()
        baskets = [set(items) for _, items in bought]
        made = 0
        for each in listed[:60]:
            try:
                (row,) = product_also_bought.rows(each, DRAW)
            except RowRejectedError:
                continue
            anchor, *others = [name.split(":")[2] for name in row["source_ids"]]
            times = [sum({anchor, other} <= basket for basket in baskets) for other in others]
            assert all(count >= 2 for count in times[:3])
            assert times[3:] == [0] * len(times[3:])
            assert len(row["positives"]) == 3
            made += 1
        assert made > 30

    def test_nothing_shown_is_a_variant_or_of_a_type_that_is_bought(self, facts):
        _, listed = facts["product_also_bought"]
        for each in listed[:60]:
            kinds = {p["id"]: p["kind"] for p in json.loads(each["products"]) if p["kind"]}
            try:
                (row,) = product_also_bought.rows(each, DRAW)
            except RowRejectedError:
                continue
            anchor, *others = [name.split(":")[2] for name in row["source_ids"]]
            right, wrong = others[:3], others[3:]
            if kinds:
                assert not {kinds[i] for i in right} & {kinds[i] for i in wrong}
                assert kinds[anchor] not in {kinds[i] for i in others}
            titles = [frozenset(tokens(t)) for t in row["positives"] + row["negatives"]]
            assert all(similarity(a, b) < 0.6 for a, b in combinations(titles, 2))

    def test_a_product_with_too_few_companions_is_refused(self):
        products = [
            {"part": "anchor", "id": "A", "title": "Lumo Desk Lamp", "kind": ""},
            {"part": "gold", "id": "B", "title": "Lumo Desk Lamp", "kind": ""},
        ]
        facts = {"key": "us:A", "locale": "us", "products": json.dumps(products).encode()}
        assert rejected(product_also_bought.rows, facts) == "too-few-bought"
        products[0]["title"] = None
        facts["products"] = json.dumps(products).encode()
        assert rejected(product_also_bought.rows, facts) == "no-title"


class TestHelpfulness:
    def test_votes_fall_clearly_within_one_year(self, facts):
        _, listed = facts["review_helpfulness"]
        made = 0
        for each in listed:
            try:
                (row,) = review_helpfulness.rows(each, DRAW)
            except RowRejectedError:
                continue
            ids = [name.split(":")[2] for name in row["source_ids"][1:]]
            by_id = {review["id"]: review for review in each["reviews"]}
            votes = [by_id[name]["votes"] for name in ids]
            assert all(a >= b + 3 and 2 * a >= 3 * b for a, b in pairwise(votes))
            assert row["relevance"] == [4.0, 3.0, 2.0, 1.0, 0.0]
            assert len(set(row["items"])) == 5
            made += 1
        assert made > 0.9 * len(listed) > 100

    def test_every_key_has_an_order_and_each_product_one_year(self, facts):
        keys, listed = facts["review_helpfulness"]
        assert len({row["subject"] for row in listed}) == len(listed) == len(keys)

    def test_votes_that_lie_too_close_are_refused(self):
        reviews = [
            {"id": f"{n}", "text": f"Text of the review {n} {'x' * n}".encode(), "votes": n}
            for n in range(9)
        ]
        facts = {
            "key": "us:A",
            "locale": "us",
            "product": "Lamp",
            "subject": "product:us:A",
            "source_ids": ["product:us:A"],
            "reviews": reviews,
        }
        assert rejected(review_helpfulness.rows, facts) == "votes-too-close"
        assert rejected(review_helpfulness.rows, facts | {"product": None}) == "no-title"
