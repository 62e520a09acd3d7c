-- The bullet points of one exact match of a query, of other products judged for that query, and of
-- exact matches of queries from elsewhere. Which bullets are shown is for rows/product_bullets.py.
--
-- One key a query: the product is the first of its exact matches, by draw, that has enough bullets.

-- needs judgements: query_id, product_id, locale, label
-- needs products: product_id, locale, title, bullets

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale,
    min(product_id) FILTER (label = 'E') AS match_id
FROM judgements
GROUP BY query_id, locale
HAVING bool_or(label = 'E')

-- facts
WITH judged AS (
    SELECT
        chosen.key,
        judgements.query_id,
        judgements.locale,
        judgements.product_id,
        bool_and(judgements.label = 'E') AS exact,
        draw(chosen.key || judgements.product_id, 'bullets') AS turn
    FROM judgements JOIN chosen USING (query_id, locale)
    GROUP BY ALL
),
near_by AS (
    SELECT key, product_id, locale, query_id, CASE WHEN exact THEN 'own' ELSE 'near' END AS part,
        row_number() OVER (PARTITION BY key, exact ORDER BY turn, product_id) AS place
    FROM judged
    QUALIFY place <= CASE WHEN exact THEN 2 ELSE 5 END
),
-- The first 4,096 queries of a locale, in draw order, lend their matches to the others.
pool AS (
    SELECT locale, match_id, row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 4096
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
far_away AS (
    SELECT DISTINCT ON (wanted.key, pool.match_id)
        wanted.key, pool.match_id AS product_id, wanted.locale, wanted.query_id,
        'far' AS part, wanted.place
    FROM (
        SELECT key, locale, query_id, place,
            draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(1, 7)) AS place FROM chosen) JOIN pool_size USING (locale)
    ) AS wanted
    JOIN pool ON pool.locale = wanted.locale AND pool.number = wanted.number
    ORDER BY wanted.key, pool.match_id, wanted.place
),
shown AS (
    FROM near_by
    UNION ALL BY NAME
    FROM far_away ANTI JOIN judged USING (key, product_id)
),
-- Joined by one column, these reach the file as a filter: wide columns are read of them alone.
asked_ids AS MATERIALIZED (SELECT DISTINCT product_id FROM shown),
described AS (
    -- What comes from elsewhere shares no boilerplate with the product: a few bullets of it do.
    SELECT key, locale, query_id, part, place, product_id, title,
        CASE WHEN part = 'far' THEN bullets[:4] ELSE bullets END AS bullets
    FROM shown
    JOIN (FROM products SEMI JOIN asked_ids USING (product_id)) AS asked
        USING (product_id, locale)
)
SELECT
    key,
    locale,
    -- By all their fields; an ORDER BY among the aggregates would keep each text twice.
    list_sort(list({
        'part': part,
        'place': place,
        'id': product_id,
        'title': title,
        'bullets': bullets
    })) AS products,
    ['query:' || locale || ':' || min(query_id)] AS source_ids
FROM described
GROUP BY key, locale
