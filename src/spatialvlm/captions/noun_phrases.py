"""What a caption names (its head noun), how it tells it apart, and whether it can be used at all.

A captioner's text enters, word sets leave. English and rule-based on purpose: no model, no parser, the same on every
machine. Captions in other scripts still work: each run of letters is a word, the last one is the head.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

MAX_WORDS = 12
MAX_CHARACTERS = 80


def word_set(words: str) -> frozenset[str]:
    """Make a set of the words of a text."""
    return frozenset(words.split())


BACKGROUND = word_set("""
    air background beach ceiling cloud dirt field floor flooring foreground forest grass ground horizon lake landscape
    lawn ocean pavement reflection river road room sand scene scenery sea shadow sidewalk sky snow soil street sun
    sunlight sunset view wall water
""")
"""Head nouns of what is no object: it has no centre and no size (paper 1f deletes the likes of "sun" and "sky")."""

_ARTICLES = word_set("a an the some")
_PARTITIVES = word_set("body bit bunch group pair part patch piece set slice stretch strip")
CUTS = word_set("""
    about above against along among and are around as at atop behind below beneath beside between by carrying
    containing covering eating facing for from has having holding in inside into is leaning like near next of off on
    onto or over playing riding showing that to toward towards under underneath upon using watching wearing which
    while who with within without
""")
"""Words that end the noun phrase that a caption begins with."""

_HOLDING = word_set("carrying containing full having holding of showing wearing with")
"""Cuts after which a caption names what is part of a thing, in it or on it."""

_PLURALS = word_set("cattle children feet geese men mice people police skis taxis teeth women")
SINGULARS = word_set("""
    alias asbestos atlas bias canvas chaos christmas cosmos gas headquarters lens news rhinoceros series species
    summons thermos
""")
"""Nouns whose ending does not tell their number. Scissors, jeans and the like are plural by theirs."""

_PARTICIPLES = word_set("""
    attached covered decorated filled full hanging labeled labelled leaning lying made mounted painted parked placed
    resting seated shaped sitting stacked standing topped walking
""")
"""Words that belong to the clause after the noun where they stand right before a cut ("cake shaped like a house")."""

_ON_GROUND = word_set("floor ground rug carpet mat")
_PLAIN = word_set("""
    antique beautiful big-screen bright broken clean clear colorful colourful comfortable cozy curved cute dirty
    elegant fancy flat fluffy fragrant framed glossy golden hard heavy lidded matte messy modern nice ornate padded
    partial patterned plush portable potted pretty rustic same sharp shiny simple sleek smooth soft sturdy
    transparent two upright vintage wicker woolen worn woven wrapped
""")
_ENDINGS = ("able", "ed", "ful", "ible", "ic", "ish", "ive", "less", "like", "ous", "shaped")
"""Adjectives that exclude none of the senses below, and what others end in: a padded chair may be a blue one."""

_SENSES = (
    ("colour", "red crimson scarlet maroon", "orange", "yellow gold golden", "green", "teal turquoise cyan"),
    ("colour", "blue navy", "purple violet lavender", "pink magenta", "brown tan beige", "black", "white cream"),
    ("colour", "gray grey silver", "multicolored multicoloured"),
    ("shade", "light pale", "dark"),
    ("height", "tall taller tallest high", "short shorter shortest low"),
    ("length", "long longer longest", "short shorter shortest"),
    ("width", "wide wider widest thick", "narrow thin slim"),
    ("size", "big bigger biggest large larger largest huge giant", "small smaller smallest little tiny mini"),
    ("x", "right rightmost", "left leftmost"),
    ("bottom", "top upper topmost", "lower bottommost"),
    ("y", "back rear far farther farthest background", "front near nearer nearest closest foreground"),
    ("state", "open opened", "closed shut"),
    ("filling", "full filled", "empty"),
    ("age", "old", "new young"),
    ("shape", "round circular", "square rectangular", "triangular"),
    ("sex", "male", "female"),
    ("pattern", "striped", "checked checkered", "floral flowered", "spotted dotted polka-dot", "plain solid"),
    (
        "material",
        "wood wooden",
        "metal metallic steel iron",
        "plastic",
        "ceramic porcelain",
        "glass",
        "leather",
        "stone",
    ),
    ("material", "cardboard paper", "fabric cloth cotton velvet wool"),
    ("bed", "double", "single"),
)
"""Words that exclude each other: (sense, words of one meaning, words of another, ...).

