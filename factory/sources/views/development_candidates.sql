-- As instruction_candidates, over prompts that have no instruction of their own: the first line of
-- each is the seed. ShopBench's development set is such a source. Who takes it for seeds, as LLaSA
-- did, can test nothing on it any more: so no task of the catalogue does.

-- needs instructions: id, locale, input

-- keys
WITH seeds AS (
    SELECT locale, row_number() OVER (ORDER BY min(id), locale, instruction) - 1 AS place
    FROM (SELECT id, locale, split_part(input, chr(10), 1) AS instruction FROM instructions)
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
        SELECT min(id) AS id, locale, split_part(input, chr(10), 1) AS instruction
        FROM instructions
        GROUP BY ALL
    )
)
SELECT chosen.key, chosen.locale, seeds, []::VARCHAR[] AS source_ids
FROM chosen CROSS JOIN seeds
