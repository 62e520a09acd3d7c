-- Two products of one brand and kind, listed apart: whether they are one product, and which pairs a
-- reader can tell, is for rows/listed_twice.py.

-- needs pairs: pair_id, locale, left_id, right_id, relation
-- needs products: product_id, locale, title, brand, category, attributes

-- keys
SELECT
    pair_id AS key,
    locale || ':' || least(left_id, right_id) AS split_group,
    pair_id,
    locale,
    min(relation) AS relation
FROM pairs
WHERE relation IN ('same', 'different') AND left_id <> right_id
GROUP BY pair_id, locale, left_id, right_id
HAVING min(relation) = max(relation)

-- facts
WITH
-- include paired
FROM sides
