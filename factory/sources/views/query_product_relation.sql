-- One judged product for each label that a query has.

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
GROUP BY query_id, locale, label

-- facts
WITH agreed AS (
    -- A product that was judged twice for one query, and differently, teaches nothing.
    SELECT chosen.key, judgements.locale, judgements.query_id, judgements.product_id,
        min(judgements.query) AS query, chosen.label
    FROM judgements JOIN chosen USING (query_id, locale)
    GROUP BY chosen.key, judgements.locale, judgements.query_id, judgements.product_id, chosen.label
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
    query,
    min(products.title) AS title,
    label AS answer,
    ['judgement:' || query_id || ':' || locale || ':' || product_id] AS source_ids
FROM judged LEFT JOIN products USING (product_id, locale)
GROUP BY ALL
