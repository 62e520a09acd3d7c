"""The row mappers of sessions and of products in several languages."""

from typing import Any

import pytest

from factory.draw import Draw
from factory.sources.rows import (
    descriptions_across_languages,
    session_items,
    session_next_items,
    sessions_of_item,
    titles_across_languages,
    titles_in_japanese,
)
from factory.sources.session_titles import viewed_products, wrong_products
from factory.sources.title_kinds import kind_of, kind_words, same_kind
from factory.sources.view import RowRejectedError

DRAW = Draw(7, "task", "key")


def viewed(*titles: str | None, brand: str = "Lumo") -> list[dict[str, Any]]:
    return [{"id": f"B{t}", "title": t, "brand": brand} for t in titles]


LAMPS = (
    "Lumo desk lamp with clamp, black",
    "Lumo floor lamp made of oak, dimmable",
    "Lumo wall lamp for reading, brass finish",
    "Lumo table lamp with shade, linen grey",
    "Lumo desk lamp foldable, battery operated",
)
OTHERS = tuple(f"{word} kettle number {i} steel" for i, word in enumerate("abcdefghijklmnopqrst"))


def listed(products: list[dict[str, Any]], before: str = "") -> dict[str, list[Any]]:
    return {
        f"{before}{names}": [each[name] for each in products]
        for names, name in (("ids", "id"), ("titles", "title"), ("brands", "brand"))
    }


def lent(products: list[dict[str, Any]]) -> bytes:
    """Products as the view lends them."""
    return "\x1e".join("\x1f".join(each.values()) for each in products).encode()


ELSEWHERE = [
    *viewed("Glow desk organiser with pens, black", brand="Glow"),
    *viewed("Lumo extension cord three sockets"),
    *viewed(*OTHERS, brand="Kett"),
]


def facts(
    titles: tuple[str | None, ...] = LAMPS, others: list[dict[str, Any]] = ELSEWHERE
) -> dict[str, Any]:
    return {
        "key": "uk:x",
        "locale": "uk",
        **listed(viewed(*titles), "viewed_"),
        "others": lent(others),
        "source_ids": ["session:uk:s"],
    }


def ended(*others: list[dict[str, Any]], names: str = "") -> dict[str, Any]:
    """A session of lamps, and other sessions."""
    walks = [
        {"id": names.split()[number] if names else str(number), **listed(walk)}
        for number, walk in enumerate(others)
    ]
    return {**facts(), **listed(viewed(*LAMPS)), "others": walks}


def reason(mapper: Any, row: dict[str, Any]) -> str:
    with pytest.raises(RowRejectedError) as raised:
        list(mapper.rows(row, DRAW))
    return raised.value.reason


def test_items_before_the_last_one_are_right_and_nothing_viewed_is_wrong():
    (row,) = session_items.rows(facts(), DRAW)
    assert row["title"] == LAMPS[-1]
    assert row["positives"] == [LAMPS[3], LAMPS[2], LAMPS[1]]
    assert not set(row["negatives"]) & set(LAMPS)
    named = {each["id"] for each in viewed(*row["positives"], row["title"], *row["negatives"])}
    assert {f"product:uk:{name}" for name in named} == set(row["source_ids"]) - {"session:uk:s"}


def test_repeated_item_counts_once_where_it_was_viewed_last():
    (row,) = session_items.rows(facts((LAMPS[3], *LAMPS[:4], LAMPS[3], LAMPS[4])), DRAW)
    assert row["positives"] == [LAMPS[3], LAMPS[2], LAMPS[1]]


def test_variant_of_a_viewed_product_is_never_wrong():
    variant = LAMPS[0].replace("black", "white")
    (row,) = session_items.rows(facts(others=[*viewed(variant), *ELSEWHERE]), DRAW)
    assert variant not in row["negatives"]


