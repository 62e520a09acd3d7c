-- Reviews, for a model to say which aspects they judge. Aspects are counted by type of product, so
-- the reviews are of the 300 categories that have most: each has enough of them.

-- needs reviews: review_id, product_id, locale, text
-- needs products: product_id, locale, category

-- keys
WITH placed AS (
    SELECT locale, product_id, min(array_to_string(category, ' > ')) AS path
    FROM products
    WHERE len(category) > 1
    GROUP BY locale, product_id
),
told AS (
    SELECT locale, review_id, product_id, path
    FROM reviews JOIN placed USING (locale, product_id)
    WHERE length(text) BETWEEN 40 AND 2000
        -- The mark of an embedded film or picture.
        AND NOT contains(text, '[[')
),
popular AS (
    SELECT locale, path FROM told GROUP BY locale, path
    QUALIFY row_number() OVER (PARTITION BY locale ORDER BY count(*) DESC, path) <= 300
)
SELECT
    locale || ':' || review_id AS key,
    locale || ':' || min(product_id) AS split_group,
    review_id,
    locale
FROM told SEMI JOIN popular USING (locale, path)
GROUP BY locale, review_id
-- An id that stands for two reviews names neither.
HAVING count(*) = 1

-- facts
SELECT chosen.key, chosen.locale, reviews.text,
    ['review:' || chosen.locale || ':' || chosen.review_id] AS source_ids
FROM chosen JOIN reviews USING (review_id, locale)
