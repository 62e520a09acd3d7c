-- The last products that a shopper viewed, and what else might have come at the end: products of the
-- last one's brand, of titles like its own, and last products of sessions from elsewhere. Where the session is cut, and
-- which products are listed, is for rows/session_next_items.py.
--
-- One key a last product: of the sessions that end with it, the one with the lowest id. So the best
-- sellers do not crowd out the others, and a shop has fewer keys than sessions.

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
WITH steps AS MATERIALIZED (
    SELECT chosen.key, locale, session_id,
        unnest(items[-13:]) AS product_id,
        unnest(range(len(items[-13:]))) AS place
    FROM sessions JOIN chosen USING (session_id, locale)
),
-- The first 4,096 keys of a shop, in draw order, lend their last products to the others.
pool AS MATERIALIZED (
    SELECT locale, last_id, row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 4096
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
far_away AS (
    SELECT DISTINCT wanted.key, wanted.locale, pool.last_id AS product_id
    FROM (
        SELECT key, locale, draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(12)) AS place FROM chosen) JOIN pool_size USING (locale)
    ) AS wanted
    JOIN pool ON pool.locale = wanted.locale AND pool.number = wanted.number
),
-- Equal sessions share an id, and the products file may list a product twice.
titled AS MATERIALIZED (
    SELECT locale, product_id, min(title) AS title, min(brand) AS brand
    FROM products
    SEMI JOIN (
        SELECT locale, product_id FROM steps UNION SELECT locale, last_id FROM pool
    ) AS wanted USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
viewed AS (
    SELECT key, locale, min(session_id) AS session_id,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY place) AS viewed
    FROM (SELECT DISTINCT * FROM steps) LEFT JOIN titled USING (locale, product_id)
    GROUP BY key, locale
),
elsewhere AS (
    SELECT key, list({'id': product_id, 'title': title} ORDER BY product_id) AS elsewhere
    FROM far_away JOIN titled USING (locale, product_id)
    GROUP BY key
),
-- Products of the pool whose titles share words with the last one's. A word of half of the titles
-- says nothing, and one of a single title finds nothing.
words AS MATERIALIZED (
    SELECT DISTINCT locale, product_id,
        unnest(regexp_split_to_array(lower(title), '[\s,.;:()/|【】-]+')) AS word
    FROM titled SEMI JOIN (
        SELECT locale, last_id AS product_id FROM pool
        UNION SELECT locale, last_id FROM chosen
    ) AS wanted USING (locale, product_id)
),
lent_words AS MATERIALIZED (
    SELECT words.locale, words.product_id, word FROM words
    SEMI JOIN pool ON pool.locale = words.locale AND pool.last_id = words.product_id
    WHERE length(word) > 1
    QUALIFY count(*) OVER (PARTITION BY words.locale, word) BETWEEN 2 AND 48
),
sharing AS MATERIALIZED (
    SELECT chosen.key, chosen.locale, lent_words.product_id, count(*) AS shared
    FROM chosen
    JOIN words ON words.locale = chosen.locale AND words.product_id = chosen.last_id
    JOIN lent_words ON lent_words.locale = words.locale AND lent_words.word = words.word
    WHERE lent_words.product_id <> chosen.last_id
    GROUP BY chosen.key, chosen.locale, lent_words.product_id
),
nearest AS (
    FROM sharing
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY shared DESC, draw(key || product_id, 'alike'), product_id
    ) <= 12
),
alike AS (
    SELECT key, list({'id': product_id, 'title': title} ORDER BY shared DESC, product_id) AS alike
    FROM nearest JOIN titled USING (locale, product_id)
    GROUP BY key
),
brands AS MATERIALIZED (
    SELECT chosen.key, chosen.locale, titled.brand
    FROM chosen
    JOIN titled ON titled.locale = chosen.locale AND titled.product_id = chosen.last_id
    WHERE titled.brand IS NOT NULL
),
branded AS (
    SELECT locale, brand, product_id, min(title) AS title
    FROM products SEMI JOIN brands USING (locale, brand)
    WHERE title IS NOT NULL
    GROUP BY locale, brand, product_id
    QUALIFY row_number() OVER (
        PARTITION BY locale, brand ORDER BY draw(product_id, 'brand'), product_id
    ) <= 12
),
near_by AS (
    SELECT key, list({'id': product_id, 'title': title} ORDER BY brand, product_id) AS near_by
    FROM brands JOIN branded USING (locale, brand)
    GROUP BY key
)
SELECT
    key,
    locale,
    viewed,
    coalesce(alike, []) AS alike,
    coalesce(near_by, []) AS near_by,
    coalesce(elsewhere, []) AS elsewhere,
    ['session:' || locale || ':' || session_id] AS source_ids
FROM viewed
LEFT JOIN alike USING (key)
LEFT JOIN near_by USING (key)
LEFT JOIN elsewhere USING (key)
