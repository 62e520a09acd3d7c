-- Which attributes the titles of each kind of product state. A key asks about one attribute of one
-- kind of product, several times over with other attributes or kinds beside it; which of those
-- cannot apply is for the row mappers.

-- needs spans: id, locale, category, entities

-- keys
WITH mentions AS (
    SELECT id, locale, category, unnest(entities, recursive := true) FROM spans
    WHERE category IS NOT NULL
),
stated AS (
    SELECT locale, category, type, count(DISTINCT id) AS titles
    FROM mentions WHERE value IS NOT NULL
    GROUP BY ALL
),
sizes AS (SELECT locale, category, count(*) AS size FROM spans GROUP BY ALL HAVING size >= 10)
SELECT
    category || ':' || type || ':' || turn AS key,
    category || ':' || type AS split_group,
    locale, category, type, turn
FROM stated JOIN sizes USING (locale, category), (SELECT unnest(range(12)) AS turn)
WHERE titles >= 4 AND titles >= 0.05 * size

-- facts
WITH mentions AS (
    SELECT id, locale, category, unnest(entities, recursive := true) FROM spans
    WHERE category IS NOT NULL
),
-- An attribute that a title is known not to state was looked for: the kind of product may have it.
known AS (
    SELECT locale, category, list(type ORDER BY type) AS types,
        coalesce(list(type ORDER BY type) FILTER (titles >= 4 AND titles >= 0.05 * size), [])
            AS asked
    FROM (
        SELECT locale, category, type, count(DISTINCT id) FILTER (value IS NOT NULL) AS titles
        FROM mentions GROUP BY locale, category, type
    ) JOIN (
        SELECT locale, category, count(*) AS size FROM spans GROUP BY ALL HAVING size >= 10
    ) USING (locale, category)
    GROUP BY locale, category
),
listed AS (
    SELECT locale, list({'category': category, 'types': types, 'asked': asked} ORDER BY category) AS incidence
    FROM (FROM known QUALIFY row_number() OVER (
        PARTITION BY locale ORDER BY draw(category, 'incidence'), category
    ) <= 60)
    GROUP BY locale
),
evidence AS (
    SELECT chosen.key, list(DISTINCT 'span:' || id ORDER BY 'span:' || id)[:3] AS source_ids
    FROM chosen JOIN mentions USING (locale, category, type)
    WHERE value IS NOT NULL
    GROUP BY chosen.key
)
SELECT key, locale, category, type, types, incidence, source_ids
FROM chosen JOIN known USING (locale, category) JOIN listed USING (locale)
JOIN evidence USING (key)
