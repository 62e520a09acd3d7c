import math
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factory.errors import RecipeError
from factory.line.quotas import Stratum, share_out
from tests.line.counted import calls_of

COUNTS = st.integers(0, 60)


def one(**counts: int) -> dict[tuple[str, ...], int]:
    return {(name,): count for name, count in counts.items()}


def test_without_strata_one_quota_holds_all_that_there_is():
    assert share_out(10, {(): 100}, {}, 0.0) == {(): 10}
    assert share_out(10, {(): 4}, {}, 0.0) == {(): 4}
    assert share_out(10, {}, {}, 0.0) == {(): 0}


def test_equal_shares_of_a_size_that_divides_are_alike():
    assert share_out(9, one(a=50, b=50, c=50), {"x": "equal"}, 0.0) == one(a=3, b=3, c=3)


def test_what_is_left_over_goes_to_the_largest_remainders():
    shares = {"x": {"a": 0.5, "b": 0.3, "c": 0.2}}

    # 3.5, 2.1 and 1.4 of seven: the one left over is a's.
    assert share_out(7, one(a=99, b=99, c=99), shares, 0.0) == one(a=4, b=2, c=1)
    # 4.5, 2.7 and 1.8 of nine: the two left over are c's and b's.
    assert share_out(9, one(a=99, b=99, c=99), shares, 0.0) == one(a=4, b=3, c=2)


def test_equal_remainders_go_to_the_first_names():
    assert share_out(5, one(c=9, b=9, a=9), {"x": "equal"}, 0.0) == one(a=2, b=2, c=1)


def test_shares_count_in_proportion_whatever_they_add_up_to():
    available = one(a=999, b=999)

    assert share_out(40, available, {"x": {"a": 3, "b": 1}}, 0.0) == one(a=30, b=10)
    assert share_out(40, available, {"x": {"a": 0.3, "b": 0.1}}, 0.0) == one(a=30, b=10)


def test_a_value_that_is_not_named_gets_no_samples():
    quotas = share_out(10, one(a=99, b=99, c=99), {"x": {"a": 1, "b": 1}}, 0.0)

    assert quotas == one(a=5, b=5)


def test_a_named_value_that_no_key_has_is_an_error_that_names_the_others():
    with pytest.raises(RecipeError) as caught:
        share_out(10, one(E=5, I=5), {"label": {"E": 0.5, "Q": 0.5}}, 0.0)

    assert str(caught.value) == "balance.label: no row has the value 'Q'; there are E, I"


def test_two_dimensions_share_by_the_product_of_their_shares():
    available = dict.fromkeys(product("ab", "01"), 999)

    quotas = share_out(100, available, {"x": {"a": 3, "b": 1}, "position": "equal"}, 0.0)

    assert quotas == {("a", "0"): 38, ("a", "1"): 37, ("b", "0"): 12, ("b", "1"): 13}


def test_the_scarcest_stratum_holds_the_others_back():
    assert share_out(300, one(a=999, b=50, c=999), {"x": "equal"}, 0.0) == one(a=50, b=50, c=50)


@pytest.mark.parametrize(("tolerance", "most"), [(0.25, 63), (0.5, 75), (1.0, 100), (9.0, 100)])
def test_a_tolerance_lets_the_others_be_that_much_fuller(tolerance, most):
    quotas = share_out(300, one(a=999, b=50, c=999), {"x": "equal"}, tolerance)

    assert quotas == one(a=most, b=50, c=most)


def test_a_stratum_between_the_scarcest_and_the_tolerance_gives_what_it_has():
    quotas = share_out(300, one(a=999, b=50, c=70), {"x": "equal"}, 0.5)

    assert quotas == one(a=75, b=50, c=70)


def test_unequal_shares_are_held_back_in_proportion():
    quotas = share_out(100, one(a=999, b=10), {"x": {"a": 4, "b": 1}}, 0.0)

    assert quotas == one(a=40, b=10)


def test_a_size_smaller_than_the_strata_leaves_some_without():
    assert share_out(2, one(a=9, b=9, c=9), {"x": "equal"}, 0.0) == one(a=1, b=1, c=0)


def test_no_keys_at_all_give_no_quotas():
    assert share_out(5, {}, {"x": "equal"}, 0.0) == {}


@st.composite
def cases(draw):
    values = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
    positions = [str(n) for n in range(draw(st.integers(1, 4)))]
    available = {cell: draw(COUNTS) for cell in product(values, positions)}
    named = {value: draw(st.floats(0.01, 10)) for value in values}
    shares = {"x": draw(st.sampled_from(["equal", named])), "position": "equal"}
    return draw(st.integers(1, 200)), available, shares


@settings(max_examples=300)
@given(cases(), st.floats(0, 3))
@example((3, {("a", "0"): 1, ("a", "1"): 0}, {"x": "equal", "position": "equal"}), 0.0)
def test_quotas_never_pass_what_is_wanted_or_what_there_is(case, tolerance):
    size, available, shares = case
    plenty = dict.fromkeys(available, 10**6)

    quotas = share_out(size, available, shares, tolerance)
    wanted = share_out(size, plenty, shares, tolerance)

    assert sum(wanted.values()) == size
    assert quotas.keys() == wanted.keys()
    assert all(0 <= quotas[cell] <= min(wanted[cell], available[cell]) for cell in quotas)
    # A stratum without a key is left out of the rule: it would leave nothing of the others.
    filled = [cell for cell, count in wanted.items() if count and available[cell]]
    scale = min((Fraction(available[cell], wanted[cell]) for cell in filled), default=Fraction(1))
    if scale >= 1:
        assert quotas == {cell: n if available[cell] else 0 for cell, n in wanted.items()}
    else:
        bound = scale * (1 + Fraction(tolerance))
        for cell, count in wanted.items():
            assert quotas[cell] == min(count, available[cell], math.ceil(count * bound))


