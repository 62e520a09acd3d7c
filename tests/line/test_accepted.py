import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from factory.line.accepted import Accepted
from factory.line.hashes import HashTable
from factory.sample import sample_id

#: Many share their last bits, so that they want one slot.
hashes = st.one_of(
    st.integers(0, 2**64 - 1),
    st.builds(lambda number, end: number << 20 | end, st.integers(0, 2**44 - 1), st.integers(0, 2)),
)


@given(st.lists(st.tuples(hashes, st.integers(0, 3)), max_size=60), st.lists(hashes, max_size=10))
def test_a_table_finds_the_last_row_of_every_hash_as_a_dict_does(added, others):
    table, rows = HashTable(), {}
    row = -1
    for each, left_out in added:
        row += 1 + left_out
        table.add(each, row)
        if each:
            rows[each] = row

    assert {each: table.find(each) for each in rows} == rows
    assert all(table.find(each) == rows.get(each) for each in others)
    assert table.find(0) is None


def test_a_table_grows_past_its_first_slots_and_loses_nothing():
    table = HashTable()
    for number in range(1, 5001):
        table.add(number << 40, number - 1)

    assert [table.find(number << 40) for number in range(1, 5001)] == list(range(5000))
    assert table.find(5001 << 40) is None


def hashed(kind: str, number: int) -> bytes:
    return bytes.fromhex(sample_id(kind, str(number)))


def test_a_sample_is_remembered_by_all_that_another_may_share_with_it():
    accepted = Accepted()
    for number in range(3):
        accepted.add(
            *(sample_id("task", str(number)), hashed("content", number), hashed("asked", number)),
            *(hashed("answer", number), f"subject {number}", (str(number),)),
        )

    assert accepted.has_id(sample_id("task", "1"))
    assert not accepted.has_id(sample_id("task", "3"))
    assert accepted.of_content(hashed("content", 2)) == sample_id("task", "2")
    assert accepted.of_content(hashed("content", 3)) == ""
    assert accepted.of_subject("subject 0") == sample_id("task", "0")
    assert accepted.of_subject("subject 4") == ""
    assert accepted.answered_otherwise(hashed("asked", 1), hashed("answer", 1)) == []
    assert accepted.answered_otherwise(hashed("asked", 1), hashed("answer", 2)) == [
        (sample_id("task", "1"), ("1",))
    ]
    assert accepted.answered_otherwise(b"", hashed("answer", 2)) == []


def test_all_samples_that_ask_one_thing_are_found_however_the_tables_grow():
    accepted = Accepted()
    for number in range(5000):
        asked = hashed("asked", 7 if number % 1000 == 7 else number)
        accepted.add(
            *(sample_id("task", str(number)), hashed("content", number), asked),
            *(hashed("answer", 1)[:6], "", (str(number % 3),)),
        )

    found = accepted.answered_otherwise(hashed("asked", 7), hashed("answer", 2)[:6])

    rows = (4007, 3007, 2007, 1007, 7)
    assert found == [(sample_id("task", str(row)), (str(row % 3),)) for row in rows]


def test_a_sample_takes_less_than_eighty_bytes():
    samples = 50_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        accepted = Accepted()
        for number in range(samples):
            accepted.add(
                *(sample_id("task", str(number)), hashed("content", number)),
                *(hashed("asked", number), hashed("answer", number)[:6], "", ()),
            )
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (after - before) / samples < 80
