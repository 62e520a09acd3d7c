-- Two records of products, in either order, and whether they belong to one product.
--
-- Each pair gives two keys: NVIDIA's 4,044 rows are upstream's 2,022 pairs twice.

-- needs instructions: id, task, input, output

-- keys
SELECT id || ':' || shown AS key, id AS split_group, min(lower(trim(output))) AS answer, shown, id
FROM (
    SELECT id, output, unnest(['given', 'swapped']) AS shown
    FROM instructions WHERE task = 'Product_Matching'
)
GROUP BY id, shown
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(chosen.answer) AS answer,
    min(chosen.shown) AS shown, ['instruction:' || id] AS source_ids
FROM chosen JOIN (SELECT id, input FROM instructions WHERE task = 'Product_Matching')
    AS instructions USING (id)
GROUP BY key, id
