-- One substitute of a query, and products judged to be something else to it. An exact match is among
-- them: without one, the substitute would be the title that shares most words with the query.

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
HAVING bool_or(label = 'S') AND bool_or(label = 'E')
    AND count(*) FILTER (label IN ('C', 'I')) >= getvariable('options') - 2

-- facts
WITH
-- include judged
-- include one_to_choose
FROM one_to_choose
