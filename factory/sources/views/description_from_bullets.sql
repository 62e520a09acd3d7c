-- Exact matches of a query, for their descriptions: which of them is for
-- rows/description_from_bullets.py.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, description, bullets, brand, color

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
GROUP BY query_id, locale
HAVING bool_or(label = 'E')

-- facts
WITH
-- include judged
-- include matched
SELECT key, locale, products, ['query:' || key] AS source_ids FROM matched
