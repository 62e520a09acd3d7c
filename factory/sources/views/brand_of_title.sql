-- The brand of one exact match of a query, and the brands of other products that answer the same
-- query: makers of the same kind of thing. Half of the keys ask with the brand taken out of the
-- title; which brands are none, and the taking out, are for rows/brand_of_title.py.

-- needs judgements: query_id, product_id, locale, label
-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale,
    CASE WHEN draw(locale || ':' || query_id, 'masked') % 2 = 0 THEN 'masked' ELSE 'shown' END
        AS form
FROM judgements
GROUP BY query_id, locale
HAVING bool_or(label = 'E') AND count(*) >= 6

-- facts
WITH judged AS (
    SELECT chosen.key, judgements.query_id, judgements.locale, judgements.product_id, form,
        bool_and(judgements.label = 'E') AS exact,
        draw(chosen.key || chr(31) || judgements.product_id, 'brand') AS turn
    FROM judgements JOIN chosen USING (query_id, locale)
    WHERE label IN ('E', 'S')
    GROUP BY ALL
),
near_by AS (
    FROM judged
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY turn, product_id) <= 12
),
branded AS (
    SELECT near_by.*, min(products.brand) AS brand
    FROM near_by JOIN products USING (product_id, locale)
    WHERE brand IS NOT NULL
    GROUP BY ALL
),
asked AS (
    FROM branded WHERE exact
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY turn, product_id) = 1
),
-- How many products a brand has says whether anybody can know what it makes.
sizes AS (
    SELECT locale, brand, count(*) AS listed
    FROM products SEMI JOIN (SELECT DISTINCT locale, brand FROM branded) AS wanted
        USING (locale, brand)
    GROUP BY locale, brand
),
titled AS (
    SELECT asked.key, min(products.title) AS title
    FROM asked JOIN products USING (product_id, locale)
    GROUP BY asked.key
),
others AS (
    SELECT asked.key,
        list({'brand': branded.brand, 'product_id': branded.product_id, 'listed': sizes.listed}
            ORDER BY branded.turn, branded.product_id) AS others
    FROM asked
    JOIN branded ON branded.key = asked.key AND branded.brand <> asked.brand
    JOIN sizes ON sizes.locale = branded.locale AND sizes.brand = branded.brand
    GROUP BY asked.key
)
SELECT key, asked.locale, title, brand, form, listed, others,
    'product:' || asked.locale || ':' || product_id AS subject,
    ['query:' || asked.locale || ':' || query_id, 'product:' || asked.locale || ':' || product_id]
        AS source_ids
FROM asked
JOIN titled USING (key)
JOIN others USING (key)
JOIN sizes USING (locale, brand)
