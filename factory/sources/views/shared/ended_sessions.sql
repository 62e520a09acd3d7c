-- One row a chosen session: `viewed`, its last products in order; and products that it does not say
-- were viewed, each list in an order that follows from the ids: `alike` (of titles like the last
-- one's), `near_by` (of its brand), `elsewhere` (by chance). All of them are lent by the first 4,096
-- keys of the shop in draw order.
wanted AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY key) AS asker FROM chosen
),
steps AS MATERIALIZED (
    SELECT DISTINCT asker, sessions.locale, sessions.session_id,
        unnest(items[-13:]) AS product_id,
        unnest(range(len(items[-13:]))) AS place
    FROM sessions JOIN wanted USING (session_id, locale)
),
pool AS MATERIALIZED (
    SELECT locale, last_id, row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 4096
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
-- Equal sessions share an id, and the products file may list a product twice.
titled AS MATERIALIZED (
    SELECT locale, product_id, min(title) AS title, min(brand) AS brand
    FROM products
    SEMI JOIN (
        SELECT locale, product_id FROM steps UNION SELECT locale, last_id FROM pool
    ) AS shown USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
lender AS MATERIALIZED (
    SELECT pool.locale, number, product_id, title, brand
    FROM pool JOIN titled ON titled.locale = pool.locale AND titled.product_id = pool.last_id
),
far_away AS (
    SELECT DISTINCT asker, locale, draw(key || chr(31) || place, 'elsewhere') % size AS number,
        0 AS shared, 'elsewhere' AS part
    FROM (SELECT *, unnest(range(24)) AS place FROM wanted) JOIN pool_size USING (locale)
),
-- A word of half of the titles says nothing, and one of a single title finds nothing.
lent_words AS MATERIALIZED (
    SELECT locale, number, word
    FROM (
        SELECT DISTINCT locale, number,
            unnest(regexp_split_to_array(lower(title), '[\s,.;:()/|【】-]+')) AS word
        FROM lender
    )
    WHERE length(word) > 1
    QUALIFY count(*) OVER (PARTITION BY locale, word) BETWEEN 2 AND 48
),
last_words AS (
    SELECT DISTINCT asker, wanted.locale, last_id,
        unnest(regexp_split_to_array(lower(title), '[\s,.;:()/|【】-]+')) AS word
    FROM wanted
    JOIN titled ON titled.locale = wanted.locale AND titled.product_id = wanted.last_id
),
sharing AS (
    SELECT asker, last_words.locale, number, count(*) AS shared
    FROM last_words
    JOIN lent_words ON lent_words.locale = last_words.locale AND lent_words.word = last_words.word
    GROUP BY asker, last_words.locale, number
),
nearest AS (
    SELECT asker, locale, number, shared, 'alike' AS part FROM sharing
    QUALIFY row_number() OVER (PARTITION BY asker ORDER BY shared DESC, number) <= 16
),
branded AS (
    SELECT asker, wanted.locale, lender.number, 0 AS shared, 'near_by' AS part
    FROM wanted
    JOIN titled ON titled.locale = wanted.locale AND titled.product_id = wanted.last_id
    JOIN lender ON lender.locale = titled.locale AND lender.brand = titled.brand
    QUALIFY row_number() OVER (
        PARTITION BY asker ORDER BY draw(key || chr(31) || lender.number, 'brand'), lender.number
    ) <= 12
),
lent AS (
    SELECT asker,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY shared DESC, product_id)
            FILTER (part = 'alike') AS alike,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY product_id)
            FILTER (part = 'near_by') AS near_by,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY product_id)
            FILTER (part = 'elsewhere') AS elsewhere
    FROM (FROM nearest UNION ALL FROM branded UNION ALL FROM (
        SELECT asker, locale, number, shared, part FROM far_away)) AS found
    JOIN lender USING (locale, number)
    GROUP BY asker
),
viewed AS (
    SELECT asker,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY place) AS viewed
    FROM steps LEFT JOIN titled USING (locale, product_id)
    GROUP BY asker
),
ended_sessions AS (
    SELECT wanted.key, wanted.locale, wanted.session_id, viewed.viewed,
        coalesce(alike, []) AS alike,
        coalesce(near_by, []) AS near_by,
        coalesce(elsewhere, []) AS elsewhere
    FROM wanted JOIN viewed USING (asker) LEFT JOIN lent USING (asker)
)
