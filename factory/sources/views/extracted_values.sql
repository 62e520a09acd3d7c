-- A product's texts and the value of one of the attributes that were asked for.

-- needs instructions: id, task, input, fields, output

-- keys
WITH extracted AS (
    SELECT id, coalesce(min(lower(fields ->> '$."product title"')), id) AS split_group,
        min(output) AS output
    FROM instructions
    WHERE task = 'Attribute_Value_Extraction'
    GROUP BY id
    HAVING min(output) = max(output)
),
numbered AS (
    -- Of the values, only how many there are is asked here: some copies print Python's lists.
    SELECT id, split_group,
        unnest(range((length(output) - length(replace(output, 'attribute', ''))) // 9)) AS number
    FROM extracted
)
SELECT id || ':' || number AS key, split_group, id, number
FROM numbered

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input,
    encode(min(output)) AS output, number, ['instruction:' || id] AS source_ids
FROM chosen
JOIN (SELECT id, input, output FROM instructions WHERE task = 'Attribute_Value_Extraction')
    AS instructions USING (id)
GROUP BY key, id, number
