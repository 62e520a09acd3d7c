-- The product types that labels name, each with the titles of a few products of it.

-- needs products: product_id, locale, title
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
    SELECT chosen.key, chosen.locale, chosen.product_type, product_id, min(title) AS title
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
    list('product:' || locale || ':' || product_id ORDER BY place) AS source_ids
FROM examples
GROUP BY ALL
