-- Questions with four choices in the order that their author gave them: "all of the above" stands
-- last, and a choice may name the two before it.
--
-- Multiple choice draws the place of the right answer from the key. So a key ends in the first
-- number whose draw is the place that the answer has upstream: the order stays, and the stratum
-- `position` says what it says everywhere.

-- needs instructions: id, task, locale, input, options, output, setting

-- keys
SELECT
    id || '/' || coalesce(
        list_filter(
            range(0, 16), lambda n: draw(id || '/' || n, 'position') % 4 = output::UBIGINT
        )[1],
        list_filter(
            range(16, 256), lambda n: draw(id || '/' || n, 'position') % 4 = output::UBIGINT
        )[1]
    ) AS key,
    -- Questions on one passage begin alike.
    left(md5(left(input, 120)), 16) AS split_group,
    id,
    task,
    setting AS part
FROM instructions
WHERE len(options) = 4 AND output IN ('0', '1', '2', '3')

-- facts
SELECT chosen.key, locale, chosen.task AS topic,
    encode(input) AS question,
    list_transform(options, lambda choice: encode(choice)) AS choices,
    output::INTEGER AS place,
    ['instruction:' || id] AS source_ids
FROM chosen JOIN instructions USING (id)
