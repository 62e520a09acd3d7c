"""Quantities of titles: what is read, what is left unread, and that the arithmetic is exact."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.sources.devices import device_of, family, masked, names
from factory.sources.quantities import (
    UNITS,
    amount_text,
    convert,
    number_text,
    read_number,
    read_quantities,
    rounded,
)

amounts = st.decimals(min_value="0.01", max_value="9999.99", places=2)
units = st.sampled_from(sorted(UNITS))


@pytest.mark.parametrize(
    ("title", "measures", "counts"),
    [
        ("Noodles, 9.24 oz (Pack of 6)", [("9.24", "oz")], [(6, "pack")]),
        ("Noodles, Tonkotsu, 3.53 Ounce, 6 Pack", [("3.53", "oz")], [(6, "pack")]),
        ("Soda 12 fl oz, Pack of 24", [("12", "fl oz")], [(24, "pack")]),
        ("Paper Napkins, 200 Count, Pack of 2", [], [(200, "count"), (2, "pack")]),
        ("Dinner Napkins (24 packs of 40 Napkins)", [], [(24, "pack"), (40, "count")]),
        ("Vitamin C, 90 Capsules (Pack of 3)", [], [(90, "count"), (3, "pack")]),
        ("Building Blocks, 1000 Pieces", [], [(1000, "piece")]),
        ("Wall Charger, 65W, 6 ft", [("65", "w"), ("6", "ft")], []),
        ("Sparkling Water 1,000 ml", [("1000", "ml")], []),
    ],
)
def test_both_notations_of_a_pack_are_read(
    title: str, measures: list[tuple[str, str]], counts: list[tuple[int, str]]
) -> None:
    said = read_quantities(title, "us")
    assert [(str(each.amount), each.unit.name) for each in said.measures] == measures
    assert [(each.number, each.kind) for each in said.counts] == counts


@pytest.mark.parametrize(
    ("title", "locale", "measures", "counts"),
    [
        ("Hervidor, 1,7 litros", "es", ["1.7"], []),
        ("Pienso, 2.5 kg, pack de 2", "es", ["2.5"], [2]),
        ("Crema solar SPF 50 pack de 2", "es", [], [2]),
        ("Filtros de café, 100 unidades", "es", [], [100]),
        ("ドッグフード 2.5kg 6個セット", "jp", ["2.5"], [6]),
        ("積み木 100ピース", "jp", [], [100]),
    ],
)
def test_spanish_and_japanese_titles_are_read(
    title: str, locale: str, measures: list[str], counts: list[int]
) -> None:
    said = read_quantities(title, locale)
    assert [str(each.amount) for each in said.measures] == measures
    assert [each.number for each in said.counts] == counts


@pytest.mark.parametrize(
    ("title", "locale"),
    [
        ("Smartphone 5G Unlocked", "us"),
        ("Hub 8 in 1 for Laptops", "us"),
        ("Detergente 1.000 ml", "es"),
        ("Notebook, 100gsm Paper", "us"),
        ("Backpack 2025L-7", "us"),
        ("Walking Shoe Chocolate Nubuck 7 W", "us"),
        ("Dog Tag, 316L Steel", "us"),
    ],
)
def test_what_may_be_something_else_is_no_measure(title: str, locale: str) -> None:
    assert not read_quantities(title, locale).measures


@pytest.mark.parametrize(
    "title",
    [
        "Soporte para plantas, Soporta 18 kg",
        "Cuaderno, Papel de 100 g",
        "金属製 フラワースタンド 耐荷重18kg",
        "Metal Bookshelf, 44 Pound Shelves",
        "Shelf Bracket holds up to 50 lb",
    ],
)
def test_what_a_product_bears_or_is_made_of_is_set_aside(title: str) -> None:
    said = read_quantities(title, "es")
    assert not said.measures
    assert len(said.aside) == 1


def test_the_sides_of_an_area_are_no_lengths() -> None:
    said = read_quantities('Shower Curtain, 72 x 72 Inch, and Rug 5" x 8"', "us")
    assert [each.sides for each in said.areas] == [
        (Decimal(72), Decimal(72)),
        (Decimal(5), Decimal(8)),
    ]
    assert not said.measures


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("Noodles, 9.24 oz (Pack of 6)", "Noodles (Pack of 6)"),
        ("Dog Food - Omega 3 - 5 lb", "Dog Food - Omega 3"),
        ("Tumbler, 20 oz, Black", "Tumbler, Black"),
        ("Case (20 oz) Red", "Case Red"),
        ("植木鉢 15cm 水抜き穴", "植木鉢 水抜き穴"),
    ],
)
def test_a_quantity_goes_with_its_punctuation(title: str, left: str) -> None:
    said = read_quantities(title, "us")
    assert said.without(said.measures) == left


@given(amounts, units)
def test_an_amount_is_read_as_it_is_written(amount: Decimal, name: str) -> None:
    written = {"oz": "oz", "gb": "GB", "w": "watts", "kw": "kW", "ah": "Ah", "in": "inches"}.get(
        name, name
    )
    said = read_quantities(f"Some product, {number_text(amount)} {written}, black", "us")
    assert [(each.amount, each.unit.name) for each in said.measures] == [(amount, name)]
    assert read_quantities(said.without(said.measures), "us").measures == ()


@given(amounts, units, units)
def test_a_conversion_and_back_is_exact(amount: Decimal, name: str, other: str) -> None:
    unit, to = UNITS[name], UNITS[other]
    if unit.dimension != to.dimension:
        with pytest.raises(ValueError, match="measure"):
            convert(amount, unit, to)
        return
    there = convert(amount, unit, to)
    assert there * to.factor / unit.factor == Fraction(amount)


@given(st.fractions(min_value=0, max_value=10**9), st.integers(0, 4))
def test_rounding_is_half_up_and_within_half_a_step(value: Fraction, places: int) -> None:
    shown = rounded(value, places)
    step = Fraction(1, 10**places)
    assert -step / 2 < Fraction(shown) - value <= step / 2
    assert -int(shown.as_tuple().exponent) == places


@given(st.text("0123456789.,", min_size=1, max_size=9), st.sampled_from(["us", "es", "jp"]))
def test_a_number_is_read_in_one_way_or_not_at_all(text: str, locale: str) -> None:
    if not text[0].isdigit() or not text[-1].isdigit() or ",," in text or ".." in text:
        return
    value = read_number(text.replace(".,", ".").replace(",.", ","), locale)
    assert value is None or value >= 0


def test_numbers_are_shown_as_people_write_them() -> None:
    assert amount_text(Decimal("55.4400"), UNITS["oz"]) == "55.44 ounces"
    assert amount_text(Decimal("1.0"), UNITS["ft"]) == "1 foot"
    assert number_text(Decimal("1E+3")) == "1000"


@pytest.mark.parametrize(
    ("title", "device"),
    [
        ("Clear Case for iPhone 13 Pro Max, Slim", "iPhone 13 Pro Max"),
        ("Ink Cartridge Compatible with Printara 410, Black", "Printara 410"),
        ("Watch Band for Tempora Watch 45mm by Velqor", "Tempora Watch 45mm"),
        ("Funda compatible con Novaphone 15 Pro, Azul", "Novaphone 15 Pro"),
        ("Correa compatible con Tempora Watch 41 mm, Negro", "Tempora Watch 41 mm"),
        ("スマホケース iPhone 13 Pro 対応", "iPhone 13 Pro"),
        ("Case for Galaxy S21 & Galaxy S22", None),
        ("Case for iPhone 13/13 Pro", None),
        ("Universal Charger for iPhone 12", None),
        ("Tent for Camping 3 Season", None),
        ("Stand for Home 2 Pack", None),
        ("Driver for Windows 10", None),
        ("Band for the Fitbit Charge 3 & Charge 4 Silver", None),
        ("Ski Goggles for Adults Skiing 7 Colors", None),
        ("Costume for Boys Size 3 Red", None),
        ("Bikini Tops For Women 2018", None),
    ],
)
def test_only_one_certain_device_is_read(title: str, device: str | None) -> None:
    assert device_of(title) == device


def test_another_model_of_the_family_is_not_the_device() -> None:
    assert names("Made for iPhone 13 only", "iPhone 13")
    assert not names("Made for iPhone 13 Pro", "iPhone 13")
    assert not names("Made for iPhone 130", "iPhone 13")
    assert family("Galaxy Tab S7") == "Galaxy Tab"
    assert masked("Case for iPhone 13, iPhone 13 style", "iPhone 13", "__") == (
        "Case for __, __ style"
    )


@pytest.mark.parametrize(
    ("title", "locale"),
    [
        ("Dome Tent, Waterproof 3000mm, Green", "us"),
        ("Tienda de campaña, Impermeable 3000 mm, Verde", "es"),
        ("ドーム型 テント 耐水圧3000mm グリーン", "jp"),
    ],
)
def test_a_water_column_is_no_length(title, locale):
    said = read_quantities(title, locale)
    assert (said.measures, said.aside) == ((), ())
