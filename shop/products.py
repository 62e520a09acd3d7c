"""Make the products: facts first, words later."""

from __future__ import annotations

from shop.load import Ontology
from shop.model import Brand, Dice, Product, ProductType, Value

#: Base products per type that are sold in us; of those, shared with es and jp; and sold only there.
COUNT_US, COUNT_SHARED, COUNT_ES, COUNT_JP = 20, 3, 9, 9
#: The share of products of a line that is their brand's alone, while a type has room for one.
OWN_LINE = 0.85
#: Makers of the invented devices: the model decides the brand.
MAKERS = {
    "np14": Brand("Novaline", "ノヴァライン"),
    "np15pro": Brand("Novaline", "ノヴァライン"),
    "lumx5": Brand("Lumio", "ルミオ"),
    "lumx7": Brand("Lumio", "ルミオ"),
    "slate11": Brand("Slatia", "スレイティア"),
    "slate8": Brand("Slatia", "スレイティア"),
    "tabry10": Brand("Tabrio", "タブリオ"),
    "temp41": Brand("Tempora", "テンポラ"),
    "temp45": Brand("Tempora", "テンポラ"),
    "puls2": Brand("Pulsera", "プルセラ"),
    "prin410": Brand("Printara", "プリンタラ"),
    "prin620": Brand("Printara", "プリンタラ"),
    "vac8": Brand("Vacuro", "ヴァキュロ"),
    "vac11": Brand("Vacuro", "ヴァキュロ"),
}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def asin(number: int) -> str:
    """Return a product id in the form of Amazon's."""
    out = ""
    for _ in range(8):
        number, digit = divmod(number, 36)
        out += _ALPHABET[digit]
    return "B0" + out


def _isbn(number: int) -> str:
    digits = [1, *(int(c) for c in f"{number % 10**8:08d}")]
    check = (11 - sum((10 - i) * d for i, d in enumerate(digits)) % 11) % 11
    return "".join(map(str, digits)) + ("X" if check == 10 else str(check))


def _facts(kind: ProductType, dice: Dice, turn: int) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for axis, values in kind.axes.items():
        fitting = values
        if axis == "size" and "audience" in facts and values[0].id[1:].isdigit():
            # Shoe sizes differ by audience: w8 is a women's 8.
            fitting = [v for v in values if v.id[0] == facts["audience"].id[0]]
        facts[axis] = dice.weighted(fitting, f"axis/{axis}/{turn}")
    return facts


def make_products(ontology: Ontology, seed: int) -> list[Product]:
    """Return every product by type; no two of a type in a locale share both name and facts."""
    products: list[Product] = []
    taken: set[str] = set()
    for kind in ontology.types.values():
        brands, lines = ontology.brands[kind.family], ontology.lines
        names = [(b, n) for b in range(len(brands)) for n in range(len(lines))]
        names = Dice(seed, "names", kind.id).shuffled(names, "order")
        # Brands in a skewed share: a brand query needs several right answers.
        order = Dice(seed, "brands", kind.id).shuffled(range(len(brands)), "order")
        plan: list[tuple[str, ...]] = [("us", "es", "jp")] * (COUNT_SHARED if kind.intl else 0)
        plan += [("us",)] * (COUNT_US - len(plan))
        if kind.intl:
            plan += [("es",)] * COUNT_ES + [("jp",)] * COUNT_JP
        seen: set[tuple[object, ...]] = set()
        used: set[tuple[int, int]] = set()
        sold: set[tuple[str, str]] = set()
        for number, locales in enumerate(plan):
            dice = Dice(seed, "product", kind.id, number)
            brand_index = dice.weighted(order, "brand")
            brand_index, line_index = next(
                n for n in names if n[0] == brand_index and n not in used
            )
            used.add((brand_index, line_index))
            brand, line = brands[brand_index], lines[line_index]
            own = [x for x in brand.lines if not sold & {(x, locale) for locale in locales}]
            if own and dice.chance(OWN_LINE, "own line"):
                line = own[0]
                sold |= {(line, locale) for locale in locales}
            facts: dict[str, Value] = {}
            for turn in range(40):
                facts = _facts(kind, dice, turn)
                if "model" not in facts or (*facts.values(),) not in seen:
                    break
            seen.add((*facts.values(),))
            if "model" in facts:
                brand, line = MAKERS[facts["model"].id], facts["model"].names[0]
            count = min(len(kind.features), dice.between(2, 4, "features"))
            features = tuple(dice.shuffled(kind.features, "feature")[:count])
            identity = ""
            for turn in range(9):
                raw = dice.integer(f"id/{turn}")
                identity = _isbn(raw) if kind.dept == "books" else asin(raw)
                if identity not in taken:
                    break
            taken.add(identity)
            low, high = kind.price
            price = low + dice.integer("price") % (high - low + 1) - 0.01
            code = (
                f"{brand.name[0]}{dice.pick('KRTXLM', 'letter')}-{dice.between(102, 989, 'code')}"
            )
            products.append(
                Product(
                    identity, kind, brand, line, code, facts, features, round(price, 2), locales
                )
            )
    return products
