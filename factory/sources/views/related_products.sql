-- Two products of a pair and how they relate: which pairs a reader can tell from the titles is for
-- rows/related_products.py.

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
WHERE relation IN ('same', 'different', 'substitute', 'complement') AND left_id <> right_id
GROUP BY pair_id, locale, left_id, right_id
HAVING min(relation) = max(relation)

-- facts
WITH
-- include paired
FROM sides
