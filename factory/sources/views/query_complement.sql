-- A query, its exact matches and its complements. Which two go together, since one may be made for
-- another device than the other, is for rows/query_complement.py.

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
    FROM judged_in_turn WHERE label IN ('E', 'C') AND place <= 4
)
SELECT
    key,
    shown.locale,
    min(query_id) AS query_id,
    nullif(min(query), '') AS query,
    list({'label': label, 'id': product_id, 'title': title}
        ORDER BY label, place, product_id, title) AS products,
    ['query:' || shown.locale || ':' || min(query_id)] AS source_ids
FROM shown JOIN products USING (product_id, locale)
GROUP BY key, shown.locale
