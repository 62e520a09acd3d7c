-- The titles of products, for a model to label: what each is, and which attributes it states.

-- needs products: product_id, locale, title

-- keys
SELECT locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale
FROM products
WHERE length(title) BETWEEN 12 AND 400
GROUP BY ALL

-- facts
SELECT chosen.key, chosen.locale, min(title) AS text,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
GROUP BY chosen.key, chosen.locale, chosen.product_id
