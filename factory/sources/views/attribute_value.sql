-- A value that titles of one kind of product state for an attribute, and values of that kind's other
-- attributes. Which of those the attribute cannot have is for rows/attribute_value.py.

-- needs spans: id, locale, category, entities

-- keys
SELECT
    category || ':' || type || ':' || lower(value) AS key,
    category || ':' || type AS split_group,
    locale, category, type, lower(value) AS folded
FROM (SELECT id, locale, category, unnest(entities, recursive := true) FROM spans)
WHERE category IS NOT NULL AND value IS NOT NULL
GROUP BY ALL
HAVING count(DISTINCT id) >= 2

-- facts
WITH mentions AS (
    SELECT id, locale, category, unnest(entities, recursive := true) FROM spans
    WHERE category IS NOT NULL
),
counted AS (
    SELECT locale, category, type, value, count(DISTINCT id) AS frequency
    FROM mentions WHERE value IS NOT NULL
    GROUP BY ALL
),
vocabulary AS (
    SELECT locale, category, list({'type': type, 'value': value, 'frequency': frequency}
        ORDER BY frequency DESC, type, value)[:600] AS vocabulary
    FROM counted GROUP BY locale, category
),
spelled AS (
    SELECT chosen.key, min_by(value, row(-frequency, value)) AS value
    FROM chosen JOIN counted ON counted.locale = chosen.locale
        AND counted.category = chosen.category AND counted.type = chosen.type
        AND lower(counted.value) = chosen.folded
    GROUP BY chosen.key
),
evidence AS (
    SELECT chosen.key, list(DISTINCT 'span:' || id ORDER BY 'span:' || id)[:2] AS source_ids
    FROM chosen JOIN mentions ON mentions.locale = chosen.locale
        AND mentions.category = chosen.category AND mentions.type = chosen.type
        AND lower(mentions.value) = chosen.folded
    GROUP BY chosen.key
)
SELECT key, locale, category, type, value, vocabulary, source_ids
FROM chosen JOIN spelled USING (key) JOIN evidence USING (key)
JOIN vocabulary USING (locale, category)
