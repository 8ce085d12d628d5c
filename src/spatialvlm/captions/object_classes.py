"""Which things of a scene are of one class: a scene in, the classes of its objects out, each with its doubts.

A class is a head noun ("mug"), never more than its captions say. It can be counted where nobody could count otherwise:
every caption of every thing in view either has that noun for its head or clearly names something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from spatialvlm.captions.noun_phrases import BACKGROUND, SINGULARS, Words, cleaned, read, word_set
from spatialvlm.records import Scene

_UNCOUNTED = (
    word_set("""
    banana bread cheese clothing cloth equipment food fruit furniture glassware grape grass hair item jewelry laundry
    luggage machinery meat object paper rice silverware stuff tableware thing trash vegetation
""")
    | BACKGROUND
    | (SINGULARS - word_set("atlas canvas lens rhinoceros thermos"))
)
"""Nouns without a plural of their own, of what is no single thing, or of what comes in bunches."""

_SAME_TO_SOME = tuple(
    word_set(group)
    for group in (
        "armchair chair stool bench recliner rocker ottoman footstool",
        "couch sofa loveseat settee futon",
        "desk table nightstand counter countertop island",
        "bookcase bookshelf cabinet cupboard dresser shelf sideboard wardrobe closet chest drawer",
        "cup mug glass tumbler goblet",
        "bowl dish plate platter saucer tray",
        "jar jug pitcher vase urn carafe bottle flask pot planter",
        "pan pot saucepan skillet wok",
        "can tin",
        "basket bin box bucket carton crate hamper pail",
        "bag backpack handbag purse sack suitcase",
        "painting picture photo photograph poster print frame",
        "monitor screen television tv computer laptop tablet",
        "cushion pillow",
        "carpet mat rug",
        "lamp light lantern candle chandelier",
        "bush flower plant tree",
        "boot sandal shoe slipper sneaker",
        "boy child girl kid man person woman baby",
        "car truck van vehicle automobile",
        "bicycle bike motorbike motorcycle scooter",
        "book magazine notebook",
        "bear doll toy",
    )
)
"""Nouns of which some people use one where others use another. Where two of a group are in view, neither is counted."""

_NOT_REAL = word_set("fake hot miniature model sea stuffed toy")
"""Words before a noun that make it something else: a hot dog, a toy car."""

_IRREGULAR = {
    "child": "children",
    "deer": "deer",
    "fish": "fish",
    "foot": "feet",
    "goose": "geese",
    "mouse": "mice",
    "person": "people",
    "potato": "potatoes",
    "sheep": "sheep",
    "tomato": "tomatoes",
    "tooth": "teeth",
}
_TO_VES = word_set("bookshelf calf elf half knife leaf life loaf scarf shelf thief wife wolf")


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """The objects of a scene, by their places, that one noun names; `doubt` says why they cannot be counted."""

    noun: str
    plural: str
    members: tuple[int, ...]
    doubt: str | None


def classes_of(scene: Scene) -> tuple[ObjectClass, ...]:
    """Group the objects of a scene by the head nouns of their preferred captions, in the order in which they come."""
    return _classes(
        tuple([cleaned(o.instance.captions) for o in scene.objects]),
        tuple([cleaned(one.captions) for one in scene.unlifted]),
    )


@lru_cache(maxsize=1 << 10)
def _classes(captions: tuple[tuple[str, ...], ...], unlifted: tuple[tuple[str, ...], ...]) -> tuple[ObjectClass, ...]:
    lifted, left = ([[read(text) for text in own] for own in some] for some in (captions, unlifted))
    members: dict[str, list[int]] = {}
    for place, own in enumerate(lifted):
        if own:
            members.setdefault(own[0].head, []).append(place)
    view = _View(lifted, left)
    return tuple(
        ObjectClass(noun := lifted[own[0]][0].noun, plural_of(noun), tuple(own), view.doubt(head, own))
        for head, own in members.items()
    )


class _View:
    """What all captions of a scene say."""

    def __init__(self, lifted: Sequence[list[Words]], left: Sequence[list[Words]]) -> None:
        self._lifted, things = lifted, [*lifted, *left]
        nouns = [{words.head for words in one} for one in things]
        self._nameless = not all(things)
        self._left = set().union(*nouns[len(lifted) :])
        self._nouns = set().union(*nouns)
        self._disputed = set().union(*(heads for heads in nouns if len(heads) > 1))
        self._disputed |= {word for one in things for words in one for word in words.holds}

    def doubt(self, head: str, members: Sequence[int]) -> str | None:
        """Say why a class cannot be counted, if so."""
        own = [words for place in members for words in self._lifted[place]]
        if head in _UNCOUNTED or not head.isascii() or not head.isalpha() or not all(map(_counts_one, own)):
            return "class_uncounted"
        if self._nameless or head in self._left:
            return "class_doubtful"
        kin = set().union(*(group for group in _SAME_TO_SOME if head in group)) - {head}
        return "class_disputed" if head in self._disputed or not kin.isdisjoint(self._nouns) else None


def _counts_one(words: Words) -> bool:
    return words.whole and not words.plural and _NOT_REAL.isdisjoint(words.before)


def plural_of(noun: str) -> str:
    """Write a noun in the plural."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun in _TO_VES:
        return noun.removesuffix("e").removesuffix("f") + "ves"
    if noun.endswith("man"):
        return f"{noun[:-3]}men"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"