@pytest.mark.parametrize(
    ("mapper", "titles", "expected"),
    [
        (session_items, (*LAMPS[:4], None), "value-missing"),
        (session_items, LAMPS[:3], "too-few-items"),
        (session_next_items, (LAMPS[0], LAMPS[1], LAMPS[2], LAMPS[0]), "viewed-before"),
        (
            session_next_items,
            (*LAMPS[:3], LAMPS[0].replace("black", "white")),
            "variant-of-viewed",
        ),
        (session_next_items, (LAMPS[0], None, LAMPS[1]), "too-few-items"),
    ],
)
def test_session_that_makes_no_sample(mapper, titles, expected):
    assert reason(mapper, facts(titles)) == expected


def test_next_item_of_another_kind_is_left_out():
    row = facts((*LAMPS[:4], "Garden hose"))
    row["viewed_titles"][-1] = "Hozelock garden hose twenty metres"
    row["viewed_brands"][-1] = "Hozelock"
    assert reason(session_next_items, row) == "not-akin"


def test_session_is_cut_before_its_last_and_its_last_three():
    (row,) = session_next_items.rows(facts(), DRAW)
    assert row["viewed"] == list(LAMPS[:4])
    assert row["target"] == row["positive"] == LAMPS[4]
    assert row["begun"] == list(LAMPS[:2])
    assert row["positives"] == list(LAMPS[2:])


def words_of_the_lamp(number: int) -> list[dict[str, Any]]:
    """A session of another kind in which each title says one word of the last lamp's."""
    titles = [
        f"Kett steel water kettle, model {word} number {number} grey"
        for word in ("desk", "lamp", "foldable", "battery", "operated")
    ]
    return [
        {"id": f"K{number}-{place}", "title": title, "brand": "Kett"}
        for place, title in enumerate(titles)
    ]


def test_sessions_are_of_one_length_and_hold_nothing_of_the_right_one():
    others = [*map(words_of_the_lamp, range(4)), viewed(LAMPS[0], *OTHERS[:4], brand="Kett")]
    (row,) = sessions_of_item.rows(ended(*others), DRAW)
    assert row["positive"].split(" -> ") == list(LAMPS[:4])
    assert [len(text.split(" -> ")) for text in row["negatives"]] == [4, 4, 4]
    assert not any(LAMPS[0] in text for text in row["negatives"])
    assert sum(name.startswith("session:") for name in row["source_ids"]) == 4


def test_number_of_sessions_with_more_words_of_the_product_says_nothing():
    plain = [viewed(*OTHERS[i : i + 5], brand="Kett") for i in (0, 5, 10)]
    others = [*map(words_of_the_lamp, range(3)), *plain]
    counts = set()
    for number in range(40):
        (row,) = sessions_of_item.rows(ended(*others), Draw(7, "t", str(number)))
        counts.add(sum("foldable" in text for text in row["negatives"]))
    assert counts == {0, 1, 2, 3}


def test_session_with_a_product_of_the_kind_is_never_wrong():
    plain = [viewed(*OTHERS[i : i + 5], brand="Kett") for i in (0, 5, 10)]
    lamp = viewed("Glow bedside lamp, small", *OTHERS[15:19], brand="Glow")
    (row,) = sessions_of_item.rows(ended(lamp[::-1], *plain), DRAW)
    assert not any("bedside" in text for text in row["negatives"])
    assert reason(sessions_of_item, ended(lamp[::-1], *plain[1:])) == "too-few-sessions"


def test_too_few_other_sessions_make_no_sample():
    assert reason(sessions_of_item, ended(*map(words_of_the_lamp, range(2)))) == "too-few-sessions"


ENGLISH = "Lumo desk lamp with clamp for offices, 40 cm"


@pytest.mark.parametrize(
    ("locale", "target", "expected"),
    [
        ("de", "Lumo Schreibtischlampe mit Klemme für Büros, 40 cm", None),
        ("es", "Lumo lámpara de escritorio con pinza para oficinas, 40 cm", None),
        ("de", ENGLISH, "untranslated"),
        ("fr", "Bright light for the desk with a clamp by Lumo, 40", "untranslated"),
        ("de", "Lumo Schreibtischlampe mit Klemme für Büros, 45 cm", "number-unknown"),
        ("it", "Lumo lampada", "title-too-short"),
        ("de", "Lumo Lampe für 40 cm", "length-differs"),
        ("de", "Lumo Schreibtischlampe mit Klemme " * 7, "title-too-long"),
        ("de", None, "value-missing"),
    ],
)
def test_title_is_a_translation_or_refused(locale, target, expected):
    row = {"title": ENGLISH, "target": target, "locale": locale}
    if expected is None:
        assert list(titles_across_languages.rows(row, DRAW)) == [row]
    else:
        assert reason(titles_across_languages, row) == expected


