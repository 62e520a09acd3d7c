-- Queries judged for one product, of as many different labels as it has.
--
-- Few products of ESCI are judged for five queries. One takes part where nDCG can tell orders apart:
-- it is an exact match of at least one of them, and none of at least one other.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale
FROM judgements
GROUP BY product_id, locale
HAVING count(*) >= getvariable('candidates') AND bool_or(label = 'E') AND bool_or(label <> 'E')

-- facts
WITH agreed AS (
    -- One query text may stand under several numbers, and be judged differently under each.
    SELECT chosen.key, judgements.locale, judgements.product_id,
        lower(judgements.query) AS folded,
        min(judgements.query) AS query, min(judgements.query_id) AS query_id,
        min(judgements.label) AS label
    FROM judgements JOIN chosen USING (product_id, locale)
    GROUP BY chosen.key, judgements.locale, judgements.product_id, folded
    HAVING min(judgements.label) = max(judgements.label)
),
in_turns AS (
    SELECT *, draw(key || query_id, 'candidate') AS candidate,
        row_number() OVER (PARTITION BY key, label ORDER BY candidate, query_id) AS turn
    FROM agreed
),
listed AS (
    SELECT key, locale, product_id,
        list({
            'query': query,
            'id': query_id,
            'label': label
        } ORDER BY turn, candidate, query_id) AS queries
    FROM in_turns
    GROUP BY key, locale, product_id
)
SELECT
    key,
    locale,
    min(title) AS title,
    min(queries) AS queries,
    getvariable('candidates')::BIGINT AS shown,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM listed LEFT JOIN products USING (product_id, locale)
GROUP BY key, locale, product_id
