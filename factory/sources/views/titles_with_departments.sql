-- The title of a product, the department it stands in (the part of its category before the type),
-- and all departments of the shop.

-- needs products: product_id, locale, title, category

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-2]) AS department
FROM products
WHERE len(category) > 1 AND title IS NOT NULL
GROUP BY product_id, locale
HAVING count(DISTINCT category[-2]) = 1

-- facts
WITH departments AS (
    SELECT locale, list(department ORDER BY size DESC, department)[:40] AS known
    FROM (
        SELECT locale, department, count(*) AS size FROM keys
        WHERE NOT contains(department, ',')
        GROUP BY locale, department
    )
    GROUP BY locale
),
described AS (
    SELECT chosen.key, chosen.locale, chosen.product_id, chosen.department, min(title) AS title
    FROM chosen JOIN products USING (product_id, locale)
    GROUP BY ALL
)
SELECT key, locale, title, department AS labels,
    list_distinct(list_append(known, department)).list_sort() AS candidate_labels,
    'product:' || locale || ':' || product_id AS subject,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM described JOIN departments USING (locale)
WHERE NOT contains(department, ',')
