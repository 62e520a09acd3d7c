-- Reviews that one product got within one year, with the votes that they got.
--
-- Votes grow with a review's age, so years are compared with themselves. A year needs five numbers of
-- votes of which each is at least three, and half as much again, above the next: the smallest that
-- fits is taken again and again. Of the years of a product that have them the fullest is taken.

-- needs reviews: review_id, product_id, locale, rating, text, helpful_votes, timestamp
-- needs products: product_id, locale, title

-- keys
WITH years AS (
    SELECT product_id, locale, timestamp // 31556952000 AS year, count(*) AS reviews,
        list_sort(list(DISTINCT least(helpful_votes, 999999))) AS votes
    FROM reviews
    GROUP BY product_id, locale, year
    HAVING reviews >= getvariable('candidates') AND max(helpful_votes) >= 14
)
SELECT locale || ':' || product_id AS key, locale || ':' || product_id AS split_group,
    product_id, locale, year
FROM years
-- How many numbers there are and the last of them, as one whole number: steps * 1000000 + votes.
WHERE list_reduce(votes, lambda chain, next:
        CASE WHEN next >= chain % 1000000 + 3 AND 2 * next >= 3 * (chain % 1000000)
            THEN (chain // 1000000 + 1) * 1000000 + next ELSE chain END
    ) // 1000000 >= getvariable('candidates') - 1
QUALIFY row_number() OVER (PARTITION BY product_id, locale ORDER BY reviews DESC, year) = 1

-- facts
WITH written AS (
    SELECT chosen.key, reviews.review_id, reviews.text, reviews.helpful_votes, reviews.rating,
        reviews.locale, reviews.product_id
    FROM reviews JOIN chosen USING (product_id, locale)
    WHERE reviews.timestamp // 31556952000 = chosen.year
        AND length(reviews.text) BETWEEN 40 AND 1200
    QUALIFY row_number() OVER (
        PARTITION BY key, helpful_votes
        ORDER BY draw(key || reviews.review_id, 'review'), reviews.review_id
    ) <= 4
),
listed AS (
    SELECT key, locale, product_id,
        list({'id': review_id, 'text': text, 'votes': helpful_votes, 'stars': rating}
            ORDER BY helpful_votes, review_id) AS reviews
    FROM written
    GROUP BY key, locale, product_id
)
SELECT
    key,
    locale,
    products.title AS product,
    reviews,
    'product:' || locale || ':' || product_id AS subject,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM listed LEFT JOIN products USING (product_id, locale)
