-- A customer's question about a product, the shop's answer, and what the product page says.

-- needs dialogues: dialogue_id, locale, question, answer, product_id
-- needs products: product_id, locale, title, bullets, brand, category, attributes

-- keys
SELECT
    locale || ':' || dialogue_id AS key,
    locale || ':' || min(product_id) AS split_group,
    dialogue_id,
    locale
FROM dialogues
WHERE question IS NOT NULL AND answer IS NOT NULL AND product_id IS NOT NULL
GROUP BY locale, dialogue_id
HAVING count(*) = 1

-- facts
WITH asked AS (
    SELECT chosen.key, chosen.locale, dialogue_id, question, answer, product_id
    FROM dialogues JOIN chosen USING (dialogue_id, locale)
),
-- The products file may list a product twice: of two listings, the one that is lower in order.
listed AS (
    SELECT locale, product_id,
        min({'title': title, 'brand': brand, 'category': category, 'bullets': bullets,
            'attributes': map_entries(attributes)}) AS page
    FROM products
    SEMI JOIN asked USING (locale, product_id)
    WHERE title IS NOT NULL
    GROUP BY locale, product_id
)
SELECT
    key,
    asked.locale,
    question,
    answer,
    page.title AS product,
    coalesce(page.brand, '') AS brand,
    coalesce(page.category[-1], '') AS product_type,
    list_transform(page.attributes, lambda entry: {'name': entry."key", 'value': entry."value"})
        AS attributes,
    coalesce(page.bullets, []) AS bullets,
    [
        'dialogue:' || asked.locale || ':' || dialogue_id,
        'product:' || asked.locale || ':' || asked.product_id
    ] AS source_ids
FROM asked JOIN listed USING (locale, product_id)
