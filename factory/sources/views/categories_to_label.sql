-- The shop's own categories, each with the titles of a few products of it, for a model to name the
-- type of product that they are. One answer names all products of a category.

-- needs products: product_id, locale, title, brand, category

-- keys
-- Those with most products: types that few products are of say little in counts.
SELECT
    locale || ':' || path AS key,
    locale || ':' || path AS split_group,
    locale,
    path
FROM (
    SELECT locale, product_id, array_to_string(category, ' > ') AS path
    FROM products
    WHERE len(category) > 1 AND title IS NOT NULL
)
GROUP BY locale, path
HAVING count(DISTINCT product_id) >= 5
QUALIFY row_number() OVER (
    PARTITION BY locale ORDER BY count(DISTINCT product_id) DESC, path
) <= 3000

-- facts
WITH listed AS (
    SELECT chosen.key, chosen.locale, product_id, min(title) AS title, min(brand) AS brand
    FROM chosen
        JOIN products ON products.locale = chosen.locale
            AND array_to_string(category, ' > ') = chosen.path
    WHERE title IS NOT NULL
    GROUP BY ALL
),
examples AS (
    SELECT *, row_number() OVER (
        PARTITION BY key ORDER BY draw(key || chr(31) || product_id, 'example'), product_id
    ) AS place
    FROM listed
    QUALIFY place <= 8
)
SELECT key, locale,
    list(title ORDER BY place) AS titles,
    list(DISTINCT brand ORDER BY brand) FILTER (brand IS NOT NULL) AS brands,
    list('product:' || locale || ':' || product_id ORDER BY place) AS source_ids
FROM examples
GROUP BY key, locale
