-- Products whose title states a quantity. Which question it answers is for
-- rows/numeric_reasoning.py; the pattern here is wider than what is read there.

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
    '[0-9][ -]?((?i:fl\.? ?oz|oz|ounces?|lbs?|pounds?|kgs?|grams?|gramos|ml|lit(er|re)s?|litros?|ft'
    || '|feet|foot|inch(es)?|metros?|meters?|watts?|packs?|pk|count|ct|pieces?|pcs|piezas|unidades)\b'
    || '|[gmLWl]\b|個|本|枚|足|包|袋|ピース)|(?i:pack|set|box|case|juego|lote|caja) (of|de) [0-9]'
    || '|[0-9]"? ?[xX×] ?[0-9.]+ ?(?i:inch|in\b|"|cm|ft)'
)
GROUP BY product_id, locale

-- facts
SELECT chosen.key, chosen.locale, min(products.title) AS title,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
GROUP BY chosen.key, chosen.locale, chosen.product_id
