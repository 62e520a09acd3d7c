-- The description of a product in two shops, and descriptions of other products in the second one's
-- language: of words like its own, of the same brand, and from elsewhere; some of those in other
-- languages too. Which of them are listed is for rows/descriptions_across_languages.py.
--
-- One key a product that several shops describe at some length: a Japanese text says as much in half
-- the characters.

-- needs products: product_id, locale, description, brand
-- yields 0.5

-- keys
SELECT product_id AS key, product_id AS split_group, product_id, min(brand) AS brand
FROM products
WHERE length(description) >= CASE locale WHEN 'jp' THEN 30 ELSE 60 END
    AND length(description) <= 900
GROUP BY product_id
HAVING min(locale) < max(locale)

-- facts
WITH wanted AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY key) AS asker FROM chosen
),
-- The first 4,096 keys, in draw order, lend their texts to the others.
pool AS MATERIALIZED (
    SELECT product_id, brand, row_number() OVER (ORDER BY ordinal) - 1 AS number FROM keys
    QUALIFY number < 4096
),
pool_size AS (SELECT count(*) AS size FROM pool),
described AS MATERIALIZED (
    -- The products file may list a product twice.
    SELECT product_id, locale, min(description) AS text
    FROM products
    SEMI JOIN (
        SELECT product_id FROM wanted UNION SELECT product_id FROM pool
    ) AS shown USING (product_id)
    WHERE length(description) >= CASE locale WHEN 'jp' THEN 30 ELSE 60 END
        AND length(description) <= 900
    GROUP BY product_id, locale
),
own AS MATERIALIZED (
    SELECT asker, key, product_id, brand, locale, text,
        row_number() OVER (PARTITION BY asker ORDER BY draw(key || locale, 'shop'), locale) AS place
    FROM wanted JOIN described USING (product_id)
    QUALIFY place <= 2
),
lender AS MATERIALIZED (
    SELECT number, brand, locale, product_id, text,
        translate(product_id, marks, '') || chr(31) || locale || chr(31)
            || translate(text, marks, '') AS lent
    FROM pool JOIN described USING (product_id) CROSS JOIN (SELECT chr(30) || chr(31) AS marks)
),
-- The pieces of a text: its words; of a Japanese one what stands between marks and particles.
lent_words AS MATERIALIZED (
    SELECT locale, number, word
    FROM (
        SELECT DISTINCT locale, number,
            unnest(regexp_split_to_array(lower(text), '[\s,.;:()/|【】「」、。・をにはがのでと-]+')) AS word
        FROM lender
    )
    WHERE length(word) > 1
    QUALIFY count(*) OVER (PARTITION BY locale, word) BETWEEN 2 AND 48
),
own_words AS (
    SELECT DISTINCT asker, locale, product_id,
        unnest(regexp_split_to_array(lower(text), '[\s,.;:()/|【】「」、。・をにはがのでと-]+')) AS word
    FROM own WHERE place = 2
),
sharing AS (
    SELECT asker, own_words.locale, number, count(*) AS shared
    FROM own_words
    JOIN lent_words ON lent_words.locale = own_words.locale AND lent_words.word = own_words.word
    GROUP BY asker, own_words.locale, number
),
found AS (
    SELECT asker, locale, number, 1 AS near_by FROM (
        FROM sharing
        QUALIFY row_number() OVER (PARTITION BY asker ORDER BY shared DESC, number) <= 16
    )
    UNION
    SELECT asker, locale, number, 1 AS near_by FROM (
        SELECT asker, lender.locale, lender.number
        FROM own JOIN lender ON lender.brand = own.brand
        WHERE own.place = 2
        QUALIFY row_number() OVER (
            PARTITION BY asker
            ORDER BY draw(key || chr(31) || lender.number, 'brand'), lender.number, lender.locale
        ) <= 16
    )
    UNION
    SELECT asker, locale, number, 0 AS near_by FROM (
        SELECT asker, draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(6)) AS place FROM wanted) CROSS JOIN pool_size
    ) JOIN lender USING (number)
),
listed AS (
    -- As bytes, three fields a text, parted by chr(31), texts by chr(30): each of the dozens that a
    -- key has is cleaned and read once, where it is looked at.
    SELECT asker,
        encode(string_agg(lent, chr(30) ORDER BY lender.product_id, lender.locale)
            FILTER (near_by = 1)) AS near_by,
        encode(string_agg(lent, chr(30) ORDER BY lender.product_id, lender.locale)
            FILTER (near_by = 0)) AS others
    FROM (
        SELECT asker, locale, number, max(near_by) AS near_by FROM found GROUP BY ALL
    ) AS found
    JOIN lender USING (locale, number)
    JOIN own USING (asker)
    WHERE own.place = 1 AND own.locale <> lender.locale AND own.product_id <> lender.product_id
    GROUP BY asker
)
SELECT
    asked.key,
    asked.locale,
    asked.product_id,
    asked.text AS description,
    other.locale AS other_locale,
    other.text AS positive,
    coalesce(listed.near_by, ''::BLOB) AS near_by,
    coalesce(listed.others, ''::BLOB) AS others,
    'product:' || asked.locale || ':' || asked.product_id AS subject,
    [
        'product:' || asked.locale || ':' || asked.product_id,
        'product:' || other.locale || ':' || other.product_id
    ] AS source_ids
FROM own AS asked
JOIN own AS other ON other.asker = asked.asker AND other.place = 2
LEFT JOIN listed ON listed.asker = asked.asker
WHERE asked.place = 1
