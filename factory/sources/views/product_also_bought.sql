-- A product, what else its buyers bought, and products of its department that none of them bought.
--
-- A review stands for a purchase. Who reviewed more than thirty products says little about any two
-- of them, so these histories are left out. Which products are shown is for
-- rows/product_also_bought.py.

-- needs reviews: product_id, locale, user_id
-- needs products: product_id, locale, title, category

-- keys
WITH sold AS (
    SELECT product_id, locale, count(DISTINCT user_id) AS buyers
    FROM reviews
    SEMI JOIN (
        SELECT locale, user_id FROM reviews GROUP BY ALL HAVING count(*) BETWEEN 2 AND 30
    ) USING (locale, user_id)
    GROUP BY product_id, locale
    HAVING buyers >= 4
)
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[1]) AS department,
    min(buyers) AS buyers
FROM sold JOIN products USING (product_id, locale)
GROUP BY product_id, locale

-- facts
WITH buyer AS (
    SELECT DISTINCT key, locale, user_id, product_id AS anchor
    FROM reviews JOIN chosen USING (product_id, locale)
),
history AS (
    SELECT DISTINCT locale, user_id, product_id
    FROM reviews SEMI JOIN buyer USING (locale, user_id)
),
few AS (
    SELECT locale, user_id FROM history GROUP BY ALL HAVING count(*) BETWEEN 2 AND 30
),
together AS (
    SELECT buyer.key, buyer.locale, history.product_id, count(*) AS times
    FROM buyer SEMI JOIN few USING (locale, user_id)
    JOIN history USING (locale, user_id)
    WHERE history.product_id <> buyer.anchor
    GROUP BY ALL
),
-- What sells to everybody is bought with everything: of two products that as many of the buyers
-- bought, the one that sells less says more.
golds AS (
    SELECT together.key, locale, product_id, coalesce(buyers, 2) AS buyers, times,
        row_number() OVER (
            PARTITION BY together.key
            ORDER BY times * times / coalesce(buyers, 2) DESC, product_id
        ) AS place
    FROM together LEFT JOIN keys USING (product_id, locale)
    WHERE times >= 2
    QUALIFY place <= 8 AND count(*) OVER (PARTITION BY together.key) >= getvariable('golds')
),
-- The others are drawn among products of the same department that sell as well as a gold does.
pool AS (
    SELECT locale, department, product_id, CAST(floor(log2(buyers)) AS INTEGER) AS size,
        row_number() OVER (PARTITION BY locale, department, size ORDER BY ordinal) - 1 AS number
    FROM keys
    WHERE department IS NOT NULL
),
pool_size AS (SELECT locale, department, size, count(*) AS members FROM pool GROUP BY ALL),
drawn AS (
    SELECT DISTINCT ON (key, number, department, size) key, locale, department, size, place, turn,
        draw(key || chr(31) || place || chr(31) || turn, 'elsewhere') % members AS number
    FROM (
        SELECT golds.key, golds.locale, chosen.department, place,
            CAST(floor(log2(greatest(golds.buyers, 4))) AS INTEGER) AS size,
            unnest(range(14)) AS turn
        FROM golds JOIN chosen USING (key)
        WHERE place <= 3
    ) JOIN pool_size USING (locale, department, size)
    ORDER BY key, number, department, size, turn, place
),
others AS (
    SELECT drawn.key, drawn.locale, pool.product_id, drawn.turn, drawn.place
    FROM drawn JOIN pool USING (locale, department, size, number)
),
shown AS (
    SELECT key, locale, product_id, 'gold' AS part, times, place AS turn, place FROM golds
    UNION ALL BY NAME
    SELECT key, locale, product_id, 'other' AS part, 0 AS times, turn, place
    FROM others ANTI JOIN together USING (key, product_id)
    UNION ALL BY NAME
    SELECT key, locale, product_id, 'anchor' AS part, 0 AS times, 0 AS turn, 0 AS place
    FROM chosen SEMI JOIN golds USING (key)
)
SELECT
    key,
    locale,
    list({
        'part': part,
        'id': product_id,
        'title': products.title,
        'path': products.category,
        'times': times
    } ORDER BY part, turn, place, product_id, products.title) AS products,
    ['product:' || locale || ':' || split_part(key, ':', 2)] AS source_ids
FROM shown JOIN products USING (product_id, locale)
GROUP BY key, locale
