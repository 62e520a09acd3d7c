-- A query and a product, and which of four statements says how relevant the product is.
--
-- The statements stand in one order in every row, so that their letters name ESCI's labels.

-- needs instructions: id, task, input, fields, output

-- keys
SELECT id AS key, coalesce(min(lower(fields ->> '$.query')), id) AS split_group,
    min(CASE upper(left(trim(output), 1))
        WHEN 'A' THEN 'E' WHEN 'B' THEN 'S' WHEN 'C' THEN 'C' WHEN 'D' THEN 'I' END) AS answer,
    id
FROM instructions
WHERE task = 'Multiclass_Product_Classification'
    AND regexp_matches(trim(output), '^[A-Da-d]\s*([:.)]|$)')
GROUP BY id
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(chosen.answer) AS answer,
    ['instruction:' || id] AS source_ids
FROM chosen
JOIN (SELECT id, input FROM instructions WHERE task = 'Multiclass_Product_Classification')
    AS instructions USING (id)
GROUP BY key, id
