-- One judged product for each label that a query has.

-- keys
SELECT
    locale || ':' || query_id || ':' || label AS key,
    locale || ':' || query_id AS split_group,
    label,
    query_id,
    locale
FROM judgements
GROUP BY query_id, locale, label

-- facts
WITH judged AS (
    SELECT
        chosen.key,
        judgements.locale,
        judgements.query_id,
        judgements.query,
        judgements.label,
        judgements.product_id
    FROM judgements JOIN chosen USING (query_id, locale, label)
    QUALIFY row_number() OVER (
        PARTITION BY chosen.key
        ORDER BY draw(chosen.key || judgements.product_id, 'candidate'), judgements.product_id
    ) = 1
)
SELECT
    key,
    locale,
    query,
    min(products.title) AS title,
    label AS answer,
    ['judgement:' || query_id || ':' || locale || ':' || product_id] AS source_ids
FROM judged LEFT JOIN products USING (product_id, locale)
GROUP BY ALL
