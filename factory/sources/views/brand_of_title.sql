-- The brand of one exact match of a query, and the brands of other products that answer the same
-- query: makers of the same kind of thing. Half of the keys may ask with the brand taken out of the
-- title: those whose title has a word, as the name of a line of products, that only this brand's
-- products have. Which brands are none, and the taking out, are for rows/brand_of_title.py.

-- needs judgements: query_id, product_id, locale, label
-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale,
    CASE WHEN draw(locale || ':' || query_id, 'masked') % 2 = 0 THEN 'masked' ELSE 'shown' END
        AS form
FROM judgements
GROUP BY query_id, locale
HAVING bool_or(label = 'E') AND count(*) >= 6

-- facts
WITH judged AS (
    SELECT chosen.key, judgements.query_id, judgements.locale, judgements.product_id, form,
        bool_and(judgements.label = 'E') AS exact,
        draw(chosen.key || chr(31) || judgements.product_id, 'brand') AS turn
    FROM judgements JOIN chosen USING (query_id, locale)
    WHERE label IN ('E', 'S')
    GROUP BY ALL
),
near_by AS (
    FROM judged
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY turn, product_id) <= 12
),
branded AS (
    SELECT near_by.*, min(products.brand) AS brand
    FROM near_by JOIN products USING (product_id, locale)
    WHERE brand IS NOT NULL
    GROUP BY ALL
),
asked AS (
    FROM branded WHERE exact
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY turn, product_id) = 1
),
-- How many products a brand has says whether anybody can know what it makes.
sizes AS (
    SELECT locale, brand, count(*) AS listed
    FROM products SEMI JOIN (SELECT DISTINCT locale, brand FROM asked WHERE form = 'masked')
        USING (locale, brand)
    GROUP BY locale, brand
),
titled AS (
    SELECT asked.key, min(products.title) AS title
    FROM asked JOIN products USING (product_id, locale)
    GROUP BY asked.key
),
spoken AS (
    SELECT DISTINCT asked.key, asked.locale, lower(asked.brand) AS brand,
        unnest(string_split(translate(lower(title), ',;:|/()[]-"', '           '), ' ')) AS word
    FROM asked JOIN titled USING (key)
    JOIN sizes ON sizes.locale = asked.locale AND sizes.brand = asked.brand
    WHERE form = 'masked' AND sizes.listed >= 20
),
wanted AS (
    SELECT DISTINCT locale, word FROM spoken
    WHERE length(word) >= 4 AND regexp_full_match(word, '\p{L}+')
        AND NOT contains(brand, word) AND NOT contains(word, brand)
),
-- What is made for a brand's products names the brand, and is no other owner of the word. Nor is a
-- product of no stated brand an owner, unless it has the word without the brand.
having_it AS (
    SELECT DISTINCT locale, product_id, word, lower(brand) AS brand, lower(title) AS title
    FROM (
        SELECT locale, product_id, brand, title, unnest(list_distinct(
            string_split(translate(lower(title), ',;:|/()[]-"', '           '), ' ')
        )) AS word
        FROM products
    ) SEMI JOIN wanted USING (locale, word)
),
lines AS (
    SELECT spoken.key
    FROM spoken JOIN having_it USING (locale, word)
    WHERE NOT contains(spoken.brand, word) AND NOT contains(word, spoken.brand)
    GROUP BY spoken.key, spoken.word
    HAVING count(*) FILTER (having_it.brand = spoken.brand) >= 5
        AND bool_and(
            coalesce(having_it.brand = spoken.brand, FALSE)
            OR contains(having_it.title, spoken.brand)
        )
),
others AS (
    SELECT asked.key,
        list({'brand': branded.brand, 'product_id': branded.product_id}
            ORDER BY branded.turn, branded.product_id) AS others
    FROM asked
    JOIN branded ON branded.key = asked.key AND branded.brand <> asked.brand
    GROUP BY asked.key
)
SELECT key, asked.locale, title, brand,
    form = 'masked' AND key IN (SELECT key FROM lines) AS maskable, others,
    'product:' || asked.locale || ':' || product_id AS subject,
    ['query:' || asked.locale || ':' || query_id, 'product:' || asked.locale || ':' || product_id]
        AS source_ids
FROM asked
JOIN titled USING (key)
JOIN others USING (key)
