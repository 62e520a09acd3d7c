-- A product's title, type, brand, attributes and bullet points: whether the title can be written from the others
-- is for rows/titles_with_bullets.py. Products of one department are near each other.

-- needs products: product_id, locale, title, bullets, brand, category, attributes

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-2]) AS near
FROM products
WHERE title IS NOT NULL AND len(bullets) > 2 AND len(category) > 0
GROUP BY product_id, locale

-- facts
SELECT chosen.key, chosen.locale, title, bullets, coalesce(brand, '') AS brand,
    category[-1] AS type,
    list_transform(
        coalesce(map_entries(attributes), []),
        lambda entry: {'name': entry.key, 'value': entry.value}
    ) AS attributes,
    'product:' || chosen.locale || ':' || chosen.product_id AS subject,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
WHERE title IS NOT NULL AND len(bullets) > 2
-- The products file may list a product twice.
QUALIFY row_number() OVER (PARTITION BY chosen.key ORDER BY title, bullets, brand) = 1
