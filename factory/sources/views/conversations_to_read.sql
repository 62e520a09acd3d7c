-- Conversations of customers with a shop, line by line. Intents are not needed.

-- needs dialogues: dialogue_id, locale, turns

-- keys
SELECT
    locale || ':' || dialogue_id AS key,
    locale || ':' || dialogue_id AS split_group,
    dialogue_id,
    locale
FROM dialogues
WHERE len(turns) > 2
GROUP BY locale, dialogue_id
-- An id that stands for two conversations names neither.
HAVING count(*) = 1

-- facts
SELECT chosen.key, chosen.locale,
    list_transform(turns, lambda turn:
        CASE WHEN turn.speaker = 'customer' THEN 'Customer: ' ELSE 'Agent: ' END || turn.text
    ) AS conversation,
    ['dialogue:' || chosen.locale || ':' || chosen.dialogue_id] AS source_ids
FROM chosen JOIN dialogues USING (dialogue_id, locale)
