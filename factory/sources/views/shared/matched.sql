-- Up to three exact matches of a chosen query, by draw, with their texts.
matched AS (
    SELECT key, locale, list({
        'id': product_id,
        'title': title,
        'description': description,
        'bullets': bullets,
        'brand': brand,
        'color': color
    } ORDER BY place, title, description, bullets, brand, color) AS products
    FROM judged_in_turn JOIN products USING (product_id, locale)
    WHERE label = 'E' AND place <= 3
    GROUP BY key, locale
)
