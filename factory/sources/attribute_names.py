"""What the attributes of annotated titles are called, and what a shopper would ask about them.

Upstream names are those of a seller's form (``Sleeve Length(cm)``, ``Lenses Optical Attribute``).
The table gives the words of a careful speaker, and says for which questions an attribute is fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    Attributes:
        name: what it is called in a sentence.
        family: attributes of one family may have a value in common (a color may be a flavor's).
        domain: the kind of product that alone has it; empty where any may.
        question: what is asked about it, where its values are few and exclude each other.
        values: the form that a value must have; upstream's values are matched from sellers' forms,
            and a "Model Number" of ``Swimsuit`` is none.
    """

    name: str
    family: str
    domain: str = ""
    question: str = ""
    values: re.Pattern[str] | None = None

    def takes(self, value: str) -> bool:
        """Return whether ``value`` has the form of the attribute's values."""
        if self.family == "amount":
            return self.values is None or self.values.search(value) is not None
        return self.values is None or self.values.fullmatch(value) is not None


_DIGIT: Final = re.compile(r"\d")
_CODE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w./ -]{3,}|\d{3,}")
_PERSON: Final = re.compile(
    r"(?:for )?(?:wo)?(?:men|man)(?:['’]?s)?|ladies|unisex|(?:girl|boy)['’]?s?['’]?|"
    r"(?:wo)?men (?:&|and) (?:wo)?men|(?:fe)?male",
    re.IGNORECASE,
)
_AGE: Final = re.compile(
    r"(?:adult|kid|teen|child|infant|toddler|newborn|junior)['’]?s?['’]?|bab(?:y|ies)|youth|"
    r"children(?:['’]?s)?|seniors?|(?:ages? )?\d+\+?(?: ?- ?\d+)?(?: (?:months|years|yrs))?",
    re.IGNORECASE,
)
_SPORT: Final = re.compile(r"(?!sports?\b)[a-z]+(?: [a-z]+)?", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\W\d_].*")
_SLEEVE: Final = re.compile(r"short|long|sleeveless|full|half|three quarter", re.IGNORECASE)


