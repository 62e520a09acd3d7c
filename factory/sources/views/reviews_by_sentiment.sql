-- Five reviews, one of each sentiment.
--
-- The rarest sentiment decides how many lists there are: each of its reviews takes part in five, and
-- of the others no review in more. The reviews of a sentiment stand in a drawn order, and in each of
-- five rounds the sentiments are shifted against each other, so that two lists share two at most.

-- needs instructions: id, task, input, output

-- keys
WITH reviews AS (
    SELECT id,
        min(regexp_extract(lower(output),
            '(very positive|very negative|positive|negative|neutral)')) AS answer
    FROM instructions
    WHERE task = 'Sentiment_Analysis'
        AND regexp_matches(lower(output), '(positive|negative|neutral)')
        -- Five long ones would not be read, nor fit; a short one says too little to be placed.
        AND length(input) BETWEEN 60 AND 900
    GROUP BY id
    HAVING min(output) = max(output)
),
placed AS (
    SELECT *, list_position(
            ['very positive', 'positive', 'neutral', 'negative', 'very negative'], answer
        ) - 1 AS place,
        row_number() OVER (PARTITION BY answer ORDER BY draw(id, 'turn'), id) - 1 AS turn
    FROM reviews
),
sizes AS (SELECT place, count(*) AS size FROM placed GROUP BY place),
rounds AS (
    SELECT unnest(range(fewest)) AS number, round, fewest
    FROM (
        SELECT min(size) AS fewest, unnest(range(5)) AS round FROM sizes HAVING count(*) = 5
    )
),
members AS (
    SELECT round, number, place, id
    FROM (
        SELECT round, number, place, (round * fewest + number + round * place) % size AS turn
        FROM rounds CROSS JOIN sizes
    ) JOIN placed USING (place, turn)
)
SELECT string_agg(id, ':' ORDER BY place) AS key, string_agg(id, ':' ORDER BY place) AS split_group
FROM members
GROUP BY round, number
HAVING count(*) = 5

-- facts
WITH named AS (
    SELECT key, string_split(key, ':') AS ids FROM chosen
),
members AS (
    SELECT key, unnest(ids) AS id, generate_subscripts(ids, 1) AS place FROM named
),
shown AS (
    SELECT key, place, id, min(input) AS review
    FROM members JOIN (SELECT id, input FROM instructions WHERE task = 'Sentiment_Analysis')
        AS instructions USING (id)
    GROUP BY key, place, id
)
SELECT key, 'us' AS locale, list(review ORDER BY place) AS items,
    [1.0, 0.75, 0.5, 0.25, 0.0]::DOUBLE[] AS relevance,
    list('instruction:' || id ORDER BY place) AS source_ids
FROM shown
GROUP BY key
