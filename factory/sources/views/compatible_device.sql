-- Accessories whose title says which device they are made for, with the text of their page, other
-- devices of the family and, where a family has few, devices from elsewhere. Whether the title is
-- certain is for rows/compatible_device.py, which reads it by factory/sources/devices.py.

-- needs products: product_id, locale, title, bullets, description

-- keys
SELECT
    locale || ':' || product_id AS key,
    locale || ':' || product_id AS split_group,
    product_id,
    locale,
    min(device) AS device,
    min(regexp_extract(device, '^([^0-9]+) ', 1)) AS family
FROM (
    SELECT product_id, locale, coalesce(
        nullif(regexp_extract(
            title,
            '\b(?:[Ff]or|[Cc]ompatible (?:[Ww]ith|con)|[Ff]its|[Pp]ara)(?: the)? '
            || '((?:i[A-Z]|[A-Z])[A-Za-z]{2,}(?: [A-Z][A-Za-z]+){0,2} [A-Z]{0,3}[0-9]{1,4}(?: ?mm|[a-z])?'
            || '(?: (?:Pro|Plus|Max|Mini|Ultra|Air|FE|Lite|SE))*)(?:[,;)|]| -| by | with |$)',
            1
        ), ''),
        nullif(regexp_extract(
            title,
            '((?:i[A-Z]|[A-Z])[A-Za-z]{2,}(?: [A-Z][A-Za-z]+){0,2} [A-Z]{0,3}[0-9]{1,4}(?: ?mm|[a-z])?'
            || '(?: (?:Pro|Plus|Max|Mini|Ultra|Air|FE|Lite|SE))*) ?(?:対応|用|専用)',
            1
        ), ''),
        nullif(regexp_extract(
            title,
            '\b(?:[Cc]ompatible con|[Pp]ara) '
            || '((?:i[A-Z]|[A-Z])[A-Za-z]{2,}(?: [A-Z][A-Za-z]+){0,2} [A-Z]{0,3}[0-9]{1,4}(?: ?mm|[a-z])?'
            || '(?: (?:Pro|Plus|Max|Mini|Ultra|Air|FE|Lite|SE))*)',
            1
        ), '')
    ) AS device
    FROM products
)
WHERE device IS NOT NULL
GROUP BY product_id, locale

-- facts
WITH devices AS (
    -- What a single title calls a device may be none; the shop has no more than a few thousand.
    SELECT locale, family, device, row_number() OVER (
        PARTITION BY locale ORDER BY draw(locale || device, 'device'), device
    ) - 1 AS number
    FROM keys
    WHERE family <> ''
    GROUP BY locale, family, device
    HAVING count(*) > 1
    QUALIFY number < 4096
),
sizes AS (SELECT locale, count(*) AS size FROM devices GROUP BY locale),
near_by AS (
    SELECT chosen.key, devices.device, row_number() OVER (
        PARTITION BY chosen.key
        ORDER BY draw(chosen.key || devices.device, 'near'), devices.device
    ) AS place
    FROM chosen JOIN devices USING (locale, family)
    WHERE devices.device <> chosen.device
    QUALIFY place <= 8
),
far_away AS (
    SELECT DISTINCT wanted.key, devices.device
    FROM (
        SELECT key, locale, draw(key || chr(31) || place, 'elsewhere') % size AS number
        FROM (SELECT *, unnest(range(1, 13)) AS place FROM chosen) JOIN sizes USING (locale)
    ) AS wanted
    JOIN devices ON devices.locale = wanted.locale AND devices.number = wanted.number
),
near_lists AS (SELECT key, list(device ORDER BY place) AS near FROM near_by GROUP BY key),
far_lists AS (SELECT key, list(device ORDER BY device) AS far FROM far_away GROUP BY key),
described AS (
    SELECT chosen.key, chosen.locale, chosen.product_id, products.title, products.bullets,
        products.description
    FROM chosen JOIN products USING (product_id, locale)
    QUALIFY row_number() OVER (
        PARTITION BY chosen.key ORDER BY products.title, products.bullets, products.description
    ) = 1
)
SELECT key, locale, title, bullets[:8] AS bullets, description,
    coalesce(near, []) AS near,
    coalesce(far, []) AS far,
    ['product:' || locale || ':' || product_id] AS source_ids
FROM described LEFT JOIN near_lists USING (key) LEFT JOIN far_lists USING (key)
