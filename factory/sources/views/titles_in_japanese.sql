-- A product's title in the British shop, and its title in the Japanese one: apart from the other
-- languages because BLEU reads Japanese with a tokenizer of its own.

-- needs products: product_id, locale, title

-- keys
SELECT product_id AS key, product_id AS split_group, product_id
FROM products
WHERE locale IN ('uk', 'jp')
GROUP BY product_id
HAVING bool_or(locale = 'uk') AND bool_or(locale = 'jp')

-- facts
SELECT
    key,
    'jp' AS locale,
    -- The products file may list a product twice.
    min(title) FILTER (locale = 'uk') AS title,
    min(title) FILTER (locale = 'jp') AS target,
    'product:jp:' || key AS subject,
    ['product:uk:' || key, 'product:jp:' || key] AS source_ids
FROM (
    SELECT chosen.key, products.locale, products.title
    FROM products JOIN chosen USING (product_id)
    WHERE locale IN ('uk', 'jp')
)
GROUP BY key
