-- The title of a product, its type by a label, and types of other products: those that share a word
-- with the title first. Types of what is an exact match or a substitute for the same query are no
-- wrong answers.

-- needs judgements: query_id, product_id, locale, label
-- needs labels: subject, subject_id, locale, kind, value
-- needs products: product_id, locale, title

-- keys
SELECT locale || ':' || subject_id AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS product_id,
    locale,
    min(lower(value)) AS type
FROM labels
WHERE subject = 'product' AND kind = 'type'
GROUP BY subject_id, locale
HAVING min(lower(value)) = max(lower(value))

-- facts
WITH named AS (
    SELECT locale, subject_id AS product_id, min(lower(value)) AS type
    FROM labels
    WHERE subject = 'product' AND kind = 'type'
    GROUP BY locale, subject_id
),
numbered AS (
    SELECT locale, product_id, type, row_number() OVER (
        PARTITION BY locale ORDER BY draw(locale || product_id, 'number'), product_id
    ) - 1 AS number
    FROM named
),
sizes AS (SELECT locale, count(*) AS size FROM named GROUP BY locale),
shown AS (
    SELECT chosen.key, chosen.locale, product_id, type, min(title) AS title
    FROM chosen JOIN products USING (product_id, locale)
    GROUP BY ALL
),
wanted AS (
    SELECT key, shown.locale, type, place,
        draw(key || chr(31) || place, 'elsewhere') % size AS number
    FROM (SELECT *, unnest(range(60)) AS place FROM shown) AS shown JOIN sizes USING (locale)
),
others AS (
    SELECT key, list(numbered.type ORDER BY place) AS near
    FROM wanted JOIN numbered
        ON numbered.locale = wanted.locale AND numbered.number = wanted.number
    WHERE numbered.type <> wanted.type
    GROUP BY key
),
asked_for AS (
    SELECT DISTINCT shown.key, query_id, shown.locale
    FROM shown JOIN judgements USING (product_id, locale)
    WHERE label IN ('E', 'S')
),
possible AS (
    SELECT asked_for.key, list(DISTINCT named.type ORDER BY named.type) AS possible
    FROM asked_for
        JOIN judgements USING (query_id, locale)
        JOIN named ON named.locale = judgements.locale AND named.product_id = judgements.product_id
    WHERE label IN ('E', 'S')
    GROUP BY asked_for.key
)
SELECT shown.key, shown.locale, title, type AS positive,
    coalesce(near, []) AS near,
    []::VARCHAR[] AS far,
    coalesce(possible, []) AS possible,
    'product:' || shown.locale || ':' || product_id AS subject,
    ['product:' || shown.locale || ':' || product_id] AS source_ids
FROM shown LEFT JOIN others USING (key) LEFT JOIN possible USING (key)
