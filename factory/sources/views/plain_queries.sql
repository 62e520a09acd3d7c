-- Queries as people type them. What excludes something, asks in a sentence or is a single word is
-- for rows/plain_queries.py to leave out.

-- needs judgements: query_id, query, locale

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
WHERE length(query) BETWEEN 4 AND 80
GROUP BY query_id, locale

-- facts
SELECT chosen.key, chosen.locale, min(judgements.query) AS query,
    'query:' || chosen.locale || ':' || lower(min(judgements.query)) AS subject,
    ['query:' || chosen.locale || ':' || chosen.query_id] AS source_ids
FROM chosen JOIN judgements USING (query_id, locale)
GROUP BY chosen.key, chosen.locale, chosen.query_id
