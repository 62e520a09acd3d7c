-- Instructions that a model is yet to write, each with the seeds that it may be shown: Self-Instruct.
-- A candidate is a number; its language is that of a seed, so that languages come as often as seeds
-- have them. Which seeds are shown is for rows/instruction_candidates.py.

-- needs instructions: id, locale, instruction

-- keys
WITH seeds AS (
    SELECT locale, row_number() OVER (ORDER BY min(id), locale, instruction) - 1 AS place
    FROM instructions
    GROUP BY locale, instruction
),
numbered AS (SELECT printf('candidate-%05d', unnest(range(1, 20001))) AS key)
SELECT key, key AS split_group, locale
FROM numbered JOIN seeds ON place = draw(key, 'language') % (SELECT count(*) FROM seeds)

-- facts
WITH seeds AS (
    SELECT list({'id': id, 'locale': locale, 'instruction': instruction} ORDER BY id, locale)
        AS seeds
    FROM (
        SELECT min(id) AS id, locale, instruction FROM instructions GROUP BY locale, instruction
    )
)
SELECT chosen.key, chosen.locale, seeds, []::VARCHAR[] AS source_ids
FROM chosen CROSS JOIN seeds
