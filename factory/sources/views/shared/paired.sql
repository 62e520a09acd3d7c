described AS (
    -- The products file may list a product twice.
    SELECT locale, product_id, min(title) AS title, min(coalesce(brand, '')) AS brand,
        min(coalesce(category[-1], '')) AS type, min(coalesce(category[1], '')) AS department,
        min(list_transform(
            map_entries(attributes), lambda entry: {'name': entry.key, 'value': entry.value}
        )) AS attributes
    FROM products
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
),
paired AS (
    SELECT chosen.key, chosen.locale, min(chosen.relation) AS relation,
        min(pairs.left_id) AS left_id, min(pairs.right_id) AS right_id
    FROM chosen JOIN pairs USING (pair_id, locale)
    GROUP BY chosen.key, chosen.locale
),
sides AS (
    SELECT paired.key, paired.locale, relation,
        ones.title AS left_title, others.title AS right_title,
        ones.brand AS left_brand, others.brand AS right_brand,
        ones.type AS left_type, others.type AS right_type,
        ones.department AS left_department, others.department AS right_department,
        coalesce(ones.attributes, []) AS left_attributes,
        coalesce(others.attributes, []) AS right_attributes,
        [
            'product:' || paired.locale || ':' || left_id,
            'product:' || paired.locale || ':' || right_id,
            'pair:' || paired.locale || ':' || paired.key
        ] AS source_ids
    FROM paired
    JOIN described AS ones ON ones.locale = paired.locale AND ones.product_id = left_id
    JOIN described AS others ON others.locale = paired.locale AND others.product_id = right_id
)
