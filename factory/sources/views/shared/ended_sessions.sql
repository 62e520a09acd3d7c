-- One row a chosen session: `viewed_*`, its last products in order; and `other_*`, products of the
-- shop that share most words with the last two, that are of the last one's brand, or come by
-- chance, but none that ended a session with a product of this one. All are lent by the first 4,096
-- keys of the shop in draw order, in a large shop parted into sets of 128: comparing a session with
-- one set is cheap, and of 128 products enough share its words.
wanted AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY key) AS asker FROM chosen
),
pool AS MATERIALIZED (
    SELECT locale, session_id, last_id,
        row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1 AS number
    FROM keys
    QUALIFY number < 4096
),
-- Equal sessions share an id.
held AS MATERIALIZED (
    SELECT DISTINCT locale, session_id, items
    FROM sessions
    SEMI JOIN (
        SELECT locale, session_id FROM wanted UNION SELECT locale, session_id FROM pool
    ) AS shown USING (locale, session_id)
),
steps AS MATERIALIZED (
    SELECT asker, held.locale, held.session_id,
        unnest(items[-11:]) AS product_id,
        unnest(range(len(items[-11:]), 0, -1)) AS back
    FROM held JOIN wanted USING (session_id, locale)
),
-- What ended a session that holds a product of this one might have ended this one.
kin AS MATERIALIZED (
    SELECT DISTINCT asker, number
    FROM (
        SELECT DISTINCT locale, number, unnest(items) AS product_id
        FROM pool JOIN held USING (locale, session_id)
    ) JOIN steps USING (locale, product_id)
),
sets AS (
    SELECT locale, size, CASE WHEN size < 1024 THEN 1 ELSE size // 128 END AS sets
    FROM (SELECT locale, count(*) AS size FROM pool GROUP BY locale)
),
-- The products file may list a product twice.
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
    SELECT pool.locale, number, number % sets AS part, product_id, title, brand
    FROM pool
    JOIN titled ON titled.locale = pool.locale AND titled.product_id = pool.last_id
    JOIN sets ON sets.locale = pool.locale
),
asked AS MATERIALIZED (
    SELECT asker, key, wanted.locale, last_id, draw(key, 'set') % sets AS part
    FROM wanted JOIN sets USING (locale)
),
lent_words AS MATERIALIZED (
    SELECT locale, part, number,
        unnest(list_distinct(
            regexp_split_to_array(lower(title), '[\s,.;:()/|【】-]+')
        )) AS word
    FROM lender
),
said AS MATERIALIZED (
    SELECT DISTINCT asked.asker, asked.locale, asked.part,
        unnest(regexp_split_to_array(lower(title), '[\s,.;:()/|【】-]+')) AS word
    FROM asked
    JOIN steps USING (asker)
    JOIN titled ON titled.locale = steps.locale AND titled.product_id = steps.product_id
    WHERE back <= 2
),
sharing AS (
    SELECT asker, locale, number, count(*) AS shared
    FROM said JOIN lent_words USING (locale, part, word)
    WHERE word <> ''
    GROUP BY asker, locale, number
),
found AS (
    -- The largest by words, then by number: whole numbers are compared faster than pairs.
    SELECT asker, locale, unnest(max(shared * 4096 + number, 24)) % 4096 AS number
    FROM sharing GROUP BY asker, locale
    UNION
    SELECT asker, locale, number FROM (
        SELECT asker, asked.locale, lender.number
        FROM asked
        JOIN titled ON titled.locale = asked.locale AND titled.product_id = asked.last_id
        JOIN lender ON lender.locale = titled.locale AND lender.brand = titled.brand
        QUALIFY row_number() OVER (
            PARTITION BY asker
            ORDER BY draw(key || chr(31) || lender.number, 'brand'), lender.number
        ) <= 4
    )
    UNION
    SELECT asker, locale,
        draw(key || chr(31) || place, 'elsewhere') % (size // sets) * sets + part AS number
    FROM (SELECT *, unnest(range(12)) AS place FROM asked) JOIN sets USING (locale)
),
-- One list is put in order at a third of what three cost.
lent AS (
    SELECT asker,
        list({'id': product_id, 'title': title, 'brand': brand} ORDER BY number) AS others
    FROM found ANTI JOIN kin USING (asker, number) JOIN lender USING (locale, number)
    GROUP BY asker
),
viewed AS (
    SELECT asker,
        list(steps.product_id ORDER BY back DESC) AS viewed_ids,
        list(title ORDER BY back DESC) AS viewed_titles,
        list(brand ORDER BY back DESC) AS viewed_brands
    FROM steps LEFT JOIN titled USING (locale, product_id)
    GROUP BY asker
),
ended_sessions AS (
    SELECT wanted.key, wanted.locale, wanted.session_id, viewed_ids, viewed_titles, viewed_brands,
        list_transform(coalesce(others, []), lambda each: each.id) AS other_ids,
        list_transform(coalesce(others, []), lambda each: each.title) AS other_titles,
        list_transform(coalesce(others, []), lambda each: each.brand) AS other_brands
    FROM wanted JOIN viewed USING (asker) LEFT JOIN lent USING (asker)
)
