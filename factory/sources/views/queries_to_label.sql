-- Queries with the titles of products that people judged to be exact matches, for a model to name
-- the type of product that they are. Languages that part no words are left out: the names that a
-- type is chosen from are words of the titles.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
WHERE locale NOT IN ('jp', 'cn')
GROUP BY query_id, locale
HAVING count(DISTINCT product_id) FILTER (label = 'E') >= 3

-- facts
WITH exact AS (
    SELECT chosen.key, chosen.locale, chosen.query_id, product_id,
        min(judgements.query) AS query, min(title) AS title, min(brand) AS brand
    FROM chosen
        JOIN judgements USING (query_id, locale)
        JOIN products USING (product_id, locale)
    WHERE label = 'E' AND title IS NOT NULL
    GROUP BY ALL
),
examples AS (
    SELECT *, row_number() OVER (
        PARTITION BY key ORDER BY draw(key || chr(31) || product_id, 'example'), product_id
    ) AS place
    FROM exact
    QUALIFY place <= 8
)
SELECT key, locale, min(query) AS text,
    list(title ORDER BY place) AS titles,
    list(DISTINCT brand ORDER BY brand) FILTER (brand IS NOT NULL) AS brands,
    ['query:' || locale || ':' || query_id]
        || list('product:' || locale || ':' || product_id ORDER BY place) AS source_ids
FROM examples
GROUP BY key, locale, query_id
