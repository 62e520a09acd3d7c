-- A product, three products that customers also bought, and products from elsewhere.
--
-- Upstream has pairs: those of one product are put together here, whichever side of the pair it
-- stands on, since the titles of a pair are sorted. What is related to the product or to one that
-- was bought with it, in whatever way, is never lent to it as a wrong answer. What is lent was
-- bought with some other product that is asked about: it is a right answer elsewhere.

-- needs instructions: id, task, fields, output

-- keys
WITH pairs AS (
    SELECT id,
        trim(fields ->> '$."Product 1"') AS one,
        trim(fields ->> '$."Product 2"') AS two
    FROM instructions
    WHERE task = 'Product_Relation_Prediction' AND upper(left(trim(output), 1)) = 'A'
),
partners AS (
    SELECT one AS product, two AS partner FROM pairs
    UNION
    SELECT two, one FROM pairs
)
SELECT md5(product) AS key, md5(product) AS split_group, product
FROM partners
WHERE product <> partner
GROUP BY product
HAVING count(*) >= getvariable('golds')

-- facts
WITH pairs AS MATERIALIZED (
    SELECT id,
        trim(fields ->> '$."Product 1"') AS one,
        trim(fields ->> '$."Product 2"') AS two,
        upper(left(trim(output), 1)) AS relation
    FROM instructions
    WHERE task = 'Product_Relation_Prediction'
),
sides AS MATERIALIZED (
    SELECT one AS product, two AS other, id, relation FROM pairs WHERE one <> two
    UNION
    SELECT two, one, id, relation FROM pairs WHERE one <> two
),
partners AS (
    SELECT key, other AS title, min(id) AS id,
        row_number() OVER (PARTITION BY key ORDER BY draw(key || other, 'partner'), other) AS place
    FROM chosen JOIN sides USING (product)
    GROUP BY key, other
    -- Two relations of one pair: nobody could tell which is meant.
    HAVING min(relation) = 'A' AND max(relation) = 'A'
),
related AS (
    SELECT key, other AS title FROM chosen JOIN sides USING (product)
    UNION
    SELECT key, sides.other FROM chosen JOIN sides AS near USING (product)
        JOIN sides ON sides.product = near.other
    UNION
    SELECT key, product FROM chosen
),
asked AS (
    SELECT product FROM sides WHERE relation = 'A'
    GROUP BY product HAVING count(DISTINCT other) >= getvariable('golds')
),
pool AS MATERIALIZED (
    SELECT other AS title, min(id) AS id,
        row_number() OVER (ORDER BY draw(other, 'pool'), other) - 1 AS number
    FROM sides SEMI JOIN asked USING (product)
    WHERE relation = 'A'
    GROUP BY other
    QUALIFY number < 8192
),
pool_size AS (SELECT count(*) AS size FROM pool),
lent AS (
    SELECT wanted.key, pool.title, min(pool.id) AS id, min(wanted.place) AS place
    FROM (
        SELECT key, place, draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT key, unnest(range(90)) AS place FROM chosen) CROSS JOIN pool_size
    ) AS wanted
    JOIN pool USING (number)
    GROUP BY wanted.key, pool.title
),
others AS (
    SELECT key, list({'title': title, 'id': id} ORDER BY place, title) AS others
    FROM lent ANTI JOIN related USING (key, title)
    GROUP BY key
)
SELECT chosen.key, 'us' AS locale, min(chosen.product) AS product,
    list({'title': partners.title, 'id': partners.id} ORDER BY place)
        FILTER (place <= getvariable('golds')) AS partners,
    list(partners.title ORDER BY place) AS all_partners,
    min(others.others) AS others,
    CAST([] AS VARCHAR[]) AS source_ids
FROM chosen JOIN partners USING (key) JOIN others USING (key)
GROUP BY chosen.key
