-- The last products that a shopper viewed, and what else might have come at the end: products of the
-- last one's brand, of titles like its own, and last products of sessions from elsewhere. Where the
-- session is cut, and which products are listed, is for rows/session_next_items.py.
--
-- One key a last product: of the sessions that end with it, the one with the lowest id. So the best
-- sellers do not crowd out the others, and a shop has fewer keys than sessions.

-- needs sessions: session_id, locale, items
-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || items[-1] AS key,
    locale || ':' || items[-1] AS split_group,
    locale,
    items[-1] AS last_id,
    min(session_id) AS session_id
FROM sessions
WHERE len(items) BETWEEN 5 AND 40
GROUP BY locale, items[-1]

-- facts
WITH
-- include ended_sessions
SELECT key, locale, viewed_ids, viewed_titles, viewed_brands,
    other_ids, other_titles, other_brands,
    ['session:' || locale || ':' || session_id] AS source_ids
FROM ended_sessions
