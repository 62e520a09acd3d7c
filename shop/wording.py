"""Word a product: its title, bullets and description in a locale, all from the same facts."""

from __future__ import annotations

import re

from shop.load import Ontology
from shop.model import Dice, Product

WARRANTY = {
    "en": [
        "12 month warranty and friendly customer service: contact us at any time.",
        "SATISFACTION GUARANTEED: if you are not happy, we replace or refund within 30 days.",
    ],
    "es": [
        "Garantía de 3 años y atención al cliente en español.",
        "Si no queda satisfecho, le devolvemos el dinero en 30 días.",
    ],
    "ja": [
        "【1年間保証】万一不具合がございましたらお気軽にお問い合わせください。",
        "日本語カスタマーサポート対応。30日以内の返品が可能です。",
    ],
}
_BRACKETS = re.compile(r"\s+([,.;:)])")


def axis_text(product: Product, axis: str, lang: str) -> str:
    """Return the product's value on ``axis``, or an empty text."""
    value = product.facts.get(axis)
    return value.name(lang) if value else ""


def _join(parts: list[str], between: str = " ") -> str:
    return between.join(part for part in parts if part)


def tidy(text: str) -> str:
    """Remove what empty parts of a layout leave behind: double blanks, lone commas."""
    text = re.sub(r" {2,}", " ", text)
    text = _BRACKETS.sub(r"\1", text)
    text = re.sub(r",(\s*,)+", ",", text)
    text = re.sub(r",\s*([|)])", r" \1", text).replace("- (", "(").replace(" - - ", " - ")
    return text.replace("()", "").replace(" ,", ",").strip(" ,-|")


def lowered(text: str) -> str:
    """Lower the words that are not acronyms: USB-C stays."""
    return " ".join(w if sum(c.isupper() for c in w) > 1 else w.lower() for w in text.split())


def maker(product: Product) -> str:
    """Return the brand to print before the line: a device's model name often starts with it."""
    return "" if product.line.startswith(product.brand.name) else product.brand.name


