-- A query of one shop, another shop in whose language it is to be said, queries of that shop to see
-- how it writes, and other queries of its own shop.
--
-- One key a query: for which of the other shops it is translated is drawn.

-- needs judgements: query_id, query, locale

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale AS source_locale
FROM judgements
WHERE locale IN ('us', 'es', 'jp') AND length(query) BETWEEN 4 AND 80
GROUP BY query_id, locale

-- facts
WITH shops AS (SELECT DISTINCT source_locale AS locale FROM keys),
targets AS (
    FROM (SELECT chosen.*, shops.locale FROM chosen JOIN shops ON locale <> source_locale)
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY draw(key || chr(31) || locale, 'shop'), locale
    ) = 1
),
numbered AS (
    SELECT source_locale AS locale, query_id,
        row_number() OVER (PARTITION BY source_locale ORDER BY key) - 1 AS number
    FROM keys
),
sizes AS (SELECT locale, count(*) AS size FROM numbered GROUP BY locale),
wanted AS (
    SELECT key, part, sizes.locale, place,
        draw(key || chr(31) || place, part) % size AS number
    FROM (
        SELECT key, locale, 'example' AS part, unnest(range(2)) AS place
        FROM targets
        UNION ALL
        SELECT key, source_locale, 'other', unnest(range(5)) AS place FROM targets
    ) JOIN sizes USING (locale)
),
found AS (
    SELECT wanted.key, part, place, min(judgements.query) AS text
    FROM wanted
        JOIN numbered ON numbered.locale = wanted.locale AND numbered.number = wanted.number
        JOIN judgements ON judgements.locale = wanted.locale
            AND judgements.query_id = numbered.query_id
    WHERE wanted.locale || ':' || numbered.query_id <> wanted.key
    GROUP BY ALL
),
texts AS (
    SELECT key,
        list(text ORDER BY place, text) FILTER (part = 'example') AS examples,
        list(text ORDER BY place, text) FILTER (part = 'other') AS others
    FROM found
    GROUP BY key
),
asked AS (
    SELECT targets.key, min(judgements.query) AS text
    FROM targets JOIN judgements ON judgements.query_id = targets.query_id
        AND judgements.locale = targets.source_locale
    GROUP BY targets.key
)
SELECT targets.key, targets.locale, source_locale, text, examples, others,
    'query:' || source_locale || ':' || lower(text) AS subject,
    ['query:' || source_locale || ':' || query_id] AS source_ids
FROM targets JOIN asked USING (key) LEFT JOIN texts USING (key)
