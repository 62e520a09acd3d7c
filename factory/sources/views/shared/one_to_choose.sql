-- Up to five products of each label that were judged for a query, of which one is to be chosen.
one_to_choose AS (
    SELECT
        key,
        shown.locale,
        min(query_id) AS query_id,
        min(query) AS query,
        1 AS golds_shown,
        getvariable('options')::BIGINT - 1 AS others_shown,
        list({
            'label': label,
            'id': product_id,
            'title': title
        } ORDER BY label, place, product_id, title) AS products,
        ['query:' || shown.locale || ':' || min(query_id)] AS source_ids
    FROM (FROM judged_in_turn WHERE place <= 5) AS shown JOIN products USING (product_id, locale)
    GROUP BY key, shown.locale
)
