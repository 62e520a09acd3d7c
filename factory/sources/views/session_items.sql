-- The product that a session ends with, the products before it, and products that were not viewed:
-- those of sessions from elsewhere. Which are listed is for rows/session_items.py.
--
-- One key a last product, whose session is chosen later: so the best sellers do not crowd out the
-- others, and the keys of a large shop are few and narrow.

-- needs sessions: session_id, locale, items
-- needs products: product_id, locale, title, brand

-- keys
SELECT
    locale || ':' || last_id AS key,
    locale || ':' || last_id AS split_group,
    locale
FROM (SELECT DISTINCT locale, items[-1] AS last_id FROM sessions WHERE len(items) BETWEEN 5 AND 40)

-- facts
WITH
-- include ended_sessions
SELECT key, locale, viewed_ids, viewed_titles, viewed_brands,
    others,
    ['session:' || locale || ':' || session_id] AS source_ids
FROM ended_sessions
