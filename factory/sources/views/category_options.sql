-- A product's title, its category, and categories that it is not in: with a word of the title in
-- their name, of the same parent, of the same department, and from elsewhere. Which are shown is for rows/category_options.py.
--
-- The categories of a block are numbered, and a product draws numbers: a department with thousands
-- of categories costs no more than one with ten.

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
WITH titled AS (
    SELECT key, locale, product_id, title, category
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
    UNION ALL BY NAME
    SELECT locale, category, 'far' AS part, '' AS block FROM categories
    UNION ALL BY NAME
    SELECT locale, category, 'word' AS part,
        unnest(list_distinct(regexp_extract_all(lower(category[-1]), '\pL{4,}'))) AS block
    FROM categories
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
            WHEN 'same' THEN category[1] ELSE '' END AS block
    FROM titled,
        (SELECT unnest(['near', 'same', 'far']) AS part),
        (SELECT unnest(range(12)) AS turn)
    UNION ALL BY NAME
    SELECT key, locale, 'word' AS part, turn, block
    FROM (
        SELECT key, locale,
            unnest(list_distinct(regexp_extract_all(lower(title), '\pL{4,}'))) AS block
        FROM titled
    ), (SELECT unnest(range(4)) AS turn)
),
wanted AS (
    SELECT key, locale, part, block, turn,
        (draw(key || chr(31) || part || chr(31) || turn || chr(31) || block, 'category') % size)
            ::BIGINT AS number
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
SELECT key, locale, title, category AS path, coalesce(others, []) AS others,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM titled LEFT JOIN listed USING (key)
