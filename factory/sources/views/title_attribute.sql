-- One attribute that a title states, with its values, and the values of the same attribute of the
-- same kind of product that stand in the title without being annotated: what is asked for must be
-- all that there is. Which attributes can be asked about is for rows/title_attribute.py.
--
-- Three keys a title at most, so that long titles are not the whole task.

-- needs spans: id, locale, text, category, entities

-- keys
SELECT
    id || ':' || type AS key,
    id AS split_group,
    id,
    locale,
    type
FROM (SELECT id, locale, unnest(entities, recursive := true) FROM spans)
WHERE value IS NOT NULL
GROUP BY id, locale, type
QUALIFY row_number() OVER (PARTITION BY id ORDER BY draw(id || chr(31) || type, 'type'), type) <= 3

-- facts
WITH mentions AS (
    SELECT id, coalesce(category, '') AS category, unnest(entities, recursive := true) FROM spans
),
vocabulary AS (
    SELECT category, type, value
    FROM mentions SEMI JOIN chosen USING (type)
    WHERE value IS NOT NULL
    GROUP BY category, type, value
),
asked AS (
    SELECT chosen.key, chosen.locale, id, type, text, category, entities,
        coalesce(category, '') AS kind
    FROM chosen JOIN spans USING (id, locale)
),
present AS (
    SELECT asked.key, list(DISTINCT vocabulary.value ORDER BY vocabulary.value) AS present
    FROM asked
    JOIN vocabulary ON vocabulary.category = asked.kind AND vocabulary.type = asked.type
    WHERE contains(lower(asked.text), lower(vocabulary.value))
    GROUP BY asked.key
)
SELECT
    key,
    locale,
    text AS title,
    type,
    category,
    [entity.value FOR entity IN entities IF entity.type = asked.type] AS stated,
    coalesce(present, []) AS present,
    ['span:' || id] AS source_ids
FROM asked LEFT JOIN present USING (key)
