from hypothesis import given
from hypothesis import strategies as st

from factory.runs.words import Piece, compare_words

TEXT = st.text(st.sampled_from("ab \n\u3042\u0301é<"), max_size=60)


@given(TEXT, TEXT)
def test_both_texts_can_be_read_off_the_pieces(before: str, after: str) -> None:
    pieces = compare_words(before, after)

    assert "".join(each.text for each in pieces if each.where != "after") == before
    assert "".join(each.text for each in pieces if each.where != "before") == after


def test_what_differs_is_told_in_whole_words_and_together() -> None:
    assert compare_words(
        "You help an online store to sort.\nQuery: x", "You help a shop to sort.\nQuery: x"
    ) == [
        Piece("same", "You help "),
        Piece("before", "an online store"),
        Piece("after", "a shop"),
        Piece("same", " to sort.\nQuery: x"),
    ]


def test_lines_that_share_little_are_told_as_lines() -> None:
    assert compare_words("Below is a list.\nOutput:", "You help an online store.\nOutput:") == [
        Piece("before", "Below is a list.\n"),
        Piece("after", "You help an online store.\n"),
        Piece("same", "Output:"),
    ]
