-- One review of a product, and the stars that go with it.
--
-- One key for each product and number of stars: a shop has a hundred reviews of its best seller, and
-- one model should not learn to rate that. Which review it is follows from its id, which is a digest.

-- needs reviews: review_id, product_id, locale, rating, title, text
-- needs products: product_id, locale, title, category

-- keys
SELECT
    locale || ':' || min(review_id) AS key,
    locale || ':' || product_id AS split_group,
    CAST(rating AS INTEGER) AS stars
FROM reviews
WHERE rating = floor(rating)
GROUP BY product_id, locale, rating

-- facts
WITH wanted AS (
    SELECT chosen.key, chosen.stars, reviews.locale, reviews.product_id, reviews.review_id,
        reviews.title AS headline, reviews.text
    FROM reviews
    JOIN (SELECT key, stars, split_part(key, ':', 1) AS locale, substr(key, strpos(key, ':') + 1)
            AS review_id FROM chosen) AS chosen
        USING (review_id, locale)
)
SELECT
    key,
    locale,
    stars AS answer,
    headline,
    text,
    -- A path of one part is the whole department, which names no product.
    CASE WHEN len(products.category) > 1 THEN products.category[-1] END AS product_type,
    products.title AS product,
    ['review:' || locale || ':' || review_id, 'product:' || locale || ':' || product_id]
        AS source_ids
FROM wanted LEFT JOIN products USING (product_id, locale)
