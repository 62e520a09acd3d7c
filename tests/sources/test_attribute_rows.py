"""The tasks about attributes: what their views and row mappers make of titles, and refuse."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.draw import Draw, sql_macro
from factory.sources.ae_110k import Ae110kOptions, Ae110kSource
from factory.sources.attribute_families import told_apart
from factory.sources.attribute_names import attribute
from factory.sources.attribute_variants import standard, stem
from factory.sources.esci import EsciOptions, EsciSource
from factory.sources.oa_mine import OaMineOptions, OaMineSource
from factory.sources.product_kinds import foreign
from factory.sources.rows.brand_of_title import MASK
from factory.sources.rows.product_attribute import CANNOT
from factory.sources.title_words import places, second_figure, stands_beside
from factory.sources.view import RowRejectedError, load_view
from factory.text import tokens
from tests.conftest import copy_shop

from . import ae_110k_files, esci_files, oa_mine_files
from .oa_mine_files import scored, write_lines

VIEWS = (
    "title_attribute",
    "product_attribute",
    "attribute_of_type",
    "type_of_attribute",
    "attribute_value",
    "attribute_value_variant",
)
SOURCES = {
    "oa_mine": (OaMineSource(), OaMineOptions(), oa_mine_files.copy_bundled),
    "ae_110k": (Ae110kSource(), Ae110kOptions(), ae_110k_files.copy_bundled),
}


def facts_of(view_name: str, source: Any, options: Any, path: Path | str, threads: int = 1):
    """Return the facts of every key, in the order of keys."""
    view = load_view(view_name)
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}")
        connection.execute("SET preserve_insertion_order = false")
        source.attach(connection, "s", str(path), options, allow_test=False)
        connection.execute("USE s")
        connection.execute(sql_macro(7, "t"))
        connection.execute(
            "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY draw(key, 'order'), key) "
            f"AS ordinal, * FROM ({view.keys})"
        )
        connection.execute("CREATE TEMP TABLE chosen AS FROM keys")
        found = connection.execute(f"SELECT * FROM ({view.facts}) ORDER BY key")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def mapped(view_name: str, facts: Iterable[dict[str, Any]]) -> tuple[list[Any], dict[str, str]]:
    """Return the rows that a view's mapper makes, and why it refuses the other keys."""
    mapper = load_view(view_name).mapper
    assert mapper is not None
    made, refused = [], {}
    for row in facts:
        try:
            made += list(mapper(row, Draw(7, "t", row["key"])))
        except RowRejectedError as error:
            refused[row["key"]] = error.reason
    return made, refused


def rows_of(view_name: str, folder: Path, lines: list[dict[str, Any]]) -> tuple[list[Any], Any]:
    write_lines(folder / "train.jsonl", lines)
    facts = facts_of(view_name, *SOURCES["oa_mine"][:2], folder)
    made, refused = mapped(view_name, facts)
    return made, set(refused.values())


@pytest.fixture(scope="module")
def bundled() -> dict[tuple[str, str], tuple[list[Any], dict[str, str]]]:
    return {
        (view, name): mapped(view, facts_of(view, source, options, "bundled"))
        for view in VIEWS
        for name, (source, options, _) in SOURCES.items()
    }


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", SOURCES)
def test_threads_and_the_order_of_lines_change_nothing(tmp_path, view, name):
    source, options, copy = SOURCES[name]
    folders = [copy(tmp_path / str(shuffled), shuffled=shuffled) for shuffled in (False, True)]
    first = facts_of(view, source, options, folders[0], threads=1)
    assert first == facts_of(view, source, options, folders[1], threads=4)
    assert first


