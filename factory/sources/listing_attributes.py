"""The attributes that listings of consumer products state: a closed list for labels.

An open list calls one thing closure, closure type and fastening, and labels of two listings cannot
be counted together. What any product may have (a brand, a color) is in the list too, so that a
model has a place for it; how general it is, is counted.
"""

from __future__ import annotations

from typing import Final

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
