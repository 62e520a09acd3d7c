-- Texts with their entities, and the entity types that texts of the same locale have: of a type that
-- a text has no entity of, no known value may stand in it, be it within the name of another thing.

-- needs spans: id, locale, text, category, entities

-- keys
SELECT id AS key, id AS split_group, locale
FROM spans
WHERE len(entities) > 0

-- facts
WITH known AS (
    SELECT locale,
        list(
            {'kind': kind, 'frequency': frequency, 'known_values': known_values}
            ORDER BY frequency DESC, kind
        )[:12] AS types
    FROM (
        SELECT locale, entity."type" AS kind, count(DISTINCT id) AS frequency,
            -- A short Latin value, such as a size S, stands in many words.
            list(DISTINCT lower(entity.value)) FILTER (strlen(entity.value) > 3) AS known_values
        FROM (SELECT locale, id, unnest(entities) AS entity FROM spans)
        GROUP BY locale, kind
    )
    GROUP BY locale
),
kin AS (
    SELECT
        [
            'Size', 'Bed Size', 'Capacity', 'Weight', 'Length', 'Storage',
            'Medida', 'Tamaño de cama', 'Capacidad', 'Peso', 'Longitud', 'Almacenamiento',
            'サイズ', 'ベッドサイズ', '容量', '重量', '長さ', 'ストレージ',
            '尺寸', '床品尺寸', '长度', '存储'
        ] AS sizes,
        ['Style', 'Version', 'Estilo', 'Versión', 'タイプ', '仕様', '种类', '版本'] AS styles
),
annotated AS (
    SELECT chosen.key, spans.locale, spans.text, spans.category,
        list_filter(spans.entities, lambda entity: entity.value IS NOT NULL) AS entities
    FROM spans JOIN chosen ON spans.id = chosen.key
),
typed AS (
    SELECT
        key,
        annotated.locale,
        text,
        coalesce(category, '') AS category,
        list_transform(entities, lambda entity: {'type': entity."type", 'value': entity.value})
            AS entities,
        list_distinct(
            list_transform(entities, lambda entity: entity."type")
        ).list_sort().list_concat(
            list_filter(
                known.types,
                lambda known_type: NOT list_contains(
                    list_transform(entities, lambda e: e."type"), known_type.kind
                )
                AND len(list_filter(
                    coalesce(known_type.known_values, []),
                    -- The Spanish values of a material begin with a preposition.
                    lambda v: contains(lower(text), regexp_replace(v, '^de ', ''))
                )) = 0
                -- The name of a model may hold the brand.
                AND NOT (
                    list_contains(['Brand', 'Marca', 'ブランド', '品牌'], known_type.kind)
                    AND list_has_any(
                        list_transform(entities, lambda e: e."type"),
                        ['Model', 'Modelo', 'モデル', '型号']
                    )
                )
                -- A capacity, a length or a weight may be called the size.
                AND NOT (
                    list_contains(kin.sizes, known_type.kind)
                    AND list_has_any(list_transform(entities, lambda e: e."type"), kin.sizes)
                )
                -- What is a version to one shop is a style to another; in Japanese (仕様: what a
                -- thing is like) any feature is one.
                AND NOT (
                    list_contains(kin.styles, known_type.kind)
                    AND list_has_any(list_transform(entities, lambda e: e."type"), kin.styles)
                )
                AND NOT (
                    known_type.kind = '仕様'
                    AND list_contains(list_transform(entities, lambda e: e."type"), '特長')
                )
                -- What or whom a thing is for may stand in the word for it, and so may the color
                -- of its light.
                AND NOT (
                    list_contains(
                        ['Use', 'Uso', '用途', 'Audience', 'Público', '対象', '适用人群'],
                        known_type.kind
                    )
                    AND regexp_matches(
                        text,
                        '\b(for|para|dogs?|cats?|puppy|bab(y|ies)|perros?|gatos?|beb[eé]s?'
                        || '|felin[oa]s?)\b|[用犬猫狗]|ペット|ベビー|宠物|婴儿',
                        'i'
                    )
                )
                AND NOT (
                    list_contains(['Color', 'カラー', '颜色'], known_type.kind)
                    AND regexp_matches(text, '\b(warm|daylight|luz)\b|色', 'i')
                )
                -- How many pieces a puzzle has is its size to one shop, and its quantity to another.
                AND NOT (
                    list_contains(['Pack', 'Cantidad', '入数', '数量'], known_type.kind)
                    AND regexp_matches(text, '[0-9] ?(piece|pieza|ピース|片)', 'i')
                )
                -- What a part of a thing is made of: a foam grip, a paper filter.
                AND NOT (
                    list_contains(['Material', '素材', '材质'], known_type.kind)
                    AND regexp_matches(
                        text,
                        '\b(paper|cardboard|cloth|titanium|latex|rubber|plastic|metal|brass|mesh|foam'
                        || '|wood(en)?|steel|papel|cart[oó]n|tela|titanio|látex|goma|plástico|latón'
                        || '|malla|espuma|madera|acero)\b|[纸布紙钛木钢铁]|乳胶|橡胶|塑料|チタン|ラテックス'
                        || '|ゴム|メッシュ|プラスチック',
                        'i'
                    )
                )
            ).list_transform(lambda known_type: known_type.kind)
        ) AS types,
        known.types AS known,
        ['span:' || key] AS source_ids
    FROM annotated JOIN known USING (locale) CROSS JOIN kin
    WHERE len(entities) > 0
)
SELECT * EXCLUDE (known),
    -- How many texts have each of the types; of a rare one that is not in ``known``, one has it.
    list_transform(types, lambda t: coalesce(
        list_filter(known, lambda k: k.kind = t)[1].frequency, 1
    )) AS frequencies
FROM typed
