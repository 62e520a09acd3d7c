-- Texts with their entities, and the entity types that texts of the same locale have.

-- needs spans: id, locale, text, category, entities

-- keys
SELECT id AS key, id AS split_group, locale
FROM spans
WHERE len(entities) > 0

-- facts
WITH known AS (
    SELECT locale, list(kind ORDER BY frequency DESC, kind)[:12] AS types
    FROM (
        SELECT locale, kind, count(*) AS frequency
        FROM (SELECT locale, unnest(entities)."type" AS kind FROM spans)
        GROUP BY locale, kind
    )
    GROUP BY locale
),
annotated AS (
    SELECT chosen.key, spans.locale, spans.text, spans.category,
        list_filter(spans.entities, lambda entity: entity.value IS NOT NULL) AS entities
    FROM spans JOIN chosen ON spans.id = chosen.key
)
SELECT
    key,
    annotated.locale,
    text,
    coalesce(category, '') AS category,
    list_transform(entities, lambda entity: {'type': entity."type", 'value': entity.value})
        AS entities,
    list_distinct(
        list_transform(entities, lambda entity: entity."type")
    ).list_sort().list_concat(
        list_filter(
            known.types,
            lambda kind: NOT list_contains(list_transform(entities, lambda e: e."type"), kind)
        )
    ) AS types,
    ['span:' || key] AS source_ids
FROM annotated JOIN known USING (locale)
WHERE len(entities) > 0
