-- Products whose title states an amount in a unit that converts. Which amount, and into what, is for
-- rows/unit_conversion.py; the pattern here is wider than what is read there.

-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale
FROM products
WHERE regexp_matches(
    title,
    '[0-9][ -]?((?i:fl\.? ?oz|lbs?|pounds?|kgs?|grams?|gramos|ml|lit(er|re)s?|litros?|ft|feet|foot'
    || '|inch(es)?|in|cm|mm|metros?|meters?|mah)\b|[gmlL]\b)'
)
GROUP BY product_id, locale

-- facts
SELECT chosen.key, chosen.locale, min(products.title) AS title,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
GROUP BY chosen.key, chosen.locale, chosen.product_id
