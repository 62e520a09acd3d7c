-- A product's title and the category that it is filed under, with the widest one above it.

-- needs products: product_id, parent_id, locale, title, category

-- keys
SELECT DISTINCT
    locale || ':' || product_id AS key,
    locale || ':' || coalesce(parent_id, product_id) AS split_group,
    product_id,
    locale
FROM products
WHERE title IS NOT NULL AND len(category) > 0

-- facts
SELECT
    key,
    locale,
    title,
    category[-1] AS target,
    CASE WHEN len(category) > 1 THEN category[1] ELSE '' END AS department,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
-- A products file may list a product twice.
QUALIFY row_number() OVER (PARTITION BY key ORDER BY title, category) = 1
