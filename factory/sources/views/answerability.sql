-- A customer's question, what reviews say about the product, and whether they answer it.

-- needs instructions: id, task, input, output

-- keys
SELECT id AS key, id AS split_group, min(lower(trim(output))) AS answer, id
FROM instructions
WHERE task = 'Answerability_Prediction'
GROUP BY id
-- A sample that stands in the file twice, with two answers, has none.
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(chosen.answer) AS answer,
    ['instruction:' || id] AS source_ids
FROM chosen JOIN (SELECT id, input FROM instructions WHERE task = 'Answerability_Prediction')
    AS instructions USING (id)
GROUP BY key, id
