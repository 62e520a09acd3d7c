-- Two products, and how shoppers relate them: bought together, viewed together, or similar.

-- needs instructions: id, task, input, fields, options, output

-- keys
SELECT id AS key,
    coalesce(min(lower(fields ->> '$."Product 1"')), id) AS split_group,
    min(CASE upper(left(trim(output), 1))
        WHEN 'A' THEN 'bought' WHEN 'B' THEN 'viewed' WHEN 'C' THEN 'similar' END) AS answer,
    id
FROM instructions
WHERE task = 'Product_Relation_Prediction' AND regexp_matches(trim(output), '^[A-C]\s*([:.)]|$)')
GROUP BY id
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(options) AS options,
    min(output) AS output, ['instruction:' || id] AS source_ids
FROM chosen
JOIN (SELECT id, input, options, output FROM instructions
      WHERE task = 'Product_Relation_Prediction') AS instructions USING (id)
GROUP BY key, id
