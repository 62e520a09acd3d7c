-- A product's title, type, attributes, bullet points and description: which of them a text can be
-- written from is for rows/described_products.py.

-- needs products: product_id, locale, title, description, bullets, category, attributes

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-1]) AS near
FROM products
WHERE title IS NOT NULL AND description IS NOT NULL AND cardinality(attributes) > 0
    AND len(category) > 0
GROUP BY product_id, locale

-- facts
SELECT chosen.key, chosen.locale, title, description, bullets,
    category[-1] AS type,
    list_transform(
        map_entries(attributes), lambda entry: {'name': entry.key, 'value': entry.value}
    ) AS attributes,
    'product:' || chosen.locale || ':' || chosen.product_id AS subject,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
WHERE description IS NOT NULL AND title IS NOT NULL
-- The products file may list a product twice.
QUALIFY row_number() OVER (PARTITION BY chosen.key ORDER BY title, description, bullets) = 1
