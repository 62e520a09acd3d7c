-- One complement of a query, and products judged to be something else to it.

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
HAVING bool_or(label = 'C') AND count(*) FILTER (label <> 'C') >= getvariable('options') - 1

-- facts
WITH
-- include judged
-- include one_to_choose
FROM one_to_choose
