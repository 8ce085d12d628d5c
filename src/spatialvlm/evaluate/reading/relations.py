"""Comparisons in whole sentences: "the bowl is to the right of the mug" -> which of the two, and how.

Enters: an answer, two things, and the relation in question. Leaves: 1 where the answer says that the word holds for the
first thing, -1 where it says the opposite, 0 for "about the same", None where it says nothing of the sort.
"""

import re

from spatialvlm.evaluate.items import Relation

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
_NOT = re.compile(r"(?:\bnot|n't|\bnever|\bno)\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[.;!?\n]+\s+|[.;!?\n]+$|,?\s+(?:so|but|while|whereas|hence|therefore|thus|which\s+means|because|since)\s+|\bso\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:compared\s+(?:with|to)|relative\s+to|with\s+respect\s+to|in\s+relation\s+to|than(?:\s+that\s+of)?|unlike|next\s+to|seen\s+from)\s+$",
    re.IGNORECASE,
)
_INVERTED = re.compile(r"\s*(?:of|to|than|from)?\s*[\x01\x02]\s+(?:is|sits|stands|lies|hangs|are)\s+[\x01\x02]")
_FIRST, _SECOND = "\x01", "\x02"


def read_relation(text: str, relation: Relation) -> int | None:
    """1: the relation's word is said of its first thing; -1: the opposite; 0: about the same; None: nothing is said.

    Of several clauses the last one that says something counts.
    """
    first, second, word, opposite = relation
    marked = _mark(text, first, second)
    holds, fails = (re.compile(rf"\b(?:{WORDS[name]})\b", re.IGNORECASE) for name in (word, opposite))
    found: int | None = None
    for clause in _CLAUSES.split(marked):
        if clause and (said := _in_clause(clause, holds, fails)) is not None:
            found = said
    if found is None and _SAME.search(marked):
        return 0
    return found


def _in_clause(clause: str, holds: re.Pattern[str], fails: re.Pattern[str]) -> int | None:
    hits = [(hit.start(), hit, sign) for pattern, sign in ((holds, 1), (fails, -1)) for hit in pattern.finditer(clause)]
    if not hits:
        return None
    if _SAME.search(clause):
        return 0
    if {sign for _, _, sign in hits} == {1, -1}:
        return _in_both(clause, holds, fails)
    start, hit, sign = min(hits, key=lambda one: one[0])
    if _NOT.search(clause[:start]):
        sign = -sign
    return sign if _subject(clause, hit) == _FIRST else -sign


def _in_both(clause: str, holds: re.Pattern[str], fails: re.Pattern[str]) -> int | None:
    """A clause with both words: "the bowl on the left and the mug on the right"; "taller or shorter" says nothing."""
    parts = re.split(r",|\band\b", clause)
    if len(parts) == 1:
        return None
    signs = {sign for part in parts if (sign := _in_clause(part, holds, fails)) is not None}
    return signs.pop() if len(signs) == 1 else None


def _subject(clause: str, hit: re.Match[str]) -> str:
    """Whom the relation is said of; where nobody is named, the first thing."""
    places = [place for place, character in enumerate(clause) if character in (_FIRST, _SECOND)]
    if not places:
        return _FIRST
    if len(places) >= 2 and hit.end() <= places[0] and _INVERTED.match(clause, hit.end()):
        return clause[places[1]]  # "to the left of the bowl is the mug"
    named = [place for place in places if not _REFERENCE.search(clause[:place])]
    if named:
        return clause[named[0]]
    return _SECOND if clause[places[0]] == _FIRST else _FIRST  # "smaller than the mug": the other one


def _mark(text: str, first: str, second: str) -> str:
    """A text in which each thing is one character, so that "the chair on the left" says nothing of left."""
    names = sorted(((first, _FIRST), (second, _SECOND)), key=lambda one: -len(one[0]))
    for name, mark in names:
        text = named(name).sub(mark, text)
    return text


def named(name: str) -> re.Pattern[str]:
    """A pattern for a thing by any of its names ("Region [0]|red box"), each with its article or without.

    Brackets may be left out; "can" is a thing with its article only.
    """
    return re.compile("|".join(map(_pattern, name.split("|"))), re.IGNORECASE)


def _pattern(name: str) -> str:
    bare = re.sub(r"^(?:the|a|an)\s+", "", name.strip(), flags=re.IGNORECASE)
    article = r"(?:\b(?:the|a|an)\s+)" + ("" if bare.lower() == "can" else "?")
    words = re.sub(r"(?:\\ )?\\\[(\w+)\\\]", r"[ ]?[\[(<]?\1[\])>]?", re.escape(bare)).replace(r"\-", r"[\s-]?")
    return rf"{article}(?<!\w){words}(?!\w)"
