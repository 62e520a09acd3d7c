-- The brand of one exact match of a query, and the brands of other products that answer the same
-- query: makers of the same kind of thing. Half of the keys ask with the brand taken out of the
-- title: of a product, among the exact matches of the query, whose title has a word, as the name of
-- a line of products, that only this brand's products have. Which brands are none, and the taking
-- out, are for rows/brand_of_title.py.

-- needs judgements: query_id, product_id, locale, label
-- needs products: product_id, locale, title, brand
-- yields 0.6

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
branded AS MATERIALIZED (
    SELECT near_by.*, min(products.brand) AS brand, min(products.title) AS title
    FROM near_by JOIN products USING (product_id, locale)
    WHERE brand IS NOT NULL
    GROUP BY ALL
),
-- How many products a brand has, in all languages and spellings, says whether anybody can know what
-- it makes.
known AS (
    SELECT lower(brand) AS brand
    FROM products
    SEMI JOIN (
        SELECT DISTINCT lower(brand) AS spelled FROM branded WHERE form = 'masked' AND exact
    ) ON lower(brand) = spelled
    GROUP BY lower(brand)
    HAVING count(*) >= 20
),
-- A product stands under many queries: its words are read once.
heard AS MATERIALIZED (
    SELECT DISTINCT locale, product_id, brand, unnest(string_split(
        translate(title, ',;:|/()[]-"【】「」', '               '), ' '
    )) AS word
    FROM (
        SELECT DISTINCT locale, product_id, lower(brand) AS brand, lower(title) AS title
        FROM branded WHERE form = 'masked' AND exact
    )
),
-- Most words stand in a title of another brand without the brand: whatever has one here, read as all
-- titles are read below, is no brand's own. So nothing is decided here that is not decided there: it
-- spares looking for most words among all products, and which keys are asked for changes nothing. A
-- few titles a word do: nearly every word that many brands have falls with the first of them.
witnesses AS MATERIALIZED (
    SELECT locale, word, brand, min(title) AS title
    FROM (
        SELECT locale, lower(brand) AS brand, lower(title) AS title, unnest(string_split(
            CASE WHEN locale = 'jp'
                THEN translate(lower(title), ',;:|/()[]-"【】「」', '               ')
                ELSE replace(lower(title), ',', ' ') END,
            ' '
        )) AS word
        FROM branded
    )
    GROUP BY locale, word, brand
    QUALIFY row_number() OVER (PARTITION BY locale, word ORDER BY brand) <= 8
),
asked_words AS MATERIALIZED (
    SELECT DISTINCT locale, brand, word
    FROM heard
    WHERE brand IN (FROM known)
        AND length(word) >= 4 AND regexp_full_match(word, '\p{L}+')
        AND NOT contains(brand, word) AND NOT contains(word, brand)
        AND NOT EXISTS (
            FROM witnesses
            WHERE witnesses.locale = heard.locale AND witnesses.word = heard.word
                AND witnesses.brand <> heard.brand
                AND NOT contains(witnesses.title, heard.brand)
        )
),
-- What is made for a brand's products names the brand, and is no other owner of the word. Nor is a
-- product of no stated brand an owner, unless it has the word without the brand. A brand may be
-- written otherwise in another language, where its line counts all the same.
owned AS MATERIALIZED (
    SELECT asked_words.locale, asked_words.brand, word
    FROM (
        -- All titles are read here. To take out every mark costs three times the rest, so it is
        -- done where words stand between marks without spaces.
        SELECT locale, product_id, brand, title, unnest(string_split(
            CASE WHEN locale = 'jp'
                THEN translate(lower(title), ',;:|/()[]-"【】「」', '               ')
                ELSE replace(lower(title), ',', ' ') END,
            ' '
        )) AS word
        FROM products
    ) AS titled JOIN asked_words USING (word)
    GROUP BY asked_words.locale, asked_words.brand, word
    -- CASE looks at a title only where the brand is another one.
    HAVING NOT bool_or(
            CASE WHEN titled.locale <> asked_words.locale
                    OR lower(titled.brand) IS NOT DISTINCT FROM asked_words.brand THEN FALSE
                ELSE NOT contains(lower(titled.title), asked_words.brand) END
        )
        AND count(DISTINCT product_id) FILTER (lower(titled.brand) = asked_words.brand) >= 5
),
telling AS (
    SELECT DISTINCT locale, product_id FROM heard SEMI JOIN owned USING (locale, brand, word)
),
asked AS (
    SELECT branded.*, form = 'masked' AND telling.product_id IS NOT NULL AS maskable
    FROM branded LEFT JOIN telling USING (locale, product_id)
    WHERE exact
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY NOT maskable, turn, product_id) = 1
),
others AS (
    SELECT asked.key,
        list({'brand': branded.brand, 'product_id': branded.product_id}
            ORDER BY branded.turn, branded.product_id) AS others
    FROM asked
    JOIN branded ON branded.key = asked.key AND branded.brand <> asked.brand
    GROUP BY asked.key
),
-- Brands that a word of the title names: the maker of the device that an accessory is made for.
called AS MATERIALIZED (
    SELECT DISTINCT key, brand AS own, unnest(string_split(title, ' ')) AS word
    FROM asked WHERE form = 'shown'
),
makers AS (
    SELECT brand, min(product_id) AS product_id
    FROM products SEMI JOIN called ON called.word = products.brand
    GROUP BY brand
    HAVING count(*) >= 5 AND length(brand) >= 4 AND regexp_full_match(brand, '\p{Lu}\p{L}+')
),
named AS (
    SELECT key,
        list({'brand': makers.brand, 'product_id': makers.product_id} ORDER BY makers.brand)
            AS named
    FROM called JOIN makers ON makers.brand = word
    WHERE makers.brand <> own
    GROUP BY key
)
SELECT key, asked.locale, title, brand, form, maskable, others, named,
    'product:' || asked.locale || ':' || product_id AS subject,
    ['query:' || asked.locale || ':' || query_id, 'product:' || asked.locale || ':' || product_id]
        AS source_ids
FROM asked
JOIN others USING (key)
LEFT JOIN named USING (key)
