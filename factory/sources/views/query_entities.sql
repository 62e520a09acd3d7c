-- A query, and what its exact matches say: which phrases of the query are a brand, a color, a product
-- type and so on is for rows/query_entities.py.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, brand, color

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
WHERE label = 'E'
GROUP BY query_id, locale
HAVING count(DISTINCT product_id) > 1

-- facts
WITH judged AS (
    SELECT chosen.key, judgements.product_id, judgements.locale,
        min(judgements.query) AS query,
        min(label) AS label
    FROM judgements JOIN chosen USING (query_id, locale)
    GROUP BY ALL
    HAVING bool_and(label = 'E') OR bool_and(label = 'S')
),
shown AS (
    FROM judged
    QUALIFY row_number() OVER (
        PARTITION BY key, label ORDER BY draw(key || product_id, 'match'), product_id
    ) <= 12
),
described AS (
    -- The products file may list a product twice.
    SELECT shown.key, shown.product_id, min(query) AS query, min(label) AS label,
        min(title) AS title, min(brand) AS brand, min(color) AS color
    FROM shown JOIN products USING (product_id, locale)
    GROUP BY ALL
),
listed AS (
    SELECT key, min(query) AS query,
        list({'title': title, 'brand': brand, 'color': color} ORDER BY product_id)
            FILTER (label = 'E') AS products,
        coalesce(list(title ORDER BY product_id) FILTER (label = 'S'), []) AS substitutes
    FROM described
    WHERE title IS NOT NULL
    GROUP BY key
)
SELECT key, locale, query, products, substitutes,
    ['query:' || locale || ':' || query_id] AS source_ids
FROM listed JOIN chosen USING (key)
WHERE products IS NOT NULL
