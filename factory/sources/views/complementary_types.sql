-- Two types of product that the same people buy within a month, more often than chance would have
-- it, and types that they do not. Types of one department are substitutes as a rule, and left out.
--
-- How much more often is pointwise mutual information in whole numbers: pairs * people >= 2 * one *
-- other is a lift of two, whatever sells to everybody.

-- needs labels: subject, subject_id, locale, kind, value
-- needs products: product_id, locale, category
-- needs reviews: review_id, product_id, user_id, locale, verified, timestamp

-- keys
WITH
-- include typed
-- include bought_types
turned AS (SELECT unnest(range(4)) AS turn)
SELECT
    pairs.locale || ':' || one || ':' || other || ':' || turn AS key,
    -- Both directions say one thing.
    pairs.locale || ':' || least(one, other) || ':' || greatest(one, other) AS split_group,
    pairs.locale, one, other, turn
FROM pairs
    JOIN departments AS ones ON ones.locale = pairs.locale AND ones.type = one
    JOIN departments AS others ON others.locale = pairs.locale AND others.type = other,
    turned
WHERE pairs.buyers >= support
    AND pairs.buyers::HUGEINT * people >= 2 * one_buyers::HUGEINT * other_buyers
    AND len(list_intersect(ones.departments, others.departments)) = 0

-- facts
WITH
-- include typed
-- include bought_types
sold AS (
    -- What hardly anybody buys is not bought with anything: that says nothing.
    SELECT type_buyers.locale, type, people,
        row_number() OVER (
            PARTITION BY type_buyers.locale ORDER BY draw(type, 'number'), type
        ) - 1 AS number
    FROM type_buyers JOIN totals USING (locale)
    WHERE buyers >= support
),
sizes AS (SELECT locale, count(*) AS size FROM sold GROUP BY locale),
wanted AS (
    SELECT key, chosen.locale, one, other, place,
        draw(key || chr(31) || place, 'wrong') % size AS number
    FROM (SELECT *, unnest(range(60)) AS place FROM chosen) AS chosen JOIN sizes USING (locale)
),
wrong AS (
    SELECT key, type, min(place) AS place
    FROM wanted
        JOIN sold ON sold.locale = wanted.locale AND sold.number = wanted.number
        LEFT JOIN pairs ON pairs.locale = wanted.locale AND pairs.one = wanted.one
            AND pairs.other = type
    WHERE type NOT IN (wanted.one, wanted.other)
        AND (
            pairs.buyers IS NULL
            OR pairs.buyers::HUGEINT * sold.people <= one_buyers::HUGEINT * other_buyers
        )
    GROUP BY key, type
),
wrong_lists AS (
    SELECT key, list(type ORDER BY place, type) AS wrong FROM wrong GROUP BY key
)
SELECT chosen.key, chosen.locale, chosen.one AS product_type, chosen.other AS positive,
    coalesce(wrong, []) AS wrong,
    [
        'review:' || chosen.locale || ':' || example.one,
        'review:' || chosen.locale || ':' || example.other
    ] AS source_ids
FROM chosen JOIN pairs USING (locale, one, other) LEFT JOIN wrong_lists USING (key)
