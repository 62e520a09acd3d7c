-- A query, the type of its exact matches by a label, and types of other queries: of those that share
-- a word with it first. Types of queries that share a product with it are no wrong answers.

-- needs judgements: query_id, query, product_id, locale, label
-- needs labels: subject, subject_id, locale, kind, value

-- keys
SELECT locale || ':' || subject_id AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS query_id,
    locale,
    min(lower(value)) AS type
FROM labels
WHERE subject = 'query' AND kind = 'type'
GROUP BY subject_id, locale
HAVING min(lower(value)) = max(lower(value))

-- facts
WITH named AS (
    SELECT locale, subject_id AS query_id, min(lower(value)) AS type
    FROM labels
    WHERE subject = 'query' AND kind = 'type'
    GROUP BY locale, subject_id
),
numbered AS (
    SELECT locale, query_id, type, row_number() OVER (
        PARTITION BY locale ORDER BY draw(locale || query_id, 'number'), query_id
    ) - 1 AS number
    FROM named
),
sizes AS (SELECT locale, count(*) AS size FROM named GROUP BY locale),
asked AS (
    SELECT chosen.key, chosen.locale, query_id, type, min(judgements.query) AS query
    FROM chosen JOIN judgements USING (query_id, locale)
    GROUP BY ALL
),
wanted AS (
    SELECT key, asked.locale, type, place,
        draw(key || chr(31) || place, 'elsewhere') % size AS number
    FROM (SELECT *, unnest(range(60)) AS place FROM asked) AS asked JOIN sizes USING (locale)
),
others AS (
    SELECT key, list(numbered.type ORDER BY place) AS near
    FROM wanted JOIN numbered
        ON numbered.locale = wanted.locale AND numbered.number = wanted.number
    WHERE numbered.type <> wanted.type
    GROUP BY key
),
matched AS (
    SELECT asked.key, product_id, asked.locale
    FROM asked JOIN judgements USING (query_id, locale)
    WHERE label IN ('E', 'S')
    GROUP BY ALL
),
possible AS (
    SELECT matched.key, list(DISTINCT named.type ORDER BY named.type) AS possible
    FROM matched
        JOIN judgements USING (product_id, locale)
        JOIN named ON named.locale = judgements.locale AND named.query_id = judgements.query_id
    WHERE label IN ('E', 'S')
    GROUP BY matched.key
)
SELECT asked.key, asked.locale,
    -- What careless shoppers type before the first word is no part of what they want.
    regexp_replace(asked.query, '^[!"''#* -]+', '') AS query,
    asked.type AS positive,
    coalesce(near, []) AS near,
    []::VARCHAR[] AS far,
    coalesce(possible, []) AS possible,
    'query:' || asked.locale || ':' || query_id AS subject,
    ['query:' || asked.locale || ':' || query_id] AS source_ids
FROM asked LEFT JOIN others USING (key) LEFT JOIN possible USING (key)
-- A query that says the type asks nothing: what is left takes knowing what the words stand for.
WHERE NOT contains(lower(asked.query), asked.type)
