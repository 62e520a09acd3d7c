-- Materialized, or DuckDB groups all judgements before it joins them: 2 million for 2,000 queries.
judgements_of_chosen AS MATERIALIZED (
    SELECT chosen.key, judgements.query_id, judgements.locale, judgements.product_id,
        judgements.query, judgements.label
    FROM judgements JOIN chosen USING (query_id, locale)
),
judged AS (
    -- Every product judged for a chosen query; judged twice, and differently, it has no label: it
    -- teaches nothing, and may not stand among products from elsewhere either.
    SELECT
        key,
        query_id,
        locale,
        product_id,
        -- Some queries begin with a sign that nobody would print.
        ltrim(min(query), '!"''#*- ') AS query,
        CASE WHEN min(label) = max(label) THEN min(label) END AS label
    FROM judgements_of_chosen
    GROUP BY key, query_id, locale, product_id
),
judged_in_turn AS (
    SELECT *, row_number() OVER (
        PARTITION BY key, label ORDER BY draw(key || product_id, 'candidate'), product_id
    ) AS place
    FROM judged
    WHERE label IS NOT NULL
),
