-- How many people bought each type of product, and each two types within thirty days of each other:
-- a verified review stands for a purchase, and who reviewed more than fifty things says little of any
-- two. It needs typed.
bought AS (
    SELECT reviews.locale, user_id, type, review_id, timestamp
    FROM reviews
        JOIN typed USING (locale, product_id)
        SEMI JOIN (
            SELECT locale, user_id FROM reviews GROUP BY ALL HAVING count(*) BETWEEN 2 AND 50
        ) AS few ON few.locale = reviews.locale AND few.user_id = reviews.user_id
    WHERE verified
),
type_buyers AS (
    SELECT locale, type, count(DISTINCT user_id) AS buyers FROM bought GROUP BY locale, type
),
departments AS (
    SELECT locale, type, list(DISTINCT department ORDER BY department) AS departments
    FROM typed WHERE department IS NOT NULL
    GROUP BY locale, type
),
-- Twenty people are enough to count; of a shop with few, a fiftieth of them.
totals AS (
    SELECT locale, count(DISTINCT user_id) AS people,
        least(20, greatest(3, count(DISTINCT user_id) // 50)) AS support
    FROM bought GROUP BY locale
),
together AS (
    SELECT one.locale, one.type AS one, other.type AS other, count(DISTINCT user_id) AS buyers,
        -- One of them, to say where a count comes from.
        min({'user_id': user_id, 'one': one.review_id, 'other': other.review_id}) AS example
    FROM bought AS one JOIN bought AS other USING (locale, user_id)
    WHERE one.type <> other.type AND abs(one.timestamp - other.timestamp) <= 2592000000
    GROUP BY ALL
),
pairs AS (
    SELECT together.locale, one, other, together.buyers, example, ones.buyers AS one_buyers,
        others.buyers AS other_buyers, people, support
    FROM together
        JOIN type_buyers AS ones ON ones.locale = together.locale AND ones.type = one
        JOIN type_buyers AS others ON others.locale = together.locale AND others.type = other
        JOIN totals ON totals.locale = together.locale
),
