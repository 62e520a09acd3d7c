-- Reviews with what they say of each aspect of a product, and the aspects that reviews of the same
-- locale speak of. Reviews of one product stay on one side of every split: they repeat each other.

-- needs reviews: review_id, product_id, user_id, locale, rating, title, text
-- needs labels: subject, subject_id, locale, kind, name, polarity, evidence
-- needs products: product_id, locale, category

-- keys
SELECT
    locale || ':' || review_id AS key,
    locale || ':' || min(product_id) AS split_group,
    CAST(min(rating) AS INTEGER) AS stars,
    CASE WHEN min(rating) < 3 THEN 'negative' WHEN min(rating) > 3 THEN 'positive' ELSE 'mixed' END
        AS sentiment,
    review_id,
    locale
FROM reviews
WHERE rating = floor(rating)
GROUP BY locale, review_id
-- An id that stands for two reviews names neither.
HAVING count(*) = 1

-- facts
WITH known AS (
    SELECT locale,
        list({'name': name, 'frequency': frequency} ORDER BY frequency DESC, name)[:20] AS aspects
    FROM (
        SELECT locale, name, count(*) AS frequency
        FROM labels
        WHERE subject = 'review' AND kind = 'aspect'
        GROUP BY locale, name
    )
    GROUP BY locale
),
said AS (
    SELECT chosen.key, list(
        {'aspect': name, 'polarity': polarity, 'sentence': evidence}
        ORDER BY name, polarity, evidence
    ) AS said
    FROM labels JOIN chosen ON labels.subject_id = chosen.review_id
        AND labels.locale = chosen.locale
    WHERE subject = 'review' AND kind = 'aspect' AND evidence IS NOT NULL
        AND polarity IN ('positive', 'negative')
    GROUP BY chosen.key
),
-- The products file may list a product twice.
kinds AS (
    SELECT locale, product_id, min(category[-1]) AS product_type
    FROM products
    WHERE len(category) > 1
    GROUP BY locale, product_id
)
SELECT
    chosen.key,
    chosen.locale,
    chosen.stars AS answer,
    reviews.title AS headline,
    reviews.text,
    said.said,
    known.aspects,
    coalesce(kinds.product_type, '') AS product_type,
    [
        'review:' || chosen.locale || ':' || chosen.review_id,
        'product:' || chosen.locale || ':' || reviews.product_id
    ] || CASE WHEN reviews.user_id IS NULL THEN [] ELSE ['user:' || reviews.user_id] END
        AS source_ids
FROM chosen
JOIN reviews ON reviews.review_id = chosen.review_id AND reviews.locale = chosen.locale
JOIN said ON said.key = chosen.key
JOIN known ON known.locale = chosen.locale
LEFT JOIN kinds ON kinds.locale = chosen.locale AND kinds.product_id = reviews.product_id
