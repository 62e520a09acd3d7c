-- A product's title, another shop in whose language it is to be said, titles of the same brand in
-- that shop to see how it writes, and other titles of the brand in its own shop.
--
-- One key a product and shop: for which of the other shops it is translated is drawn.

-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || product_id AS key,
    product_id AS split_group,
    product_id,
    locale AS source_locale
FROM products
WHERE locale IN ('us', 'es', 'jp') AND length(title) BETWEEN 20 AND 150
    AND brand IS NOT NULL
GROUP BY product_id, locale

-- facts
WITH shops AS (SELECT DISTINCT source_locale AS locale FROM keys),
titles AS (
    -- The products file may list a product twice.
    SELECT product_id, locale, min(title) AS title, min(brand) AS brand
    FROM products
    WHERE locale IN ('us', 'es', 'jp') AND length(title) BETWEEN 20 AND 150
        AND brand IS NOT NULL
    GROUP BY product_id, locale
),
own AS (
    SELECT chosen.key, chosen.product_id, source_locale, title AS text, brand
    FROM chosen JOIN titles ON titles.product_id = chosen.product_id
        AND titles.locale = chosen.source_locale
),
targets AS (
    FROM (SELECT own.*, shops.locale FROM own JOIN shops ON locale <> source_locale)
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY draw(key || chr(31) || locale, 'shop'), locale
    ) = 1
),
beside AS (
    SELECT targets.key, titles.title, titles.locale = targets.locale AS is_example,
        row_number() OVER (
            PARTITION BY targets.key, titles.locale = targets.locale
            ORDER BY draw(targets.key || chr(31) || titles.product_id, 'beside'),
                titles.product_id
        ) AS place
    FROM targets JOIN titles ON titles.brand = targets.brand
        AND titles.locale IN (targets.locale, targets.source_locale)
        AND titles.product_id <> targets.product_id
    QUALIFY place <= 4
),
texts AS (
    SELECT key,
        list(title ORDER BY place) FILTER (is_example) AS examples,
        list(title ORDER BY place) FILTER (NOT is_example) AS others
    FROM beside
    GROUP BY key
)
SELECT targets.key, targets.locale, source_locale, brand, text, examples, others,
    'product:' || source_locale || ':' || product_id AS subject,
    ['product:' || source_locale || ':' || product_id] AS source_ids
FROM targets LEFT JOIN texts USING (key)
