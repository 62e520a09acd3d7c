-- Another name of an attribute, and other names of attributes that are stated beside it.

-- needs labels: subject, subject_id, locale, kind, name, value

-- keys
WITH
-- include named
turns AS (SELECT unnest(range(3)) AS turn)
SELECT locale || ':' || synonym || ':' || turn AS key,
    attribute AS split_group,
    locale, attribute, synonym, turn
FROM named, turns

-- facts
WITH
-- include named
stated AS (
    SELECT DISTINCT locale, subject_id AS product_id, lower(name) AS attribute
    FROM labels
    WHERE subject = 'product' AND kind = 'attribute'
),
beside AS (
    SELECT one.locale, one.attribute, other.attribute AS other, count(*) AS times
    FROM stated AS one JOIN stated AS other USING (locale, product_id)
    WHERE one.attribute <> other.attribute
    GROUP BY ALL
),
-- Names of attributes of the same listings come first, then those of any.
others AS (
    SELECT chosen.key, named.synonym AS other, named.attribute AS other_attribute,
        row_number() OVER (
            PARTITION BY chosen.key
            ORDER BY times IS NULL, draw(chosen.key || chr(31) || named.synonym, 'other'),
                named.synonym
        ) AS place
    FROM chosen
        JOIN named ON named.locale = chosen.locale AND named.attribute <> chosen.attribute
        LEFT JOIN beside ON beside.locale = chosen.locale
            AND beside.attribute = chosen.attribute AND beside.other = named.attribute
    QUALIFY place <= 24
),
other_lists AS (
    SELECT key, list({'name': other, 'attribute': other_attribute} ORDER BY place) AS others
    FROM others GROUP BY key
),
evidence AS (
    SELECT locale, attribute,
        list(product_id ORDER BY draw(attribute || product_id, 'evidence'), product_id)[1]
            AS product_id
    FROM stated GROUP BY locale, attribute
)
SELECT chosen.key, chosen.locale, chosen.attribute, synonym AS positive,
    coalesce(others, []) AS others,
    -- No listing says what else an attribute is called; that of one where it is stated stands here.
    ['product:' || chosen.locale || ':' || product_id] AS source_ids
FROM chosen
    JOIN evidence USING (locale, attribute)
    LEFT JOIN other_lists USING (key)
