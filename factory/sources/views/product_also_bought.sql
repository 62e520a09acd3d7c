-- A product, what else its buyers bought, and products of its department that none of them bought.
--
-- A review stands for a purchase. Who reviewed more than thirty products says little about any two
-- of them, so these histories are left out. Which products are shown is for
-- rows/product_also_bought.py.

-- needs reviews: product_id, locale, user_id
-- needs products: product_id, locale, title, category

-- keys
-- Three keys in four would have too few companions, and facts cost a hundred times what a key does:
-- so who bought what together is counted here.
WITH history AS (
    SELECT DISTINCT locale, user_id, product_id
    FROM reviews
    SEMI JOIN (
        SELECT locale, user_id FROM reviews GROUP BY ALL HAVING count(*) BETWEEN 2 AND 30
    ) USING (locale, user_id)
),
pairs AS (
    SELECT one.locale, one.product_id AS one, other.product_id AS other
    FROM history AS one JOIN history AS other USING (locale, user_id)
    WHERE one.product_id < other.product_id
    GROUP BY ALL
    HAVING count(*) >= 2
),
anchors AS (
    SELECT locale, product_id
    FROM (
        SELECT locale, one AS product_id FROM pairs UNION ALL SELECT locale, other FROM pairs
    )
    GROUP BY ALL
    HAVING count(*) >= getvariable('golds')
),
-- How well a product sells: its reviews.
sold AS (
    SELECT locale, product_id, count(*) AS sales, count(DISTINCT user_id) AS buyers
    FROM reviews SEMI JOIN anchors USING (locale, product_id)
    GROUP BY locale, product_id
    HAVING buyers >= 4
)
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(category[1]) AS department,
    min(sales) AS sales
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
often AS (FROM together WHERE times >= 2),
sold AS (
    SELECT locale, product_id, count(*) AS sales
    FROM reviews SEMI JOIN often USING (locale, product_id)
    GROUP BY locale, product_id
),
golds AS (
    SELECT often.key, locale, product_id, sales,
        row_number() OVER (
            PARTITION BY often.key ORDER BY times * times / sales DESC, product_id
        ) AS place
    FROM often JOIN sold USING (product_id, locale)
    QUALIFY place <= 16 AND count(*) OVER (PARTITION BY often.key) >= getvariable('golds')
),
-- The others are drawn among products of the same department that sell as well as a gold does.
pool AS (
    SELECT locale, department, product_id, CAST(floor(log2(sales)) AS INTEGER) AS size,
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
            CAST(floor(log2(greatest(golds.sales, 4))) AS INTEGER) AS size,
            unnest(range(11)) AS turn
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
    SELECT key, locale, product_id, 'gold' AS part, place AS turn, place FROM golds
    UNION ALL BY NAME
    SELECT key, locale, product_id, 'other' AS part, turn, place
    FROM others ANTI JOIN together USING (key, product_id)
    UNION ALL BY NAME
    SELECT key, locale, product_id, 'anchor' AS part, 0 AS turn, 0 AS place
    FROM chosen SEMI JOIN golds USING (key)
)
SELECT
    key,
    locale,
    -- As JSON in bytes: forty products a key are cleaned and read where they are looked at.
    encode(to_json(list({
        'part': part,
        'id': product_id,
        'title': products.title,
        -- A path of one part is the department alone.
        'kind': CASE WHEN len(products.category) > 1 THEN products.category[-1] ELSE '' END
    } ORDER BY part, turn, place, product_id, products.title))::VARCHAR) AS products,
    ['product:' || locale || ':' || substr(key, strpos(key, ':') + 1)] AS source_ids
FROM shown JOIN products USING (product_id, locale)
GROUP BY key, locale