def upper_first(text: str) -> str:
    """Return ``text`` with a capital first letter; ``pH`` stays."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def _type_name(product: Product, lang: str, dice: Dice) -> str:
    return dice.pick([product.type.name(lang), *product.type.also.get(lang, [])], "name")


def _english(product: Product, ontology: Ontology, dice: Dice) -> str:
    axes = ontology.axes
    pre = _join(
        [
            axis_text(product, a, "en")
            for a in product.facts
            if axes[a].place == "pre" and a != "color"
        ]
    )
    post_axes = [a for a in product.facts if axes[a].place == "post" and a != "option"]
    post = _join([axis_text(product, a, "en") for a in post_axes], ", ")
    kind = _type_name(product, "en", dice)
    option = axis_text(product, "option", "en")
    if option.startswith(("with", "without")):
        kind = f"{kind} {option}"
    elif option:
        post = _join([option, post], ", ")
    if "device" in product.facts:
        kind += dice.pick([" for ", " Compatible with "], "for") + axis_text(
            product, "device", "en"
        )
    color = axis_text(product, "color", "en")
    first, second = (*[f.phrase["en"] for f in product.features], "", "")[:2]
    use = dice.pick(product.type.uses["en"], "use")
    brand, line = maker(product), product.line
    tail = f" {line} Series" if "model" not in product.facts else f" {line}"
    layouts = [
        f"{brand} {line} {pre} {kind}, {first}, {post}, {color}",
        f"{brand} {pre} {kind} - {first}, {second} - {post} ({color})",
        f"{pre} {kind} by {product.brand.name}, {post}, {first},{tail}, {color}",
        f"{brand} {line} {kind}, {pre}, {post}, {first}, Great for {use}, {color}",
        f"{brand} {color} {pre} {kind}, {post}, {second} & {first}, Model {product.code}"
        if second
        else f"{brand} {color} {pre} {kind}, {post}, {first}, Model {product.code}",
        f"{brand} {line} {color} {pre} {kind}, {post} | {first} | {use}",
    ]
    if "model" in product.facts:
        # A device's model name must stand in its title: it is what accessories refer to.
        layouts = [layouts[0], layouts[2], layouts[3], layouts[5]]
    title = dice.pick(layouts, "layout")
    if dice.chance(0.006, "long"):
        uses = ", ".join(product.type.uses["en"])
        extra = "; ".join(f.phrase["en"] for f in product.type.features if f in product.features)
        title += f", {extra}, Perfect for {uses}, with Detailed User Guide and Gift Ready Packaging"
        title += ", Ideal Present for Birthday, Christmas, Mothers Day and Fathers Day"
    return tidy(title)


def _spanish(product: Product, ontology: Ontology, dice: Dice) -> str:
    direct = [a for a in ("kind", "material", "audience", "bed") if a in product.facts]
    attrs = _join([axis_text(product, a, "es") for a in direct])
    if "option" in product.facts:
        attrs = _join([attrs, axis_text(product, "option", "es")])
    if "device" in product.facts:
        attrs += f" compatible con {axis_text(product, 'device', 'es')}"
    post_axes = [
        a
        for a in product.facts
        if ontology.axes[a].place == "post" and a not in (*direct, "option")
    ]
    post = _join([axis_text(product, a, "es") for a in post_axes], ", ")
    color = axis_text(product, "color", "es")
    shade = dice.pick([f"color {color}", color], "shade") if color else ""
    kind = _type_name(product, "es", dice)
    first, second = (*[f.phrase["es"] for f in product.features], "", "")[:2]
    use = dice.pick(product.type.uses["es"], "use")
    brand, line = maker(product), product.line
    layouts = [
        f"{brand} {line} {kind} {attrs}, {first}, {post}, {upper_first(shade)}",
        f"{kind} {attrs} {brand} {line} - {first} - {post} ({upper_first(shade)})",
        f"{product.brand.name} - {kind} {attrs}, {post}, Ideal para {use}, {second}, {shade}, "
        f"Serie {line}",
        f"{kind} {brand} {attrs}, {post}, {first}, {second}, Modelo {line}, {upper_first(shade)}",
    ]
    return tidy(dice.pick(layouts, "layout"))


def _japanese(product: Product, ontology: Ontology, dice: Dice) -> str:
    device = axis_text(product, "device", "ja")
    attrs = [
        axis_text(product, a, "ja")
        for a in ("kind", "material", "audience", "bed", "option")
        if a in product.facts
    ]
    if device:
        attrs.insert(0, f"{device} 対応")
    post = _join(
        [
            axis_text(product, a, "ja")
            for a in product.facts
            if ontology.axes[a].place == "post" and a != "option"
        ]
    )
    color = axis_text(product, "color", "ja")
    kind = _type_name(product, "ja", dice)
    first, second = (*[f.phrase["ja"] for f in product.features], "", "")[:2]
    use = dice.pick(product.type.uses["ja"], "use")
    brand, line = maker(product), product.line
    attr = _join(attrs)
    kana = f"({product.brand.kana})" if brand else ""
    mark = "✨" if dice.chance(0.05, "emoji") else ""
    layouts = [
        f"{brand} {line} {kind} {attr} {post} {first} {color}",
        f"{mark}【{first}】{brand}{kana} {line} {attr} {kind} {post} {color}",
        f"{brand} {kind} {attr} {post} {first} {second} {use} {color} {line}",
        f"[{product.brand.name}] {attr} {kind} {line} {post} {color} {second} {use}",
    ]
    return tidy(dice.pick(layouts, "layout"))


def _chinese(product: Product) -> str:
    direct = "".join(
        axis_text(product, a, "zh")
        for a in ("audience", "material", "kind", "bed")
        if a in product.facts
    )
    device = axis_text(product, "device", "zh")
    rest = [
        axis_text(product, a, "zh")
        for a in product.facts
        if a not in ("audience", "material", "kind", "bed", "device", "model", "color")
    ]
    color = axis_text(product, "color", "zh")
    fit = f"适用于{device}" if device else ""
    return tidy(
        _join(
            [product.brand.name, product.line, fit, direct + product.type.name("zh"), *rest, color]
        )
    )


def title(product: Product, lang: str, ontology: Ontology, seed: int) -> str:
    """Return the title in a language; it shows the brand and the value of every axis."""
    dice = Dice(seed, "title", product.id, lang)
    if lang == "zh":
        return _chinese(product)
    text = {"en": _english, "es": _spanish, "ja": _japanese}[lang](product, ontology, dice)
    if "model" in product.facts:
        # Devices share a model name; the article code tells two offers apart.
        text += f" {product.code}" if lang == "ja" else f", {product.code}"
    return text


def _named(product: Product, lang: str, dice: Dice, purpose: str) -> str:
    """Return a way to call the product inside a sentence."""
    brand, line = maker(product), product.line
    kind = product.type.name(lang)
    if lang == "en":
        short = f"the {brand} {line}" if brand else f"the {line}"
        if product.type.plural:
            # The sentences have one verb form; a plural noun would need another.
            return dice.pick([short, f"the {line}"], purpose)
        ways = [short, f"the {line} {lowered(kind)}", f"the {line} {lowered(kind)}"]
        axis = dice.pick(sorted(product.facts), f"{purpose}/axis")
        if axis in ("color", "material"):
            word = lowered(product.facts[axis].name("en"))
            ways += [f"this {word} {lowered(kind)}", f"the {word} {line} {lowered(kind)}"]
        return dice.pick(ways, purpose)
    if lang == "es":
        if "p" in product.type.gender:
            return f"el modelo {line}"
        article = "la" if product.type.gender == "f" else "el"
        ways = [f"{article} {lowered(kind)} {line}", f"{article} {lowered(kind)} {brand} {line}"]
        return re.sub(" +", " ", dice.pick(ways, purpose))
    if not brand:
        return line
    return dice.pick([f"{brand} {line}", f"{line}シリーズ", f"この{kind}「{line}」"], purpose)


def worded(text: str, product: Product, lang: str, dice: Dice, purpose: str, value: str) -> str:
    """Return a sentence of the ontology with the product's names in its slots."""
    kind = product.type.name(lang)
    if lang == "en":
        kind = lowered(kind)
    name = _named(product, lang, dice, purpose)
    text = text.replace("{n}", name).replace("{t}", kind).replace("{v}", value)
    if not maker(product):
        text = text.replace("{brand} {line}", "{line}")
    text = text.replace("{line}", product.line).replace(
        "{brand}", maker(product) or product.brand.name
    )
    if lang == "es":
        text = text.replace(" de el ", " del ").replace(" a el ", " al ")
    text = re.sub(r"(\. )(el |la |the |this )", lambda m: m[1] + upper_first(m[2]), text)
    return upper_first(text)


