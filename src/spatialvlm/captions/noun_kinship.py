"""Which nouns may name one thing: two nouns in, how they are related out; and what is usually a part of what.

Everyday nouns of indoor and street scenes, in the singular. Two words that are a noun of their own are joined by "_".
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from spatialvlm.captions.noun_phrases import Words, word_set

_SAME = tuple(
    word_set(group)
    for group in (
        "couch sofa loveseat settee futon",
        "tv television monitor screen display telly",
        "cup mug teacup tumbler",
        "glass tumbler goblet",
        "plant houseplant shrub bush flowerpot flower_pot plant_pot",
        "pot flowerpot planter plant_pot flower_pot",
        "planter vase",
        "vase urn",
        "pitcher jug carafe",
        "can tin",
        "bin trash_can garbage_can wastebasket basket",
        "bin bucket pail",
        "basket hamper",
        "bag sack pouch",
        "backpack rucksack",
        "purse handbag",
        "frame picture painting photo photograph poster print artwork",
        "cushion pillow",
        "carpet mat rug",
        "desk_lamp table_lamp",
        "floor_lamp standing_lamp",
        "shelf bookshelf bookcase",
        "cabinet cupboard",
        "wardrobe closet armoire",
        "dresser sideboard chest bureau",
        "nightstand side_table bedside_table end_table night_stand",
        "counter countertop worktop",
        "stove oven cooker range",
        "fridge refrigerator freezer icebox",
        "pan skillet saucepan wok",
        "pot saucepan",
        "kettle teapot",
        "faucet tap",
        "basin sink",
        "phone smartphone cellphone telephone mobile cell_phone mobile_phone",
        "remote controller remote_control",
        "computer laptop",
        "stool ottoman footstool pouf",
        "blind curtain drape",
        "cap hat",
        "cardigan coat hoodie jacket jumper shirt sweater sweatshirt top t-shirt tshirt blouse pullover",
        "jean pant trouser",
        "kid child toddler",
        "guy man",
        "lady woman",
        "bike bicycle",
        "motorbike motorcycle scooter moped",
        "car automobile",
        "lorry truck",
    )
)
"""Nouns of which some people use one where others use another."""

_KINDS = {
    "animal": "cat dog puppy kitten bird cow horse sheep pet",
    "appliance": "fridge stove toaster kettle microwave dishwasher oven machine",
    "bag": "backpack purse suitcase briefcase",
    "book": "magazine notebook",
    "box": "carton crate package",
    "cabinet": "wardrobe dresser nightstand tv_stand counter tv_cabinet",
    "chair": "armchair recliner rocker highchair",
    "child": "boy girl baby",
    "clock": "alarm_clock watch",
    "clothing": "coat pant hat scarf dress",
    "container": "basket bin bottle bowl box can carton crate cup glass jar jug pot tray tub vase",
    "cookware": "pan pot kettle wok",
    "device": "phone remote computer keyboard mouse printer speaker tv camera",
    "dish": "bowl plate platter saucer",
    "electronic": "phone remote computer keyboard mouse printer speaker tv",
    "food": "fruit vegetable cake bread sandwich pizza",
    "fruit": "apple orange lemon pear banana pineapple peach lime grape",
    "furniture": "bed bench cabinet chair couch desk shelf stool table",
    "jar": "canister",
    "kitchenware": "dish glass jug pan pot",
    "light": "lamp lantern candle chandelier bulb",
    "luggage": "suitcase bag",
    "person": "man woman child teenager adult",
    "plant": "flower tree",
    "plate": "platter saucer",
    "pot": "teapot",
    "seat": "armchair bench chair couch stool",
    "shoe": "boot sandal slipper sneaker",
    "table": "desk nightstand",
    "toy": "ball bear doll robot",
    "vehicle": "bike bus car motorbike truck van",
    "vessel": "bottle bowl cup jar jug vase",
}
"""General nouns, and some that name one sort of it. What is called a sort of a sort belongs to both."""

_ANYTHING = word_set("item object stuff thing")

_PARTS = {
    "plant": "pot planter flowerpot flower_pot plant_pot leaf",
    "flower": "pot vase",
    "laptop": "keyboard screen display touchpad",
    "computer": "keyboard screen",
    "couch": "cushion",
    "armchair": "cushion",
    "bed": "mattress blanket sheet headboard",
    "lamp": "shade lampshade bulb",
    "desk": "drawer",
    "dresser": "drawer",
    "cabinet": "door drawer",
    "nightstand": "drawer",
    "stove": "oven",
    "counter": "sink cabinet",
    "sink": "faucet tap",
    "picture": "frame",
    "bottle": "cap lid label",
    "pot": "lid",
    "car": "wheel door",
    "bicycle": "wheel",
}
"""What has parts that people call by a noun of their own."""


def noun_of(words: Words) -> str:
    """Give the noun of a caption: its head, or that with the word before it where both are one noun."""
    return min((both for one in words.before if (both := f"{one}_{words.head}") in _COMPOUNDS), default=words.head)


def kinds_in(words: Words) -> frozenset[str]:
    """Give the words of a caption that say which sort of its noun it is, but for those that are the noun's own."""
    return words.kinds - set(noun_of(words).split("_"))


@lru_cache(maxsize=1 << 16)
def kinship(one: str, other: str) -> Literal["same", "kind", "general"] | None:
    """Tell how two nouns are related: one thing has both, `one` names a sort of the `other`, or the other way round."""
    if one == other or other in _same_to_some(one):
        return "same"
    if other in _ANYTHING or other in _general_of(one):
        return "kind"
    return "general" if one in _ANYTHING or one in _general_of(other) else None


@lru_cache(maxsize=1 << 14)
def parts_of(whole: str) -> frozenset[str]:
    """List the nouns by which people may call parts of what a noun names."""
    return word_set(" ".join(parts for noun, parts in _PARTS.items() if kinship(whole, noun) in ("same", "kind")))


@lru_cache(maxsize=1 << 14)
def _same_to_some(noun: str) -> frozenset[str]:
    return frozenset().union(*(group for group in _SAME if noun in group))


@lru_cache(maxsize=1 << 14)
def _general_of(noun: str) -> frozenset[str]:
    """List what is more general than a noun, and what is the same to some as that."""
    found: list[str] = [noun]
    for one in found:  # grows while it is walked
        found += [new for new in _above(one) if new not in found]
    return frozenset(found[1:]).union(*map(_same_to_some, found[1:])) - {noun}


def _above(noun: str) -> Iterator[str]:
    yield from (general for general, kinds in _KINDS.items() if not _names(noun).isdisjoint(kinds.split()))
    if "_" in noun:
        yield noun.partition("_")[2]


def _names(noun: str) -> frozenset[str]:
    return _same_to_some(noun) | {noun}


_COMPOUNDS = frozenset(
    word for words in (*_SAME, *map(word_set, (*_KINDS.values(), *_PARTS.values()))) for word in words if "_" in word
)
