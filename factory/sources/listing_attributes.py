"""The attributes that listings of consumer products state: a closed list for labels.

An open list calls one thing closure, closure type and fastening, and labels of two listings cannot
be counted together. What any product may have (a brand, a color) is in the list too, so that a
model has a place for it; how general it is, is counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from factory.sources.attribute_variants import stem
from factory.sources.snippets import one_sentence
from factory.text import tokens

ATTRIBUTE_NAMES: Final = (
    *("age range", "battery capacity", "battery life", "blade material", "brand", "brightness"),
    *("caffeine content", "capacity", "care instructions", "closure type", "color"),
    *("compatible devices", "connector type", "coverage", "display type", "fabric type"),
    *("fill material", "finish", "fit type", "flavor", "frame material", "hair type"),
    *("heel height", "ingredients", "item form", "item count", "length", "light color"),
    *("material", "memory size", "model", "mounting type", "noise level", "number of settings"),
    *("operating system", "pattern", "power source", "processor", "resolution", "roast level"),
    *("room type", "scent", "screen size", "season", "shape", "size", "skin type"),
    *("sleeve length", "sole material", "sport", "storage temperature", "style", "sun protection"),
    *("surface", "target audience", "theme", "thread count", "voltage", "water resistance"),
    *("wattage", "weight", "weight capacity", "wireless technology"),
)

_MOST_WORDS: Final = 8
_EDGE: Final = " \t.,;:"
#: Where the next line of a listing begins: ``Vacuro V8, type: HEPA``.
_NEXT_LINE: Final = re.compile(r"[,;]\s+[^\W\d][^,;:.]{0,30}:\s")


def _forms(**forms: str) -> Mapping[str, re.Pattern[str]]:
    return MappingProxyType(
        {
            name.replace("_", " "): re.compile(rf"\b(?:{form})", re.IGNORECASE)
            for name, form in forms.items()
        }
    )


#: What a value of an attribute must say, by the attribute. Those that are not here have any value.
_SAID_OF: Final = _forms(
    age_range=r"\d|adult|kid|child|bab(?:y|ies)|infant|toddler|teen|youth|junior|senior|newborn|"
    r"pupp|kitten",
    battery_capacity=r"\d[\d.,]*\s*(?:m?Ah|Wh)\b",
    brightness=r"\d[\d.,]*\s*(?:lumens?|lm|nits?|lux|cd)\b|dimm|bright",
    capacity=r"\d[\d.,]*[\s-]*(?:fl\.? ?oz|oz|ounces?|ml|cl|l|lit(?:er|re)s?|gal(?:lons?)?|qt|"
    r"quarts?|pints?|cups?|cu\.? ?ft|cubic|mAh|Ah|Wh|[GTM]B|persons?|people|men|sheets?)\b",
    care_instructions=r"(?:hand|machine)?\s*wash|dishwash|clean|dry|dries|iron|bleach|rins|wip",
    closure_type=r"zip|button|snap|buckle|velcro|hook|lace|magnet|clasp|drawstring|flip|screw|"
    r"twist|pull|elastic|toggle|latch|lock|slip|tie|clip|flap|cap\b",
    heel_height=r"\d|flat|low|mid|high",
    item_count=r"\d|one|two|three|four|five|six|ten|twelve|single|pair",
    length=r"\d|short|long|knee|ankle|mid|full|crop",
    memory_size=r"\d[\d.,]*\s*[GTM]B\b",
    number_of_settings=r"\d|one|two|three|four|five|six|seven|eight|nine|ten|twelve",
    resolution=r"\d|HD|UHD|full",
    screen_size=r"\d",
    sun_protection=r"\d|SPF|UPF|UV",
    thread_count=r"\d",
    voltage=r"\d[\d.,]*\s*-?(?:V|volts?)\b",
    wattage=r"\d[\d.,]*\s*-?(?:k?W|(?:kilo)?watts?)\b",
    weight=r"\d[\d.,]*\s*-?(?:oz|ounces?|lbs?|pounds?|m?g|kg|(?:kilo|milli)?grams?)\b|light|heavy",
    weight_capacity=r"\d[\d.,]*\s*-?(?:oz|ounces?|lbs?|pounds?|g|kg|(?:kilo)?grams?)\b",
)
#: What a listing must name for an attribute of a part of the product, or of who has it.
_OF_A_PART: Final = _forms(
    blade_material=r"blade|kni(?:fe|ves)|razor|saw|scissors|shears|slicer|cutter|cleaver|sword|axe",
    fill_material=r"fill|stuff|pillow|cushion|duvet|comforter|sleeping bag|jacket|down\b",
    frame_material=r"frame|glasses|bike|bicycle|bed|mirror",
    hair_type=r"hair|shampoo",
    heel_height=r"heel|pump|shoe|boot|sandal",
    light_color=r"light|lamp|bulb|LED",
    skin_type=r"skin|face|facial",
    sleeve_length=r"sleeve|shirt|dress|blouse|top|sweater|jacket",
    sole_material=r"sole",
)


def value_of(name: str, value: str, listing: str) -> str:
    """Return a value of the attribute ``name`` as a listing states it; nothing where it is none.

    What runs on into the next line of the listing is cut there. Whole sentences, sizes that are no
    capacity (``10 Inch``) and materials of parts that the listing does not name are no values.
    """
    kept = _NEXT_LINE.split(value, maxsplit=1)[0].strip(_EDGE)
    if ":" in kept or not one_sentence(kept) or not 0 < len(tokens(kept)) <= _MOST_WORDS:
        return ""
    form, part = _SAID_OF.get(name), _OF_A_PART.get(name)
    fits = form is None or form.search(kept) is not None
    return kept if fits and (part is None or part.search(listing) is not None) else ""


def names_another(synonym: str, asked: str) -> bool:
    """Return whether a name has all words of another attribute of the list: ``color options``.

    An attribute whose words the asked one has as well (color, light color) is not another.
    """
    words, own = _telling(synonym), _telling(asked)
    others = (_telling(name) for name in ATTRIBUTE_NAMES)
    return any(other <= words and not other <= own for other in others)


def _telling(name: str) -> frozenset[str]:
    """Return the words of a name but for those that any may have: closure, closure type."""
    return frozenset(stem(word) for word in tokens(name)) - {"type", "of", "name"}