Where a sense is a measured quantity of `kinds.KINDS`, its first meaning is the greater and its second the lesser one:
such captions answer a comparison of that quantity before it is asked.
"""

_MEASURED = frozenset(("height", "width", "size", "x", "bottom", "y"))
_PLACES = frozenset(("x", "bottom", "y"))
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), " ")


@dataclass(frozen=True, slots=True)
class Words:
    """A caption taken apart: head noun, the words before it, those after it, and what they say.

    `noun` is the head as it is written, words are in the singular. `holds` are those after it that name something of
    its own ("a bowl of apples"). `senses` are the (sense, meaning) pairs of the thing itself, `worn` those of other
    nouns in the caption, with the noun ("girl in a blue shirt"). `kinds` say which sort of the noun it is: those before
    it that are no adjectives, and what it is of ("dining" chair, can of "soup"). `says` holds what it claims of
    measured quantities: +1 the greater, -1 the lesser of two. `all` is every word, the head included. `plural`: verbs
    that it is the subject of are plural. `whole`: it names no part, pair or group of what the head names.
    """

    head: str
    noun: str
    before: frozenset[str]
    after: frozenset[str]
    holds: frozenset[str]
    senses: frozenset[tuple[str, str]]
    says: tuple[tuple[str, int], ...]
    all: frozenset[str]
    plural: bool
    worn: frozenset[tuple[str, str, str]] = frozenset()
    kinds: frozenset[str] = frozenset()
    whole: bool = True


def _meanings() -> dict[str, list[tuple[str, str]]]:
    table: dict[str, list[tuple[str, str]]] = {}
    for sense, *groups in _SENSES:
        for group in groups:
            words = group.split()
            for word in words:
                table.setdefault(word, []).append((sense, words[0]))
    return table


_MEANINGS = _meanings()
_PLACE_WORDS = frozenset(word for word, pairs in _MEANINGS.items() if any(sense in _PLACES for sense, _ in pairs))
_SIGNS = {
    (row[0], row[side].split()[0]): sign for row in _SENSES if row[0] in _MEASURED for side, sign in ((1, 1), (2, -1))
}


def clean(caption: str) -> str:
    """Put a caption on one line, without leading article and closing punctuation; all else verbatim. May be empty."""
    text = caption.encode("utf-8", "ignore").decode().translate(_CONTROL)
    words = text.split()
    if words and words[0].lower() in _ARTICLES:
        words = words[1:]
    return " ".join(words).rstrip(" .,;:!?")


def adjective(word: str) -> bool:
    """Tell whether a word is one of the adjectives whose meaning is known, such as a colour or a size."""
    return word in _MEANINGS or word in _PLAIN


@lru_cache(maxsize=1 << 16)
def read(caption: str) -> Words:
    """Take a cleaned caption apart."""
    said = _WORD.findall(caption.lower()) or [caption.casefold()]
    words = [_stem(word) for word in said]
    cut = next((i for i, word in enumerate(words) if word in CUTS and i > 0 and not _joins(words, i)), len(words))
    if words[cut - 1] in _PARTITIVES and words[cut : cut + 1] == ["of"]:
        rest = [word for word in words[cut + 1 :] if word not in _ARTICLES]
        if rest:
            plural = _is_plural(said[cut - 1])  # a pair of shoes is one pair
            return replace(read(" ".join(rest)), plural=plural, whole=False)
    end = cut
    while cut < len(words) and end > 1 and words[end - 1] in _PARTICIPLES:
        end -= 1
    head = end - 1
    while head > 0 and words[head].isdigit():  # "box 2" is a box
        head -= 1
    before = [word for i, word in enumerate(words[:end]) if i != head and word not in CUTS]
    after = [word for word in words[end:] if word not in CUTS and word not in _ARTICLES]
    tail = words[end:]
    holding = next((i for i, word in enumerate(tail) if word in _HOLDING), len(tail))
    found = _words(words[head], before, after, tail)
    return replace(found, noun=said[head], holds=frozenset(tail[holding:]), plural=_is_plural(said[head]))


def _words(head: str, before: list[str], after: list[str], tail: list[str]) -> Words:
    senses = {pair for word in before for pair in _MEANINGS.get(word, ())}
    senses |= {pair for word in after for pair in _MEANINGS.get(word, ()) if pair[0] in _PLACES}
    senses |= {("number", word) for word in before if word.isdigit()}
    signs: dict[str, set[int]] = {}
    for pair in senses:
        if pair in _SIGNS:
            signs.setdefault(pair[0], set()).add(_SIGNS[pair])
    standing = _standing(tail)
    if standing is not None:
        signs.setdefault("bottom", set()).add(standing)
    says = tuple(sorted((sense, sign) for sense, found in signs.items() if len(found) == 1 for sign in found))
    every = frozenset((head, *before, *after))
    of = takewhile(lambda word: word not in CUTS, tail[1:] if tail[:1] == ["of"] else ())
    kinds = frozenset(word for word in (*before, *of) if not is_adjective(word) and word not in _ARTICLES)
    said = (frozenset(before), frozenset(after), frozenset(), frozenset(senses), says, every, False)
    return Words(head, head, *said, _worn(tail), kinds)


def _worn(tail: list[str]) -> frozenset[tuple[str, str, str]]:
    """List what the words after a noun say of other nouns: (noun, sense, meaning)."""
    found, pending = set(), []
    for word in tail:
        if word in _MEANINGS:
            pending += _MEANINGS[word]
        elif word in CUTS:
            pending = pending if word == "and" else []
        elif not is_adjective(word) and word not in _ARTICLES:
            found.update((word, *pair) for pair in pending)
            pending = []
    return frozenset(found)


def _joins(words: list[str], place: int) -> bool:
    """Tell whether a word joins two adjectives: "black and white"."""
    after = words[place + 1 : place + 3]
    return words[place] == "and" and len(after) == 2 and is_adjective(words[place - 1]) and is_adjective(after[0])


def is_adjective(word: str) -> bool:
    """Tell whether a word before a noun says what it is like, not which sort of it it is."""
    return word in _MEANINGS or word in _PLAIN or word.isdigit() or (len(word) > 4 and word.endswith(_ENDINGS))


def _standing(tail: list[str]) -> int | None:
    """Tell whether the words after a noun put it on the floor (-1) or on something higher (1)."""
    place = tail.index("on") if "on" in tail else len(tail)
    under = list(takewhile(lambda word: word not in CUTS, tail[place + 1 :]))
    if not under or not _PLACE_WORDS.isdisjoint(under):  # "on the left"
        return None
    return 1 if _ON_GROUND.isdisjoint(under) else -1


def _is_plural(word: str) -> bool:
    """Tell whether verbs agree with a noun, as it is written, in the plural."""
    if word in _PLURALS or word in SINGULARS:
        return word in _PLURALS
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s"))


def _stem(word: str) -> str:
    """Make a word singular, roughly: what matters is that one thing is always cut the same way."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=1 << 16)
def cleaned(captions: tuple[str, ...]) -> tuple[str, ...]:
    """Clean the captions of an object, without those that have no words."""
    return tuple(text for text in map(clean, captions) if text)


@lru_cache(maxsize=1 << 16)
def usable(captions: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Clean the captions that can name an object, best first; where there are none, find the reason why."""
    given = cleaned(captions)
    if not given:
        return (), "reference_missing"
    short = [text for text in given if len(text) <= MAX_CHARACTERS and len(text.split()) <= MAX_WORDS]
    if not short:
        return (), "reference_long"
    things = tuple(dict.fromkeys(text for text in short if read(text).head not in BACKGROUND))
    return things, None if things else "reference_background"


@lru_cache(maxsize=1 << 16)
def telling(captions: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the captions of an object that no other of its captions says more precisely ("box" beside "red box")."""
    return tuple(
        one
        for one in captions
        if not any(read(one).head == read(other).head and read(one).all < read(other).all for other in captions)
    )
