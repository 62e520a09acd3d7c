-- Products to imagine everyday events with: up to eight of each type (the last part of the category),
-- in the shops that write English. The event is for rows/product_events.py.

-- needs products: product_id, locale, title, category

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-1]) AS type
FROM products
WHERE len(category) > 1 AND title IS NOT NULL AND locale IN ('us', 'uk')
GROUP BY product_id, locale
QUALIFY row_number() OVER (
    PARTITION BY locale, min(category[-1])
    ORDER BY draw(locale || ':' || product_id, 'of the type'), product_id
) <= 8

-- facts
WITH siblings AS (
    SELECT chosen.key, keys.product_id, row_number() OVER (
        PARTITION BY chosen.key ORDER BY keys.product_id = chosen.product_id DESC, keys.ordinal
    ) AS place
    FROM chosen JOIN keys ON keys.locale = chosen.locale AND keys.type = chosen.type
    QUALIFY place <= 4
),
titled AS (
    SELECT siblings.key, place, min(title) AS title
    FROM siblings JOIN chosen USING (key)
        JOIN products
            ON products.locale = chosen.locale AND products.product_id = siblings.product_id
    GROUP BY siblings.key, place
)
SELECT chosen.key, chosen.locale, min(chosen.type) AS product_type,
    string_agg(title, '; ' ORDER BY place) AS text,
    ['product:' || chosen.locale || ':' || min(chosen.product_id)] AS source_ids
FROM chosen JOIN titled USING (key)
GROUP BY chosen.key, chosen.locale
