-- Conversations of customers with a shop, why the customer came, and which intents the turns of
-- each speaker have in that locale; ``kindred`` are those of the agents' turns in all conversations
-- that began alike, any of which may be right in one of them.

-- needs dialogues: dialogue_id, locale, turns, product_id

-- keys
SELECT
    locale || ':' || dialogue_id AS key,
    locale || ':' || dialogue_id AS split_group,
    dialogue_id,
    locale
FROM dialogues
WHERE len(turns) > 1
GROUP BY locale, dialogue_id
HAVING count(*) = 1

-- facts
WITH said AS (
    SELECT locale, turns[1].intent AS reason, unnest(turns) AS turn,
        unnest(range(len(turns))) AS place
    FROM dialogues
),
kindred AS (
    SELECT locale, reason, list(DISTINCT turn.intent ORDER BY turn.intent) AS kindred
    FROM said
    WHERE turn.speaker <> 'customer' AND turn.intent IS NOT NULL
    GROUP BY locale, reason
),
known AS (
    SELECT locale,
        list(intent ORDER BY frequency DESC, intent) FILTER (speaker = 'customer')
            AS customer_intents,
        list(intent ORDER BY frequency DESC, intent) FILTER (speaker <> 'customer')
            AS agent_intents,
        list(intent ORDER BY frequency DESC, intent) FILTER (opening > 0) AS reasons
    FROM (
        SELECT locale, turn.speaker AS speaker, turn.intent AS intent, count(*) AS frequency,
            count(*) FILTER (place = 0) AS opening
        FROM said
        WHERE turn.intent IS NOT NULL
        GROUP BY ALL
    )
    GROUP BY locale
)
SELECT
    chosen.key,
    chosen.locale,
    dialogues.turns,
    coalesce(customer_intents, []) AS customer_intents,
    coalesce(agent_intents, []) AS agent_intents,
    coalesce(reasons, []) AS reasons,
    coalesce(kindred, []) AS kindred,
    ['dialogue:' || chosen.locale || ':' || chosen.dialogue_id]
        || CASE WHEN product_id IS NULL THEN []
            ELSE ['product:' || chosen.locale || ':' || product_id] END AS source_ids
FROM chosen
JOIN dialogues USING (dialogue_id, locale)
JOIN known USING (locale)
LEFT JOIN kindred
    ON kindred.locale = chosen.locale AND kindred.reason = dialogues.turns[1].intent
