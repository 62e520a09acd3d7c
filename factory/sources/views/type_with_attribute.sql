-- An attribute, a type of product whose listings state it as a rule, and types none of whose
-- listings states it.

-- needs labels: subject, subject_id, locale, kind, name, value
-- needs products: product_id, locale, attributes

-- keys
WITH
-- include incidence
turned AS (SELECT unnest(range(6)) AS turn)
SELECT
    locale || ':' || type || ':' || attribute || ':' || turn AS key,
    locale || ':' || type || ':' || attribute AS split_group,
    locale, type, attribute, turn
FROM incidence JOIN special USING (locale, attribute), turned
WHERE usual

-- facts
WITH
-- include incidence
-- Drawn from all pairs that are asked about: so each type is wrong about as often as it is right.
pool AS (
    SELECT locale, type, row_number() OVER (
        PARTITION BY locale ORDER BY draw(type || chr(31) || attribute, 'number'), type, attribute
    ) - 1 AS number
    FROM incidence JOIN special USING (locale, attribute)
    WHERE usual
),
sizes AS (SELECT locale, count(*) AS size FROM pool GROUP BY locale),
wanted AS (
    SELECT key, chosen.locale, type, attribute, place,
        draw(key || chr(31) || place, 'wrong') % size AS number
    FROM (SELECT *, unnest(range(60)) AS place FROM chosen) AS chosen JOIN sizes USING (locale)
),
wrong AS (
    SELECT key, pool.type AS wrong, min(place) AS place
    FROM wanted
        JOIN pool ON pool.locale = wanted.locale AND pool.number = wanted.number
        ANTI JOIN incidence ON incidence.locale = wanted.locale
            AND incidence.type = pool.type AND incidence.attribute = wanted.attribute
    GROUP BY key, pool.type
),
wrong_lists AS (SELECT key, list(wrong ORDER BY place, wrong) AS wrong FROM wrong GROUP BY key),
evidence AS (
    SELECT chosen.key,
        list(DISTINCT 'product:' || chosen.locale || ':' || kinds.product_id
            ORDER BY 'product:' || chosen.locale || ':' || kinds.product_id)[:3] AS source_ids
    FROM chosen
        JOIN kinds ON kinds.locale = chosen.locale AND kinds.type = chosen.type
        JOIN stated ON stated.locale = chosen.locale AND stated.product_id = kinds.product_id
            AND stated.attribute = chosen.attribute
    GROUP BY chosen.key
)
SELECT chosen.key, chosen.locale, type, attribute, coalesce(wrong, []) AS wrong, source_ids
FROM chosen JOIN evidence USING (key) LEFT JOIN wrong_lists USING (key)
