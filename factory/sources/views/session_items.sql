-- The product that a session ends with, the products before it, and products that were not viewed:
-- of the last one's brand, of titles like the last one's, and last products of sessions from
-- elsewhere. Which are listed is for rows/session_items.py.
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
