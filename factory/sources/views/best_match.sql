-- A query and products in the order of their relevance to it, with the lists of other queries:
-- rows/best_match.py looks among their best products for those that cannot answer this query.

-- needs instructions: id, task, input, fields, output

-- keys
SELECT id AS key, coalesce(min(lower(fields ->> '$.query')), id) AS split_group, id
FROM instructions
WHERE task = 'Query_Product_Rank'
GROUP BY id
HAVING min(output) = max(output)

-- facts
WITH lists AS MATERIALIZED (
    -- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
    SELECT id, encode(min(input)) AS input, min(output) AS output,
        min(lower(fields ->> '$.query')) AS query
    FROM instructions
    WHERE task = 'Query_Product_Rank'
    GROUP BY id
),
-- The first 4,096 queries, in draw order, lend their products to the others.
pool AS MATERIALIZED (
    SELECT number, lists.*
    FROM (
        SELECT id, row_number() OVER (ORDER BY ordinal) - 1 AS number
        FROM keys
        QUALIFY number < 4096
    ) JOIN lists USING (id)
),
pool_words AS MATERIALIZED (
    SELECT DISTINCT number, unnest(string_split(query, ' ')) AS word FROM pool
),
asked_words AS (
    SELECT DISTINCT key, unnest(string_split(query, ' ')) AS word FROM chosen JOIN lists USING (id)
),
near AS (
    SELECT key, number, draw(key || chr(31) || number, 'near') AS place
    FROM (SELECT DISTINCT key, number FROM asked_words JOIN pool_words USING (word)
          WHERE length(word) > 2)
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY place, number) <= 8
),
far AS (
    SELECT key, draw(key || chr(31) || place, 'far') % (SELECT count(*) FROM pool) AS number, place
    FROM (SELECT key, unnest(range(16)) AS place FROM chosen)
),
lent AS (
    SELECT key, list({
        'id': id, 'input': input, 'output': output
    } ORDER BY is_far, place, number) AS lent
    FROM (
        SELECT key, number, min(is_far) AS is_far, min(place) AS place
        FROM (
            SELECT key, number, place, false AS is_far FROM near
            UNION ALL
            SELECT key, number, place, true FROM far
        )
        GROUP BY key, number
    ) JOIN pool USING (number)
    WHERE id <> key
    GROUP BY key
)
SELECT
    chosen.key,
    'us' AS locale,
    lists.input,
    lists.output,
    coalesce(lent.lent, []) AS lent,
    getvariable('candidates')::BIGINT - 1 AS others_shown,
    ['instruction:' || chosen.id] AS source_ids
FROM chosen JOIN lists USING (id) LEFT JOIN lent USING (key)
