-- The product that a session ends with, what was viewed before it, and sessions from elsewhere: some
-- of whose titles share words with the product's, some of its brand, some by chance. Which are listed
-- is for rows/sessions_of_item.py.
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
WITH wanted AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY key) AS asker FROM chosen
),
-- The first 2,048 keys of a shop, in draw order, lend their sessions to the others.
pool AS MATERIALIZED (
    SELECT locale, session_id, last_id,
        row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 2048
),
pool_size AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
-- Equal sessions share an id.
steps AS MATERIALIZED (
    SELECT DISTINCT locale, session_id,
        unnest(items[-7:]) AS product_id,
        unnest(range(len(items[-7:]))) AS place
    FROM sessions
    SEMI JOIN (
        SELECT locale, session_id FROM wanted UNION SELECT locale, session_id FROM pool
    ) AS shown USING (locale, session_id)
),
titled AS MATERIALIZED (
    -- The products file may list a product twice.
    SELECT locale, product_id, min(title) AS title, min(brand) AS brand
    FROM products
    SEMI JOIN (SELECT locale, product_id FROM steps) AS shown USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
viewed AS MATERIALIZED (
    SELECT locale, session_id,
        list(steps.product_id ORDER BY place) AS ids,
        list(title ORDER BY place) AS titles,
        list(brand ORDER BY place) AS brands
    FROM steps LEFT JOIN titled USING (locale, product_id)
    GROUP BY locale, session_id
),
-- The words of what a session of the pool holds last; one that all of them hold says nothing.
lent_words AS MATERIALIZED (
    SELECT locale, number, word
    FROM (
        SELECT DISTINCT pool.locale, pool.number,
            unnest(regexp_split_to_array(lower(titled.title), '[\s,.;:()/|【】-]+')) AS word
        FROM pool JOIN steps USING (locale, session_id) JOIN titled USING (locale, product_id)
        WHERE steps.place > 0
    )
    WHERE length(word) > 1
    QUALIFY count(*) OVER (PARTITION BY locale, word) BETWEEN 2 AND 64
),
last_words AS (
    SELECT DISTINCT asker, wanted.locale,
        unnest(regexp_split_to_array(lower(titled.title), '[\s,.;:()/|【】-]+')) AS word
    FROM wanted
    JOIN titled ON titled.locale = wanted.locale AND titled.product_id = wanted.last_id
),
sharing AS (
    SELECT asker, last_words.locale, number, count(*) AS shared
    FROM last_words
    JOIN lent_words ON lent_words.locale = last_words.locale AND lent_words.word = last_words.word
    GROUP BY asker, last_words.locale, number
),
lent AS MATERIALIZED (
    SELECT asker, locale, number FROM (
        FROM sharing
        QUALIFY row_number() OVER (PARTITION BY asker ORDER BY shared DESC, number) <= 14
    )
    UNION
    SELECT asker, locale, draw(key || chr(31) || place, 'elsewhere') % size AS number
    FROM (SELECT *, unnest(range(12)) AS place FROM wanted) JOIN pool_size USING (locale)
    UNION
    SELECT asker, locale, number FROM (
        SELECT asker, wanted.locale, pool.number
        FROM wanted
        JOIN titled AS own ON own.locale = wanted.locale AND own.product_id = wanted.last_id
        JOIN titled AS other ON other.locale = own.locale AND other.brand = own.brand
        JOIN pool ON pool.locale = other.locale AND pool.last_id = other.product_id
        QUALIFY row_number() OVER (
            PARTITION BY asker ORDER BY draw(key || chr(31) || pool.number, 'near by'), pool.number
        ) <= 5
    )
),
others AS (
    SELECT asker,
        list({
            'id': viewed.session_id, 'ids': ids, 'titles': titles, 'brands': brands
        } ORDER BY viewed.session_id) AS others
    FROM lent JOIN pool USING (locale, number) JOIN viewed USING (locale, session_id)
    GROUP BY asker
)
SELECT
    wanted.key,
    wanted.locale,
    viewed.ids,
    viewed.titles,
    viewed.brands,
    coalesce(others.others, []) AS others,
    ['session:' || wanted.locale || ':' || wanted.session_id] AS source_ids
FROM wanted
JOIN viewed USING (locale, session_id)
LEFT JOIN others USING (asker)
