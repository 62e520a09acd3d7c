-- English listings of which a model has said what they sell, for it to say which attributes they
-- state.

-- needs labels: subject, subject_id, locale, kind
-- needs products: product_id, locale, title, description

-- keys
SELECT locale || ':' || subject_id AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS product_id,
    locale
FROM labels
WHERE subject = 'product' AND kind = 'type' AND locale IN ('us', 'uk')
GROUP BY ALL

-- facts
SELECT chosen.key, chosen.locale,
    min(left(concat_ws('. ', title, description), 1000)) AS text,
    ['product:' || chosen.locale || ':' || chosen.product_id] AS source_ids
FROM chosen JOIN products USING (product_id, locale)
WHERE title IS NOT NULL
GROUP BY chosen.key, chosen.locale, chosen.product_id
