"""Read comparisons in whole sentences: "the bowl is to the right of the mug" -> which of the two, and how.

Enters: an answer, two things, and the relation in question. Leaves: 1 where the answer says that the word holds for the
first thing, -1 where it says the opposite, 0 for "about the same", None where it says nothing of the sort.

Answers shorten names: "the red plate on the table" is "the red plate" or "the plate" too, where that does not fit the
other thing as well.
"""

import re
from functools import cache, lru_cache

from spatialvlm.evaluate.items import Relation

FIRST, SECOND = "\x01", "\x02"
"""What stands for each of two things in a marked text."""

_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_TAIL = re.compile(r"\s+(?:on|at|in|by|near|with|beside|behind|under|above|that|which)\s+.*$", re.IGNORECASE)
_SIDE = re.compile(r"\s+on\s+the\s+(left|right)$", re.IGNORECASE)
_NOUN_ALONE = re.compile(r"top|back|front|left|right|one|side", re.IGNORECASE)
"""Words that are also said of other things than what they name."""
_ARTICLE_NEEDED = ("can", "orange")
"""Words that are things with their article only."""

_MORE = r"greater|larger|bigger|more"
_LESS = r"less|smaller|lesser|fewer"
WORDS = {
    "left": r"left(?:most|ward|wards)?",
    "right": r"right(?:most|ward|wards)?",
    "behind": r"behind|f[au]r(?:ther|thest)(?:\s+(?:back|away|from))?|more\s+distant|deeper|(?:at\s+the|in)\s+back",
    "front": r"front|closer|closest|nearer|nearest|before|near|close",
    "above": r"above|higher|highest|over|on\s+top|atop|upper",
    "below": r"below|lower|lowest|under|underneath|beneath|down",
    "tall": rf"tall(?:er|est)?|higher|{_MORE}",
    "short": rf"short(?:er|est)?|lower|{_LESS}",
    "wide": rf"wid(?:e|er|est)|broad(?:er|est)?|{_MORE}",
    "thin": rf"thin(?:ner|nest)?|narrow(?:er|est)?|slim(?:mer|mest)?|{_LESS}",
    "big": rf"big(?:gest)?|larg(?:e|est)|{_MORE}",
    "small": rf"small(?:est)?|tin(?:y|ier)|{_LESS}",
}
"""The relations and the words that say them."""

_SAME = re.compile(
    r"\b(?:neither|about\s+(?:the\s+same|equal|level|even)|(?:nearly|almost|roughly|exactly)?\s*(?:the\s+)?(?:same|equal|equally)"
    r"|line\s+up|aligned|no\s+(?:clear|noticeable|real)|hardly\s+any|too\s+close|similar)\b",
    re.IGNORECASE,
)
_OF_BOTH = re.compile(r"\s*both\b", re.IGNORECASE)
_NOT = re.compile(r"(?:\bnot|n't|\bnever|\bno(?!\s+doubt))\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[.;!?\n]+\s+|[.;!?\n]+$|,?\s+(?:so|but|while|whereas|hence|therefore|thus|which\s+means|because|since)\s+|\bso\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:compared\s+(?:with|to)|relative\s+to|with\s+respect\s+to|in\s+relation\s+to|than(?:\s+that\s+of)?|unlike"
    r"|next\s+to|seen\s+from|not)\s+$",
    re.IGNORECASE,
)
_BEHIND_THE_WORD = re.compile(r"\s*(?:(?:hand\s+)?side\s+)?(?:(?:of|to|than|from)\s*)?(?:that\s+of\s*)?", re.IGNORECASE)
"""Between a relation's word and the thing that it refers to: "left of", "closer than", "in front of"."""
_ANOTHER = re.compile(
    r"\b(?:the|this|that|an?)\s+(?!(?:left|right|front|back|top|bottom|viewer|camera|image|picture|photo|scene|view\w*"
    r"|perspective|two|other|one|object|item|thing|first|former|answer|same|much|bit|little|little\s+bit)\b)[a-z]+",
    re.IGNORECASE,
)
"""Something else that is named, so that the relation is not said of the thing in question."""


def parse_relation(text: str, relation: Relation, *, unnamed: bool = True) -> int | None:
    """Read a relation: 1 its word is said of its first thing, -1 the opposite, 0 about the same, None nothing is said.

    Of several clauses the last one that says something counts. With `unnamed` a sentence that names nothing ("it is on
    the left") is about the first thing.
    """
    first, second, word, opposite = relation
    return parse_marked_relation(mark_names(text, first, second), word, opposite, unnamed=unnamed)


