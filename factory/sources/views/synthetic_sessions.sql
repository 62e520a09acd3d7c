-- What a walk over judged queries can be made of: a query, the wider queries that share exact matches
-- with it, and other errands of the same shop. No source has query logs that may be shown; the walk
-- itself, which is made up, is for rows/synthetic_sessions.py.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
WITH queries AS MATERIALIZED (
    SELECT locale, query_id, min(query) AS query,
        row_number() OVER (ORDER BY locale, query_id)::UINTEGER AS number
    FROM judgements
    WHERE label = 'E'
    GROUP BY locale, query_id
    HAVING count(DISTINCT product_id) > 1 AND NOT regexp_matches(
        min(query),
        -- NOT_PLAIN of factory/sources/lexicons.py: such a query does not say what is wanted.
        '(?i)\b(?:not|no|without|except|non|please|thanks|what|which|how|why|who|where|is|are|do|'
        || 'does|can|need|vs|versus|or|sin|menos|excepto|por favor|gracias|qué|que|cuál|cómo|dónde|'
        || 'necesito)\b|以外|ではない|じゃない|なし|無し|不使用|ください|下さい|お願い|何|どの|どう|[?？¿!]'
    )
    AND (locale = 'jp') = regexp_matches(min(query), '[\x{3040}-\x{30ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}]')
),
matched AS MATERIALIZED (
    SELECT number, locale, product_id
    FROM judgements JOIN queries USING (locale, query_id)
    -- What more queries than these are judged with says little about any two of them.
    SEMI JOIN (
        SELECT locale, product_id FROM judgements
        GROUP BY locale, product_id HAVING count(*) BETWEEN 2 AND 16
    ) AS several USING (locale, product_id)
    GROUP BY number, locale, product_id
    HAVING bool_and(label = 'E')
),
pairs AS (
    SELECT a.number AS a, b.number AS b, count(*) AS both_exact
    FROM matched AS a JOIN matched AS b USING (locale, product_id)
    WHERE a.number < b.number
    GROUP BY a.number, b.number
),
steps AS (
    SELECT a AS number, b AS earlier, both_exact FROM pairs
    UNION ALL
    SELECT b, a, both_exact FROM pairs
),
wider AS (
    SELECT steps.number, ones.locale, ones.query_id, ones.query,
        others.query_id AS earlier_id, others.query AS earlier_query, both_exact,
        length(others.query) AS width,
        row_number() OVER (
            PARTITION BY steps.number ORDER BY both_exact DESC, others.query_id
        ) AS place
    FROM steps
    JOIN queries AS ones ON ones.number = steps.number
    JOIN queries AS others ON others.number = steps.earlier
    WHERE length(others.query) < length(ones.query)
        AND list_has_any(
            string_split(lower(others.query), ' '), string_split(lower(ones.query), ' ')
        )
    QUALIFY place <= 3
)
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    locale,
    query_id,
    query,
    list(earlier_id ORDER BY width, earlier_id) AS earlier,
    min_by(earlier_query, (width, earlier_id)) AS widest
FROM wider
GROUP BY locale, query_id, query

-- facts
WITH pool AS (
    SELECT locale, query_id, query, earlier[1] AS earlier_id, widest,
        row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 4096
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
-- Errands are shown as the wider query and what was bought; the narrower one is a wrong candidate.
errands AS (
    SELECT DISTINCT ON (wanted.key, pool.query_id)
        wanted.key, wanted.locale, wanted.place, pool.query_id, pool.query, pool.earlier_id,
        pool.widest
    FROM (
        SELECT key, locale, place,
            draw(key || chr(31) || place, 'errand') % size AS number
        FROM (SELECT *, unnest(range(1, 33)) AS place FROM chosen) JOIN pool_size USING (locale)
    ) AS wanted
    JOIN pool ON pool.locale = wanted.locale AND pool.number = wanted.number
    ORDER BY wanted.key, pool.query_id, wanted.place
),
searched AS (
    SELECT key, locale, 'next' AS role, 0 AS place, query_id FROM chosen
    UNION ALL
    SELECT key, locale, 'earlier', generate_subscripts(earlier, 1), unnest(earlier) FROM chosen
    UNION ALL
    -- Most rows take three of the first; the others lend their queries only.
    SELECT key, locale, 'errand', place, earlier_id FROM errands WHERE place <= 10
),
judged AS (
    SELECT searched.key, searched.role, searched.place, searched.query_id, searched.locale,
        judgements.product_id, min(judgements.query) AS query
    FROM searched JOIN judgements USING (locale, query_id)
    GROUP BY ALL
    HAVING bool_and(label = 'E')
),
clicked AS (
    -- The matches that the next query has as well are those that lead to it.
    SELECT judged.*, row_number() OVER (
        PARTITION BY judged.key, judged.role, judged.place
        ORDER BY leads.product_id IS NULL, draw(judged.key || judged.product_id, 'click'),
            judged.product_id
    ) AS turn
    FROM judged LEFT JOIN (
        SELECT key, product_id FROM judged WHERE role = 'next'
    ) AS leads USING (key, product_id)
    WHERE role <> 'next'
    QUALIFY turn <= CASE role WHEN 'earlier' THEN 4 ELSE 3 END
),
titled AS (
    SELECT clicked.key, role, place, clicked.query_id, turn, clicked.product_id,
        min(query) AS query, min(title) AS title
    FROM clicked LEFT JOIN products USING (product_id, locale)
    GROUP BY ALL
),
searches AS (
    SELECT key, role, place, query_id, min(query) AS query,
        list({'id': product_id, 'title': title} ORDER BY turn) AS products
    FROM titled
    GROUP BY key, role, place, query_id
),
listed AS (
    SELECT key, list(
        {'role': role, 'place': place, 'id': query_id, 'query': query, 'products': products}
        ORDER BY role, place, query_id
    ) AS searches
    FROM searches
    GROUP BY key
),
others AS (
    SELECT key, list(
        {'place': place, 'id': query_id, 'query': query, 'wider': widest} ORDER BY place, query_id
    ) AS others
    FROM errands
    WHERE errands.key <> errands.locale || ':' || errands.query_id
    GROUP BY key
)
SELECT chosen.key, chosen.locale, chosen.query, searches, coalesce(others, []) AS others,
    ['query:' || chosen.locale || ':' || chosen.query_id] AS source_ids
FROM chosen JOIN listed USING (key) LEFT JOIN others USING (key)
