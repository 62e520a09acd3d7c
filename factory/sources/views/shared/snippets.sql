-- What labelled reviews say of an aspect in a few words, in a tone that their stars bear out. It
-- needs typed.
said AS (
    SELECT DISTINCT locale, subject_id AS review_id, lower(name) AS aspect, polarity,
        evidence AS snippet
    FROM labels
    WHERE subject = 'review' AND kind = 'aspect' AND length(evidence) BETWEEN 3 AND 80
        AND NOT regexp_matches(evidence, '[.!?]\s') AND len(string_split(evidence, ' ')) <= 8
),
rated AS (
    SELECT locale, review_id, min(product_id) AS product_id, min(user_id) AS user_id,
        min(rating) AS rating
    FROM reviews
    GROUP BY locale, review_id
    HAVING count(*) = 1
),
snippets AS (
    SELECT said.locale, review_id, product_id, user_id, type, aspect, polarity, snippet
    FROM said
        JOIN rated USING (locale, review_id)
        JOIN typed USING (locale, product_id)
    WHERE (polarity = 'positive' AND rating >= 4) OR (polarity = 'negative' AND rating <= 2)
),
