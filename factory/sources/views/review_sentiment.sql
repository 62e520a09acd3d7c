-- A review and its sentiment, one of five.

-- needs instructions: id, task, input, output

-- keys
SELECT id AS key, id AS split_group,
    min(regexp_extract(lower(output), '(very positive|very negative|positive|negative|neutral)'))
        AS answer,
    id
FROM instructions
WHERE task = 'Sentiment_Analysis'
    AND regexp_matches(lower(output), '(positive|negative|neutral)')
GROUP BY id
HAVING min(output) = max(output)

-- facts
SELECT key, 'us' AS locale, min(instructions.input) AS review, min(chosen.answer) AS answer,
    ['instruction:' || id] AS source_ids
FROM chosen JOIN (SELECT id, input FROM instructions WHERE task = 'Sentiment_Analysis')
    AS instructions USING (id)
GROUP BY key, id