def test_a_value_is_asked_as_the_title_writes_it(bundled):
    for name in SOURCES:
        made, _ = bundled["title_attribute", name]
        assert len(made) > 500
        for row in made:
            assert all(entity in row["title"] for entity in row["entities"])
            assert row["target"] == ", ".join(row["entities"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (scored("Crocs Clog, Blue and White", Color="Blue"), "another-value-in-title"),
        (scored("Crocs Clog, Blue, White", Color="Blue, White"), "value-with-comma"),
        (scored("Crocs Sporty Clog", Model_name="Sport"), "value-not-in-title"),
        (scored("Crocs Women's Clog", Gender="Women"), "value-not-in-title"),
        (scored("Crocs Clog Blue 52-59cm", Length="59cm"), "value-not-in-title"),
        (scored("Crocs Clog 8 oz, 250 g", Weight="8 oz"), "another-figure-in-title"),
        (scored("Crocs Classic Swimsuit", Model_Number="Swimsuit"), "value-of-another-kind"),
        (scored("Crocs Clog Special Thing", Specialty="Special"), "attribute-vague"),
        (scored("Crocs Clog", Brand="Crocs"), "title-short"),
    ],
)
def test_a_title_with_more_than_one_answer_or_none_is_refused(tmp_path, line, reason):
    made, refused = rows_of("title_attribute", tmp_path, [line])
    assert (made, refused) == ([], {reason})


def test_another_titles_value_that_stands_unmarked_in_a_title_is_refused(tmp_path):
    lines = [
        scored("Tazo Zen Tea Sachets, 20 count", "Tea", Item_form="Sachets"),
        scored("Tazo Zen Tea Bags and Sachets", "Tea", Item_form="Tea Bags"),
    ]
    made, refused = rows_of("title_attribute", tmp_path, lines)
    assert [row["target"] for row in made] == ["Sachets"]
    assert refused == {"another-value-in-title"}


def test_a_question_has_one_supported_answer(bundled):
    for name in SOURCES:
        made, _ = bundled["product_attribute", name]
        cannot = [row for row in made if row["positive"] == CANNOT]
        assert 0.15 < len(cannot) / len(made) < 0.5
        for row in made:
            options = [row["positive"], *row["negatives"]]
            assert len(options) == 4
            assert options.count(CANNOT) == 1
            # "7 in" and "12 in" share a unit, which tells nothing.
            said = {stem(word) for word in tokens(row["title"])} - {"in"}
            wrong = set(row["negatives"]) - {CANNOT}
            # Of another attribute one value is shown that the title has.
            of_another = [each for each in wrong if said & {stem(word) for word in tokens(each)}]
            assert len(of_another) <= 1
            assert all(each in row["title"] for each in of_another)
            if row["positive"] != CANNOT:
                assert row["positive"] in row["title"]


def test_a_title_s_other_attribute_is_offered_where_nobody_takes_it_for_the_asked_one(tmp_path):
    colors = ("Red", "Blue", "Green", "White", "Black", "Brown", "Pink")
    lines = [scored(f"Crocs Clog {each}", Color=each) for each in colors]
    of_gender = scored("Crocs Clog Women's Purple", Color="Purple", Gender="Women's")
    of_model = scored("Crocs Clog Rose Teal", Color="Teal", Model_name="Rose")
    made, _ = rows_of("product_attribute", tmp_path, [*lines, of_gender, of_model])
    shown = {row["positive"]: row["negatives"] for row in made}
    assert "Women's" in shown["Purple"]
    assert "Rose" not in shown.get("Teal", [])


@pytest.mark.parametrize(
    "title",
    ["Crocs Lime Clog", "Crocs Clog in two colors", "Crocs Camo Clog", "Crocs Reds Clog"],
)
def test_what_a_title_hints_at_is_not_said_to_be_unknown(tmp_path, title):
    colors = ("Red", "Blue", "Green", "White", "Black", "Brown", "Pink")
    stated = [scored(f"Crocs Clog Number {color}", Color=color) for color in colors]
    made, _ = rows_of("product_attribute", tmp_path, [*stated, scored(title, Brand="Crocs")])
    assert title not in {row["title"] for row in made}

    plain = scored("Crocs Clog Classic", Brand="Crocs")
    made, _ = rows_of("product_attribute", tmp_path, [*stated, plain])
    assert [row["positive"] for row in made if row["title"] == plain["input"]] == [CANNOT]


def test_no_wrong_attribute_or_kind_is_known_to_go_together(bundled):
    known: dict[str, set[str]] = {}
    for facts in facts_of("attribute_of_type", *SOURCES["oa_mine"][:2], "bundled"):
        for each in facts["incidence"]:
            names = {found.name for name in each["types"] if (found := attribute(name))}
            known.setdefault(each["category"].lower(), set()).update(names)
    made, _ = bundled["attribute_of_type", "oa_mine"]
    assert len(made) > 20
    for row in made:
        assert row["positive"] in known[row["kind"]]
        assert not known[row["kind"]] & set(row["negatives"])
        assert len(set(row["negatives"])) == 3
    made, _ = bundled["type_of_attribute", "oa_mine"]
    assert len(made) > 20
    for row in made:
        assert row["attribute"] in known[row["positive"]]
        assert all(row["attribute"] not in known[kind] for kind in row["negatives"])


