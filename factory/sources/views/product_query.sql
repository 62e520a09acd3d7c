-- One exact match of a query, with every query of its locale for which it is an exact match: which
-- of them the product answers best is for rows/product_query.py.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, bullets, brand, color

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
GROUP BY query_id, locale
HAVING bool_or(label = 'E')

-- facts
WITH agreed AS (
    SELECT chosen.key, judgements.query_id, judgements.locale, judgements.product_id,
        min(judgements.query) AS query
    FROM judgements JOIN chosen USING (query_id, locale)
    GROUP BY chosen.key, judgements.query_id, judgements.locale, judgements.product_id
    HAVING bool_and(judgements.label = 'E')
),
matched AS (
    FROM agreed
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY draw(key || product_id, 'product'), product_id
    ) = 1
),
rivals AS (
    SELECT matched.key, list(DISTINCT judgements.query ORDER BY judgements.query) AS rivals
    FROM judgements JOIN matched USING (product_id, locale)
    WHERE judgements.label = 'E' AND judgements.query_id <> matched.query_id
    GROUP BY matched.key
)
SELECT
    matched.key,
    matched.locale,
    matched.query AS target,
    products.title,
    products.bullets[:5] AS bullets,
    products.brand,
    products.color,
    coalesce(rivals.rivals, []) AS rivals,
    'product:' || matched.locale || ':' || matched.product_id AS subject,
    ['judgement:' || matched.query_id || ':' || matched.locale || ':' || matched.product_id]
        AS source_ids
FROM matched
LEFT JOIN products USING (product_id, locale)
LEFT JOIN rivals USING (key)
-- The products file may list a product twice.
QUALIFY row_number() OVER (
    PARTITION BY matched.key ORDER BY products.title, products.bullets, brand, color
) = 1
