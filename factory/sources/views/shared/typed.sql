-- The type of each product: the one that its own label names, else that of its category. A product
-- of two types is left out.
named AS (
    SELECT locale, subject_id AS product_id, kind, lower(value) AS type
    FROM labels
    WHERE subject = 'product' AND kind IN ('type', 'category_type')
),
placed AS (
    SELECT locale, product_id, min(array_to_string(category, ' > ')) AS path,
        min(category[-2]) AS department
    FROM products
    GROUP BY locale, product_id
),
of_path AS (
    SELECT named.locale, path, min(type) AS type
    FROM named JOIN placed USING (locale, product_id)
    WHERE kind = 'category_type'
    GROUP BY named.locale, path
    HAVING min(type) = max(type)
),
own AS (
    SELECT locale, product_id, min(type) AS type
    FROM named
    WHERE kind = 'type'
    GROUP BY locale, product_id
    HAVING min(type) = max(type)
),
typed AS (
    SELECT placed.locale, placed.product_id, coalesce(own.type, of_path.type) AS type, department
    FROM placed
        LEFT JOIN own ON own.locale = placed.locale AND own.product_id = placed.product_id
        LEFT JOIN of_path ON of_path.locale = placed.locale AND of_path.path = placed.path
    WHERE own.type IS NOT NULL OR of_path.type IS NOT NULL
),
