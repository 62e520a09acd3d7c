-- The bullet points of a product, a query that it is an exact match of, and queries that it is none of.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, description, bullets, brand, color

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale
FROM judgements
GROUP BY product_id, locale
HAVING bool_or(label = 'E') AND bool_or(label <> 'E')

-- facts
WITH
-- include rival_queries
SELECT
    rival_queries.key,
    locale,
    product_id,
    queries,
    coalesce(near, []) AS near,
    title,
    description,
    bullets,
    brand,
    color,
    getvariable('options')::BIGINT - 1 AS others_shown,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM rival_queries JOIN products USING (product_id, locale)
-- The products file may list a product twice.
QUALIFY row_number() OVER (
    PARTITION BY rival_queries.key ORDER BY title, description, bullets, brand, color
) = 1
