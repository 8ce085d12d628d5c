"""The names of two things as answers shorten them: "the red plate on the table" is "the red plate" or "the plate" too.

A shorter name counts only where it does not fit the other thing too.
"""

import re
from functools import lru_cache

FIRST, SECOND = "\x01", "\x02"
"""What stands for each of two things in a marked text."""

_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_TAIL = re.compile(r"\s+(?:on|at|in|by|near|with|beside|behind|under|above|that|which)\s+.*$", re.IGNORECASE)
_SIDE = re.compile(r"\s+on\s+the\s+(left|right)$", re.IGNORECASE)
_NOUN_ALONE = re.compile(r"top|back|front|left|right|one|side", re.IGNORECASE)
"""Words that are also said of other things than what they name."""
_ARTICLE_NEEDED = ("can", "orange")
"""Words that are things with their article only."""


@lru_cache(maxsize=4096)
def mark_patterns(first: str, second: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns for all names of two things, the longest first, each with the mark of its thing."""
    pairs = [(form, FIRST) for form in forms(first) if not _fits(form, first, second)]
    pairs += [(form, SECOND) for form in forms(second) if not _fits(form, second, first)]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return tuple((re.compile(pattern_of(form), re.IGNORECASE), mark) for form, mark in pairs)


def mark(text: str, first: str, second: str) -> str:
    """A text in which each thing is one character, so that "the chair on the left" says nothing of left."""
    for pattern, character in mark_patterns(first, second):
        text = pattern.sub(character, text)
    return re.sub(r"([\x01\x02])\s*\(\s*\1\s*\)", r"\1", text)  # "the blue box (Region [1])"


def forms(name: str) -> tuple[str, ...]:
    """The full names of a thing ("Region [0]|red box"), and what they may be shortened to."""
    found: list[str] = []
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
    """Whether a shortened name of a thing may mean the other one as well; full names are what they are."""
    lowered = form.lower()
    if lowered in _full(mine):
        return lowered in _full(other)
    if lowered in (one.lower() for one in forms(other)):
        return True
    word = lowered.removesuffix(" one")
    return " " not in word and re.search(rf"\b{re.escape(word)}\b", other.lower()) is not None


def _full(name: str) -> set[str]:
    return {_ARTICLE.sub("", whole.strip()).lower() for whole in name.split("|")}


def pattern_of(name: str) -> str:
    """A regular expression for a name, with its article or without; brackets may be left out."""
    bare = _ARTICLE.sub("", name.strip())
    article = r"(?:\b(?:the|an?)\s+)" + ("" if bare.lower() in _ARTICLE_NEEDED else "?")
    words = re.sub(r"(?:\\ )?\\\[(\w+)\\\]", r"[ ]?[\[(<]?\1[\])>]?", re.escape(bare)).replace(r"\-", r"[\s-]?")
    return rf"{article}(?<!\w){words}(?!\w)"


@lru_cache(maxsize=4096)
def named(name: str) -> re.Pattern[str]:
    """A pattern for a thing by any of its names, which "|" divides."""
    return re.compile("|".join(map(pattern_of, name.split("|"))), re.IGNORECASE)
