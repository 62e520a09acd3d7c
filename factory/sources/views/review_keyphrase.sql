-- What a review says of one aspect, in its own words.

-- needs labels: subject, subject_id, locale, kind, name, value, evidence
-- needs products: product_id, locale, category
-- needs reviews: review_id, product_id, user_id, locale, text

-- keys
SELECT locale || ':' || subject_id || ':' || lower(name) AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS review_id,
    lower(name) AS aspect,
    locale
FROM labels
WHERE subject = 'review' AND kind = 'aspect' AND evidence IS NOT NULL
GROUP BY ALL
-- What is said twice of an aspect has two answers.
HAVING count(*) = 1

-- facts
WITH
-- include typed
told AS (
    SELECT locale, review_id, min(product_id) AS product_id, min(user_id) AS user_id,
        min(text) AS text
    FROM reviews
    GROUP BY locale, review_id
    HAVING count(*) = 1
)
SELECT chosen.key, chosen.locale, told.text, typed.type AS product_type, chosen.aspect, evidence,
    'review:' || chosen.locale || ':' || review_id AS subject,
    [
        'review:' || chosen.locale || ':' || review_id,
        'product:' || chosen.locale || ':' || product_id
    ] || CASE WHEN user_id IS NULL THEN [] ELSE ['user:' || user_id] END AS source_ids
FROM chosen
    JOIN told USING (locale, review_id)
    JOIN typed USING (locale, product_id)
    JOIN labels ON labels.locale = chosen.locale AND subject_id = review_id
        AND lower(labels.name) = chosen.aspect
WHERE labels.subject = 'review' AND labels.kind = 'aspect' AND evidence IS NOT NULL
