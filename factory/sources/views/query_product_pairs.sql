-- Five judged pairs of five different queries of one locale: the row's own, with one of the labels
-- that its query has, and one of each label, each lent by another query: one of the first 16,384 of
-- the locale that have the label.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale,
    list_sort(list(DISTINCT label)) AS labels
FROM judgements
GROUP BY query_id, locale

-- facts
WITH
own AS (
    SELECT key, locale, query_id, labels[(draw(key, 'own label') % len(labels))::BIGINT + 1] AS label
    FROM chosen
),
lenders AS (
    SELECT locale, label, query_id,
        row_number() OVER (PARTITION BY locale, label ORDER BY ordinal) - 1 AS number
    FROM (SELECT locale, query_id, ordinal, unnest(labels) AS label FROM keys)
    QUALIFY number < 16384
),
lender_counts AS (SELECT locale, label, count(*) AS size FROM lenders GROUP BY locale, label),
wanted AS (
    SELECT own.key, own.locale, labels.label, labels.place,
        draw(own.key || labels.label, 'lender') % size AS number
    FROM own
    CROSS JOIN (
        SELECT unnest(['E', 'S', 'C', 'I']) AS label, unnest([1, 2, 3, 4]) AS place
    ) AS labels
    JOIN lender_counts ON lender_counts.locale = own.locale AND lender_counts.label = labels.label
),
asked AS (
    SELECT key, locale, query_id, label, 0 AS place FROM own
    UNION ALL BY NAME
    SELECT wanted.key, wanted.locale, lenders.query_id, wanted.label, wanted.place
    FROM wanted JOIN lenders ON lenders.locale = wanted.locale AND lenders.label = wanted.label
        AND lenders.number = wanted.number
),
-- Only then is asked whether the judgements of a pair agree: of all pairs, it costs a gigabyte.
paired AS (
    SELECT asked.key, asked.place, asked.label, judgements.locale, judgements.query_id,
        judgements.product_id, judgements.query
    FROM judgements JOIN asked USING (query_id, locale, label)
    QUALIFY row_number() OVER (
        PARTITION BY key, place
        ORDER BY draw(key || judgements.product_id, 'product'), judgements.product_id, query
    ) = 1
),
disputed AS (
    SELECT DISTINCT paired.key, paired.place
    FROM judgements JOIN paired USING (query_id, locale, product_id)
    WHERE judgements.label <> paired.label
)
SELECT
    key,
    locale,
    list({
        'query': query,
        'id': query_id,
        'product': product_id,
        'title': title,
        'label': label
    } ORDER BY place, title) AS pairs,
    getvariable('candidates')::BIGINT AS shown,
    ['query:' || key] AS source_ids
FROM paired ANTI JOIN disputed USING (key, place) JOIN products USING (product_id, locale)
GROUP BY key, locale
