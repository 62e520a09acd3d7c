-- Every judged pair of a query and a product, with what judges said of it.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || query_id || ':' || product_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    product_id,
    locale
FROM judgements
GROUP BY query_id, product_id, locale
-- Judged twice, and differently, it teaches nothing.
HAVING min(label) = max(label)

-- facts
WITH judged AS (
    SELECT chosen.key, chosen.locale, chosen.query_id, chosen.product_id,
        min(judgements.query) AS query, min(judgements.label) AS answer
    FROM judgements JOIN chosen USING (query_id, product_id, locale)
    GROUP BY chosen.key, chosen.locale, chosen.query_id, chosen.product_id
)
SELECT
    key,
    locale,
    min(query) AS query,
    min(products.title) AS title,
    min(answer) AS answer,
    ['judgement:' || query_id || ':' || locale || ':' || product_id] AS source_ids
FROM judged LEFT JOIN products USING (product_id, locale)
GROUP BY key, locale, query_id, product_id
