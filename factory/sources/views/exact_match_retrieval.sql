-- Exact matches of a query among other products judged for it.
--
-- Many queries have more exact matches than are asked for: the others are not shown. A product that
-- nobody judged may be one as well, so none is shown either.

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
HAVING count(*) FILTER (label = 'E') >= getvariable('golds')
    AND count(*) FILTER (label <> 'E') >= getvariable('candidates') - getvariable('golds')

-- facts
WITH
-- include judged
shown AS (
    FROM judged_in_turn WHERE place <= 14
),
-- include told_by_words
SELECT
    key,
    locale,
    min(query_id) AS query_id,
    min(query) AS query,
    getvariable('golds')::BIGINT AS golds_shown,
    getvariable('candidates')::BIGINT - getvariable('golds')::BIGINT AS others_shown,
    bool_or(told) AS told,
    list({
        'label': label,
        'id': product_id,
        'title': title
    } ORDER BY label, place, product_id, title) FILTER (NOT told) AS products,
    ['query:' || locale || ':' || min(query_id)] AS source_ids
FROM (SELECT *, key IN (FROM told) AS told FROM titled)
GROUP BY key, locale
