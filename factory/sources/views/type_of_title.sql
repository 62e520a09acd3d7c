-- The title of a product, its type (the last part of its category), and other types: of the same
-- department first, then from elsewhere in the shop.

-- needs products: product_id, locale, title, category

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-1]) AS type,
    min(category[-2]) AS department
FROM products
WHERE len(category) > 1 AND title IS NOT NULL
GROUP BY product_id, locale
HAVING count(DISTINCT category[-1]) = 1 AND count(DISTINCT category[-2]) = 1

-- facts
WITH types AS (
    SELECT locale, department, type,
        row_number() OVER (PARTITION BY locale ORDER BY draw(locale || type, 'type'), type) - 1
            AS number
    FROM keys
    GROUP BY locale, department, type
    HAVING count(*) > 1
),
sizes AS (SELECT locale, count(*) AS size FROM types GROUP BY locale),
siblings AS (
    SELECT chosen.key, types.type, row_number() OVER (
        PARTITION BY chosen.key ORDER BY draw(chosen.key || types.type, 'sibling'), types.type
    ) AS place
    FROM chosen JOIN types USING (locale, department)
    WHERE types.type <> chosen.type
    QUALIFY place <= 8
),
strangers AS (
    SELECT wanted.key, types.type, min(wanted.place) AS place
    FROM (
        SELECT key, locale, department, place,
            draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(1, 9)) AS place FROM chosen) JOIN sizes USING (locale)
    ) AS wanted
    JOIN types ON types.locale = wanted.locale AND types.number = wanted.number
    WHERE types.department <> wanted.department
    GROUP BY wanted.key, types.type
),
sibling_lists AS (SELECT key, list(type ORDER BY place, type) AS near FROM siblings GROUP BY key),
stranger_lists AS (SELECT key, list(type ORDER BY place, type) AS far FROM strangers GROUP BY key),
described AS (
    SELECT chosen.key, chosen.locale, chosen.product_id, chosen.type, min(title) AS title
    FROM chosen JOIN products USING (product_id, locale)
    GROUP BY ALL
)
SELECT key, locale, title, type AS positive,
    coalesce(near, []) AS near,
    coalesce(far, []) AS far,
    []::VARCHAR[] AS possible,
    'product:' || locale || ':' || product_id AS subject,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM described LEFT JOIN sibling_lists USING (key) LEFT JOIN stranger_lists USING (key)
