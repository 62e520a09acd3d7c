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
),
-- include told_by_words
SELECT
    key,
    locale,
    min(query_id) AS query_id,
    min(query) AS query,
    1 AS golds_shown,
    getvariable('options')::BIGINT - 1 AS others_shown,
    bool_or(told) AS told,
    list({
        'label': label,
        'id': product_id,
        'title': title
    } ORDER BY label, place, product_id, title) FILTER (NOT told) AS products,
    ['query:' || locale || ':' || min(query_id)] AS source_ids
FROM (SELECT *, key IN (FROM told) AS told FROM titled)
GROUP BY key, locale