def bullets(product: Product, lang: str, ontology: Ontology, seed: int) -> list[str]:
    """Return the 3 to 6 bullets: features and facts of this product, at times a warranty."""
    dice = Dice(seed, "bullets", product.id, lang)
    out = [
        worded(f.sentence[lang], product, lang, dice, f"feature/{i}", "")
        for i, f in enumerate(product.features)
    ]
    axes = dice.shuffled(sorted(product.facts), "axes")[: dice.between(1, 3, "count")]
    for axis in axes:
        text = dice.pick(ontology.axes[axis].bullets[lang], f"wording/{axis}")
        value = product.facts[axis].name(lang)
        out.append(worded(text, product, lang, dice, f"axis/{axis}", value))
    if lang in product.type.box and dice.chance(0.6, "box"):
        kind, extra = product.type.name(lang), product.type.box[lang]
        out.append(
            {
                "en": f"In the box: {product.line} {lowered(kind)}, {extra}.",
                "es": f"Contenido de la caja: {lowered(kind)} {product.line}, {extra}.",
                "ja": f"セット内容:{kind}本体({product.line})、{extra}。",
            }[lang]
        )
    out = out[:6]
    if len(out) < 6 and dice.chance(0.14, "warranty"):
        out.append(dice.pick(WARRANTY[lang], "which"))
    return out


def _listed(product: Product, lang: str) -> list[str]:
    """Return the values of the axes as a sentence lists them: ``Ceramic``, ``color azul``.

    The name of a device's model stands in the sentence already, as its line.
    """
    forms = {
        ("en", "device"): "for {}",
        ("es", "device"): "para {}",
        ("ja", "device"): "{}対応",
        ("es", "color"): "color {}",
    }
    return [
        forms.get((lang, axis), "{}").format(value.name(lang))
        for axis, value in product.facts.items()
        if axis != "model"
    ]


def description(product: Product, lang: str, seed: int) -> str:
    """Return one to four sentences that agree with the facts."""
    dice = Dice(seed, "description", product.id, lang)
    kind = product.type.name(lang)
    values = _listed(product, lang)
    about = product.type.about[lang]
    # The title may name a use, which no other one may contradict.
    use = Dice(seed, "title", product.id, lang).pick(product.type.uses[lang], "use")
    if lang == "en":
        facts = f"{maker(product)} {product.line} {kind}, {', '.join(values)}."
        parts = [facts, about, f"Made for {lowered(use)}."]
    elif lang == "es":
        facts = f"{kind} {maker(product)} {product.line}: {', '.join(values)}."
        parts = [facts, about, f"Adecuado para {use}."]
    else:
        facts = f"{product.brand.name}の{kind}「{product.line}」です({'、'.join(values)})。"
        parts = [facts, about]
    if dice.chance(0.5, "more"):
        text = product.features[-1].sentence[lang]
        parts.append(worded(text, product, lang, dice, "feature", ""))
    order = parts if dice.chance(0.6, "order") else [parts[1], parts[0], *parts[2:]]
    return ("" if lang == "ja" else " ").join(
        tidy(part) for part in order[: dice.between(2, 4, "sentences")]
    )