@pytest.mark.parametrize(
    ("one", "more"),
    [("shoe", "shoes"), ("box", "boxes"), ("brush", "brushes"), ("baby", "babies"),
     ("kid", "Kid's"), ("women", "ladies"), ("grey", "gray"), ("glass", "glasses")],
)  # fmt: skip
def test_spellings_of_a_word_have_one_stem(one, more):
    assert stem(one) == stem(more)


def test_an_attribute_of_a_near_domain_is_not_said_not_to_apply():
    roast, scent, shoe = (attribute(name) for name in ("Roast type", "Scent", "Shoe type"))
    assert roast is not None
    assert scent is not None
    assert shoe is not None
    assert not foreign(roast, "Tea", ["Flavor"])
    assert not foreign(scent, "Coffee", ["Flavor"])
    assert not foreign(scent, "Sunscreen", ["Protection level"])
    assert foreign(shoe, "Tea", ["Flavor"])
    assert not foreign(shoe, "Thing", ["Color"])
    loads, firmness = attribute("Load size"), attribute("Firmness")
    assert loads is not None
    assert firmness is not None
    assert foreign(loads, "Conditioner", ["Hair type"])
    assert not foreign(loads, "Dishwasher Detergent", ["Scent"])
    assert foreign(firmness, "Tea", ["Flavor"])
    assert not foreign(firmness, "Pillow", ["Fill Material"])


def test_a_wrong_value_is_of_another_attribute(bundled):
    for name in SOURCES:
        made, _ = bundled["attribute_value", name]
        assert made
        for row in made:
            words = [set(tokens(text)) for text in (row["positive"], *row["negatives"])]
            assert all(not words[0] & other for other in words[1:])


@pytest.mark.parametrize(
    ("value", "family", "form"),
    [
        ("womens", "person", "Women"),
        ("Men’s", "person", "Men"),
        ("Grey", "color", "Gray"),
        ("XL", "amount", "Extra Large"),
        ("12 oz", "amount", "12 Ounces"),
        ("1 lb.", "amount", "1 Pound"),
        ("5,000mcg", "amount", "5,000 Micrograms"),
        ("8.5 Fl. Oz", "amount", "8.5 Fluid Ounces"),
        ("2 pk", "amount", "Pack of 2"),
        ("3-Pack", "amount", "Pack of 3"),
        ("20 ct", "amount", "20 Count"),
        ("Decaf", "caffeine", "Decaffeinated"),
    ],
)
def test_a_spelling_has_one_standard_form_and_others_that_it_is_not(value, family, form):
    found = standard(value, family)
    assert found is not None
    assert found[0] == form
    assert len(found[1]) >= 3
    assert form not in found[1]
    assert len({other.casefold() for other in found[1]}) == len(found[1])


@pytest.mark.parametrize(
    ("value", "family"),
    [("Women", "person"), ("Pack of 2", "amount"), ("12 Ounces", "amount"), ("Navy Rose", "color"),
     ("12", "amount"), ("womens", "color"), ("12 Ounce Can", "amount"),
     # A shoe of medium width, and not of eight meters.
     ("8 M", "amount"), ("8.5 M US", "amount")],
)  # fmt: skip
def test_a_standard_or_unknown_value_has_no_other_form(value, family):
    assert standard(value, family) is None


@given(number=st.integers(1, 99_999), unit=st.sampled_from(["oz", "lb", "g", "ml", "cm", "ft"]))
def test_a_wrong_amount_is_another_amount(number, unit):
    found = standard(f"{number}{unit}", "amount")
    assert found is not None
    form, others = found
    assert form.startswith(f"{number} ")
    assert form not in others
    assert {other.split()[0] for other in others} == {str(number)}
    for other in (form, *others):
        assert other.endswith(("s", "Feet")) is not other.startswith("1 ")


