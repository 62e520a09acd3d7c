-- A product that answers a query exactly, one that goes with what the query asks for, and products
-- judged to be something else to it. The query itself is the step between the two, and is not told.

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
HAVING bool_or(label = 'C') AND bool_or(label = 'E')
    AND count(*) FILTER (label <> 'C') >= getvariable('options')

-- facts
WITH
-- include judged
shown AS (
    FROM judged_in_turn WHERE place <= 5
)
SELECT
    key,
    shown.locale,
    min(query_id) AS query_id,
    min(query) AS query,
    1 AS golds_shown,
    getvariable('options')::BIGINT - 1 AS others_shown,
    list({
        'label': label,
        'id': product_id,
        'title': title
    } ORDER BY label, place, product_id, title) AS products,
    ['query:' || shown.locale || ':' || min(query_id)] AS source_ids
FROM shown JOIN products USING (product_id, locale)
GROUP BY key, shown.locale