@settings(max_examples=100)
@given(st.integers(1, 300), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_equal_shares_of_plenty_differ_by_at_most_one(size, extra):
    available = {(f"v{n}",): 10_000 + count for n, count in enumerate(extra)}

    quotas = share_out(size, available, {"x": "equal"}, 0.0)

    assert sum(quotas.values()) == size
    assert max(quotas.values()) - min(quotas.values()) <= 1


@settings(max_examples=100)
@given(cases(), st.floats(0, 3))
def test_the_order_in_which_strata_are_counted_changes_nothing(case, tolerance):
    size, available, shares = case
    turned = dict(reversed(available.items()))

    assert share_out(size, turned, shares, tolerance) == share_out(
        size, available, shares, tolerance
    )


@settings(max_examples=200)
@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 5))
@example(10, 4, 4)
@example(24, 3, 3)
def test_a_few_samples_of_many_strata_still_balance_every_dimension(size, labels, positions):
    cells = list(product(range(labels), range(positions)))
    available = {(f"label {a}", str(b)): 99 for a, b in cells}

    quotas = share_out(size, available, {"label": "equal", "position": "equal"}, 0.0)

    for dimension in (0, 1):
        totals: Counter[str] = Counter()
        for cell, count in quotas.items():
            totals[cell[dimension]] += count
        assert max(totals.values()) - min(totals.values()) <= 2
        assert size < len(totals) or min(totals.values()) > 0


def rounded(size: int, cells: Mapping[Stratum, Fraction]) -> dict[Stratum, int]:
    """Round by the largest remainders, one sample after another, as the rule says it."""
    whole = {cell: math.floor(size * part) for cell, part in cells.items()}
    remainders = {cell: size * part - whole[cell] for cell, part in cells.items()}
    given: Counter[tuple[int, str]] = Counter()
    for _ in range(size - sum(whole.values())):
        cell = min(
            remainders,
            key=lambda cell: (
                -remainders[cell],
                sum(given[place] for place in enumerate(cell)),
                cell,
            ),
        )
        del remainders[cell]
        given.update(enumerate(cell))
        whole[cell] += 1
    return whole


@st.composite
def balances(draw):
    """Shares of one to three dimensions: equal, or a few sizes, so that many remainders agree."""
    parts = st.sampled_from([0.1, 0.5, 1.0, 1.0, 2.0])
    shares = {}
    for dimension in range(draw(st.integers(1, 3))):
        names = [f"{dimension}{name}" for name in "abcdefg"[: draw(st.integers(1, 7))]]
        named = {name: draw(parts) for name in draw(st.permutations(names))}
        shares[f"d{dimension}"] = (names, draw(st.sampled_from(["equal", named])))
    return shares


@settings(max_examples=300)
@given(st.integers(0, 400), balances())
def test_quotas_are_those_of_one_sample_after_another(size, balance):
    cells = {
        cell: math.prod(
            (
                Fraction(1, len(names))
                if share == "equal"
                else Fraction(share[value]) / sum(map(Fraction, share.values()))
                for value, (names, share) in zip(cell, balance.values(), strict=True)
            ),
            start=Fraction(1),
        )
        for cell in product(*(names for names, _ in balance.values()))
    }
    shares = {name: share for name, (_, share) in balance.items()}

    assert share_out(size, dict.fromkeys(cells, 999), shares, 0.0) == rounded(size, cells)


@pytest.mark.parametrize("positions", [(), ("0", "1", "2", "3")])
def test_what_quotas_cost_grows_with_the_strata_and_not_with_their_square(positions):
    def calls(brands: int) -> int:
        names = [f"brand {number}" for number in range(brands)]
        balance = {"brand": "equal"} | ({"position": "equal"} if positions else {})
        cells = list(product(names, positions) if positions else product(names))
        available = dict.fromkeys(cells, 9)
        return calls_of(lambda: share_out(len(cells) * 3 // 2, available, balance, 0.0))

    assert calls(600) < 3 * calls(300)


@pytest.mark.parametrize("fewer", [(0, 0), (0, 1), (1, 0)], ids=["square", "wide", "high"])
def test_what_two_long_dimensions_cost_grows_with_their_strata(fewer):
    def calls(most: int) -> int:
        names = ([f"{n}" for n in range(most - less)] for less in fewer)
        cells = list(product(*names))
        balance = {"brand": "equal", "colour": "equal"}
        return calls_of(lambda: share_out(len(cells) // 2, dict.fromkeys(cells, 9), balance, 0.0))

    assert calls(60) < 5 * calls(30)


def test_what_named_shares_cost_grows_with_the_names_and_not_with_their_square():
    def calls(brands: int) -> int:
        share = {f"brand {number}": 1 + number / 7 for number in range(brands)}
        available = {(name,): 999 for name in share}
        return calls_of(lambda: share_out(brands * 3, available, {"brand": share}, 0.0))

    assert calls(600) < 3 * calls(300)
