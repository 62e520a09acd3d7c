-- The attributes that listings state, each with a few of the values that they give, for a model to
-- say what else they are called.

-- needs labels: subject, subject_id, locale, kind, name, value

-- keys
SELECT locale || ':' || lower(name) AS key,
    -- One attribute, one side: its names are the answers.
    lower(name) AS split_group,
    locale,
    lower(name) AS attribute
FROM labels
WHERE subject = 'product' AND kind = 'attribute' AND value IS NOT NULL
    AND locale IN ('us', 'uk')
GROUP BY ALL

-- facts
WITH given AS (
    SELECT chosen.key, chosen.locale, attribute, value, min(subject_id) AS product_id
    FROM chosen JOIN labels ON labels.locale = chosen.locale AND lower(name) = attribute
    WHERE subject = 'product' AND kind = 'attribute' AND length(value) <= 40
    GROUP BY ALL
),
examples AS (
    SELECT *, row_number() OVER (
        PARTITION BY key ORDER BY draw(key || chr(31) || value, 'example'), value
    ) AS place
    FROM given
    QUALIFY place <= 5
)
SELECT key, locale, attribute AS text,
    list(value ORDER BY place) AS values,
    list('product:' || locale || ':' || product_id ORDER BY place) AS source_ids
FROM examples
GROUP BY key, locale, attribute
