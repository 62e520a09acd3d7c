"""Write raw Amazon Reviews 2023 files of any size: ``--reviews N --items N --out DIR --seed N``.

The files have the upstream names, keys and quirks. What decides how long a task takes is as in the
published data: lengths of texts, reviews a user and a product (long tails), votes (most have none),
dates, prices that are mostly missing, four products in ten with variants. Products stand in groups
that the same shoppers buy from, so that co-purchase has something to find.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import duckdb

CATEGORIES = (
    "Home_and_Kitchen",
    "Pet_Supplies",
    "Sports_and_Outdoors",
    "Tools_and_Home_Improvement",
)
MAIN_CATEGORIES = ("Amazon Home", "Pet Supplies", "Sports & Outdoors", "Tools & Home Improvement")
IMAGES = "https://m.media-amazon.com/images/I/"
#: Products of one group are bought by the same shoppers.
GROUP = 24

#: Eight things of each category, each in a dozen kinds: hundreds of types, as upstream's leaves.
THINGS = (
    *("Basket", "Knife", "Bath Mat", "Blanket", "Cookie Sheet", "Clock", "Lamp", "Shelf"),
    *("Leash", "Cat Tree", "Tank Filter", "Bird Feeder", "Crate", "Scoop", "Collar", "Bowl"),
    *("Strap", "Camp Stove", "Bike Pump", "Rope", "Racket", "Goggles", "Helmet", "Tent"),
    *("Hex Key", "Drill", "Paint Roller", "Faucet", "Tape Measure", "Work Light", "Saw", "Clamp"),
)
KINDS = (
    *("Corner", "Hanging", "Travel", "Folding", "Wall", "Twin", "Junior", "Garage", "Magnetic"),
    *("Rolling", "Electric", "Bamboo"),
)
BRANDS = (
    *("Aldermoor", "Brightfen", "Caldwick", "Dorvane", "Eastmere", "Fennimore", "Gatlow", "Harwyn"),
    *("Inverdale", "Jostin", "Kelburn", "Lowick", "Marden", "Norvale", "Oakhurst", "Penrith"),
)
WORDS = (
    *("Heavy Duty", "Compact", "Foldable", "Premium", "Classic", "Extra Large", "Lightweight"),
    *("Adjustable", "Portable", "Waterproof", "Stainless", "Nonslip", "Professional", "Everyday"),
    *("Quiet", "Reinforced", "Slim", "Deluxe", "Outdoor", "Indoor", "Vintage", "Modern"),
)
COLORS = ("Black", "White", "Grey", "Navy Blue", "Forest Green", "Red", "Beige", "Silver")
FEATURES = (
    "Sturdy build that stands up to daily use in a busy household",
    "Easy to clean: wipe it with a damp cloth or rinse it under warm water",
    "Thoughtful size that fits small spaces and is simple to put away",
    "Comes with everything needed to set it up within ten minutes",
    "Tested for several thousand cycles so that it lasts for years",
    "A thoughtful gift for birthdays, housewarmings and holidays",
    "Made of materials that are free of harsh smells and sharp edges",
)
PRAISE = (
    "I love it and would buy it again in a heartbeat.",
    "It works great, even better than the much more expensive one that I had before.",
    "The quality is excellent and it feels solid in the hand.",
    "It arrived two days early and was packed with care.",
    "My whole family uses it every single day now.",
    "Setting it up took five minutes and the instructions were clear.",
    "For the price you cannot find anything better.",
    "I have had it for eight months and it still looks like new.",
    "It is exactly as described and just the size that I needed.",
)
COMPLAINT = (
    "It broke after two weeks and the seller never answered.",
    "The material feels cheap and it smells awful.",
    "It is much smaller than the pictures make it look.",
    "I am very disappointed and sent it back the next day.",
    "The instructions make no sense and two screws were missing.",
    "It stopped working right after the return window had closed.",
    "Do not waste your money on this.",
    "The finish came off the first time that I cleaned it.",
    "It does not do what the listing says it does.",
)
NEUTRAL = (
    "I bought this in spring for our new apartment.",
    "I compared it with three others before I ordered.",
    "It sits in the hallway next to the door.",
    "My neighbor has the same one in another color.",
    "We use it about twice a week, mostly on weekends.",
    "I ordered the larger one of the two sizes.",
    "It came in a plain brown box.",
    "For reference, I am five feet six and live in a dry climate.",
    "I will update this review if anything changes.",
)
TITLES = {
    5: (
        "Five Stars",
        "Love it",
        "Exactly what I was looking for",
        "Great buy",
        "Works like a charm",
    ),
    4: ("Four Stars", "Very good", "Good with one small catch", "Nice for the money", "Solid"),
    3: ("Three Stars", "It is okay", "Good and bad", "Average", "Does the job, barely"),
    2: ("Two Stars", "Not great", "Expected more", "Disappointing", "Would not buy again"),
    1: ("One Star", "Waste of money", "Broke right away", "Sent it back", "Terrible"),
}


def _list(texts: tuple[str, ...]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"


def _macros(seed: int) -> str:
    """Return the macros that draw: ``unit`` a number in [0, 1), ``pick`` one of a list."""
    return f"""
        CREATE MACRO unit(key, purpose) AS
            (hash({seed}::BIGINT, key, purpose) % 1000003) / 1000003.0;
        CREATE MACRO pick(texts, key, purpose) AS
            texts[1 + (hash({seed}::BIGINT, key, purpose) % len(texts))::INTEGER];
        CREATE MACRO asin(number) AS
            'B0' || upper(lpad(to_base(number * 48271 % 2821109907456, 36), 8, '0'));
        CREATE MACRO category(item) AS ((item // {GROUP}) % {len(CATEGORIES)})::INTEGER;
    """


def _write_items(connection: duckdb.DuckDBPyConnection, items: int, out: Path, end: str) -> None:
    connection.execute(f"""
        CREATE TABLE items AS SELECT
            item,
            category(item) AS category,
            -- A group sells half a dozen types.
            pick({_list(KINDS)}, item // {GROUP}, 'kind ' || item % 6) || ' '
                || {_list(THINGS)}[category(item) * 8 + 1
                    + (hash(item // {GROUP}, item % 6) % 8)::INTEGER] AS type,
            pick({_list(BRANDS)}, item, 'brand') AS brand
        FROM (SELECT unnest(range({items})) AS item)
    """)
    for number, (name, main) in enumerate(zip(CATEGORIES, MAIN_CATEGORIES, strict=True)):
        path = out / "raw" / "meta_categories" / f"meta_{name}.jsonl{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"""
            COPY (SELECT
                '{main}' AS main_category,
                concat_ws(' ', brand, pick({_list(WORDS)}, item, 'w1'),
                    pick({_list(WORDS)}, item, 'w2'), type, 'for',
                    pick({_list(WORDS)}, item, 'w3'), 'Use,',
                    pick({_list(COLORS)}, item, 'color'),
                    '(' || brand[1] || (100 + item % 8999) || ')') AS title,
                round(1 + 4 * sqrt(unit(item, 'average')), 1) AS average_rating,
                (1 / (0.0004 + unit(item, 'count')))::INTEGER AS rating_number,
                list_transform(range((6 * unit(item, 'features'))::INTEGER),
                    lambda n: pick({_list(FEATURES)}, item, n)) AS features,
                CASE WHEN unit(item, 'described') < 0.45 THEN []
                    ELSE list_transform(range(1 + (9 * unit(item, 'd'))::INTEGER),
                        lambda n: pick({_list(FEATURES + NEUTRAL)}, item, n + 100)) END
                    AS description,
                CASE WHEN unit(item, 'priced') < 0.4
                    THEN round(3 + 60 * unit(item, 'price') ** 2, 2) END AS price,
                list_transform(range(1 + (7 * unit(item, 'images'))::INTEGER), lambda n: {{
                    'thumb': '{IMAGES}' || md5(item || '-' || n)[:11] || '._SL75_.jpg',
                    'large': '{IMAGES}' || md5(item || '-' || n)[:11] || '.jpg',
                    'variant': CASE WHEN n = 0 THEN 'MAIN' ELSE 'PT0' || n END,
                    'hi_res': NULL}}) AS images,
                []::VARCHAR[] AS videos,
                CASE WHEN item % 5 = 0 THEN 'Shop ' || item % 977 ELSE brand END AS store,
                CASE WHEN item % 9 = 0 THEN [] ELSE ['{main}', 'All ' || type || 's', type] END
                    AS categories,
                {{'Brand': brand, 'Color': pick({_list(COLORS)}, item, 'color'),
                    'Item model number': brand[1] || (100 + item % 8999),
                    'Product Dimensions':
                        (3 + item % 17) || ' x ' || (4 + item % 11) || ' x 2 inches',
                    'Date First Available': 'May ' || (1 + item % 28) || ', 2018'}} AS details,
                asin(item * 2 + 1) AS parent_asin,
                NULL AS bought_together
            FROM items WHERE category = {number})
            TO '{path}' (FORMAT json{", COMPRESSION gzip" if end.endswith(".gz") else ""})
        """)


def _write_reviews(
    connection: duckdb.DuckDBPyConnection, reviews: int, items: int, out: Path, end: str
) -> None:
    groups = items // GROUP
    connection.execute(f"""
        CREATE TABLE drawn AS
        SELECT review, shopper,
            pick([5, 5, 5, 5, 5, 5, 4, 4, 3, 2, 1, 1], review, 'stars') AS stars,
            -- The head of a group is bought more often than its tail.
            least({items - 1},
                interest * {GROUP} + ({GROUP} * unit(review, 'rank') ** 3.5)::BIGINT) AS item,
            1 + least(11, (-2.4 * ln(1 - unit(review, 'length')))::INTEGER) AS sentences
        FROM (
            SELECT review, shopper,
                ({groups} * unit(
                    shopper * 4 + (3 * unit(review, 'turn') ** 2)::INTEGER, 'interest'
                ) ** 3)::BIGINT AS interest
            FROM (SELECT review,
                    ({reviews} * 0.45 * unit(review, 'shopper') ** 2)::BIGINT AS shopper
                FROM (SELECT unnest(range({reviews})) AS review)))
    """)
    for number, name in enumerate(CATEGORIES):
        path = out / "raw" / "review_categories" / f"{name}.jsonl{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        titles = "CASE stars " + " ".join(
            f"WHEN {stars} THEN pick({_list(texts)}, review, 'title')"
            for stars, texts in TITLES.items()
        )
        connection.execute(f"""
            COPY (SELECT
                stars::DOUBLE AS rating,
                {titles} END AS title,
                replace(array_to_string(list_transform(range(sentences), lambda n:
                    CASE WHEN unit(review, n) < 0.4 THEN pick({_list(NEUTRAL)}, review, n + 50)
                        WHEN unit(review, n + 200) < (stars - 1) / 4
                            THEN pick({_list(PRAISE)}, review, n + 50)
                        ELSE pick({_list(COMPLAINT)}, review, n + 50) END), '|'), '|',
                    CASE WHEN review % 8 = 0 THEN '<br />' ELSE ' ' END)
                    || CASE WHEN review % 40 = 0 THEN ' It&#34;s fine.' ELSE '' END AS text,
                []::VARCHAR[] AS images,
                asin(item * 2 + CASE WHEN item % 5 < 2 THEN 2 ELSE 1 END) AS asin,
                asin(item * 2 + 1) AS parent_asin,
                'A' || upper(md5(shopper::VARCHAR))[:27] AS user_id,
                -- An item sells for a year or two.
                1325376000000 + (315000000000 * unit(item, 'listed')
                    + 48000000000 * unit(review, 'time'))::BIGINT AS timestamp,
                CASE WHEN unit(review, 'voted') < 0.55 THEN 0
                    ELSE exp(4.5 * unit(review, 'votes') ** 1.5)::BIGINT END AS helpful_vote,
                unit(review, 'verified') < 0.9 AS verified_purchase
            FROM drawn WHERE category(item) = {number})
            TO '{path}' (FORMAT json{", COMPRESSION gzip" if end.endswith(".gz") else ""})
        """)


def main() -> None:
    """Write the files and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=2_000_000)
    parser.add_argument("--items", type=int, default=400_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gzip", action="store_true")
    arguments = parser.parse_args()
    start = time.perf_counter()
    end = ".gz" if arguments.gzip else ""
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        connection.execute(_macros(arguments.seed))
        _write_items(connection, arguments.items, arguments.out, end)
        _write_reviews(connection, arguments.reviews, arguments.items, arguments.out, end)
    size = sum(path.stat().st_size for path in arguments.out.rglob("*.jsonl*"))
    print(f"{size / 1e6:,.0f} MB in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