def test_japanese_title_must_be_japanese():
    row = {"title": ENGLISH, "target": "Lumo デスクライト クランプ式 40cm 黒", "locale": "jp"}
    assert list(titles_in_japanese.rows(row, DRAW)) == [row]
    latin = {**row, "target": "Lumo LED Desk Light Office Black 40cm 灯"}
    assert reason(titles_in_japanese, latin) == "untranslated"


def described(name: str, locale: str, text: str) -> str:
    return f"{name}\x1f{locale}\x1f{text}"


BOILING = "Ein Wasserkocher aus Stahl, der in zwei Minuten kocht."
LENT = (
    described("B3", "de", "Das Zelt für drei Personen ist in fünf Minuten aufgebaut."),
    described("B4", "de", "Weiche Kissen mit Federn, die jede Wäsche gut überstehen."),
    described("B5", "es", "Una botella de acero para llevar agua todo el día."),
    described("B6", "es", "La manta de lana que abriga en las noches de invierno."),
)


def descriptions(*lent: str, near_by: str = BOILING, **values: Any) -> dict[str, Any]:
    return {
        "key": "B1",
        "locale": "uk",
        "product_id": "B1",
        "description": "A lamp with a clamp for the desk, bright enough to read all night.",
        "other_locale": "de",
        "positive": "Eine Lampe mit Klemme für den Schreibtisch, hell genug zum Lesen.",
        "near_by": described("B2", "de", near_by).encode(),
        "others": "\x1e".join([*LENT, *lent]).encode(),
        "subject": "product:uk:B1",
        "source_ids": ["product:uk:B1", "product:de:B1"],
    } | values


def test_options_are_in_one_language_or_two_and_two():
    patterns = set()
    facts = descriptions(
        near_by="Ein Wasserkocher E27 aus Stahl, der in zwei Minuten kocht.",
        description="A lamp with a clamp for the desk, bright enough, E27 socket.",
    )
    for number in range(30):
        (row,) = descriptions_across_languages.rows(facts, Draw(7, "task", str(number)))
        spanish = sum(text.startswith(("Una", "La ")) for text in row["negatives"])
        patterns.add(spanish)
        assert len(set(row["negatives"])) == 3
    assert patterns == {0, 2}


def test_untranslated_description_makes_no_sample():
    same = descriptions(positive=descriptions()["description"])
    assert reason(descriptions_across_languages, same) == "untranslated"


def test_form_of_the_same_product_is_never_wrong():
    form = descriptions()["positive"].replace("Lesen", "Arbeiten")
    lent = described("B7", "de", form)
    (made,) = descriptions_across_languages.rows(descriptions(lent), DRAW)
    assert form not in made["negatives"]


def test_the_same_product_in_a_third_language_is_never_wrong():
    row = descriptions(described("B1", "es", "Una lámpara con pinza para leer de noche."))
    for number in range(20):
        (made,) = descriptions_across_languages.rows(row, Draw(7, "task", str(number)))
        assert not any("pinza" in text for text in made["negatives"])


def test_description_told_by_its_numbers_makes_no_sample():
    row = descriptions(
        description="A lamp of 60 watts with a clamp for the desk, model XQ-7700.",
        positive="Eine Lampe mit 60 Watt und Klemme für den Tisch, Modell XQ-7700.",
    )
    assert reason(descriptions_across_languages, row) == "told-by-words"


def wrong(others: list[dict[str, Any]], draw: Draw) -> list[str]:
    session = viewed_products(*listed(viewed(*LAMPS)).values())
    assert session is not None
    made = wrong_products(facts(others=others), session, session[:1], session[-1:], (3, 12), draw)
    return [product.title for product in made]


