-- A query, the type of product that it asks for and its attributes: which phrases of the query state
-- them is for rows/labelled_queries.py.

-- needs judgements: query_id, query, locale
-- needs labels: subject, subject_id, locale, kind, name, value

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
WITH stated AS (
    SELECT chosen.key,
        list({'name': labels.name, 'value': labels.value} ORDER BY labels.name, labels.value)
            AS attributes
    FROM chosen JOIN labels
        ON labels.locale = chosen.locale AND labels.subject_id = chosen.query_id
    WHERE labels.subject = 'query' AND labels.kind = 'attribute'
    GROUP BY chosen.key
),
known AS (
    SELECT locale,
        list(
            {'name': name, 'frequency': frequency, 'known_values': known_values}
            ORDER BY frequency DESC, name
        )[:16] AS known
    FROM (
        SELECT locale, name, count(*) AS frequency,
            list(DISTINCT value ORDER BY value)[:100] AS known_values
        FROM labels
        WHERE subject = 'query' AND kind = 'attribute'
        GROUP BY locale, name
    )
    GROUP BY locale
),
asked AS (
    SELECT chosen.key, min(judgements.query) AS query
    FROM chosen JOIN judgements USING (query_id, locale)
    GROUP BY chosen.key
)
SELECT chosen.key, chosen.locale, query, chosen.type,
    coalesce(attributes, []) AS attributes,
    known,
    'query:' || chosen.locale || ':' || lower(query) AS subject,
    ['query:' || chosen.locale || ':' || query_id] AS source_ids
FROM chosen
JOIN asked USING (key)
JOIN known USING (locale)
LEFT JOIN stated USING (key)