@pytest.mark.parametrize(
    ("asked", "other", "value", "apart"),
    [
        ("Color", "Material", "Cotton", True),
        # Bamboo and silver are colors of things as well.
        ("Color", "Material", "Bamboo", False),
        ("Material", "Color", "Navy Blue", True),
        ("Material", "Color", "Silver", False),
        ("Flavor", "Color", "Orange", False),
        ("Color", "Gender", "Women's", True),
        ("Gender", "Age", "Kids", False),
    ],
)
def test_a_value_of_another_attribute_is_wrong_only_where_a_reader_sees_it(
    asked, other, value, apart
):
    one, two = attribute(asked), attribute(other)
    assert one is not None
    assert two is not None
    assert told_apart(one, two, value) is apart


def test_words_are_found_as_words_of_their_own():
    assert places("red", "Red hat, blackred, red-blue") == [(0, 3), (19, 22)]
    assert places("Women", "Women's shoe") == []
    assert places("59cm", "52-59cm") == []
    assert stands_beside(["100% Cotton"], ["Cotton"], "A 100% Cotton cap") == ""
    assert stands_beside(["Cotton"], ["100% Cotton"], "A 100% Cotton cap") == "100% Cotton"
    assert second_figure(["8 oz"], "Tea 8 oz, 20 bags") == ""
    assert second_figure(["20 bags"], "Tea 20 bags, Pack of 6") == "Pack of 6"


def test_a_brand_is_hidden_in_half_of_the_titles_and_wherever_it_stands():
    facts = facts_of("brand_of_title", EsciSource(), EsciOptions(), "bundled")
    made, _ = mapped("brand_of_title", facts)
    assert {row["locale"] for row in made} == {"us", "es", "jp"}
    assert 0.4 < sum(row["masked"] for row in made) / len(made) < 0.6
    for row in made:
        assert (MASK in row["title"]) is row["masked"]
        assert (row["positive"].lower() in row["title"].lower()) is not row["masked"]
        named = [wrong for wrong in row["negatives"] if wrong.lower() in row["title"].lower()]
        # The maker of the device that the product is made for, and of no hidden brand's device.
        assert len(named) <= (not row["masked"])
        assert all(f"{maker} " in row["title"] for maker in named)
        # The query, the product, and a product of each of the three brands.
        assert len(row["source_ids"]) == 5


@pytest.mark.parametrize(
    ("title", "brand", "reason"),
    [
        ("Generic desk lamp with a clamp", "Generic", "brand-generic"),
        ("ノーブランド品 デスクライト", "ノーブランド品", "brand-generic"),
        ("Bright desk lamp with a clamp", "Lumo", "brand-not-in-title"),
        ("Lumolux desk lamp with a clamp", "Lumo", "brand-not-in-title"),
    ],
)
def test_a_brand_that_is_none_or_not_stated_is_refused(tmp_path, title, brand, reason):
    judgements = [esci_files.judgement(number) for number in range(8)]
    products = [
        esci_files.product(
            row["product_id"],
            product_title=title if number == 0 else f"Other{number} lamp",
            product_brand=brand if number == 0 else f"Other{number}",
        )
        for number, row in enumerate(judgements)
    ]
    judgements[1:] = [{**row, "esci_label": "S"} for row in judgements[1:]]
    esci_files.write_upstream(tmp_path, judgements, products)
    facts = facts_of("brand_of_title", EsciSource(), EsciOptions(), tmp_path)
    made, refused = mapped("brand_of_title", facts)
    assert (made, set(refused.values())) == ([], {reason})


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (
            "【軽量】Lumo(ルモ) Glowmax デスクライト 白 LED",
            "【軽量】[brand] Glowmax デスクライト 白 LED",
        ),
        ("[Lumo] Glowmax desk lamp in white", "[brand] Glowmax desk lamp in white"),
        ("Lumo(ルモ) Glowmax デスクライト ルモ 白", None),
        ("Lumo (Lichtwerk) Glowmax desk lamp in white", None),
    ],
)
def test_a_hidden_brand_stands_in_the_title_in_no_other_script(title, shown):
    facts = {
        "key": "k", "locale": "jp", "title": title, "brand": "Lumo", "form": "masked",
        "maskable": True, "named": None, "subject": "s", "source_ids": [],
        "others": [{"brand": b, "product_id": b} for b in ("Aranta", "Beltor", "Corvina")],
    }  # fmt: skip
    made, _ = mapped("brand_of_title", [facts])
    assert [row["title"] for row in made] == ([] if shown is None else [shown])


