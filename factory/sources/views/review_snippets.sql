-- What reviews of one type of product say of one aspect in one tone, and what reviews say of other
-- aspects, or of it in the other tone. Which of these are shown is for rows/review_snippets.py.

-- needs labels: subject, subject_id, locale, kind, name, value, polarity, evidence
-- needs products: product_id, locale, category
-- needs reviews: review_id, product_id, user_id, locale, rating

-- keys
-- A tone that the stars contradict was read wrong, or is of a mixed review: neither is said here.
WITH
-- include typed
-- include snippets
counted AS (
    SELECT locale, type, aspect, polarity, count(DISTINCT user_id) AS users
    FROM snippets
    GROUP BY ALL
    HAVING users >= 3
)
SELECT
    locale || ':' || type || ':' || aspect || ':' || polarity || ':' || turn AS key,
    -- One aspect of a type, one side: its snippets are the answers.
    locale || ':' || type || ':' || aspect AS split_group,
    locale, type, aspect, polarity, turn
FROM counted, (SELECT unnest(range(8)) AS turn)
WHERE turn < users // 3

-- facts
WITH
-- include typed
-- include snippets
golds AS (
    SELECT chosen.key, snippet, review_id, user_id,
        draw(chosen.key || chr(31) || review_id || snippet, 'gold') AS place
    FROM chosen JOIN snippets USING (locale, type, aspect, polarity)
),
gold_lists AS (
    SELECT key, list({'snippet': snippet, 'review_id': review_id, 'user_id': user_id}
        ORDER BY place, review_id, snippet)[:24] AS golds
    FROM golds GROUP BY key
),
-- Of the same type: other aspects, and the aspect itself in the other tone.
same_type AS (
    SELECT chosen.key, snippets.aspect, snippets.polarity, snippet, review_id,
        CASE WHEN snippets.aspect = chosen.aspect THEN 'opposite' ELSE 'type' END AS part,
        draw(chosen.key || chr(31) || review_id || snippet, 'same') AS place
    FROM chosen JOIN snippets USING (locale, type)
    WHERE snippets.aspect <> chosen.aspect OR snippets.polarity <> chosen.polarity
),
-- Of other types: any that the draw falls on.
numbered AS (
    SELECT *, row_number() OVER (
        PARTITION BY locale ORDER BY draw(review_id || snippet, 'number'), review_id, aspect, snippet
    ) - 1 AS number
    FROM snippets
),
sizes AS (SELECT locale, count(*) AS size FROM snippets GROUP BY locale),
other_types AS (
    SELECT wanted.key, numbered.aspect, numbered.polarity, snippet, review_id,
        CASE WHEN numbered.aspect = wanted.aspect THEN 'opposite' ELSE 'elsewhere' END AS part,
        -- After those of the type itself.
        CASE WHEN numbered.aspect = wanted.aspect THEN 18446744073709551615::UBIGINT
            ELSE place::UBIGINT END AS place
    FROM (
        SELECT key, locale, type, aspect, polarity, place,
            draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(60)) AS place FROM chosen) JOIN sizes USING (locale)
    ) AS wanted
    JOIN numbered ON numbered.locale = wanted.locale AND numbered.number = wanted.number
    WHERE numbered.type <> wanted.type
        AND (numbered.aspect <> wanted.aspect OR numbered.polarity <> wanted.polarity)
),
others AS (
    SELECT key, list({
            'part': part, 'aspect': aspect, 'polarity': polarity, 'snippet': snippet,
            'review_id': review_id
        } ORDER BY part, place, review_id, aspect, snippet) AS others
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY key, part ORDER BY place, review_id, aspect, snippet
        ) AS turn
        FROM (FROM same_type UNION ALL BY NAME FROM other_types)
        QUALIFY turn <= 24
    )
    GROUP BY key
)
SELECT chosen.key, chosen.locale, type AS product_type, aspect, polarity, golds,
    coalesce(others, []) AS others,
    -- What stands in for what the line shows: the row mapper names the reviews that it uses.
    []::VARCHAR[] AS source_ids
FROM chosen JOIN gold_lists USING (key) LEFT JOIN others USING (key)