def test_number_of_wrong_products_that_share_as_many_words_says_nothing():
    # As many words of the first lamp as the last one has: "with", "clamp", "black".
    near = viewed(*(f"{w}orn {w}iff {w}ule with clamp, black" for w in "bcdfghjk"), brand="Glow")
    far = viewed(*(f"{w}urn {w}ock {w}ill, grey" for w in "bcdfghjkl"), brand="Kett")
    counts = set()
    for number in range(40):
        made = wrong([*near, *far], Draw(7, "t", str(number)))
        counts.add(sum("clamp" in title for title in made[:3]))
        assert len(made) == 12
    assert counts == {0, 1, 2, 3}


def test_number_of_wrong_products_with_shorter_titles_says_nothing():
    short = viewed(*(f"{w}orn {w}iff {w}ule" for w in "bcdfghjk"), brand="Kett")
    long = viewed(*(f"{w}arn {w}affel {w}elle " * 5 for w in "bcdfghjk"), brand="Kett")
    counts = {
        sum(len(title) < 20 for title in wrong([*short, *long], Draw(7, "t", str(number)))[:3])
        for number in range(40)
    }
    assert counts == {0, 1, 2, 3}


def test_few_wrong_products_are_of_different_kinds():
    made = wrong([*viewed(*OTHERS, brand="Kett"), *viewed("Glow tent", "Glow rug")], DRAW)
    assert sum("kettle" in title for title in made[:3]) == 3, "there is nothing else to show"
    others = viewed("Glow tent for two", "Glow woollen rug, red", "Glow garden hose, long")
    made = wrong([*viewed(*OTHERS, brand="Kett"), *others], DRAW)
    assert sum("kettle" in title for title in made[:3]) <= 1


@pytest.mark.parametrize("mapper", [session_items, session_next_items])
def test_product_of_a_kind_that_was_viewed_is_never_wrong(mapper):
    lamps = ("Glow lamps with sensor, 3 pieces", "Glow bedside nightlamp, warm light")
    (row,) = mapper.rows(facts(others=[*viewed(*lamps, brand="Glow"), *ELSEWHERE]), DRAW)
    assert row["negatives"]
    assert not set(row["negatives"]) & set(lamps)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Notario Vista Steel Staples, 3 Pack", "Notario Desk Stapler - Black", True),
        ("Sartén de aluminio - 30 cm", "Tapa para sartén de vidrio", True),
        ("Cafetera de goteo, Negro", "Molinillo de café manual", True),
        ("Vaso Steel Water Bottle, 500 ml", "Glow Insulated Tumbler with Lid", True),
        ("Schreibtischlampe, grau", "Lampe für Bücher", True),
        ("Lumo LEDデスクライト ブラック", "クランプ式 スタンドライト ブラック", True),
        ("Lumo ステンレス製 水筒 ブラック", "Glow ステンレス製 まな板 ブラック", False),
        (
            "Steel Water Bottle, Easy to Clean, Black",
            "Steel Desk Lamp, Easy to Clean, Black",
            False,
        ),
    ],
)
def test_kind_is_told_by_the_words_of_the_name(one, other, expected):
    assert same_kind(kind_of(one, "Lumo"), kind_of(other, "Glow")) is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Finora - Agenda 2022 2023 Secundaria, azul", {"finora", "agenda", "secundaria"}),
        ("Tasche aus Leder für Laptop mit Gurt", {"tasche", "laptop"}),
        ("【メーカー特典】 ケトル 電気", {"ケトル", "電気"}),
        ("The Long Way: a novel of the north", {"medium", "long", "way"}),
    ],
)
def test_kind_is_read_past_names_offers_and_joining_words(title, expected):
    assert kind_words(title) == expected


def test_title_to_be_written_is_in_the_language_that_is_asked_for():
    (row,) = session_next_items.rows(facts() | {"locale": "es"}, DRAW)
    assert row["positive"] == LAMPS[-1]
    assert row["target"] is None
