-- What a customer bought, in order, and twenty products of which one was bought next.

-- needs instructions: id, task, input, options, output

-- keys
SELECT id AS key, md5(min(input)) AS split_group, id
FROM instructions
WHERE task = 'Sequential_Recommendation'
GROUP BY id
HAVING min(output) = max(output)

-- facts
-- The input travels as bytes: cleaned before it is parsed, &quot; would end a JSON string.
SELECT key, 'us' AS locale, encode(min(instructions.input)) AS input, min(options) AS options,
    min(output) AS output, getvariable('options')::BIGINT - 1 AS others_shown,
    ['instruction:' || id] AS source_ids
FROM chosen
JOIN (SELECT id, input, options, output FROM instructions
      WHERE task = 'Sequential_Recommendation') AS instructions USING (id)
GROUP BY key, id
