-- One exact match of a query, and products judged to be no exact match of it.

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
HAVING bool_or(label = 'E') AND count(*) FILTER (label <> 'E') >= getvariable('options') - 1

-- facts
WITH
-- include judged
shown AS (
    FROM judged_in_turn WHERE place <= 12
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
