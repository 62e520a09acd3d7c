-- A product's title in the British shop, and its title in one of the shops of the continent.
--
-- One key a product: in which of its other shops it is asked for is drawn.

-- needs products: product_id, locale, title

-- keys
SELECT product_id AS key, product_id AS split_group, product_id
FROM products
WHERE locale IN ('uk', 'de', 'es', 'fr', 'it')
GROUP BY product_id
HAVING bool_or(locale = 'uk') AND bool_or(locale <> 'uk')

-- facts
WITH sold AS (
    -- The products file may list a product twice.
    SELECT key, product_id, locale, min(title) AS title
    FROM products JOIN chosen USING (product_id)
    WHERE locale IN ('uk', 'de', 'es', 'fr', 'it') AND title IS NOT NULL
    GROUP BY key, product_id, locale
),
targets AS (
    FROM sold
    WHERE locale <> 'uk'
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY draw(key || locale, 'shop'), locale
    ) = 1
)
SELECT
    targets.key,
    targets.locale,
    sold.title,
    targets.title AS target,
    'product:' || targets.locale || ':' || targets.product_id AS subject,
    [
        'product:uk:' || targets.product_id,
        'product:' || targets.locale || ':' || targets.product_id
    ] AS source_ids
FROM targets JOIN sold ON sold.key = targets.key AND sold.locale = 'uk'
