-- A query, the type that seven of ten of its exact matches are of, and other types: of the same
-- department first, then from elsewhere. No type of an exact match or a substitute is among them.

-- needs judgements: query_id, query, product_id, locale, label
-- needs products: product_id, locale, category

-- keys
SELECT
    locale || ':' || query_id AS key,
    locale || ':' || query_id AS split_group,
    query_id,
    locale
FROM judgements
GROUP BY query_id, locale
HAVING count(DISTINCT product_id) FILTER (label = 'E') > 1

-- facts
WITH typed AS (
    SELECT locale, product_id, min(category[-1]) AS type, min(category[-2]) AS department
    FROM products
    WHERE len(category) > 1
    GROUP BY locale, product_id
),
types AS (
    SELECT locale, department, type,
        row_number() OVER (PARTITION BY locale ORDER BY draw(locale || type, 'type'), type) - 1
            AS number
    FROM typed
    GROUP BY locale, department, type
    HAVING count(*) > 1
),
sizes AS (SELECT locale, count(*) AS size FROM types GROUP BY locale),
judged AS (
    SELECT chosen.key, judgements.locale, judgements.product_id,
        min(judgements.query) AS query, min(label) AS label
    FROM judgements JOIN chosen USING (query_id, locale)
    WHERE label IN ('E', 'S')
    GROUP BY ALL
),
counted AS (
    SELECT key, locale, type, department, min(query) AS query,
        count(*) FILTER (label = 'E') AS exact
    FROM judged JOIN typed USING (locale, product_id)
    GROUP BY key, locale, type, department
),
answers AS (
    SELECT *, sum(exact) OVER (PARTITION BY key) AS exact_of_query
    FROM counted
    QUALIFY exact > 1 AND 10 * exact >= 7 * exact_of_query
),
possible AS (SELECT key, list(type ORDER BY type) AS possible FROM counted GROUP BY key),
siblings AS (
    SELECT answers.key, types.type, row_number() OVER (
        PARTITION BY answers.key ORDER BY draw(answers.key || types.type, 'sibling'), types.type
    ) AS place
    FROM answers JOIN types USING (locale, department)
    WHERE types.type <> answers.type
    QUALIFY place <= 12
),
strangers AS (
    SELECT wanted.key, types.type, min(wanted.place) AS place
    FROM (
        SELECT key, locale, department, place,
            draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(1, 13)) AS place FROM answers) JOIN sizes USING (locale)
    ) AS wanted
    JOIN types ON types.locale = wanted.locale AND types.number = wanted.number
    WHERE types.department <> wanted.department
    GROUP BY wanted.key, types.type
),
sibling_lists AS (SELECT key, list(type ORDER BY place, type) AS near FROM siblings GROUP BY key),
stranger_lists AS (SELECT key, list(type ORDER BY place, type) AS far FROM strangers GROUP BY key)
SELECT answers.key, answers.locale, answers.query, answers.type AS positive,
    coalesce(near, []) AS near,
    coalesce(far, []) AS far,
    possible,
    'query:' || answers.locale || ':' || query_id AS subject,
    ['query:' || answers.locale || ':' || query_id] AS source_ids
FROM answers
JOIN chosen USING (key)
JOIN possible USING (key)
LEFT JOIN sibling_lists USING (key)
LEFT JOIN stranger_lists USING (key)
