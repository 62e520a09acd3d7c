-- Reviews that one product got within one year, with the votes that they got.
--
-- Votes grow with a review's age, so years are compared with themselves. A year needs five numbers of
-- votes of which each is at least three, and half as much again, above the next: the smallest that
-- fits is taken again and again. Of the years of a product that have them the fullest is taken.

-- needs reviews: review_id, product_id, locale, text, helpful_votes, timestamp
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
-- Which reviews are shown is settled before their texts are carried anywhere: most of a product's are
-- not. Longer reviews get more votes, and an order by length must not be the answer: where two or
-- more have one number of votes, they are chosen so that the longest of the five stands at a drawn
-- place. Two are given for each place, the second for where the first repeats another review.
WITH usable AS (
    SELECT chosen.key, reviews.review_id, reviews.helpful_votes, length(reviews.text) AS length
    FROM reviews JOIN chosen USING (product_id, locale)
    WHERE reviews.timestamp // 31556952000 = chosen.year
        AND length(reviews.text) BETWEEN 40 AND 1200
        -- What a reader could not know without the votes, or says what they are.
        AND NOT regexp_matches(reviews.text, '(?i)\bhelpful\b|\bother reviews?\b|\bvotes?\b')
),
chains AS (
    SELECT key, list_reduce(
            list(DISTINCT [helpful_votes] ORDER BY [helpful_votes]),
            lambda chain, next:
                CASE WHEN next[1] >= chain[-1] + 3 AND 2 * next[1] >= 3 * chain[-1]
                    THEN list_concat(chain, next) ELSE chain END
        )[:getvariable('candidates')] AS chain
    FROM usable
    GROUP BY key
),
steps AS (
    SELECT key, unnest(chain) AS helpful_votes, generate_subscripts(chain, 1) AS step,
        1 + draw(key, 'longest') % getvariable('candidates') AS longest
    FROM chains
),
possible AS (
    SELECT *, max(length) FILTER (step = longest) OVER (PARTITION BY key) AS most
    FROM usable JOIN steps USING (key, helpful_votes)
),
written AS (
    SELECT key, review_id, helpful_votes, step, row_number() OVER (
            PARTITION BY key, step
            ORDER BY CASE WHEN step = longest THEN -length WHEN length < most THEN 0 ELSE 1 END,
                draw(key || review_id, 'review'), review_id
        ) AS turn
    FROM possible
    QUALIFY turn <= 2
),
listed AS (
    SELECT key, locale, product_id,
        -- As bytes: the mapper cleans those that it shows.
        list({'id': review_id, 'text': encode(text), 'votes': written.helpful_votes}
            ORDER BY step, turn) AS reviews
    FROM reviews JOIN written USING (review_id)
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
