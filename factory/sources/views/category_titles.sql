-- A category, the title of a product that is in it, and titles of products that are not: titles
-- with a word of the category's name, titles of a category with the same parent, of the same
-- department, and from elsewhere. Which are shown is for rows/category_titles.py.
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
    -- One product stands for its category, another one in every row that asks for it.
    SELECT locale, category, count(*) AS products,
        array_to_string(category[:-2], chr(31)) AS parent, category[1] AS department
    FROM products WHERE title IS NOT NULL AND len(category) > 0
    GROUP BY locale, category
),
shelved AS (
    SELECT locale, category, product_id, title,
        row_number() OVER (PARTITION BY locale, category ORDER BY product_id, title) - 1 AS place
    FROM products WHERE title IS NOT NULL AND len(category) > 0
),
blocks AS (
    SELECT locale, category, products, 'near' AS part, parent AS block FROM categories
    UNION ALL BY NAME
    SELECT locale, category, products, 'same' AS part, department AS block FROM categories
    UNION ALL BY NAME
    SELECT locale, category, products, 'far' AS part, '' AS block FROM categories
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
),
wanted AS (
    SELECT key, locale, part, block, turn,
        (draw(key || chr(31) || part || chr(31) || turn, 'category') % size)::BIGINT AS number
    FROM asked JOIN sizes USING (locale, part, block)
),
drawn AS (
    SELECT key, locale, part, min(turn) AS turn, category, products
    FROM wanted JOIN numbered USING (locale, part, block, number)
    GROUP BY key, locale, part, category, products
),
-- The titles that have a word of any category's name, numbered by word.
words AS (
    SELECT DISTINCT locale,
        unnest(regexp_extract_all(lower(category[-1]), '\pL{4,}')) AS block
    FROM categories
),
saying AS (
    SELECT locale, block, product_id, title, category,
        row_number() OVER (
            PARTITION BY locale, block ORDER BY category, product_id, title
        ) - 1 AS number
    FROM (
        SELECT locale, product_id, title, category,
            unnest(list_distinct(regexp_extract_all(lower(title), '\pL{4,}'))) AS block
        FROM products WHERE title IS NOT NULL AND len(category) > 0
    ) SEMI JOIN words USING (locale, block)
),
told AS (SELECT locale, block, count(*) AS size FROM saying GROUP BY ALL),
said AS (
    SELECT key, 'word' AS part, min(turn) AS turn, saying.category, title, product_id
    FROM (
        SELECT key, locale, turn, block,
            (draw(key || chr(31) || block || chr(31) || turn, 'title') % size)::BIGINT AS number
        FROM (
            SELECT key, locale,
                unnest(list_distinct(regexp_extract_all(lower(category[-1]), '\pL{4,}'))) AS block
            FROM titled
        ) JOIN told USING (locale, block), (SELECT unnest(range(6)) AS turn)
    ) JOIN saying USING (locale, block, number)
    GROUP BY ALL
),
placed AS (
    SELECT * EXCLUDE (products),
        (draw(key || array_to_string(category, chr(31)), 'product') % products)::BIGINT AS place
    FROM drawn
),
listed AS (
    SELECT key,
        list({
            'part': part,
            'path': category,
            'title': title,
            'id': product_id
        } ORDER BY part, turn, category, product_id) AS others
    FROM (
        SELECT key, part, turn, category, title, product_id
        FROM placed JOIN shelved USING (locale, category, place)
        UNION ALL BY NAME
        FROM said
    )
    GROUP BY key
)
SELECT key, locale, product_id, title, category AS path, coalesce(others, []) AS others,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM titled LEFT JOIN listed USING (key)
