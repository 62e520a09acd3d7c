-- One row a chosen key, `<locale>:<product>`: `viewed_*`, the last products of a session that ends
-- with the product, in order, of the sessions with five different ones where there are such; and
-- `others`, products of the sessions of neighbouring keys, four by chance of each.
--
-- Neighbours are the 32 or so keys of a shop that follow one another in draw order, or all keys of a
-- small shop. They are read for their own sakes too, so that what they lend costs next to nothing, is
-- seldom shown twice, and is right elsewhere. It travels as bytes: three fields a product, parted by
-- chr(31), products by chr(30).
numbered AS (
    SELECT key, keys.locale, substr(key, length(keys.locale) + 2) AS last_id,
        CASE WHEN size < 512 THEN 0 ELSE ordinal * size // (total * 32) END AS block
    FROM keys
    JOIN (SELECT locale, count(*) AS size FROM keys GROUP BY locale) AS shop
        ON shop.locale = keys.locale
    CROSS JOIN (SELECT count(*) AS total FROM keys)
),
neighbour AS MATERIALIZED (
    FROM numbered
    SEMI JOIN (FROM numbered SEMI JOIN chosen USING (key)) AS wanted USING (locale, block)
),
held AS MATERIALIZED (
    SELECT key, neighbour.locale, block,
        min({
            'short': len(list_distinct(items)) < 5, 'id': session_id, 'items': items[-11:]
        }) AS session
    FROM sessions JOIN neighbour ON sessions.locale = neighbour.locale AND items[-1] = last_id
    WHERE len(items) BETWEEN 5 AND 40
    GROUP BY key, neighbour.locale, block
),
steps AS MATERIALIZED (
    SELECT key, locale, block,
        unnest(session.items) AS product_id,
        unnest(range(len(session.items), 0, -1)) AS back
    FROM held
),
-- The products file may list a product twice.
titled AS MATERIALIZED (
    SELECT locale, product_id, min(title) AS title, min(brand) AS brand
    FROM products
    SEMI JOIN (SELECT DISTINCT locale, product_id FROM steps) AS shown USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
lent AS (
    SELECT locale, block, encode(string_agg(
        translate(product_id, marks, '') || chr(31) || translate(title, marks, '') || chr(31)
            || translate(coalesce(brand, ''), marks, ''),
        chr(30) ORDER BY product_id
    )) AS products
    FROM (
        SELECT DISTINCT locale, block,
            session.items[1 + CAST(draw(key || place, 'lent') % len(session.items) AS INTEGER)]
                AS product_id
        FROM held CROSS JOIN (SELECT unnest(range(4)) AS place)
    )
    JOIN titled USING (locale, product_id)
    CROSS JOIN (SELECT chr(30) || chr(31) AS marks)
    -- Longer ones are not shown.
    WHERE length(title) <= 200
    GROUP BY locale, block
),
viewed AS (
    SELECT key,
        list(steps.product_id ORDER BY back DESC) AS viewed_ids,
        list(title ORDER BY back DESC) AS viewed_titles,
        list(brand ORDER BY back DESC) AS viewed_brands
    FROM steps SEMI JOIN chosen USING (key) LEFT JOIN titled USING (locale, product_id)
    GROUP BY key
),
ended_sessions AS (
    SELECT held.key, held.locale, session.id AS session_id,
        viewed_ids, viewed_titles, viewed_brands, coalesce(lent.products, ''::BLOB) AS others
    FROM held JOIN viewed USING (key) LEFT JOIN lent USING (locale, block)
)
