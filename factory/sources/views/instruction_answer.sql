-- Instructions with their answers, as they are: line breaks and all, so every text is handed on as
-- bytes, which the line does not clean (factory/sources/as_written.py).

-- needs instructions: id, locale, instruction, input, output

-- keys
SELECT id AS key,
    -- Two answers to one prompt never stand in two splits.
    left(md5(concat_ws(chr(31), instruction, input)), 16) AS split_group
FROM instructions

-- facts
SELECT key, locale,
    encode(instruction) AS instruction,
    encode(coalesce(input, '')) AS input,
    encode(output) AS target,
    ['instruction:' || id] AS source_ids
FROM chosen JOIN instructions ON id = key
