"""Recognize our own questions by their wordings: a question -> its kind, the names in it and the unit that it asks for.

Models that learnt from our data answer in its wordings too, so that what the kind compares tells how to read them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from spatialvlm.kinds import KINDS, LETTERS
from spatialvlm.pipeline.phrase import load_sheet
from spatialvlm.quantities import UNITS

_NAME = re.compile(r"(?:the|an?)\s\S|(?:mark|object|point)\b", re.IGNORECASE)
_NO_NAME = re.compile(r"\b(?:or|than|whether|which)\b", re.IGNORECASE)
_SCALE = re.compile(r"\s+Coordinates are\b.*$")
_UNITS = frozenset(word for unit in UNITS for word in (unit.name, unit.plural, unit.symbol))
_LIST = re.compile(r",\s+(?!\d)(?:and\s+|or\s+)?|\s+(?:and|or)\s+(?=the\s)")


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question in a wording of ours: its kind, what it calls its subjects, and the unit that it names, if any."""

    kind: str
    names: tuple[str, ...]
    unit: str | None


def known_question(question: str) -> KnownQuestion | None:
    """Find the kind in whose wordings a question is; of several the one with the fewest words in its slots."""
    text = _SCALE.sub("", " ".join(question.split()))
    text = text[:1].lower() + text[1:]
    best: tuple[int, KnownQuestion] | None = None
    for kind, pieces in _wordings():
        slots = _slots(text, pieces)
        if slots is not None:
            free = sum(map(len, slots.values()))
            found = KnownQuestion(kind, _names(slots), slots.get("U"))
            best = (free, found) if best is None or free < best[0] else best
    return best[1] if best else None


@cache
def _wordings() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """List all wordings of questions with their kinds: every second piece is a slot."""
    lines = ((kind, line.pieces) for kind in KINDS for line in load_sheet(kind).lines["question"])
    return tuple((kind, (pieces[0][:1].lower() + pieces[0][1:], *pieces[1:])) for kind, pieces in lines)


def _slots(text: str, pieces: Sequence[str]) -> Mapping[str, str] | None:
    """Find what stands in the slots of a wording; None where the text is not in it, or names nothing there."""
    if not text.startswith(pieces[0]) or not text.endswith(pieces[-1]):
        return None
    found: dict[str, str] = {}
    at, end = len(pieces[0]), len(text) - len(pieces[-1])
    for place in range(1, len(pieces), 2):
        last = place + 2 == len(pieces)
        upto = end if last else text.find(pieces[place + 1], at + 1, end)
        inside, slot = text[at:upto], pieces[place]
        if upto <= at or found.setdefault(slot, inside) != inside:
            return None
        if slot == "U" and inside not in _UNITS:
            return None
        if slot in LETTERS and (not _NAME.match(inside) or _NO_NAME.search(inside)):
            return None
        at = upto + (0 if last else len(pieces[place + 1]))
    return found


def _names(slots: Mapping[str, str]) -> tuple[str, ...]:
    listed = slots.get("L") or slots.get("M") or ""
    return tuple(slots[letter] for letter in LETTERS if letter in slots) + tuple(filter(None, _LIST.split(listed)))
