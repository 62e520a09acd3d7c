"""Records of one task put side by side: what is shown, and of which records it says that it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw
from factory.generators import RECORD_MAPS, Record


def rated(number: int) -> Record:
    return Record(
        key=f"k{number}",
        locale="us",
        group=f"g{number}",
        source_ids=(),
        row={"text": f"a text worth {number}"},
        input="",
        options=(),
        gold=number,
        output=str(number),
    )


@given(own=st.integers(1, 9), seed=st.integers(0, 50))
def test_texts_in_the_order_of_a_scale_of_nine_have_the_keys_own_among_them(
    own: int, seed: int
) -> None:
    each = RECORD_MAPS["recombine", "order_by_scale"]
    records = [rated(own), *(rated(number) for number in range(1, 10) if number != own)]
    (made,) = each.rows(records, Draw(seed, "task", "key"), each.options(text="text"))
    items, relevance = made.columns["items"], made.columns["relevance"]
    assert records[0].row["text"] in items
    assert sorted(record.row["text"] for record in made.of) == sorted(items)
    assert min(relevance) == 0.0
    assert max(relevance) == 1.0
    worth = [int(text.rpartition(" ")[2]) for text in items]
    assert [relevance[worth.index(n)] for n in sorted(worth)] == sorted(relevance)