def _rows(rows: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
    return MappingProxyType({name.casefold(): row for name, row in rows.items()})


_COLOR: Final = Attribute("color", "color", question="What color is it?", values=_WORDS)
_GENDER: Final = Attribute("target gender", "person", "", "Which gender is it made for?", _PERSON)
_AGES: Final = Attribute("age group", "person", "", "Which age group is it made for?", _AGE)
_USER: Final = Attribute("intended user", "person", "", "Who is it made for?", values=_WORDS)
_MATERIAL: Final = Attribute("material", "material", "", "What material is it made of?", _WORDS)
_SPORTS: Final = Attribute("sport", "use", "sport", "Which sport is it made for?", _SPORT)
_CODES: Final = Attribute("model number", "model", values=_CODE)
_CAFFEINE: Final = "What is its caffeine content?"

#: By the upstream name in lower case. What is None says too little to ask about.
ATTRIBUTES: Final[Mapping[str, Attribute]] = _rows(
    {
        "Brand": Attribute("brand", "brand", values=_WORDS),
        "Brand Name": Attribute("brand", "brand", values=_WORDS),
        "Model name": Attribute("model name", "model"),
        "Model Number": _CODES,
        "Model": _CODES,
        "Color": _COLOR,
        "Frame Color": Attribute("frame color", "color", "eyewear", "What color is its frame?"),
        "Lenses Color": Attribute("lens color", "color", "eyewear", "What color are its lenses?"),
        "Material": _MATERIAL,
        "Frame Material": Attribute(
            "frame material", "material", "eyewear", "What material is its frame made of?"
        ),
        "Lenses Material": Attribute("lens material", "material", "eyewear"),
        "Lenses Optical Attribute": Attribute(
            "optical property of the lenses",
            "property",
            "eyewear",
            values=re.compile(
                r"uv ?400|polari[sz]ed|photochromic|anti-?fog|mirrored?", re.IGNORECASE
            ),
        ),
        "Body Material": Attribute(
            "body material", "material", "", "What material is its body made of?", _WORDS
        ),
        "Back / Side Material": Attribute("back and side material", "material", "music"),
        "Fingerboard Material": Attribute(
            "fingerboard material",
            "material",
            "music",
            "What material is its fingerboard made of?",
            _WORDS,
        ),
        "Fill Material": Attribute(
            "fill material", "material", "bedding", "What material is it filled with?"
        ),
        "Filling Material": Attribute(
            "filling material", "material", "camping", "What material is it filled with?"
        ),
        "Gender": _GENDER,
        "Age": _AGES,
        "Age range": _AGES,
        "Department Name": _AGES,
        "Applicable People": _USER,
        "Size": Attribute("size", "amount"),
        "Net content": Attribute("net content", "amount", "", "", _DIGIT),
        "Pack size": Attribute("pack size", "amount", "", "", _DIGIT),
        "Quantity": Attribute("quantity", "amount", "", "", _DIGIT),
        "Volume": Attribute("volume", "amount", "", "What is its volume?", _DIGIT),
        "Capacity": Attribute("capacity", "amount", "", "What is its capacity?", _DIGIT),
        "Weight": Attribute("weight", "amount", "", "What is its weight?", _DIGIT),
        "Length": Attribute("length", "amount", "", "What is its length?", _DIGIT),
        "Thickness": Attribute("thickness", "amount", "", "What is its thickness?", _DIGIT),
        "Dosage": Attribute("dosage", "amount", "health", "", _DIGIT),
        "Load size": Attribute("number of loads", "amount", "washing", "", _DIGIT),
        "Supply size": Attribute("supply duration", "amount", "health"),
        "Head Circumference": Attribute("head circumference", "amount", "headgear", "", _DIGIT),
        "Item form": Attribute("item form", "form"),
        "Flavor": Attribute("flavor", "taste", "food", values=_WORDS),
        "Scent": Attribute("scent", "taste", "scented", values=_WORDS),
        "Roast type": Attribute(
            "roast type",
            "roast",
            "coffee",
            "What type of roast is it?",
            re.compile(r".*\broast.*", re.IGNORECASE),
        ),
        "Caffeine content": Attribute(
            "caffeine content", "caffeine", "food", _CAFFEINE, re.compile(r".*caf.*", re.IGNORECASE)
        ),
        "Tea variety": Attribute("tea variety", "tea", "coffee"),
        "Machine type": Attribute("compatible coffee machine", "machine", "coffee"),
        "Diet": Attribute("diet type", "diet"),
        "Supplement type": Attribute("supplement type", "supplement", "health"),
        "Health benefit": Attribute("health benefit", "benefit"),
        "Benefit": Attribute("benefit", "benefit"),
        "Firmness": Attribute(
            "firmness",
            "firmness",
            "bristles",
            "How firm is it?",
            re.compile(r".*(?:soft|medium|firm|hard).*", re.IGNORECASE),
        ),
        "Power source": Attribute("power source", "power", "electric"),
        "Power Supply": Attribute(
            "power supply", "power", "electric", "How is it powered?", _WORDS
        ),
        "Operation mode": Attribute("operation mode", "power", "electric"),
        "Connectivity": Attribute(
            "type of connection", "power", "electric", "How does it connect?", _WORDS
        ),
        "Protection level": Attribute(
            "sun protection level",
            "protection",
            "sun",
            "What sun protection factor does it have?",
            re.compile(r"(?:broad spectrum )?spf ?\d+\+?", re.IGNORECASE),
        ),
        "Skin type": Attribute("skin type", "body", "care"),
        "Hair type": Attribute("hair type", "body", "hair"),
        "Specific uses": Attribute("specific use", "use"),
        "Reusability": Attribute("reusability", "reuse", "mask"),
        "Mask type": Attribute("mask type", "mask", "mask"),
        "Closure": Attribute("closure type", "closure"),
        "Closure type": Attribute("closure type", "closure"),
        "Shoe type": Attribute("shoe type", "shoe", "apparel"),
        "Sport": _SPORTS,
        "Sport Type": _SPORTS,
        "Country": Attribute("country of origin", "place"),
        "Sleeve Length(cm)": Attribute(
            "sleeve length", "sleeve", "apparel", "What is its sleeve length?", _SLEEVE
        ),
        "Pattern": Attribute("pattern", "pattern", "apparel", "What pattern does it have?", _WORDS),
        "Season": Attribute(
            "season",
            "season",
            "",
            "Which season is it made for?",
            re.compile(r"spring|summer|autumn|fall|winter", re.IGNORECASE),
        ),
        "Lure Type": Attribute("lure type", "lure", "fishing"),
        "Action": Attribute("action", "action", values=_WORDS),
        "Stove Type": Attribute("stove type", "fuel", "stove"),
        "Shape": Attribute("shape", "shape", "", "What shape is it?", _WORDS),
        "Guitar Type": Attribute("guitar type", "guitar", "music", "What type of guitar is it?"),
        "Position": Attribute(
            "mounting position",
            "position",
            "cycling",
            "Where is it mounted?",
            re.compile(r"front|rear", re.IGNORECASE),
        ),
        "Light color": Attribute("light color", "color", "lighting", "What color is its light?"),
        "Base type": Attribute("base type", "base", "lighting", "What type of base does it have?"),
        "Hair Type": Attribute("hair type", "body", "hair"),
    }
)

#: Words that state an attribute of a family, whether or not a data set has them as its value.
WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "person": (
            *("men", "man", "mens", "men's", "women", "woman", "womens", "women's", "lady"),
            *("ladies", "ladies'", "girl", "girls", "girl's", "girls'", "boy", "boys", "boy's"),
            *("boys'", "male", "female", "unisex", "kid", "kids", "kid's", "kids'", "child"),
            *("children", "childrens", "children's", "adult", "adults", "baby", "babies", "infant"),
            *("infants", "toddler", "toddlers", "youth", "teen", "teens", "junior", "couple"),
            *("couples", "him", "her", "mujer", "hombre", "femme", "homme", "bikini", "baby's"),
            *(
                "adult's",
                "man's",
                "woman's",
                "child's",
                "lover",
                "lovers",
                "family",
                "mother",
                "father",
                "toddler's",
                "youths",
            ),
        ),
        "use": (
            *("running", "yoga", "basketball", "cycling", "skiing", "ski", "soccer", "football"),
            *("hockey", "tennis", "golf", "swim", "swimming", "skating", "skate", "riding"),
            *("climbing", "hiking", "snowboard", "snowboarding", "rugby", "volleyball"),
            *("baseball", "boxing", "kickboxing", "gym", "fitness", "surfing", "surf", "training"),
            *("fishing", "hunting", "motocross", "motorcycle", "snowmobile", "skateboard"),
            *("skateboarding", "bodybuilding", "beach", "walking", "jogging", "crossfit"),
            *("bike", "bicycle", "mtb", "badminton", "camping", "dance", "driving", "workout"),
        ),
        "color": (
            *("black", "white", "gray", "grey", "blue", "navy", "red", "green", "pink", "purple"),
            *("yellow", "orange", "brown", "beige", "silver", "gold", "multicolor", "clear"),
            *("transparent", "turquoise", "teal", "tan", "khaki", "ivory", "cream", "rose"),
            *("camo", "camouflage", "rainbow", "colorful", "multi", "color", "colour", "colors"),
            *("taupe", "burgundy", "violet", "lavender", "coral", "mint", "charcoal", "bronze"),
            *("aqua", "lime", "maroon", "champagne", "nude", "dark", "light", "wine", "peach"),
        ),
        "material": (
            *("cotton", "polyester", "nylon", "leather", "wool", "silk", "linen", "denim", "pu"),
            *("rubber", "plastic", "metal", "steel", "stainless steel", "aluminum", "alloy"),
            *("zinc", "carbon", "fiberglass", "abs", "pc", "eps", "tpu", "tr90", "pvc", "silicone"),
            *("wood", "wooden", "bamboo", "mahogany", "maple", "basswood", "rosewood", "ebony"),
            *("spruce", "alder", "acrylic", "glass", "foam", "fleece", "canvas", "mesh", "spandex"),
            *("cork", "tpe", "down", "microfiber", "titanium", "copper", "iron", "ceramic"),
            *("acetate", "polycarbonate", "fur", "lycra", "fabric", "suede", "cowhide", "felt"),
            *("neoprene", "miswak", "sewak", "nylons", "deerskin", "moosehide", "sponge", "latex"),
            *("cloth", "resin", "brass", "merino", "satin", "velvet", "lace", "chiffon"),
        ),
    }
)

