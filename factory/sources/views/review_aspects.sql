-- A review that judges three aspects or more, and the aspects that other reviews judge: of products
-- of its own type first, then of any. Each comes as often as reviews speak of it, so that a frequent
-- aspect is wrong as often as it is right.

-- needs labels: subject, subject_id, locale, kind, name, value
-- needs products: product_id, locale, category
-- needs reviews: review_id, product_id, user_id, locale, text

-- keys
SELECT locale || ':' || subject_id AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS review_id,
    locale
FROM labels
WHERE subject = 'review' AND kind = 'aspect'
GROUP BY subject_id, locale
HAVING count(DISTINCT lower(name)) >= 3

-- facts
WITH
-- include typed
judged AS (
    SELECT DISTINCT locale, subject_id AS review_id, lower(name) AS aspect
    FROM labels
    WHERE subject = 'review' AND kind = 'aspect'
),
told AS (
    SELECT locale, review_id, min(product_id) AS product_id, min(user_id) AS user_id,
        min(text) AS text
    FROM reviews
    GROUP BY locale, review_id
    HAVING count(*) = 1
),
asked AS (
    SELECT chosen.key, chosen.locale, chosen.review_id, product_id, user_id, text, type
    FROM chosen
        JOIN told USING (locale, review_id)
        JOIN typed USING (locale, product_id)
),
said AS (
    SELECT asked.key, list(aspect ORDER BY aspect) AS said
    FROM asked JOIN judged USING (locale, review_id)
    GROUP BY asked.key
),
spoken AS (
    SELECT judged.locale, type, review_id, aspect,
        row_number() OVER (
            PARTITION BY judged.locale
            ORDER BY draw(judged.locale || review_id || aspect, 'spoken'), review_id, aspect
        ) - 1 AS number,
        row_number() OVER (
            PARTITION BY judged.locale, type
            ORDER BY draw(judged.locale || review_id || aspect, 'spoken'), review_id, aspect
        ) - 1 AS number_of_type
    FROM judged
        JOIN told USING (locale, review_id)
        JOIN typed USING (locale, product_id)
),
sizes AS (SELECT locale, count(*) AS size FROM spoken GROUP BY locale),
sizes_of_type AS (SELECT locale, type, count(*) AS size FROM spoken GROUP BY locale, type),
drawn AS (
    SELECT key, locale, type, sizes.size, sizes_of_type.size AS size_of_type,
        unnest(range(40)) AS place
    FROM asked JOIN sizes USING (locale) JOIN sizes_of_type USING (locale, type)
),
near AS (
    SELECT drawn.key, list(aspect ORDER BY place) AS near
    FROM drawn JOIN spoken ON spoken.locale = drawn.locale AND spoken.type = drawn.type
        AND number_of_type = draw(key || chr(31) || place, 'near') % size_of_type
    GROUP BY drawn.key
),
far AS (
    SELECT drawn.key, list(aspect ORDER BY place) AS far
    FROM drawn JOIN spoken ON spoken.locale = drawn.locale
        AND number = draw(key || chr(31) || place, 'far') % size
    GROUP BY drawn.key
)
SELECT asked.key, asked.locale, text, type AS product_type, said,
    coalesce(near, []) AS near, coalesce(far, []) AS far,
    'review:' || asked.locale || ':' || review_id AS subject,
    [
        'review:' || asked.locale || ':' || review_id,
        'product:' || asked.locale || ':' || product_id
    ] || CASE WHEN user_id IS NULL THEN [] ELSE ['user:' || user_id] END AS source_ids
FROM asked
JOIN said USING (key)
LEFT JOIN near USING (key)
LEFT JOIN far USING (key)