@pytest.mark.parametrize(
    ("title", "first"),
    [
        ("Lumo clip for Beltor 12 lamps", "Beltor"),
        ("Lumo Beltor 12 対応 クリップ", "Beltor"),
        ("Lumo and Beltor clip", "Aranta"),
    ],
)
def test_the_maker_of_the_device_is_the_first_wrong_brand(title, first):
    facts = {
        "key": "k", "locale": "jp", "title": title, "brand": "Lumo", "form": "shown",
        "maskable": False, "named": [{"brand": "Beltor", "product_id": "b"}], "subject": "s",
        "source_ids": [],
        "others": [{"brand": b, "product_id": b} for b in ("Aranta", "Corvina", "Denlux")],
    }  # fmt: skip
    made, _ = mapped("brand_of_title", [facts])
    assert made[0]["negatives"][0] == first
    assert len(set(made[0]["negatives"])) == 3


def eight_lamps_a_query():
    """Return twelve queries with eight judgements each."""
    return [
        {**esci_files.judgement(query * 8 + number), "query_id": query, "query": f"lamp {query}"}
        for query in range(12)
        for number in range(8)
    ]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        # A line of this brand alone; the other has something made for it.
        (("Glowmax", "case for Lumo Glowmax"), "[brand] Glowmax desk lamp [model] with AB-2"),
        # A line that another brand has as well.
        (("Glowmax", "Glowmax"), "Lumo Glowmax desk lamp LM-163 with AB-2"),
    ],
)
def test_a_brand_is_hidden_only_where_a_line_is_its_alone(tmp_path, lines, shown):
    judgements = eight_lamps_a_query()
    products = []
    for place, row in enumerate(judgements):
        number = place % 8
        row["product_id"] = f"B{place:04}"
        row["esci_label"] = "S" if number else "E"
        own = number == 0 or number > 5
        line = lines[0] if own else lines[1]
        brand = "Lumo" if own else ("Aranta", "Beltor", "Corvina", "Denlux", "Elmira")[number - 1]
        title = f"{brand} {line} desk lamp LM-163 with AB-2"
        products.append(
            esci_files.product(row["product_id"], product_title=title, product_brand=brand)
        )
    esci_files.write_upstream(tmp_path, judgements, products)
    facts = facts_of("brand_of_title", EsciSource(), EsciOptions(), tmp_path)
    made, refused = mapped("brand_of_title", facts)
    assert made, refused
    hidden = {row["title"] for row in made if row["masked"]}
    if shown.startswith(MASK):
        assert hidden == {shown}
        # The other half of the keys shows it.
        assert {row["title"] for row in made} - hidden == {
            "Lumo Glowmax desk lamp LM-163 with AB-2"
        }
    else:
        assert not hidden
        assert {row["title"] for row in made} == {shown}


def test_a_line_is_a_brands_own_however_many_others_make_things_for_it(tmp_path):
    """Six brands say every word of it, five of them beside the brand that it belongs to."""
    judgements = eight_lamps_a_query()
    products = []
    for place, row in enumerate(judgements):
        maker = place % 8
        row["product_id"], row["esci_label"] = f"B{place:04}", "S" if maker > 5 else "E"
        own = maker == 0 or maker > 5
        brand = "Lumo" if own else ("Aranta", "Beltor", "Corvina", "Denlux", "Elmira")[maker - 1]
        title = "Lumo Glowmax desk lamp" if own else f"{brand} cover for Lumo Glowmax desk lamp"
        products.append(
            esci_files.product(row["product_id"], product_title=title, product_brand=brand)
        )
    esci_files.write_upstream(tmp_path, judgements, products)
    facts = facts_of("brand_of_title", EsciSource(), EsciOptions(), tmp_path)
    masked = [row for row in facts if row["form"] == "masked"]
    assert masked
    assert {(row["brand"], row["maskable"]) for row in masked} == {("Lumo", True)}


def test_brands_do_not_depend_on_threads_or_the_order_of_rows(tmp_path):
    orders = ("original", "shuffled")
    folders = [copy_shop(tmp_path / order, order=order) for order in orders]
    source, options = EsciSource(), EsciOptions()
    first = facts_of("brand_of_title", source, options, folders[0], threads=1)
    assert first == facts_of("brand_of_title", source, options, folders[1], threads=4)