#: Names that ask for anything or for nothing in particular, and forms that sellers fill with noise.
_VAGUE: Final = frozenset(
    {
        *("description", "name", "feature", "features", "item", "item type", "function", "type"),
        *("style", "category", "specialty", "sub brand", "cereal type", "cap", "layer", "animal"),
        *("package type", "certified grade", "waterproof", "section", "hardness", "power"),
        *("tone position", "string winder", "bow material", "pickup", "lens height", "lens width"),
        *("applicable seasoning type", "fabric type", "eyewear type", "container"),
        *("container type", "administration type", "origin", "is_customized", "product name"),
        *("model number/ sku", "use", "usage", "keyword", "suitable for", "for", "details"),
        *("fuel", "product type", "other", "note", "attributes", "product", "title", "brand name:"),
    }
)
_PLAIN: Final = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]{3,}){0,2}")


def attribute(upstream: str) -> Attribute | None:
    """Return the attribute of an upstream name, or None for one that says too little.

    A name that the table lacks is used where it is one to three words of letters: AE-110K has 2,761
    names, of which 2,491 occur fewer than ten times.
    """
    known = upstream.casefold()
    if known in ATTRIBUTES:
        return ATTRIBUTES[known]
    if known in _VAGUE or not _PLAIN.fullmatch(upstream):
        return None
    return Attribute(known, f"other {known}")
