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
-- include one_to_choose
FROM one_to_choose
