-- What a shopper searched for, and the products that the shopper then clicked.
--
-- One key for each query of a locale: of the sessions that begin with it, the one with the lowest id.

-- needs sessions: session_id, user_id, locale, events
-- needs products: product_id, locale, title, category

-- keys
SELECT
    locale || ':' || min(session_id) AS key,
    locale || ':' || lower(events[1].query) AS split_group,
    min(session_id) AS session_id,
    locale
FROM sessions
WHERE events[1].query IS NOT NULL
    AND len(list_distinct(list_transform(events, lambda event: event.product_id))) > 1
GROUP BY locale, lower(events[1].query)

-- facts
WITH searched AS (
    SELECT chosen.key, chosen.locale, min(session_id) AS session_id, min(user_id) AS user_id,
        min(events) AS events
    FROM sessions JOIN chosen USING (session_id, locale)
    GROUP BY chosen.key, chosen.locale
),
-- Only up to the next query: what follows it answers that one.
steps AS (
    SELECT key, locale, unnest(events) AS event, unnest(range(len(events))) AS place FROM searched
),
after AS (
    SELECT key, min(place) AS place FROM steps WHERE event.kind = 'query' AND place > 0 GROUP BY key
),
clicked AS (
    SELECT steps.key, steps.locale, event.product_id AS product_id, min(steps.place) AS place
    FROM steps LEFT JOIN after USING (key)
    WHERE event.product_id IS NOT NULL AND steps.place < coalesce(after.place, 1000000)
    GROUP BY ALL
),
titled AS (
    SELECT locale, product_id, min(title) AS title, min(category[-1]) AS product_type,
        min(category[1]) AS department
    FROM products SEMI JOIN clicked USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
viewed AS (
    SELECT key, list(
        {'id': product_id, 'title': title, 'product_type': product_type, 'department': department}
        ORDER BY place, product_id
    )[:8] AS viewed
    FROM clicked JOIN titled USING (locale, product_id)
    GROUP BY key
)
SELECT
    key,
    searched.locale,
    events[1].query AS query,
    viewed,
    list_concat(
        ['session:' || searched.locale || ':' || session_id],
        CASE WHEN user_id IS NULL THEN [] ELSE ['shopper:' || user_id] END,
        list_transform(viewed, lambda item: 'product:' || searched.locale || ':' || item.id)
    ) AS source_ids
FROM searched JOIN viewed USING (key)
