-- A query and a product, and whether the product is a substitute for what the query asks.

-- needs instructions: id, task, input, fields, output

-- keys
SELECT id AS key, coalesce(min(lower(fields ->> '$.query')), id) AS split_group,
    min(lower(trim(output))) AS answer, id
FROM instructions
WHERE task = 'Product_Substitute_Identification'
GROUP BY id
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(chosen.answer) AS answer,
    ['instruction:' || id] AS source_ids
FROM chosen
JOIN (SELECT id, input FROM instructions WHERE task = 'Product_Substitute_Identification')
    AS instructions USING (id)
GROUP BY key, id
