-- A type of product with what the page of one of its products says, and types of other departments.
--
-- Four keys a type, each with another product: so many situations are asked for.

-- needs products: product_id, locale, bullets, brand, category

-- keys
WITH types AS (
    SELECT locale, category[-1] AS type, count(DISTINCT product_id) AS products
    FROM products
    WHERE len(category) > 1 AND len(bullets) > 0
    GROUP BY locale, type
)
SELECT
    locale || ':' || type || ':' || turn AS key,
    -- A type is on one side: what is asked is the type.
    locale || ':' || type AS split_group,
    locale, type, turn
FROM (SELECT *, unnest(range(6)) AS turn FROM types)
WHERE turn < products

-- facts
WITH placed AS (
    SELECT locale, product_id, min(category[-1]) AS type, min(category[-2]) AS department,
        min(bullets) AS bullets, min(coalesce(brand, '')) AS brand
    FROM products
    WHERE len(category) > 1 AND len(bullets) > 0
    GROUP BY locale, product_id
    HAVING count(DISTINCT category[-1]) = 1
),
types AS (
    SELECT locale, type, list(DISTINCT department ORDER BY department) AS departments
    FROM placed
    GROUP BY locale, type
),
shown AS (
    SELECT chosen.key, chosen.locale, chosen.type, turn, product_id, bullets, brand,
        row_number() OVER (
            PARTITION BY chosen.key
            ORDER BY draw(chosen.locale || chosen.type || product_id, 'product'), product_id
        ) - 1 AS place
    FROM chosen JOIN placed USING (locale, type)
    QUALIFY place = turn
),
wrong AS (
    SELECT shown.key, list(others.type ORDER BY draw(key || others.type, 'wrong'), others.type)[:30]
            AS wrong
    FROM shown
        JOIN types AS own ON own.locale = shown.locale AND own.type = shown.type
        JOIN types AS others ON others.locale = shown.locale
            AND len(list_intersect(own.departments, others.departments)) = 0
    GROUP BY shown.key
)
SELECT key, locale, shown.type AS positive, bullets, brand, coalesce(wrong, []) AS wrong,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM shown LEFT JOIN wrong USING (key)
