-- Two queries, and how the second relates to the first, by the products that both were judged with.
--
-- substitute: three of ten exact matches are shared, and no query holds the other's words.
-- narrowing: the second query holds all words of the first and more, and none of the products that
--   match it exactly was judged to match the first less.
-- complement: at least two exact matches of one are complements for the other, and none is more.
-- irrelevant: at least two exact matches of one are irrelevant for the other, and none is more; or
--   the queries share neither a product nor a word, and were brought together by draw.

-- needs judgements: query_id, query, product_id, locale, label

-- keys
WITH queries AS MATERIALIZED (
    -- Numbers, since pairs of long ids would be grouped in several times the memory.
    SELECT locale, query_id, min(query) AS query, count(*) FILTER (label = 'E') AS exact,
        row_number() OVER (ORDER BY locale, query_id)::UINTEGER AS number
    FROM judgements
    GROUP BY locale, query_id
    HAVING NOT regexp_matches(
        min(query),
        -- NOT_PLAIN of factory/sources/lexicons.py: such a query does not say what is wanted.
        '(?i)\b(?:not|no|without|except|non|please|thanks|what|which|how|why|who|where|is|are|do|'
        || 'does|can|need|vs|versus|or|sin|menos|excepto|por favor|gracias|qué|que|cuál|cómo|dónde|'
        || 'necesito)\b|以外|ではない|じゃない|なし|無し|不使用|ください|下さい|お願い|何|どの|どう|[?？¿!]'
    )
    AND (locale = 'jp') = regexp_matches(min(query), '[\x{3040}-\x{30ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}]')
),
judged AS MATERIALIZED (
    SELECT number, locale, product_id, min(label) AS label
    FROM judgements JOIN queries USING (locale, query_id)
    -- What only one query is judged with says nothing about two of them, and what more than these
    -- are judged with says little.
    SEMI JOIN (
        SELECT locale, product_id FROM judgements
        GROUP BY locale, product_id HAVING count(*) BETWEEN 2 AND 16
    ) AS several USING (locale, product_id)
    GROUP BY number, locale, product_id
    HAVING min(label) = max(label)
),
counted AS MATERIALIZED (
    SELECT a.number AS a, b.number AS b,
        count(*) FILTER (a.label = 'E' AND b.label = 'E') AS both_exact,
        count(*) FILTER (a.label = 'E' AND b.label <> 'E') AS only_first,
        count(*) FILTER (a.label <> 'E' AND b.label = 'E') AS only_second,
        count(*) FILTER (
            (a.label = 'E' AND b.label = 'C') OR (a.label = 'C' AND b.label = 'E')
        ) AS complements,
        count(*) FILTER (
            (a.label = 'E' AND b.label = 'I') OR (a.label = 'I' AND b.label = 'E')
        ) AS irrelevant,
        count(*) FILTER (a.label = 'S' OR b.label = 'S') AS substitutes
    FROM judged AS a JOIN judged AS b USING (locale, product_id)
    WHERE a.number < b.number
    GROUP BY a.number, b.number
    HAVING count(*) > 1
),
compared AS (
    SELECT counted.*, ones.exact AS exact, others.exact AS other_exact,
        list_has_all(string_split(lower(others.query), ' '), string_split(lower(ones.query), ' '))
            OR contains(lower(others.query), lower(ones.query)) AS second_holds,
        list_has_all(string_split(lower(ones.query), ' '), string_split(lower(others.query), ' '))
            OR contains(lower(ones.query), lower(others.query)) AS first_holds,
        both_exact / (ones.exact + others.exact - both_exact) AS jaccard
    FROM counted
    JOIN queries AS ones ON ones.number = counted.a
    JOIN queries AS others ON others.number = counted.b
    WHERE both_exact > 1 OR complements > 1 OR irrelevant > 1
),
related AS (
    SELECT a, b, first_holds, CASE
        WHEN both_exact > 1 AND second_holds AND NOT first_holds AND only_second = 0
            THEN 'narrowing'
        WHEN both_exact > 1 AND first_holds AND NOT second_holds AND only_first = 0
            THEN 'narrowing'
        WHEN both_exact > 1 AND NOT first_holds AND NOT second_holds AND jaccard >= 0.3
            -- Far more matches of one are those of a wider query, in other words.
            AND 2 * greatest(exact, other_exact) <= 3 * least(exact, other_exact)
            THEN 'substitute'
        WHEN both_exact + substitutes + irrelevant = 0 AND complements > 1 THEN 'complement'
        WHEN both_exact + substitutes + complements = 0 AND irrelevant > 1
            AND NOT first_holds AND NOT second_holds THEN 'irrelevant'
    END AS relation
    FROM compared
),
near_by AS (
    SELECT relation, 'near' AS distance,
        CASE WHEN relation = 'narrowing' AND first_holds THEN b ELSE a END AS number,
        CASE WHEN relation = 'narrowing' AND first_holds THEN a ELSE b END AS other_number
    FROM related
    WHERE relation IS NOT NULL
),
-- Neighbours in an order by draw, two queries that nothing brings together: about as many as judged
-- ones, and enough for a shop that has few of those.
drawn AS (
    SELECT number, locale, query,
        lead(number) OVER ordered AS other_number,
        lead(query) OVER ordered AS other_query,
        row_number() OVER ordered AS place
    FROM queries
    WHERE exact > 0
    WINDOW ordered AS (
        PARTITION BY locale ORDER BY draw(locale || ':' || query_id, 'far'), query_id
    )
    QUALIFY other_number IS NOT NULL
        AND place <= greatest(100, (SELECT count(*) FROM related WHERE relation = 'irrelevant') / 2)
),
strangers AS MATERIALIZED (
    SELECT number, locale, other_number FROM drawn
    WHERE NOT list_has_any(
        string_split(lower(query), ' '), string_split(lower(other_query), ' ')
    )
),
-- Queries that a third one is judged with both are of one corner of the shop.
steps AS MATERIALIZED (
    SELECT a AS number, b AS other_number FROM counted WHERE irrelevant = 0
    UNION ALL
    SELECT b, a FROM counted WHERE irrelevant = 0
),
acquainted AS (
    SELECT strangers.number FROM strangers
    JOIN steps AS step USING (number)
    JOIN steps AS next ON next.number = step.other_number
        AND next.other_number = strangers.other_number
    UNION
    SELECT strangers.number FROM strangers
    JOIN judged AS one USING (number)
    JOIN judged AS other
        ON other.locale = one.locale AND other.product_id = one.product_id
        AND other.number = strangers.other_number
),
far_apart AS (
    SELECT 'irrelevant' AS relation, 'far' AS distance, number, other_number
    FROM strangers ANTI JOIN acquainted USING (number)
),
listed AS (FROM near_by UNION ALL FROM far_apart)
SELECT
    ones.locale || ':' || ones.query_id || ':' || others.query_id AS key,
    ones.locale || ':' || least(ones.query_id, others.query_id) AS split_group,
    ones.locale, ones.query_id, others.query_id AS other_id, relation, distance
FROM listed
JOIN queries AS ones ON ones.number = listed.number
JOIN queries AS others ON others.number = listed.other_number
-- A query that many others are near to would be met in row after row.
QUALIFY row_number() OVER (
    PARTITION BY relation, ones.number
    ORDER BY draw(ones.locale || ':' || ones.query_id || ':' || others.query_id, 'pair'),
        others.query_id
) <= 2

-- facts
WITH texts AS (
    SELECT locale, query_id, min(query) AS query
    FROM judgements
    SEMI JOIN (
        SELECT locale, query_id FROM chosen UNION SELECT locale, other_id FROM chosen
    ) AS named USING (locale, query_id)
    GROUP BY locale, query_id
)
SELECT chosen.key, chosen.locale, relation AS answer, distance,
    first_text.query AS first_query,
    second_text.query AS second_query,
    [
        'query:' || chosen.locale || ':' || chosen.query_id,
        'query:' || chosen.locale || ':' || other_id
    ] AS source_ids
FROM chosen
JOIN texts AS first_text USING (locale, query_id)
JOIN texts AS second_text
    ON second_text.locale = chosen.locale AND second_text.query_id = other_id
