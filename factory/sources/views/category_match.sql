-- A product's title with its category, or with one that it is not in: of the same parent or, where
-- there is none, of the same department (rows/category_match.py). Half of the products are asked
-- about their own category; the stratum `matches` balances the two.

-- needs products: product_id, parent_id, locale, title, category

-- keys
SELECT DISTINCT
    locale || ':' || product_id AS key,
    locale || ':' || coalesce(parent_id, product_id) AS split_group,
    product_id,
    locale,
    CASE draw(locale || ':' || product_id, 'matches') % 2 WHEN 0 THEN 'yes' ELSE 'no' END AS matches
FROM products
WHERE title IS NOT NULL AND len(category) > 0

-- facts
WITH titled AS (
    SELECT key, locale, product_id, matches, title, category
    FROM chosen JOIN products USING (product_id, locale)
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY title, category) = 1
),
categories AS (
    SELECT DISTINCT locale, category,
        array_to_string(category[:-2], chr(31)) AS parent, category[1] AS department
    FROM products WHERE len(category) > 0
),
blocks AS (
    SELECT locale, category, 'near' AS part, parent AS block FROM categories
    UNION ALL BY NAME
    SELECT locale, category, 'same' AS part, department AS block FROM categories
),
numbered AS (
    SELECT *,
        row_number() OVER (PARTITION BY locale, part, block ORDER BY category) - 1 AS number
    FROM blocks
),
sizes AS (SELECT locale, part, block, count(*) AS size FROM numbered GROUP BY ALL),
asked AS (
    SELECT key, locale, part, turn,
        CASE part WHEN 'near' THEN array_to_string(category[:-2], chr(31))
            ELSE category[1] END AS block
    FROM titled,
        (SELECT unnest(['near', 'same']) AS part),
        (SELECT unnest(range(12)) AS turn)
),
wanted AS (
    SELECT key, locale, part, block, turn,
        (draw(key || chr(31) || part || chr(31) || turn, 'category') % size)::BIGINT AS number
    FROM asked JOIN sizes USING (locale, part, block)
),
drawn AS (
    SELECT key, part, min(turn) AS turn, category
    FROM wanted JOIN numbered USING (locale, part, block, number)
    GROUP BY key, part, category
),
listed AS (
    SELECT key, list({'part': part, 'path': category} ORDER BY part, turn, category) AS others
    FROM drawn GROUP BY key
)
SELECT key, locale, matches, title, category AS path, coalesce(others, []) AS others,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM titled LEFT JOIN listed USING (key)
