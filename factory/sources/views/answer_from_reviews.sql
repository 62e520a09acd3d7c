-- A customer's question, what reviews say about the product, and the answer that follows.

-- needs instructions: id, task, input, output

-- keys
SELECT id AS key, id AS split_group, id
FROM instructions
WHERE task = 'Answer_Generation'
GROUP BY id
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(output) AS answer,
    ['instruction:' || id] AS source_ids
FROM chosen JOIN (SELECT id, input, output FROM instructions WHERE task = 'Answer_Generation')
    AS instructions USING (id)
GROUP BY key, id
