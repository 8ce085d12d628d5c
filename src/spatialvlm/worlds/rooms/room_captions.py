"""What things are called: the things of a room enter, captions for each leave, of 1 to 6 words, the preferred one
first.

A caption is a plain noun phrase without an article, and true: the thing's own words and colour, what it stands on, and
a size only where it shows beside the others of its category, or against what is usual where it is the only one.
"""

from collections.abc import Sequence

import numpy as np

from spatialvlm.worlds.rooms.room import Placement

MAX_WORDS = 6
MAX_ON_FLOOR_M = 0.7
CLEARLY_TALLER = 1.25
CLEARLY_LARGER = 1.25  # of the side of a cube of the same volume

_AFTER_COLOUR = frozenset(
    [
        "wooden",
        "metal",
        "plastic",
        "ceramic",
        "leather",
        "glass",
        "woven",
        "cardboard",
        "potted",
        "robot",
        "framed",
        "double",
        "single",
    ]
)
"""Adjectives that people say after the colour: of material and make."""

USUAL_HEIGHTS_M = {
    "bin": (0.29, 0.49),
    "bookshelf": (0.8, 1.6),
    "bottle": (0.24, 0.305),
    "cabinet": (0.83, 1.0),
    "can": (0.1, 0.14),
    "candle": (0.13, 0.27),
    "dresser": (0.76, 1.04),
    "floor lamp": (1.43, 1.62),
    "fridge": (1.55, 1.74),
    "mug": (0.087, 0.101),
    "pitcher": (0.204, 0.236),
    "plant": (0.2, 1.0),
    "stool": (0.42, 0.55),
    "table lamp": (0.37, 0.425),
    "vase": (0.22, 0.42),
    "wine glass": (0.178, 0.208),
}
"""The height below which one of a category is short, and above which it is tall; about a fifth of them each."""

USUAL_SIZES_M = {
    "ball": (0.15, 0.22),
    "basket": (0.28, 0.34),
    "book": (0.092, 0.114),
    "bowl": (0.12, 0.158),
    "box": (0.2, 0.275),
    "clock": (0.146, 0.167),
    "coffee table": (0.58, 0.645),
    "desk": (0.84, 0.895),
    "picture": (0.16, 0.195),
    "pillow": (0.283, 0.318),
    "pot": (0.185, 0.228),
    "rug": (0.25, 0.298),
    "sofa": (1.04, 1.185),
    "suitcase": (0.39, 0.458),
    "table": (0.9, 1.0),
    "teddy bear": (0.226, 0.292),
    "television": (0.51, 0.582),
    "toy car": (0.069, 0.099),
}
"""The same for small and large, as the side of a cube of the volume that the thing's box has."""


def describe(things: Sequence[Placement], rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Make the captions of each thing, one to five of them."""
    return [_captions(things, i, rng) for i in range(len(things))]


def _captions(things: Sequence[Placement], index: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Put the noun or one adjective more first, most often; then some others, the fullest ones among them."""
    short, full = _phrases(things, index)
    first = full[int(rng.integers(len(full)))] if rng.random() < 0.25 else short[int(rng.integers(len(short)))]
    count = int(rng.choice([0, 1, 2, 3], p=[0.1, 0.25, 0.4, 0.25]))
    pool = [*short, *full]
    chosen: list[str] = [first, *(pool[i] for i in rng.permutation(len(pool))[:count])]
    if rng.random() < 0.5:
        chosen.append(max(full, key=len))
    return tuple(dict.fromkeys(chosen))


def _phrases(things: Sequence[Placement], index: int) -> tuple[list[str], list[str]]:
    """Make short captions (noun, and with one adjective) and fuller ones."""
    thing = things[index]
    noun, colour, words = thing.furniture.category, thing.furniture.colour, thing.furniture.words
    place = _place(things, thing)
    size = size_word(things, index)
    adjectives = [word for word in (size, *words[:2], colour) if word is not None and word != noun]
    short = (
        [noun, noun, f"{adjectives[-1]} {noun}", *(f"{word} {noun}" for word in adjectives)] if adjectives else [noun]
    )
    pairs = [(one, other) for i, one in enumerate(adjectives) for other in adjectives[i + 1 :]]
    full = [_joined(pair, noun) for pair in pairs]
    if place is not None:
        full += [f"{noun} {place}", *(f"{word} {noun} {place}" for word in adjectives)]
        full += [f"{_joined(pair, noun)} {place}" for pair in pairs]
    return short, [text for text in full if len(text.split()) <= MAX_WORDS] or short


def _joined(adjectives: Sequence[str], noun: str) -> str:
    """Put adjectives in the order of speech before a noun: they come as size, own words, colour."""
    ordered = sorted(adjectives, key=lambda word: word in _AFTER_COLOUR)
    return " ".join([*ordered, noun])


def _place(things: Sequence[Placement], thing: Placement) -> str | None:
    """Say where it is; nobody says of a sofa that it is on the floor."""
    if thing.mount == "wall":
        return "on the wall"
    if thing.mount == "air":
        return None
    if thing.on is not None:
        return f"on the {things[thing.on].furniture.category}"
    return "on the floor" if np.ptp(thing.furniture.vertices, axis=0).max() < MAX_ON_FLOOR_M else None


def size_word(things: Sequence[Placement], index: int) -> str | None:
    """Say "tall", "short", "large" or "small" where that is true beyond doubt, else None."""
    category = things[index].furniture.category
    own = _height_and_size(things[index])
    others = [_height_and_size(t) for i, t in enumerate(things) if t.furniture.category == category and i != index]
    for words, table, measure, clearly in (
        (("short", "tall"), USUAL_HEIGHTS_M, 0, CLEARLY_TALLER),
        (("small", "large"), USUAL_SIZES_M, 1, CLEARLY_LARGER),
    ):
        if category not in table:
            continue
        low, high = table[category]
        if others:
            values = [other[measure] for other in others]
            low, high = min(values) / clearly, max(values) * clearly
        if own[measure] < low:
            return words[0]
        if own[measure] > high:
            return words[1]
    return None


def _height_and_size(thing: Placement) -> tuple[float, float]:
    extent = np.ptp(thing.furniture.vertices, axis=0)
    return float(extent[2]), float(np.cbrt(np.prod(extent)))
