-- One row a chosen product: `queries`, all that were judged for it, and `near`, those that products
-- answer which are irrelevant to its own queries, or go with what these ask for. No product is known
-- that answers one of both: so the product itself, never judged for it, hardly answers it either.
-- `keys` needs the columns product_id and locale.
agreed AS MATERIALIZED (
    -- One query text may stand under several numbers, and be judged differently under each.
    SELECT chosen.key, chosen.locale, chosen.product_id, lower(judgements.query) AS folded,
        min(judgements.query) AS query, min(judgements.query_id) AS query_id,
        CASE WHEN min(judgements.label) = max(judgements.label) THEN min(judgements.label) END
            AS label
    FROM judgements JOIN chosen USING (product_id, locale)
    GROUP BY chosen.key, chosen.locale, chosen.product_id, folded
),
beside AS MATERIALIZED (
    SELECT DISTINCT agreed.key, judgements.locale, judgements.product_id, judgements.label
    FROM judgements JOIN agreed USING (query_id, locale)
    WHERE agreed.label = 'E' AND judgements.product_id <> agreed.product_id
),
strangers AS MATERIALIZED (
    SELECT DISTINCT beside.key, beside.locale, judgements.query_id, judgements.query
    FROM judgements JOIN beside USING (product_id, locale)
    ANTI JOIN agreed ON agreed.key = beside.key AND agreed.folded = lower(judgements.query)
    WHERE beside.label IN ('C', 'I') AND judgements.label = 'E'
),
acquainted AS (
    SELECT DISTINCT strangers.key, strangers.query_id
    FROM judgements JOIN strangers USING (query_id, locale)
    JOIN beside ON beside.key = strangers.key AND beside.product_id = judgements.product_id
    WHERE judgements.label = 'E' AND beside.label IN ('E', 'S')
),
near AS (
    SELECT key, list({
        'query': query, 'id': query_id
    } ORDER BY draw(key || query_id, 'near'), query_id) AS near
    FROM strangers ANTI JOIN acquainted USING (key, query_id)
    GROUP BY key
),
rival_queries AS (
    SELECT agreed.key, agreed.locale, agreed.product_id, min(near.near)[:24] AS near,
        list({
            'query': agreed.query, 'id': agreed.query_id, 'label': agreed.label
        } ORDER BY draw(agreed.key || agreed.query_id, 'candidate'), agreed.query_id) AS queries
    FROM agreed LEFT JOIN near USING (key)
    GROUP BY agreed.key, agreed.locale, agreed.product_id
)
