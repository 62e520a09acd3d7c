-- Events with one tail of a relation, and tails of other events in the same relation: those of other
-- types of products. Which of them surely do not fit is for rows/event_commonsense.py.

-- needs labels: subject, subject_id, locale, kind, name, value, evidence
-- needs products: product_id, locale, category

-- keys
SELECT
    locale || ':' || subject_id || ':' || name AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS product_id,
    locale,
    name AS relation
FROM labels
WHERE kind = 'event' AND subject = 'product'
GROUP BY locale, subject_id, name
HAVING count(*) = 1

-- facts
WITH tails AS (
    SELECT keys.key, keys.locale, keys.relation, keys.ordinal, labels.value, labels.evidence,
        keys.product_id
    FROM keys JOIN labels
        ON labels.locale = keys.locale AND labels.subject_id = keys.product_id
            AND labels.name = keys.relation
    WHERE labels.kind = 'event' AND labels.subject = 'product'
),
typed AS (
    SELECT locale, product_id, min(category[-1]) AS type, min(category[-2]) AS department
    FROM products SEMI JOIN tails USING (locale, product_id)
    GROUP BY locale, product_id
),
known AS (
    SELECT tails.*, type, department,
        row_number() OVER (PARTITION BY tails.locale, relation ORDER BY ordinal) - 1 AS place,
        count(*) OVER (PARTITION BY tails.locale, relation) AS size
    FROM tails JOIN typed USING (locale, product_id)
),
-- Those that follow in draw order, and from the beginning again.
offered AS (
    SELECT one.key, other.value, other.product_id, turn
    FROM (
        SELECT *, unnest(range(1, 25)) AS turn FROM known SEMI JOIN chosen USING (key)
    ) AS one
    JOIN known AS other
        ON other.locale = one.locale AND other.relation = one.relation
            AND other.place = (one.place + turn) % one.size
    WHERE turn < one.size AND other.type <> one.type
        AND other.department IS DISTINCT FROM one.department
)
SELECT known.key, known.locale, known.relation, known.evidence AS event, known.value,
    coalesce(others, []) AS others,
    ['product:' || known.locale || ':' || known.product_id] AS source_ids
FROM known SEMI JOIN chosen USING (key)
LEFT JOIN (
    SELECT key, list(value ORDER BY turn, value) AS others FROM offered GROUP BY key
) USING (key)
