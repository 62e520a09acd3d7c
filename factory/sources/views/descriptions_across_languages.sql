-- The description of a product in two shops, and descriptions of other products in these shops'
-- languages and others: of the same brand, and from elsewhere. Which of them are listed is for
-- rows/descriptions_across_languages.py.
--
-- One key a product that several shops describe at some length: a Japanese text says as much in half
-- the characters.

-- needs products: product_id, locale, description, brand

-- keys
SELECT product_id AS key, product_id AS split_group, product_id, min(brand) AS brand
FROM products
WHERE length(description) >= CASE locale WHEN 'jp' THEN 30 ELSE 60 END
    AND length(description) <= 900
GROUP BY product_id
HAVING min(locale) < max(locale)

-- facts
-- The first 4,096 keys, in draw order, lend their texts to the others.
WITH pool AS MATERIALIZED (
    SELECT product_id, row_number() OVER (ORDER BY ordinal) - 1 AS number FROM keys
    QUALIFY number < 4096
),
-- The products of a brand, in draw order, each with the next two: a ring that needs no search.
rings AS MATERIALIZED (
    SELECT product_id, brand,
        row_number() OVER (PARTITION BY brand ORDER BY ordinal) - 1 AS number,
        count(*) OVER (PARTITION BY brand) AS size
    FROM keys
    WHERE brand IS NOT NULL
),
near_by AS (
    SELECT wanted.key, rings.product_id, 1 AS near_by
    FROM (
        SELECT key, chosen.product_id, rings.brand, (number + step) % size AS number
        FROM chosen JOIN rings USING (product_id) CROSS JOIN (VALUES (1), (2), (3)) AS steps (step)
        WHERE step < size
    ) AS wanted
    JOIN rings ON rings.brand = wanted.brand AND rings.number = wanted.number
),
far_away AS (
    SELECT DISTINCT wanted.key, pool.product_id, 0 AS near_by
    FROM (
        SELECT key, product_id,
            draw(key || chr(31) || place, 'elsewhere') % (SELECT count(*) FROM pool) AS number
        FROM (SELECT *, unnest(range(6)) AS place FROM chosen)
    ) AS wanted
    JOIN pool ON pool.number = wanted.number
    ANTI JOIN near_by ON near_by.key = wanted.key AND near_by.product_id = pool.product_id
    WHERE pool.product_id <> wanted.product_id
),
others AS MATERIALIZED (FROM near_by UNION ALL BY NAME FROM far_away),
described AS MATERIALIZED (
    -- The products file may list a product twice.
    SELECT product_id, locale, min(description) AS text
    FROM products
    SEMI JOIN (
        SELECT product_id FROM chosen UNION SELECT product_id FROM others
    ) AS wanted USING (product_id)
    WHERE length(description) >= CASE locale WHEN 'jp' THEN 30 ELSE 60 END
        AND length(description) <= 900
    GROUP BY product_id, locale
),
own AS MATERIALIZED (
    SELECT key, product_id, locale, text,
        row_number() OVER (PARTITION BY key ORDER BY draw(key || locale, 'shop'), locale) AS place
    FROM chosen JOIN described USING (product_id)
    QUALIFY place <= 2
),
asked AS (FROM own WHERE place = 1),
listed AS (
    SELECT asked.key,
        list({
            'id': described.product_id,
            'locale': described.locale,
            'near_by': near_by,
            'text': described.text
        } ORDER BY near_by DESC, described.product_id, described.locale) AS others
    FROM others
    JOIN asked ON asked.key = others.key
    JOIN described ON described.product_id = others.product_id AND described.locale <> asked.locale
    GROUP BY asked.key
)
SELECT
    asked.key,
    asked.locale,
    asked.product_id,
    asked.text AS description,
    other.locale AS other_locale,
    other.text AS positive,
    coalesce(listed.others, []) AS others,
    'product:' || asked.locale || ':' || asked.product_id AS subject,
    [
        'product:' || asked.locale || ':' || asked.product_id,
        'product:' || other.locale || ':' || other.product_id
    ] AS source_ids
FROM asked
JOIN own AS other ON other.key = asked.key AND other.place = 2
LEFT JOIN listed ON listed.key = asked.key