def parse_marked_relation(marked: str, word: str, opposite: str, *, unnamed: bool = True) -> int | None:
    """Read the same in a text in which the two things are marked already."""
    holds, fails = _pattern(word), _pattern(opposite)
    found: int | None = None
    for clause in _CLAUSES.split(marked):
        named = unnamed or FIRST in clause or SECOND in clause
        if clause and named and (said := _in_clause(clause, holds, fails)) is not None:
            found = said
    if found is None and _SAME.search(marked):
        return 0
    return found


@cache
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{WORDS[word]})\b", re.IGNORECASE)


def _in_clause(clause: str, holds: re.Pattern[str], fails: re.Pattern[str]) -> int | None:
    hits = [(hit.start(), hit, sign) for pattern, sign in ((holds, 1), (fails, -1)) for hit in pattern.finditer(clause)]
    if not hits or _OF_BOTH.match(clause):
        return None
    if _SAME.search(clause):
        return 0
    if {sign for _, _, sign in hits} == {1, -1}:
        return _in_both(clause, holds, fails)
    start, hit, sign = min(hits, key=lambda one: one[0])
    if _NOT.search(clause[:start]):
        sign = -sign
    subject = _subject(clause, hit)
    return None if subject is None else sign if subject == FIRST else -sign


def _in_both(clause: str, holds: re.Pattern[str], fails: re.Pattern[str]) -> int | None:
    """Read a clause with both words: "the bowl on the left and the mug on the right"; not "taller or shorter"."""
    parts = re.split(r",|\band\b", clause)
    if len(parts) == 1:
        return None
    signs = {sign for part in parts if (sign := _in_clause(part, holds, fails)) is not None}
    return signs.pop() if len(signs) == 1 else None


def _subject(clause: str, hit: re.Match[str]) -> str | None:
    """Find whom the relation is said of; where nobody is named, the first thing; None where it is somebody else."""
    places = [place for place, character in enumerate(clause) if character in (FIRST, SECOND)]
    spoken_of = [place for place in places if not _is_reference(clause, place, hit)]
    if spoken_of:
        return clause[spoken_of[0]]
    if _ANOTHER.search(clause[: hit.start()]):
        return None
    if places:
        return SECOND if clause[places[0]] == FIRST else FIRST  # "left of the mug": it is the other one
    return FIRST


def _is_reference(clause: str, place: int, hit: re.Match[str]) -> bool:
    """Return whether a thing is what another one is compared with: "than the mug", "left of the mug"."""
    if _REFERENCE.search(clause[:place]):
        return True
    return place >= hit.end() and _BEHIND_THE_WORD.fullmatch(clause, hit.end(), place) is not None


@lru_cache(maxsize=4096)
def _patterns_of_names(first: str, second: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Make patterns for all names of two things, the longest first, each with the mark of its thing."""
    pairs = [(form, FIRST) for form in short_names(first) if not _fits(form, first, second)]
    pairs += [(form, SECOND) for form in short_names(second) if not _fits(form, second, first)]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return tuple((re.compile(_pattern_of_name(form), re.IGNORECASE), mark) for form, mark in pairs)


def mark_names(text: str, first: str, second: str) -> str:
    """Replace each thing in a text by one character, so that "the chair on the left" says nothing of left."""
    for pattern, character in _patterns_of_names(first, second):
        text = pattern.sub(character, text)
    return re.sub(r"([\x01\x02])\s*\(\s*\1\s*\)", r"\1", text)  # "the blue box (Region [1])"


def short_names(name: str) -> tuple[str, ...]:
    """List the full names of a thing ("Region [0]|red box"), and what they may be shortened to."""
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
    article = r"(?:\b(?:the|an?)\s+)" + ("" if bare.lower() in _ARTICLE_NEEDED else "?")
    words = re.sub(r"(?:\\ )?\\\[(\w+)\\\]", r"[ ]?[\[(<]?\1[\])>]?", re.escape(bare)).replace(r"\-", r"[\s-]?")
    return rf"{article}(?<!\w){words}(?!\w)"


@lru_cache(maxsize=4096)
def name_pattern(name: str) -> re.Pattern[str]:
    """Make a pattern for a thing by any of its names, which "|" divides."""
    return re.compile("|".join(map(_pattern_of_name, name.split("|"))), re.IGNORECASE)
