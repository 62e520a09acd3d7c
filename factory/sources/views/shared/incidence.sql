-- Which attributes the listings of each type of product state, by labels and by the product page's
-- own fields. Listings without a labelled attribute were not read and do not count.
kinds AS (
    -- Bath towel and bath towels are one type.
    SELECT DISTINCT locale, subject_id AS product_id,
        regexp_replace(lower(value), '([^s])s$', '\1') AS type
    FROM labels
    WHERE subject = 'product' AND kind = 'type'
        AND (locale, subject_id) IN (
            SELECT (locale, subject_id) FROM labels
            WHERE subject = 'product' AND kind = 'attribute'
        )
),
-- A field of the page that any seller may fill in shows that an attribute is possible, no more.
stated AS (
    SELECT locale, product_id, attribute, bool_or(labelled) AS labelled
    FROM (
        SELECT locale, subject_id AS product_id, lower(name) AS attribute, true AS labelled
        FROM labels
        WHERE subject = 'product' AND kind = 'attribute'
        UNION ALL
        SELECT locale, product_id, lower(unnest(map_keys(attributes))) AS attribute,
            false AS labelled
        FROM products SEMI JOIN kinds USING (locale, product_id)
    )
    GROUP BY locale, product_id, attribute
),
-- Twenty listings are enough to say that none states an attribute; where no type has that many, a
-- quarter of what the largest has.
read_types AS (
    SELECT locale, type, count(*) AS listings
    FROM kinds
    GROUP BY locale, type
    QUALIFY listings >= least(20, max(listings) OVER (PARTITION BY locale) / 4)
),
incidence AS (
    SELECT locale, type, attribute, count(*) AS times, min(listings) AS listings,
        10 * count(*) FILTER (labelled) >= 3 * min(listings) AS usual
    FROM kinds
        JOIN read_types USING (locale, type)
        JOIN stated USING (locale, product_id)
    GROUP BY locale, type, attribute
),
-- An attribute of seven types in ten is anything's: a brand, a color.
special AS (
    SELECT locale, attribute
    FROM incidence
        JOIN (SELECT locale, count(*) AS types FROM read_types GROUP BY locale) USING (locale)
    WHERE usual
    GROUP BY locale, attribute
    HAVING 10 * count(*) <= 7 * min(types)
),
