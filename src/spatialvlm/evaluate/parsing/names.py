"""Find things in a text by their names: each is replaced by a mark, a character that no text has.

Answers shorten names: "the red plate on the table" is "the red plate" or "the plate" too, where that does not fit
another thing as well; "the point at (512, 380)" is "(512,380)".
"""

import re
from collections.abc import Sequence
from functools import lru_cache


def mark_of(place: int) -> str:
    """Make the mark of the thing at a place, from 0."""
    return chr(0xE000 + place)


FIRST, SECOND = mark_of(0), mark_of(1)
MARK = re.compile(f"[{FIRST}-{mark_of(999)}]")
_TWICE = re.compile(rf"({MARK.pattern})\s*\(\s*\1\s*\)")
"""A thing that is named twice: "the blue box (Region [1])"."""
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_TAIL = re.compile(r"\s+(?:on|at|in|by|near|with|beside|behind|under|above|that|which)\s+.*$", re.IGNORECASE)
_SIDE = re.compile(r"\s+on\s+the\s+(left|right)$", re.IGNORECASE)
_NOUN_ALONE = re.compile(r"top|back|front|left|right|one|side", re.IGNORECASE)
"""Words that are also said of other things than what they name."""
_POINT = re.compile(r"(?:the\s+)?point at \(([\d.]+, [\d.]+)\)")
_COORDINATES = re.compile(r"([\d.]+), ([\d.]+)")
_ARTICLE_NEEDED = ("can", "orange")
"""Words that are things with their article only."""


@lru_cache(maxsize=4096)
def _forms_of(names: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """List what some things may be called, the longest first: the longest word of it, all of it, the thing's mark."""
    pairs = [
        (form, mark_of(place))
        for place, name in enumerate(names)
        for form in short_names(name)
        if not any(_fits(form, name, other) for other in (*names[:place], *names[place + 1 :]))
    ]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return tuple((max(re.findall(r"\w+", form.lower()) or [""], key=len), form, mark) for form, mark in pairs)


def mark_names(text: str, *names: str) -> str:
    """Replace each thing in a text by its mark, so that "the chair on the left" says nothing of left."""
    lowered = text.lower()
    for word, form, mark in _forms_of(names):
        if word in lowered:  # a pattern costs more to make than to look whether it can match
            text = name_pattern(form).sub(mark, text)
    return _TWICE.sub(r"\1", text)


def are_points(names: Sequence[str]) -> bool:
    """Return whether all of some names are those of points by their coordinates."""
    return all(map(_POINT.fullmatch, names))


def has_article(name: str) -> bool:
    """Return whether a text begins with an article, as the names of things do."""
    return _ARTICLE.match(name) is not None


def marked_places(text: str) -> list[int]:
    """List the places of the things that are marked in a text, in the order in which they are said."""
    return [ord(mark) - ord(FIRST) for mark in MARK.findall(text)]


@lru_cache(maxsize=4096)
def short_names(name: str) -> tuple[str, ...]:
    """List the full names of a thing ("Region [0]|red box"), and what they may be shortened to."""
    found: list[str] = []
    if point := _POINT.fullmatch(name):
        return (_ARTICLE.sub("", name), point[1])
    for whole in name.split("|"):
        bare = _ARTICLE.sub("", whole.strip())
        head = _TAIL.sub("", bare)
        words = head.split()
        found += [bare, *(" ".join(words[place:]) for place in range(len(words)))]
        found += [f"{word} one" for word in words[:-1]]
        if side := _SIDE.search(bare):
            found += [f"{side[1]} {head}", f"{head} to the {side[1]}"]
    kept = [form for form in dict.fromkeys(found) if form and not form.isdigit() and not form.startswith("[")]
    return tuple(form for form in kept if form.lower() in _full(name) or not _NOUN_ALONE.fullmatch(form))


def _fits(form: str, mine: str, other: str) -> bool:
    """Return whether a shortened name of a thing may mean the other one as well; full names are what they are."""
    lowered = form.lower()
    if lowered in _full(mine):
        return lowered in _full(other)
    if lowered in (one.lower() for one in short_names(other)):
        return True
    word = lowered.removesuffix(" one")
    return " " not in word and re.search(rf"\b{re.escape(word)}\b", other.lower()) is not None


def _full(name: str) -> set[str]:
    return {_ARTICLE.sub("", whole.strip()).lower() for whole in name.split("|")}


def _pattern_of_name(name: str) -> str:
    """Write a regular expression for a name, with its article or without; brackets may be left out."""
    bare = _ARTICLE.sub("", name.strip())
    if _COORDINATES.fullmatch(bare):
        return r"(?<![\w.])x?[ =:]*{}\s*,\s*y?[ =:]*{}(?!\.?\w)".format(*map(re.escape, bare.split(", ")))
    article = r"(?:\b(?:the|an?)\s+)" + ("" if bare.lower() in _ARTICLE_NEEDED else "?")
    if _POINT.fullmatch(bare):
        return rf"{article}(?<!\w)point\s+at\s+\(\s*{_pattern_of_name(bare[10:-1])}\s*\)"
    words = re.sub(r"(?:\\ )?\\\[(\w+)\\\]", r"[ ]?[\[(<]?\1[\])>]?", re.escape(bare)).replace(r"\-", r"[\s-]?")
    return rf"{article}(?<!\w){words}(?!\w)"


@lru_cache(maxsize=1 << 15)
def name_pattern(name: str) -> re.Pattern[str]:
    """Make a pattern for a thing by any of its names, which "|" divides."""
    return re.compile("|".join(map(_pattern_of_name, name.split("|"))), re.IGNORECASE)
