-- The description of an exact match of a query, and the titles of products that are none of it.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, description, brand

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
    FROM judged_in_turn WHERE place <= CASE label WHEN 'E' THEN 6 ELSE 12 END
)
SELECT
    key,
    shown.locale,
    min(query_id) AS query_id,
    getvariable('options')::BIGINT - 1 AS others_shown,
    list({
        'label': label,
        'id': product_id,
        'title': title,
        'description': CASE WHEN label = 'E' THEN description END,
        'brand': brand
    } ORDER BY label, place, product_id, title, description, brand) AS products,
    ['query:' || shown.locale || ':' || min(query_id)] AS source_ids
FROM shown JOIN products USING (product_id, locale)
GROUP BY key, shown.locale
