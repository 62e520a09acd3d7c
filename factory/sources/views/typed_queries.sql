-- A query, the type of product that people say it asks for, and other types: of the same department
-- first, then from elsewhere in the shop.

-- needs judgements: query_id, query, locale
-- needs labels: subject, subject_id, locale, kind, value
-- needs products: locale, category

-- keys
SELECT
    locale || ':' || subject_id AS key,
    locale || ':' || subject_id AS split_group,
    subject_id AS query_id,
    locale,
    min(value) AS type
FROM labels
WHERE subject = 'query' AND kind = 'type'
GROUP BY subject_id, locale
HAVING min(value) = max(value)

-- facts
WITH typed AS (
    SELECT locale, category[-2] AS department, category[-1] AS type
    FROM products
    WHERE len(category) > 1
    GROUP BY ALL
),
types AS (
    SELECT locale, department, type,
        row_number() OVER (PARTITION BY locale ORDER BY draw(locale || type, 'type'), type) - 1
            AS number
    FROM typed
),
sizes AS (SELECT locale, count(*) AS size FROM types GROUP BY locale),
answers AS (
    SELECT key, query_id, chosen.locale, chosen.type, min(department) AS department
    FROM chosen JOIN types ON types.locale = chosen.locale AND types.type = chosen.type
    GROUP BY ALL
),
siblings AS (
    SELECT answers.key, types.type, row_number() OVER (
        PARTITION BY answers.key ORDER BY draw(answers.key || types.type, 'sibling'), types.type
    ) AS place
    FROM answers JOIN types USING (locale, department)
    WHERE types.type <> answers.type
    QUALIFY place <= 5
),
strangers AS (
    SELECT wanted.key, types.type, min(wanted.place) AS place
    FROM (
        SELECT key, locale, department, place,
            draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(1, 9)) AS place FROM answers) JOIN sizes USING (locale)
    ) AS wanted
    JOIN types ON types.locale = wanted.locale AND types.number = wanted.number
    WHERE types.department <> wanted.department
    GROUP BY wanted.key, types.type
),
listed AS (
    SELECT key, list(type ORDER BY rank, place, type)[:8] AS others
    FROM (
        SELECT key, type, place, 1 AS rank FROM siblings
        UNION ALL BY NAME
        SELECT key, type, place, 2 AS rank FROM strangers
    )
    GROUP BY key
),
asked AS (
    SELECT answers.key, min(judgements.query) AS query
    FROM answers JOIN judgements USING (query_id, locale)
    GROUP BY answers.key
)
SELECT answers.key, answers.locale,
    -- What careless shoppers type before the first word is no part of what they want.
    regexp_replace(query, '^[!"''#* -]+', '') AS query,
    answers.type AS labels,
    list_prepend(answers.type, coalesce(others, [])) AS candidate_labels,
    'query:' || answers.locale || ':' || lower(query) AS subject,
    ['query:' || answers.locale || ':' || query_id] AS source_ids
FROM answers
JOIN asked USING (key)
LEFT JOIN listed USING (key)
-- A query that is the name of the type asks nothing.
WHERE NOT contains(answers.type, ',') AND lower(trim(query)) <> lower(answers.type)
