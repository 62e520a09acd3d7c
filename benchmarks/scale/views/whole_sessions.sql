-- Every session: its last product, and up to four before it.

-- needs sessions: session_id, locale, items
-- needs products: product_id, locale, title

-- keys
SELECT
    locale || ':' || session_id AS key,
    locale || ':' || session_id AS split_group,
    session_id,
    locale
FROM sessions
WHERE len(items) BETWEEN 3 AND 40
GROUP BY session_id, locale

-- facts
WITH held AS MATERIALIZED (
    SELECT chosen.key, chosen.locale, chosen.session_id, min(items)[-5:] AS items
    FROM sessions JOIN chosen USING (session_id, locale)
    GROUP BY chosen.key, chosen.locale, chosen.session_id
),
steps AS MATERIALIZED (
    SELECT key, locale, session_id, unnest(items) AS product_id,
        unnest(range(len(items), 0, -1)) AS back
    FROM held
),
-- The products file may list a product twice.
titled AS MATERIALIZED (
    SELECT locale, product_id, min(title) AS title
    FROM products
    SEMI JOIN (SELECT DISTINCT locale, product_id FROM steps) AS shown USING (locale, product_id)
    GROUP BY locale, product_id
)
SELECT
    key,
    locale,
    list(title ORDER BY back DESC) FILTER (back > 1) AS viewed,
    min(title) FILTER (back = 1) AS target,
    list_prepend(
        'session:' || locale || ':' || session_id,
        list('product:' || locale || ':' || product_id ORDER BY back DESC)
    ) AS source_ids
FROM steps LEFT JOIN titled USING (locale, product_id)
GROUP BY key, locale, session_id
