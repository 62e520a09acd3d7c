-- Judged products of one query, of as many different labels as the query has.
--
-- A query takes part when nDCG can tell orders apart: at least one exact match, and at least one
-- product that is none. Its products are taken in turns, one of each label after another, so that
-- three and four different labels are the rule and complements (3 % of ESCI) are not crowded out.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
GROUP BY query_id, locale
HAVING count(*) >= getvariable('candidates') AND bool_or(label = 'E') AND bool_or(label <> 'E')

-- facts
WITH judged AS (
    SELECT
        chosen.ordinal,
        judgements.query,
        judgements.locale,
        judgements.product_id,
        judgements.label,
        draw(chosen.key || judgements.product_id, 'candidate') AS candidate
    FROM judgements JOIN chosen USING (query_id, locale)
),
in_turns AS (
    SELECT *, row_number() OVER (
        PARTITION BY ordinal, label ORDER BY candidate, product_id
    ) AS turn
    FROM judged
),
placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY ordinal ORDER BY turn, candidate, product_id, label
    ) AS place
    FROM in_turns
    QUALIFY place <= getvariable('candidates')
),
titled AS (
    -- The products file may list a product twice.
    SELECT ordinal, place, min(query) AS query, min(label) AS label,
        min(product_id) AS product_id, min(products.title) AS title
    FROM placed LEFT JOIN products USING (product_id, locale)
    GROUP BY ordinal, place
),
listed AS (
    SELECT ordinal, min(query) AS query,
        list(title ORDER BY place) AS items,
        list(label ORDER BY place) AS labels,
        list(CASE label WHEN 'E' THEN 1.0 WHEN 'S' THEN 0.1 WHEN 'C' THEN 0.01 ELSE 0.0 END
            ORDER BY place)::DOUBLE[] AS relevance,
        list(product_id ORDER BY place) AS product_ids
    FROM titled
    GROUP BY ordinal
)
SELECT key, locale, query, items, labels, relevance,
    list_transform(
        product_ids, lambda id: 'judgement:' || query_id || ':' || locale || ':' || id
    ) AS source_ids
FROM listed JOIN chosen USING (ordinal)
