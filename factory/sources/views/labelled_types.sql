-- The product types that labels name, each with the titles of a few products of it, their brands
-- and their colors.

-- needs products: product_id, locale, title, brand, color
-- needs labels: subject, subject_id, locale, kind, value

-- keys
SELECT locale || ':' || value AS key,
    -- One type, one side: its name is the question.
    value AS split_group,
    locale,
    value AS product_type
FROM labels
WHERE subject = 'product' AND kind = 'type'
GROUP BY ALL

-- facts
WITH typed AS (
    SELECT chosen.key, chosen.locale, chosen.product_type, product_id, min(title) AS title,
        min(brand) AS brand, min(color) AS color
    FROM chosen
        JOIN labels ON kind = 'type' AND value = chosen.product_type
            AND labels.locale = chosen.locale
        JOIN products ON product_id = subject_id AND products.locale = chosen.locale
    GROUP BY ALL
),
examples AS (
    SELECT *, row_number() OVER (
        PARTITION BY key ORDER BY draw(key || product_id, 'example'), product_id
    ) AS place
    FROM typed
    QUALIFY place <= 3
)
SELECT key, locale, product_type,
    list(title ORDER BY place) AS titles,
    list(DISTINCT brand ORDER BY brand) FILTER (brand IS NOT NULL) AS brands,
    list(DISTINCT color ORDER BY color) FILTER (color IS NOT NULL) AS colors,
    list('product:' || locale || ':' || product_id ORDER BY place) AS source_ids
FROM examples
GROUP BY ALL
