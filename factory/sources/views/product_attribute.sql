-- What a title says of one attribute: a value, or nothing; and of its others. Distractors and whether nothing can be
-- inferred are for rows/product_attribute.py.
--
-- Of each attribute of a kind of product half as many titles that do not state it take part as
-- titles that do, so that the name of an attribute tells nothing about the answer. Where a data set
-- marks what a title does not state, only the mark counts; elsewhere, that nothing is annotated.

-- needs spans: id, locale, text, category, entities

-- keys
WITH mentions AS (
    SELECT id, category, unnest(entities, recursive := true) FROM spans
    WHERE category IS NOT NULL
),
marked AS (SELECT coalesce(bool_or(value IS NULL), false) AS marks FROM mentions),
said AS (
    SELECT id, category, type, bool_or(value IS NOT NULL) AS stated
    FROM mentions GROUP BY id, category, type
),
types AS (
    SELECT category, type, count(*) FILTER (stated) AS frequency
    FROM said GROUP BY category, type
    HAVING frequency >= 6
),
pairs AS (
    SELECT spans.id, spans.locale, category, types.type, types.frequency, said.stated
    FROM spans
    JOIN types USING (category)
    LEFT JOIN said USING (id, category, type)
    WHERE stated IS NOT NULL OR NOT (SELECT marks FROM marked)
)
SELECT
    id || ':' || type AS key,
    id AS split_group,
    id,
    locale,
    type,
    CASE WHEN stated THEN 'stated' ELSE 'absent' END AS inferred
FROM pairs
QUALIFY coalesce(stated, false) OR row_number() OVER (
    PARTITION BY category, type, coalesce(stated, false)
    ORDER BY draw(id || chr(31) || type, 'absent'), id
) <= frequency

-- facts
WITH mentions AS (
    SELECT id, category, unnest(entities, recursive := true) FROM spans
    WHERE category IS NOT NULL
),
counted AS (
    SELECT category, type, value, count(*) AS frequency
    FROM mentions SEMI JOIN chosen USING (type)
    WHERE value IS NOT NULL
    GROUP BY category, type, value
),
vocabulary AS (
    SELECT category, type, list(value ORDER BY frequency DESC, value) AS vocabulary,
        list(value ORDER BY value) FILTER (frequency > 1) AS repeated
    FROM counted
    GROUP BY category, type
)
SELECT
    chosen.key,
    chosen.locale,
    text AS title,
    chosen.type,
    spans.category,
    chosen.inferred,
    [entity.value FOR entity IN entities IF entity.type = chosen.type AND entity.value IS NOT NULL]
        AS stated,
    list_sort(list_distinct([
        {'type': entity.type, 'value': entity.value}
        FOR entity IN entities IF entity.type <> chosen.type AND entity.value IS NOT NULL
    ])) AS beside,
    vocabulary[:400] AS vocabulary,
    coalesce(repeated, []) AS repeated,
    ['span:' || chosen.id] AS source_ids
FROM chosen
JOIN spans USING (id, locale)
JOIN vocabulary ON vocabulary.category = spans.category AND vocabulary.type = chosen.type
