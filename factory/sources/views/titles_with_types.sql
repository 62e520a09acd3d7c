-- The title of a product, its type (the last part of its category), and the types that could be
-- asked about beside it: of the same department first, then from elsewhere in the shop.

-- needs products: product_id, locale, title, category

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[-1]) AS type,
    min(category[-2]) AS department,
    min(category[-2]) AS near
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
    QUALIFY place <= 5
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
listed AS (
    SELECT key, list(type ORDER BY rank, place, type)[:8] AS others
    FROM (
        SELECT key, type, place, 1 AS rank FROM siblings
        UNION ALL BY NAME
        SELECT key, type, place, 2 AS rank FROM strangers
    )
    GROUP BY key
),
described AS (
    SELECT chosen.key, chosen.locale, chosen.product_id, chosen.type, min(title) AS title
    FROM chosen JOIN products USING (product_id, locale)
    GROUP BY ALL
)
SELECT key, locale, title, type AS labels,
    list_prepend(type, coalesce(others, [])) AS candidate_labels,
    'product:' || locale || ':' || product_id AS subject,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM described LEFT JOIN listed USING (key)
WHERE NOT contains(type, ',')
