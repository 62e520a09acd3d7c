-- The description of a product and the attributes that the shop knows of it: which of them the
-- description states is for rows/described_attributes.py. Products of one type are near each other.

-- needs products: product_id, locale, title, description, brand, category, attributes

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-1]) AS near
FROM products
WHERE title IS NOT NULL AND description IS NOT NULL AND cardinality(attributes) > 0
GROUP BY product_id, locale

-- facts
WITH known AS (
    SELECT locale,
        list(
            {'name': name, 'frequency': frequency, 'known_values': known_values}
            ORDER BY frequency DESC, name
        )[:16] AS known
    FROM (
        SELECT locale, entry.key AS name, count(*) AS frequency,
            list(DISTINCT entry.value ORDER BY entry.value)[:100] AS known_values
        FROM (SELECT locale, unnest(map_entries(attributes)) AS entry FROM products)
        GROUP BY locale, name
    )
    GROUP BY locale
)
SELECT chosen.key, chosen.locale, title, description, coalesce(brand, '') AS brand,
    coalesce(category[-1], '') AS type,
    list_transform(
        map_entries(attributes), lambda entry: {'name': entry.key, 'value': entry.value}
    ) AS attributes,
    known,
    'product:' || chosen.locale || ':' || chosen.product_id AS subject,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale) JOIN known USING (locale)
WHERE description IS NOT NULL AND title IS NOT NULL
-- The products file may list a product twice.
QUALIFY row_number() OVER (PARTITION BY chosen.key ORDER BY title, description, brand) = 1
