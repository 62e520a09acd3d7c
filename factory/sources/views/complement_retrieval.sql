-- Complements of a query among products judged to be something else to it and exact matches of other
-- queries. Few queries have more than one complement.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale,
    min(product_id) FILTER (label = 'E') AS match_id
FROM judgements
GROUP BY query_id, locale
HAVING count(*) FILTER (label = 'C') >= getvariable('golds') AND bool_or(label = 'E')

-- facts
WITH
-- include judged
-- include lent
shown AS (
    SELECT key, locale, product_id, label, place, NULL AS lent_by
    FROM judged_in_turn WHERE place <= 4
    UNION ALL BY NAME
    FROM lent
),
asked AS (SELECT key, min(query_id) AS query_id, min(query) AS query FROM judged GROUP BY key)
SELECT
    key,
    shown.locale,
    min(query_id) AS query_id,
    min(query) AS query,
    getvariable('golds')::BIGINT AS golds_shown,
    getvariable('candidates')::BIGINT - getvariable('golds')::BIGINT AS others_shown,
    list({
        'label': label,
        'id': product_id,
        'title': title,
        'lent_by': lent_by
    } ORDER BY label, place, product_id, title) AS products,
    ['query:' || shown.locale || ':' || min(query_id)] AS source_ids
FROM shown JOIN asked USING (key) JOIN products USING (product_id, locale)
GROUP BY key, shown.locale
