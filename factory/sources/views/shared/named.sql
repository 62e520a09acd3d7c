-- What else attributes are called. A name of two attributes names neither, in whichever words:
-- "fastening type" of one is the "type of fastening" of another.
worded AS (
    SELECT DISTINCT locale, lower(value) AS synonym, lower(name) AS attribute,
        list_sort(list_filter(
            string_split(lower(value), ' '),
            lambda word: word NOT IN ('type', 'types', 'kind', 'name', 'of', 'the')
        )) AS words
    FROM labels
    WHERE kind = 'synonym'
),
named AS (
    SELECT locale, synonym, attribute
    FROM worded
    QUALIFY min(attribute) OVER (PARTITION BY locale, words)
        = max(attribute) OVER (PARTITION BY locale, words)
),
