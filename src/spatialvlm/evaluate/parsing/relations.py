"""Read comparisons in whole sentences: "the bowl is to the right of the mug" -> which of the two, and how.

Enters: an answer, two things, and the relation in question. Leaves: 1 where the answer says that the word holds for the
first thing, -1 where it says the opposite, 0 for "about the same", None where it says nothing of the sort.
"""

import re
from functools import cache

from spatialvlm.evaluate.items import Relation
from spatialvlm.evaluate.parsing.names import FIRST, SECOND, mark_names

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
    return 0 if found is None and says_same(marked) else found


def says_same(text: str) -> bool:
    """Return whether a text says that two things are about the same."""
    return _SAME.search(text) is not None


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
