from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from factory.line.fold import Candidate, Fold, Objection, Outcome
from factory.line.quotas import Stratum
from factory.sample import sample_id
from tests.line.counted import calls_of


@dataclass(frozen=True)
class Key:
    """One key of a task: its place in draw order, its stratum, and what its row becomes."""

    ordinal: int
    stratum: Stratum
    candidates: tuple[Candidate, ...]


@dataclass
class Recorder:
    """A sink that keeps the calls it gets, in their order."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)

    def accept(self, candidate: Candidate) -> None:
        self.calls.append(("accept", candidate.id, candidate.record.decode()))

    def reject(self, candidate: Candidate, objection: Objection) -> None:
        self.calls.append((objection.filter, objection.reason, candidate.record.decode()))
        self.details.append(objection.detail)


def candidate(
    name: str,
    *,
    id: str = "",  # noqa: A002
    content: str = "",
    asked: bytes = b"",
    answered: bytes = b"",
    subject: str = "",
    touches: tuple[str, ...] = (),
    filter: str = "",  # noqa: A002
) -> Candidate:
    """Return a candidate whose record is ``name``, unlike every other unless it is told to be."""
    return Candidate(
        id=sample_id("task", id or f"id {name}"),
        content=bytes.fromhex(sample_id("content", content or f"content {name}")),
        asked=asked,
        answered=answered,
        subject=subject,
        groups=(f"group {name}",),
        touches=touches,
        filter=filter,
        reason="wrong" if filter else "",
        detail="",
        record=name.encode(),
    )


def reference(
    keys: Sequence[Key], quotas: Mapping[Stratum, int], banned: frozenset[str]
) -> tuple[list[tuple[str, str, str]], Counter[Stratum], int]:
    """Fold ``keys`` one after another, as the definition says; also count accepted and empty."""
    calls: list[tuple[str, str, str]] = []
    accepted: Counter[Stratum] = Counter()
    empty = 0
    seen: set[tuple[str, object]] = set()
    for key in sorted(keys, key=lambda key: key.ordinal):
        if accepted[key.stratum] >= quotas.get(key.stratum, 0):
            continue
        empty += not key.candidates
        for each in key.candidates:
            if accepted[key.stratum] >= quotas[key.stratum]:
                continue
            marks = {("id", each.id), ("content", each.content), ("subject", each.subject)}
            marks -= {("subject", "")}
            record = each.record.decode()
            if each.filter:
                calls.append((each.filter, each.reason, record))
            elif banned & set(each.touches):
                calls.append(("split", "test-leak", record))
            elif ("id", each.id) in seen:
                calls.append(("fold", "id-repeated", record))
            elif ("content", each.content) in seen:
                calls.append(("fold", "duplicate", record))
            elif marks & seen:
                calls.append(("fold", "subject-repeated", record))
            else:
                seen |= marks
                accepted[key.stratum] += 1
                calls.append(("accept", each.id, record))
    return calls, accepted, empty


@dataclass
class Walk:
    """Announces keys window by window as KeyWalk does: a prefix of each open stratum."""

    keys: Sequence[Key]
    random: Random
    depths: Counter[Stratum] = field(default_factory=Counter)

    def next_window(self, needed: Mapping[Stratum, int]) -> tuple[list[Key], dict[Stratum, int]]:
        window: list[Key] = []
        beyond: dict[Stratum, int] = {}
        for stratum, count in needed.items():
            low = self.depths[stratum]
            ahead = [key for key in self.keys if key.stratum == stratum][low:]
            if not count or not ahead:
                continue
            taken = self.random.randint(1, len(ahead))
            if self.random.random() < 0.7:
                taken = min(taken, 2)
            self.depths[stratum] += taken
            window += ahead[:taken]
            if taken < len(ahead):
                beyond[stratum] = ahead[taken].ordinal
        return window, beyond


def run(
    keys: Sequence[Key],
    quotas: Mapping[Stratum, int],
    banned: frozenset[str],
    random: Random,
    *,
    kill: bool,
    patience: int | None = None,
) -> tuple[Fold, Recorder] | None:
    """Fold ``keys`` in random windows and order; None where a kill came in between."""
    sink = Recorder()
    fold = Fold(quotas, sink, banned, patience=patience)
    walk = Walk(keys, random)
    late: list[Key] = []
    while not fold.full:
        window, beyond = walk.next_window(fold.needed)
        if not window and not late:
            if not fold.release():
                break
            continue
        fold.extend([(key.ordinal, key.stratum) for key in window], beyond)
        late += window
        random.shuffle(late)
        # Some outcomes come in only after the next window was announced.
        held = random.randint(0, len(late) - 1) if window and random.random() < 0.5 else 0
        for key in late[held:]:
            if kill and random.random() < 0.1:
                return None
            fold.offer(Outcome(key.ordinal, key.candidates))
        late = late[:held]
    return fold, sink


STRATA = [("a",), ("b",), ("c",)]
names = st.sampled_from(["", "", "", "x", "y", "z"])


@st.composite
def key_lists(draw: st.DrawFn) -> list[Key]:
    count = draw(st.integers(0, 14))
    keys = []
    for place in range(count):
        candidates = [
            candidate(
                f"{place}.{number}",
                id=draw(names),
                content=draw(names),
                subject=draw(names),
                touches=draw(st.sampled_from([(), (), ("q",), ("p", "q"), ("p",)])),
                filter=draw(st.sampled_from(["", "", "", "length"])),
            )
            for number in range(draw(st.sampled_from([0, 1, 1, 1, 1, 2, 3])))
        ]
        stratum = draw(st.sampled_from(STRATA))
        # Ordinals of the train walk have gaps where test samples banned a group.
        keys.append(Key(place * 3 + draw(st.integers(1, 3)), stratum, tuple(candidates)))
    return keys


quota_maps = st.dictionaries(st.sampled_from(STRATA), st.integers(0, 4))
bans = st.sampled_from([frozenset[str](), frozenset({"q"}), frozenset({"nothing"})])


@settings(max_examples=400)
@given(key_lists(), quota_maps, bans, st.integers(0, 2**32))
@example(
    # The second 'a' lies beyond the first window: the duplicate in 'b' must wait for it.
    [
        Key(1, ("a",), (candidate("1", filter="length"),)),
        Key(2, ("a",), (candidate("2", content="x"),)),
        Key(3, ("b",), (candidate("3", content="x"),)),
    ],
    {("a",): 1, ("b",): 1},
    frozenset(),
    3,
)
def test_any_windows_order_and_kills_decide_as_one_pass_in_draw_order(keys, quotas, banned, seed):
    calls, accepted, empty = reference(keys, quotas, banned)
    random = Random(seed)  # noqa: S311
    kills = 0
    while (result := run(keys, quotas, banned, random, kill=kills < 3)) is None:
        kills += 1
    fold, sink = result

    assert sink.calls == calls
    assert +fold.accepted == +accepted
    assert fold.empty == empty
    assert fold.rejected == Counter(
        f"{name}: {reason}" for name, reason, _ in calls if name != "accept"
    )
    assert fold.needed == {stratum: quotas[stratum] - accepted[stratum] for stratum in quotas}
    assert fold.full == all(count == 0 for count in fold.needed.values())
    kept = {record for name, _, record in calls if name == "accept"}
    everything = [each for key in keys for each in key.candidates]
    assert fold.groups == {each.groups[0] for each in everything if each.record.decode() in kept}
    assert fold.touched == {
        touch for each in everything if each.record.decode() in kept for touch in each.touches
    }


@settings(max_examples=150)
@given(key_lists(), quota_maps, st.randoms(use_true_random=False))
def test_every_count_is_the_same_in_any_order_of_completion(keys, quotas, random):
    def counted(order: Sequence[Key]) -> tuple[object, ...]:
        fold = Fold(quotas, Recorder())
        fold.extend([(key.ordinal, key.stratum) for key in keys], {})
        for key in order:
            fold.offer(Outcome(key.ordinal, key.candidates))
        return fold.accepted, fold.rejected, fold.empty

    shuffled = list(keys)
    random.shuffle(shuffled)

    assert counted(shuffled) == counted(keys) == counted(keys[::-1])


def test_a_key_not_fetched_yet_holds_all_that_come_after_it():
    keys = [
        Key(1, ("a",), (candidate("first", filter="length"),)),
        Key(2, ("b",), (candidate("second"),)),
        Key(3, ("a",), (candidate("third"),)),
        Key(4, ("b",), (candidate("fourth"),)),
    ]
    sink = Recorder()
    fold = Fold({("a",): 1, ("b",): 2}, sink)

    fold.extend([(key.ordinal, key.stratum) for key in (keys[0], keys[1], keys[3])], {("a",): 3})
    for key in (keys[3], keys[1], keys[0]):
        fold.offer(Outcome(key.ordinal, key.candidates))

    assert [record for _, _, record in sink.calls] == ["first", "second"]

    fold.extend([(3, ("a",))], {})
    fold.offer(Outcome(3, keys[2].candidates))

    assert [record for _, _, record in sink.calls] == ["first", "second", "third", "fourth"]


def test_a_stratum_that_closes_no_longer_holds_the_others():
    sink = Recorder()
    fold = Fold({("a",): 1, ("b",): 1}, sink)

    fold.extend([(1, ("a",)), (5, ("b",))], {("a",): 2})
    fold.offer(Outcome(5, (candidate("b"),)))
    fold.offer(Outcome(1, (candidate("a"),)))

    assert [record for _, _, record in sink.calls] == ["a", "b"]
    assert fold.full


def test_what_comes_late_of_a_closed_stratum_is_let_go():
    sink = Recorder()
    fold = Fold({("a",): 1, ("b",): 1}, sink)
    fold.extend([(1, ("a",)), (2, ("a",)), (3, ("b",))], {})

    fold.offer(Outcome(1, (candidate("1"),)))
    fold.offer(Outcome(2, (candidate("2"), candidate("also 2"))))
    fold.offer(Outcome(3, (candidate("3"), candidate("also 3"))))

    assert [record for _, _, record in sink.calls] == ["1", "3"]
    assert not fold.rejected


def test_a_rejected_sample_does_not_make_the_next_one_a_duplicate():
    sink = Recorder()
    fold = Fold({("a",): 5}, sink)
    fold.extend([(1, ("a",)), (2, ("a",))], {})

    fold.offer(Outcome(1, (candidate("1", content="same", filter="length"),)))
    fold.offer(Outcome(2, (candidate("2", content="same"),)))

    assert [name for name, _, _ in sink.calls] == ["length", "accept"]


def test_a_leak_names_what_the_test_samples_show():
    sink = Recorder()
    fold = Fold({(): 1}, sink, banned=frozenset({"product:us:B", "query:us:9"}))
    fold.extend([(1, ())], {})
    fold.offer(Outcome(1, (candidate("1", touches=("product:us:A", "query:us:9")),)))

    assert sink.details == ["the test samples show query:us:9"]
    assert not fold.groups
    assert not fold.touched


@settings(max_examples=200)
@given(key_lists(), quota_maps, st.integers(1, 3), st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_stratum_is_given_up_at_one_key_in_any_windows(keys, quotas, patience, one, other):
    outcomes = []
    for seed in (one, other):
        random = Random(seed)  # noqa: S311
        fold, sink = run(keys, quotas, frozenset(), random, kill=False, patience=patience)
        outcomes.append((sink.calls, fold.accepted, fold.given_up, fold.empty))
        assert not any(fold.needed[stratum] for stratum in fold.given_up)
        for stratum, lacked in fold.given_up.items():
            assert lacked == quotas[stratum] - fold.accepted[stratum] > 0
    assert outcomes[0] == outcomes[1]


def test_patience_is_lost_with_keys_in_a_row_and_found_again_with_a_sample():
    said = ["", "dropped", "", "dropped", "nothing", "", ""]
    sink = Recorder()
    fold = Fold({("a",): 5}, sink, patience=2)
    fold.extend([(number, ("a",)) for number in range(len(said))], {})
    for number, filter_name in enumerate(said):
        made = (candidate(str(number), filter=filter_name),) if filter_name != "nothing" else ()
        fold.offer(Outcome(number, made))

    assert [call[2] for call in sink.calls if call[0] == "accept"] == ["0", "2"]
    assert fold.given_up == {("a",): 3}
    assert fold.full


def test_quotas_of_nothing_are_full_at_once():
    assert Fold({}, Recorder()).full
    assert Fold({("a",): 0}, Recorder()).full
    assert not Fold({("a",): 1}, Recorder()).full


@st.composite
def contradicting_keys(draw: st.DrawFn) -> list[Key]:
    """Keys of three strata whose samples ask few things and answer them in two ways."""
    count = draw(st.integers(1, 24))
    return [
        Key(
            number,
            (draw(st.sampled_from("abc")),),
            (
                candidate(
                    str(number),
                    asked=draw(st.sampled_from([b"", b"p", b"q", b"r", b"s", b"t"])),
                    answered=draw(st.sampled_from([b"yes", b"no"])),
                ),
            ),
        )
        for number in range(1, count + 1)
    ]


@settings(max_examples=300)
@given(
    contradicting_keys(),
    st.fixed_dictionaries({(name,): st.integers(0, 5) for name in "abc"}),
    st.sampled_from([None, 1, 2, 3]),
    st.randoms(use_true_random=False),
    st.randoms(use_true_random=False),
)
def test_contradictions_are_decided_alike_in_any_windows_and_none_stays(
    keys, quotas, patience, one, other
):
    outcomes = []
    for random in (one, other):
        fold, sink = run(keys, quotas, frozenset(), random, kill=False, patience=patience)
        accepted = [call for call in sink.calls if call[0] == "accept"]
        kept = [call for call in accepted if call[1] not in fold.withdrawn]
        counts = (dict(fold.rejected), fold.accepted, fold.given_up)
        outcomes.append((kept, fold.withdrawn, *counts))
        by_id = {each.id: each for key in keys for each in key.candidates}
        answers: dict[bytes, set[bytes]] = {}
        for call in kept:
            each = by_id[call[1]]
            if each.asked:
                answers.setdefault(each.asked, set()).add(each.answered)
        assert all(len(found) == 1 for found in answers.values())
        # What was ever answered in two ways stays in none.
        of_conflicts = (call[2] for call in sink.calls if call[:2] == ("fold", "conflict"))
        by_record = {each.record.decode(): each for each in by_id.values()}
        assert answers.keys().isdisjoint(by_record[record].asked for record in of_conflicts)
        assert len(kept) == fold.accepted.total()
        assert all(fold.accepted[stratum] <= quota for stratum, quota in quotas.items())
    assert outcomes[0] == outcomes[1]


def test_what_takes_the_place_of_a_contradiction_comes_after_it():
    sink = Recorder()
    fold = Fold({("a",): 2}, sink)
    said = [(b"q", b"yes"), (b"", b""), (b"q", b"no"), (b"", b"")]
    keys = [(number, ("a",)) for number in range(1, 5)]
    fold.extend(keys, {})
    for number, (asked, answered) in enumerate(said, 1):
        fold.offer(Outcome(number, (candidate(str(number), asked=asked, answered=answered),)))
    # The quota was full before the third came: nothing contradicts what nobody else asks.
    assert [record for _, _, record in sink.calls] == ["1", "2"]
    assert not fold.withdrawn


def test_all_samples_that_a_later_one_contradicts_are_withdrawn():
    sink = Recorder()
    fold = Fold({("a",): 2, ("b",): 4}, sink)
    strata = [("a",), ("b",), ("b",), ("b",)]
    fold.extend(list(enumerate(strata)), {})
    for number, answered in enumerate([b"yes", b"yes", b"yes", b"no"]):
        fold.offer(Outcome(number, (candidate(str(number), asked=b"q", answered=answered),)))

    assert fold.withdrawn == {candidate(str(number)).id for number in range(3)}
    assert (fold.needed, +fold.accepted) == ({("a",): 2, ("b",): 4}, {})
    assert fold.rejected == {"fold: conflict": 4}


def test_a_stratum_that_was_given_up_stays_so_when_a_sample_of_it_is_withdrawn():
    sink = Recorder()
    fold = Fold({("a",): 3, ("b",): 3}, sink, patience=2)
    made = [
        ("a", candidate("1", asked=b"q", answered=b"yes")),
        ("a", candidate("2", filter="dropped")),
        ("a", candidate("3", filter="dropped")),
        ("b", candidate("4", asked=b"q", answered=b"no")),
        ("a", candidate("5")),
        ("b", candidate("6")),
    ]
    fold.extend([(number, (name,)) for number, (name, _) in enumerate(made, 1)], {})
    for number, (_, each) in enumerate(made, 1):
        fold.offer(Outcome(number, (each,)))

    assert fold.withdrawn == {candidate("1").id}
    assert fold.given_up == {("a",): 3}
    assert (fold.needed, fold.accepted) == (
        {("a",): 0, ("b",): 2},
        {("a",): 0, ("b",): 1},
    )


def test_what_thousands_of_strata_cost_as_they_close_grows_with_them_and_not_with_their_square():
    def calls(count: int) -> int:
        strata = [(f"brand {number}",) for number in range(count)]
        made = [candidate(str(number)) for number in range(count)]
        fold = Fold(dict.fromkeys(strata, 1), Recorder())

        def close_all() -> None:
            # Each has more keys than came: all hold the rest up until they close.
            fold.extend(list(enumerate(strata)), dict.fromkeys(strata, count))
            for number, each in enumerate(made):
                assert not fold.full
                fold.offer(Outcome(number, (each,)))

        counted = calls_of(close_all)
        assert fold.full
        return counted

    assert calls(400) < 3 * calls(200)
