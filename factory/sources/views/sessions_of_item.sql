-- The product that a session ends with, what was viewed before it, and sessions from elsewhere: some
-- that end with a product of the same brand, some by chance. Which are listed is for
-- rows/sessions_of_item.py.
--
-- One key a last product: of the sessions that end with it, the one with the lowest id.

-- needs sessions: session_id, locale, items
-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || items[-1] AS key,
    locale || ':' || items[-1] AS split_group,
    locale,
    items[-1] AS last_id,
    min(session_id) AS session_id
FROM sessions
WHERE len(items) BETWEEN 5 AND 40
GROUP BY locale, items[-1]

-- facts
-- The first 2,048 keys of a shop, in draw order, lend their sessions to the others.
WITH pool AS MATERIALIZED (
    SELECT locale, session_id, last_id,
        row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 2048
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
-- Equal sessions share an id.
steps AS MATERIALIZED (
    SELECT DISTINCT locale, session_id,
        unnest(items[-9:]) AS product_id,
        unnest(range(len(items[-9:]))) AS place
    FROM sessions
    SEMI JOIN (
        SELECT locale, session_id FROM chosen UNION SELECT locale, session_id FROM pool
    ) AS wanted USING (locale, session_id)
),
titled AS MATERIALIZED (
    -- The products file may list a product twice.
    SELECT locale, product_id, min(title) AS title, min(brand) AS brand
    FROM products
    SEMI JOIN (SELECT locale, product_id FROM steps) AS wanted USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
viewed AS MATERIALIZED (
    SELECT locale, session_id,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY place) AS viewed
    FROM steps LEFT JOIN titled USING (locale, product_id)
    GROUP BY locale, session_id
),
ends AS (
    SELECT pool.locale, pool.session_id, pool.number, titled.brand
    FROM pool JOIN titled ON titled.locale = pool.locale AND titled.product_id = pool.last_id
),
lent AS MATERIALIZED (
    SELECT DISTINCT wanted.key, wanted.locale, pool.session_id, 0 AS near_by
    FROM (
        SELECT key, locale, draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(12)) AS place FROM chosen) JOIN pool_size USING (locale)
    ) AS wanted
    JOIN pool ON pool.locale = wanted.locale AND pool.number = wanted.number
    UNION ALL BY NAME
    SELECT chosen.key, chosen.locale, ends.session_id, 1 AS near_by
    FROM chosen
    JOIN titled ON titled.locale = chosen.locale AND titled.product_id = chosen.last_id
    JOIN ends ON ends.locale = chosen.locale AND ends.brand = titled.brand
    QUALIFY row_number() OVER (
        PARTITION BY chosen.key
        ORDER BY draw(chosen.key || ends.session_id, 'near by'), ends.session_id
    ) <= 4
),
others AS (
    SELECT lent.key,
        list({'id': viewed.session_id, 'viewed': viewed.viewed}
            ORDER BY near_by DESC, viewed.session_id) AS others
    FROM lent JOIN viewed USING (locale, session_id)
    GROUP BY lent.key
)
SELECT
    chosen.key,
    chosen.locale,
    viewed.viewed,
    coalesce(others.others, []) AS others,
    ['session:' || chosen.locale || ':' || chosen.session_id] AS source_ids
FROM chosen
JOIN viewed USING (locale, session_id)
LEFT JOIN others USING (key)
