-- A query, one exact match of it, and one of its complements.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
GROUP BY query_id, locale
HAVING bool_or(label = 'E') AND bool_or(label = 'C')

-- facts
WITH
-- include judged
shown AS (
    FROM judged_in_turn WHERE label IN ('E', 'C') AND place = 1
)
SELECT
    key,
    shown.locale,
    nullif(min(query), '') AS query,
    min(title) FILTER (label = 'E') AS title,
    min(title) FILTER (label = 'C') AS target,
    list(DISTINCT 'judgement:' || query_id || ':' || shown.locale || ':' || product_id
        ORDER BY 'judgement:' || query_id || ':' || shown.locale || ':' || product_id) AS source_ids
FROM shown JOIN products USING (product_id, locale)
GROUP BY key, shown.locale
HAVING bool_or(label = 'E') AND bool_or(label = 'C')
