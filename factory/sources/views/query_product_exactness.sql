-- One judged product of a query that is its exact match, and others that are a substitute for it or
-- irrelevant: each a row of its own.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || query_id || ':' || label AS key,
    locale || ':' || query_id AS split_group,
    label,
    query_id,
    locale
FROM judgements
WHERE label IN ('E', 'S', 'I')
GROUP BY query_id, locale, label

-- facts
WITH agreed AS (
    SELECT chosen.key, judgements.locale, judgements.query_id, judgements.product_id, chosen.label,
        min(judgements.query) AS query
    FROM judgements JOIN chosen USING (query_id, locale)
    GROUP BY chosen.key, judgements.locale, judgements.query_id, judgements.product_id, chosen.label
    -- A product that was judged twice for one query, and differently, teaches nothing.
    HAVING min(judgements.label) = chosen.label AND max(judgements.label) = chosen.label
),
judged AS (
    FROM agreed
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY draw(key || product_id, 'candidate'), product_id
    ) = 1
)
SELECT
    key,
    locale,
    nullif(ltrim(query, '!"''#*- '), '') AS query,
    min(products.title) AS title,
    CASE label WHEN 'E' THEN 'Yes' ELSE 'No' END AS target,
    ['judgement:' || query_id || ':' || locale || ':' || product_id] AS source_ids
FROM judged LEFT JOIN products USING (product_id, locale)
GROUP BY ALL
