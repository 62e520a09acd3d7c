-- Exact matches of other queries of the locale, never judged for the chosen one: up to six of
-- queries that share a word with it ('near'), and up to fourteen of any ('far'). The first 4,096 queries
-- of a locale, in draw order, lend theirs. `keys` needs the columns query_id and match_id.
lenders AS (
    SELECT locale, query_id, match_id, row_number() OVER (PARTITION BY locale ORDER BY ordinal) - 1
        AS number
    FROM keys
    QUALIFY number < 4096
),
lenders_judgements AS MATERIALIZED (
    SELECT locale, query_id, judgements.query, product_id, label
    FROM judgements SEMI JOIN lenders USING (query_id, locale)
),
-- Two queries that one product is relevant to are of one corner of the shop: what answers the one may
-- be a substitute or a complement for the other.
acquainted AS (
    SELECT DISTINCT key, lenders_judgements.query_id
    FROM judged JOIN lenders_judgements USING (locale, product_id)
    WHERE judged.label IS DISTINCT FROM 'I' AND lenders_judgements.label <> 'I'
),
lent_queries AS (
    SELECT locale, query_id, min(query) AS query FROM lenders_judgements GROUP BY locale, query_id
),
lender_counts AS (SELECT locale, count(*) AS size FROM lenders GROUP BY locale),
lent_words AS (
    SELECT DISTINCT locale, query_id, unnest(string_split(lower(query), ' ')) AS word
    FROM lent_queries
),
asked_words AS (
    SELECT DISTINCT key, locale, query_id, unnest(string_split(lower(query), ' ')) AS word
    FROM judged
),
near_lenders AS (
    SELECT DISTINCT asked_words.key, asked_words.locale, lent_words.query_id
    FROM asked_words JOIN lent_words USING (locale, word)
    WHERE lent_words.query_id <> asked_words.query_id AND length(word) > 2
),
lent_by AS (
    SELECT key, near_lenders.locale, lenders.query_id, match_id, 'near' AS label,
        row_number() OVER (
            PARTITION BY key ORDER BY draw(key || near_lenders.query_id, 'near'), lenders.query_id
        ) AS place
    FROM near_lenders JOIN lenders USING (locale, query_id)
    QUALIFY place <= 6
    UNION ALL BY NAME
    SELECT wanted.key, wanted.locale, lenders.query_id, match_id, 'far' AS label, wanted.place
    FROM (
        SELECT key, locale, place, draw(key || chr(31) || place, 'far') % size AS number
        FROM (SELECT *, unnest(range(1, 15)) AS place FROM chosen)
        JOIN lender_counts USING (locale)
    ) AS wanted
    JOIN lenders ON lenders.locale = wanted.locale AND lenders.number = wanted.number
),
lent AS (
    SELECT DISTINCT ON (key, product_id) key, lent_by.locale, match_id AS product_id,
        lent_queries.query AS lent_by, label, place
    FROM lent_by JOIN lent_queries USING (locale, query_id)
    ANTI JOIN judged ON judged.key = lent_by.key AND judged.product_id = lent_by.match_id
    ANTI JOIN acquainted
        ON acquainted.key = lent_by.key AND acquainted.query_id = lent_by.query_id
    ORDER BY key, product_id, label DESC, place, lent_by
),
