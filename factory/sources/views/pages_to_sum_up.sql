-- A product's title, brand and type, and what its page says of it: what a shorter title and selling
-- points are written from.

-- needs products: product_id, locale, title, description, bullets, brand, category

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale
FROM products
WHERE length(title) >= 20 AND len(bullets) >= 3 AND len(category) > 0
GROUP BY product_id, locale

-- facts
SELECT chosen.key, chosen.locale, title,
    coalesce(brand, '') AS brand,
    category[-1] AS type,
    list_filter(list_append(bullets, coalesce(description, '')), lambda part: part <> '') AS page,
    'product:' || chosen.locale || ':' || chosen.product_id AS subject,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
WHERE length(title) >= 20 AND len(bullets) >= 3 AND len(category) > 0
-- The products file may list a product twice.
QUALIFY row_number() OVER (PARTITION BY chosen.key ORDER BY title, description, bullets) = 1
