-- One exact match of a query with all queries judged for it, the queries that other products judged
-- beside it answer ('near'), and queries from elsewhere ('far'): rows/product_keywords.py makes sets
-- of keywords of them. A query has up to two keys, and so two products. Shops that write in English
-- take no part.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title, description, bullets, brand

-- keys
SELECT
    locale || ':' || query_id || ':' || turn AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale,
    turn
FROM (
    SELECT query_id, locale, unnest(range(1, 1 + least(count(*) FILTER (label = 'E'), 2))) AS turn
    FROM judgements
    WHERE locale NOT IN ('us', 'uk')
    GROUP BY query_id, locale
)

-- facts
WITH
-- include judged
own AS MATERIALIZED (
    SELECT key, locale, query_id, query, product_id
    FROM judged_in_turn WHERE label = 'E' AND place = 1
),
asked AS MATERIALIZED (
    SELECT own.key, judgements.query, judgements.label
    FROM judgements JOIN own USING (product_id, locale)
),
queries AS (
    SELECT key,
        list(DISTINCT query ORDER BY query) FILTER (label = 'E') AS queries,
        list(DISTINCT query ORDER BY query) FILTER (label <> 'E') AS other_queries
    FROM asked
    GROUP BY key
),
rivals AS MATERIALIZED (
    SELECT key, locale, product_id FROM judged_in_turn
    WHERE place <= CASE label WHEN 'S' THEN 3 WHEN 'C' THEN 2 WHEN 'I' THEN 1 ELSE 0 END
),
near AS MATERIALIZED (
    SELECT DISTINCT rivals.key, judgements.query
    FROM judgements JOIN rivals USING (product_id, locale)
    WHERE judgements.label = 'E'
),
near_queries AS (
    SELECT key, list(query ORDER BY draw(key || query, 'near'), query) AS near FROM near GROUP BY key
),
-- The first 4,096 queries of a locale, in draw order, lend their words to the others.
pool AS (
    SELECT locale, query_id, row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    WHERE turn = 1
    QUALIFY number < 4096
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
pool_judgements AS MATERIALIZED (
    SELECT locale, query_id, judgements.query FROM judgements SEMI JOIN pool USING (query_id, locale)
),
pool_texts AS (
    SELECT locale, query_id, min(query) AS query FROM pool_judgements GROUP BY locale, query_id
),
far_queries AS (
    SELECT wanted.key, list(pool_texts.query ORDER BY wanted.place, pool_texts.query) AS far
    FROM (
        SELECT key, locale, query_id, place,
            draw(key || chr(31) || place, 'far') % size AS number
        FROM (SELECT *, unnest(range(1, 9)) AS place FROM chosen) JOIN pool_size USING (locale)
    ) AS wanted
    JOIN pool ON pool.locale = wanted.locale AND pool.number = wanted.number
        AND pool.query_id <> wanted.query_id
    JOIN pool_texts ON pool_texts.locale = pool.locale AND pool_texts.query_id = pool.query_id
    GROUP BY wanted.key
)
SELECT
    own.key,
    own.locale,
    own.query,
    queries.queries,
    coalesce(queries.other_queries, []) AS other_queries,
    coalesce(near_queries.near, []) AS near,
    coalesce(far_queries.far, []) AS far,
    products.title,
    products.description,
    products.bullets,
    products.brand,
    'product:' || own.locale || ':' || own.product_id AS subject,
    ['judgement:' || own.query_id || ':' || own.locale || ':' || own.product_id] AS source_ids
FROM own
JOIN queries USING (key)
LEFT JOIN near_queries USING (key)
LEFT JOIN far_queries USING (key)
LEFT JOIN products ON products.product_id = own.product_id AND products.locale = own.locale
-- The products file may list a product twice.
QUALIFY row_number() OVER (
    PARTITION BY own.key ORDER BY products.title, products.description, products.bullets, brand
) = 1
