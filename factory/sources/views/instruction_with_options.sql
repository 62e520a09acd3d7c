-- Instructions with their options and answers as they are: every text is handed on as bytes, which
-- the line does not clean (factory/sources/as_written.py). `task` is a stratum: upstream's tasks
-- can be shared out alike. A question that upstream answers in two ways is left out.

-- needs instructions: id, task, locale, instruction, input, options, output

-- keys
SELECT id AS key,
    -- One input under two wordings never stands in two splits.
    left(md5(concat_ws(chr(31), task, input)), 16) AS split_group,
    task
FROM instructions
GROUP BY ALL
-- One sample an id: upstream repeats some rows, and answers some of those differently.
HAVING count(DISTINCT output) = 1

-- facts
SELECT key, min(locale) AS locale,
    encode(min(instruction)) AS instruction,
    encode(min(input)) AS input,
    encode(coalesce(min(array_to_string(options, chr(10))), '')) AS choices,
    encode(min(output)) AS target,
    ['instruction:' || key] AS source_ids
FROM chosen JOIN instructions ON id = key
GROUP BY key
