-- A query and products that were judged differently for it, from the best to the worst.
--
-- Upstream lists two to four. A list of fewer than are asked for gives no row; of a longer one some
-- are left out, which leaves the order of the others as it is (rows/query_product_order.py).

-- needs instructions: id, task, input, fields, output

-- keys
SELECT id AS key, coalesce(min(lower(fields ->> '$.query')), id) AS split_group, id
FROM instructions
WHERE task = 'Query_Product_Rank'
    AND length(output) - length(replace(output, ',', '')) + 1 >= getvariable('candidates')
GROUP BY id
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(output) AS output,
    getvariable('candidates')::BIGINT AS wanted, ['instruction:' || id] AS source_ids
FROM chosen JOIN (SELECT id, input, output FROM instructions WHERE task = 'Query_Product_Rank')
    AS instructions USING (id)
GROUP BY key, id
