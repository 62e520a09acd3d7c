-- A value that a title states in a spelling of its own; what its standard form is, and which forms
-- it is not, are for rows/attribute_value_variant.py.
--
-- One key for a spelling of an attribute: a hundred titles with "Women's" are one question.

-- needs spans: id, locale, text, category, entities

-- keys
SELECT
    -- Two shops may spell one value alike.
    CASE locale WHEN 'us' THEN '' ELSE locale || ':' END || type || ':' || lower(trim(value))
        AS key,
    type || ':' || lower(trim(value)) AS split_group,
    type,
    lower(trim(value)) AS spelled,
    locale
FROM (SELECT locale, unnest(entities, recursive := true) FROM spans)
WHERE value IS NOT NULL
GROUP BY ALL

-- facts
WITH mentions AS (
    SELECT id, locale, text, category, unnest(entities, recursive := true) FROM spans
    WHERE category IS NOT NULL
)
SELECT chosen.key, chosen.locale, text AS title, category, chosen.type, value,
    ['span:' || id] AS source_ids
FROM chosen JOIN mentions
    ON mentions.type = chosen.type
    AND lower(trim(mentions.value)) = chosen.spelled
    AND mentions.locale = chosen.locale
QUALIFY row_number() OVER (
    PARTITION BY chosen.key ORDER BY draw(chosen.key || id, 'title'), id, value
) = 1
